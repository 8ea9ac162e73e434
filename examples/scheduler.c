/* A round-robin scheduler on the bare switch: threads that take turns when they say so, and no kernel that knows of them.
 *
 * segue/context.h needs nothing else of the library. A context is four words; here one lies beside its stack, in a ring of those that
 * still run. Its stack has a page below it that faults, which is the scheduler's affair: the bare switch sets up none.
 */
#include <segue/context.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { STACK = 4 << 20 }; /* what is not touched costs nothing; a step of over 2 MB tells Valgrind that this is another stack */

struct task {
	segue_context context;
	struct task *next;
	void (*run)(const char *name);
	const char *name;
	char *memory;
	size_t size;
};

static struct task *current; /* the one that runs; its `next` is whose turn it will be */
static segue_context home;   /* whoever called run_all() */

/* Lets the others run, each until it gives way itself. Returns when it is this one's turn again. */
static void give_way(void)
{
	struct task *me = current;

	current = me->next;
	if (current != me) /* a context can't switch to itself */
		segue_context_switch(&me->context, &current->context, NULL);
}

/* What each context runs first. It never returns, but goes home for good, where its stack is freed: not while it stands on it. */
static void start(void *arg, void *unused)
{
	struct task *me = arg;

	(void)unused;
	me->run(me->name);
	segue_context_switch(&me->context, &home, me);
}

static void spawn(void (*run)(const char *name), const char *name)
{
	size_t guard = (size_t)sysconf(_SC_PAGESIZE), size = guard + STACK;
	struct task *task = malloc(sizeof *task);
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (!task || memory == MAP_FAILED || mprotect(memory, guard, PROT_NONE) != 0) {
		perror("spawn");
		exit(1);
	}
	*task = (struct task){ .next = task, .run = run, .name = name, .memory = memory, .size = size };
	segue_context_make(&task->context, memory + guard, STACK, start, task);
	if (current) { /* into the ring, behind the last one: `current` is that until they run */
		task->next = current->next;
		current->next = task;
	}
	current = task;
}

static void run_all(void)
{
	while (current) {
		struct task *before = current, *ended;

		if (before->next != before)
			current = before->next;
		ended = segue_context_switch(&home, &current->context, NULL);
		for (before = ended; before->next != ended; before = before->next)
			;
		before->next = ended->next; /* out of the ring */
		current = before == ended ? NULL : before;
		munmap(ended->memory, ended->size);
		free(ended);
	}
}

static void count(const char *name)
{
	for (int i = 1; i <= (name[0] == 'b' ? 4 : 2); i++) {
		printf("%s: %d\n", name, i);
		give_way();
	}
	printf("%s: done\n", name);
}

int main(void)
{
	spawn(count, "a");
	spawn(count, "b");
	spawn(count, "c");
	run_all();
}
