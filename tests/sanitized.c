/* What sanitizers are to say of coroutines, and what not: a case each, by its name. tests/sanitizers.sh has the list. */
#include <pthread.h>
#include <signal.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "segue/inline.h"

#define NOINLINE __attribute__((noinline))

/* ---- Bodies ------------------------------------------------------------------------------------------------------ */

static segue_result yield_once(void *arg)
{
	return segue_yield(arg);
}

/* It ignores a close: its frames are abandoned, with what a sanitizer has put around their variables. */
static segue_result never_end(void *arg)
{
	volatile char frame[4096];

	frame[0] = 0;
	for (;;)
		(void)segue_yield((void *)&frame[0]);
	return segue_value(arg);
}

static NOINLINE void fill(volatile char *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		p[i] = (char)i;
}

/* ---- AddressSanitizer -------------------------------------------------------------------------------------------- */

static jmp_buf buffer;

static NOINLINE void jump(int depth)
{
	volatile char frame[256];

	fill(frame, sizeof frame);
	if (depth > 0)
		jump(depth - 1);
	longjmp(buffer, 1);
}

static segue_result jump_back(void *arg)
{
	if (!setjmp(buffer))
		jump(20);
	return segue_yield(arg);
}

static void a_longjmp_inside(void)
{
	segue_coroutine *co = segue_coroutine_new(jump_back, NULL);

	(void)segue_send(co, NULL);
	(void)segue_send(co, NULL);
	segue_unref(co);
}

static segue_result use_much(void *arg)
{
	volatile char frame[16 * 1024];

	fill(frame, sizeof frame);
	return segue_value(arg);
}

static segue_result use_little(void *arg)
{
	return segue_value(arg);
}

/* The second one has the first one's stack. */
static void a_stack_is_clean_again(void)
{
	segue_coroutine *co = segue_coroutine_new(never_end, NULL);
	char arguments[12 * 1024] = "";

	(void)segue_send(co, NULL);
	segue_unref(co);
	co = segue_new_copied(use_much, arguments, sizeof arguments, SEGUE_KIND_COROUTINE, NULL);
	(void)segue_send(co, NULL);
	segue_unref(co);
}

static segue_result overrun(void *arg)
{
	volatile char frame[16];

	fill(frame, sizeof frame + (arg != NULL));
	return segue_yield(arg);
}

static void an_overrun_inside(void)
{
	segue_coroutine *co = segue_coroutine_new(overrun, "");

	(void)segue_send(co, NULL);
	segue_unref(co);
}

static void a_stack_after_its_coroutine(void)
{
	segue_coroutine *co = segue_coroutine_new(never_end, NULL);
	volatile char *frame = segue_send(co, NULL).value;

	segue_unref(co);
	frame[0] = 1;
}

static void *volatile left;

static NOINLINE void *local_address(void)
{
	volatile char local[64];

	fill(local, sizeof local);
	left = (void *)local;
	return left;
}

static segue_result use_after_return(void *arg)
{
	volatile char *p = local_address();

	(void)segue_yield(arg);
	return segue_value((void *)(intptr_t)p[1]);
}

static void a_variable_after_its_function(void)
{
	segue_coroutine *co = segue_coroutine_new(use_after_return, NULL);

	(void)segue_send(co, NULL);
	(void)segue_send(co, NULL);
	segue_unref(co);
}

/* Frames that come and go on many stacks in turn, some of them for good. */
static segue_result recurse(void *depth)
{
	volatile char frame[100];
	segue_coroutine *inner;

	fill(frame, sizeof frame);
	if (!depth)
		return segue_yield(NULL);
	inner = segue_coroutine_new(recurse, (void *)((intptr_t)depth - 1));
	if ((intptr_t)depth % 2)
		return segue_await(inner);
	(void)segue_send(inner, NULL);
	(void)SEGUE_TRY(segue_yield(NULL));
	segue_unref(inner);
	return segue_value((void *)(intptr_t)frame[1]);
}

static void nested_ones(void)
{
	for (int i = 0; i < 100; i++) {
		segue_coroutine *co = segue_coroutine_new(recurse, (void *)(intptr_t)(i % 7));
		(void)segue_send(co, NULL);
		if (i % 3)
			(void)segue_send(co, NULL);
		segue_unref(co);
	}
}

static segue_result end_the_thread(void *arg)
{
	volatile char frame[100];

	fill(frame, sizeof frame);
	pthread_exit(arg);
}

static NOINLINE void end_deep_down(int depth)
{
	volatile char frame[200];

	fill(frame, sizeof frame);
	if (depth > 0)
		end_deep_down(depth - 1);
	else
		(void)segue_send(segue_coroutine_new(end_the_thread, NULL), NULL);
	frame[0] = 0;
}

static void *run_to_its_end(void *unused)
{
	end_deep_down(30);
	return unused;
}

static void a_threads_end_inside(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, run_to_its_end, NULL);
	pthread_join(thread, NULL);
}

static long resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (!file || fscanf(file, "%*d %ld", &pages) != 1)
		exit(99);
	fclose(file);
	return pages * 4096;
}

static NOINLINE segue_result ignore_close(void *arg)
{
	volatile char frame[100];

	fill(frame, sizeof frame);
	for (;;)
		(void)segue_yield(arg);
	return segue_value(arg);
}

/* Of those that are abandoned nothing stays. */
static void many_abandoned(void)
{
	long before = 0;

	for (int i = 0; i < 3000; i++) {
		segue_coroutine *co = segue_coroutine_new(ignore_close, NULL);
		(void)segue_send(co, NULL);
		segue_unref(co);
		if (i == 1000)
			before = resident();
	}
	if (resident() > before + (16 << 20))
		exit(EXIT_FAILURE);
}

static int stop; /* atomic */

static void *send_again_and_again(void *unused)
{
	segue_coroutine *co = segue_coroutine_new(never_end, NULL);

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		(void)segue_send(co, NULL);
	segue_unref(co);
	return unused;
}

/* A child can send, whatever the other thread was at. */
static void forks_as_a_thread_sends(void)
{
	segue_coroutine *co = segue_coroutine_new(never_end, NULL);
	pthread_t thread;
	int status = 0;

	pthread_create(&thread, NULL, send_again_and_again, NULL);
	for (int i = 0; i < 200 && !status; i++) {
		pid_t child = fork();
		if (child == 0) {
			alarm(10);
			(void)segue_send(co, NULL);
			_exit(0);
		}
		waitpid(child, &status, 0);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	segue_unref(co);
	if (status)
		exit(EXIT_FAILURE);
}

/* ---- LeakSanitizer ----------------------------------------------------------------------------------------------- */

static NOINLINE void get(void *volatile *memory)
{
	*memory = malloc(100);
}

static NOINLINE segue_result hold(void *arg)
{
	void *volatile memory;
	segue_result r;

	get(&memory);
	r = segue_yield(arg);
	free(memory);
	return r;
}

static segue_coroutine *kept;

static void suspended_at_the_end(void)
{
	kept = segue_coroutine_new(hold, NULL);
	(void)segue_send(kept, NULL);
}

static segue_result exit_inside(void *arg)
{
	exit(arg ? EXIT_FAILURE : EXIT_SUCCESS);
}

static NOINLINE void an_end_inside(void)
{
	void *volatile memory;
	segue_coroutine *co = segue_coroutine_new(exit_inside, NULL);

	get(&memory);
	(void)segue_send(co, NULL);
	free(memory);
}

static NOINLINE void lose_deep_down(int depth)
{
	volatile char frame[256];
	void *volatile memory = depth > 0 ? NULL : malloc(100);

	fill(frame, sizeof frame);
	if (depth > 0)
		lose_deep_down(depth - 1);
	else
		fill(memory, 10);
}

static segue_result lose(void *arg)
{
	lose_deep_down(20);
	return segue_value(arg);
}

static void a_loss_inside(void)
{
	segue_coroutine *co = segue_coroutine_new(lose, NULL);

	(void)segue_send(co, NULL);
	segue_unref(co);
}

/* Nobody frees its argument. */
static void a_lost_argument(void)
{
	(void)segue_run(segue_coroutine_new(yield_once, malloc(100)));
}

/* ---- ThreadSanitizer --------------------------------------------------------------------------------------------- */

static void on_thread(void *(*fn)(void *arg), void *arg)
{
	pthread_t thread;

	pthread_create(&thread, NULL, fn, arg);
	pthread_join(thread, NULL);
}

enum { MANY = 1500 };

static void *send_to_all(void *all)
{
	for (int i = 0; i < MANY; i++)
		(void)segue_send(((segue_coroutine **)all)[i], NULL);
	return NULL;
}

static NOINLINE segue_result descend(int depth)
{
	volatile char frame[16];
	segue_result r = depth > 0 ? descend(depth - 1) : segue_yield(NULL);

	frame[0] = 0;
	return r;
}

static segue_result yield_deep_down(void *arg)
{
	(void)arg;
	return descend(200);
}

/* Functions are entered on one thread, more of them than it could count, and left on another. */
static void many_frames_at_once(void)
{
	static segue_coroutine *all[MANY];

	for (int i = 0; i < MANY; i++) {
		all[i] = segue_coroutine_new(yield_deep_down, NULL);
		(void)segue_send(all[i], NULL);
	}
	on_thread(send_to_all, all);
	for (int i = 0; i < MANY; i++)
		segue_unref(all[i]);
}

/* More than ThreadSanitizer can tell apart at once; and none comes to an end. */
static void many_one_after_another(void)
{
	for (int i = 0; i < 10000; i++) {
		segue_coroutine *co = segue_coroutine_new(never_end, NULL);
		(void)segue_send(co, NULL);
		segue_unref(co);
	}
}

/* Each comes to its end, and what ThreadSanitizer has counted of calls with it. */
static void many_lives(void)
{
	for (int i = 0; i < 30000; i++)
		(void)segue_run(segue_coroutine_new(use_little, NULL));
}

static int disposed;

static void dispose(void *arg)
{
	disposed += *(int *)arg;
}

static void *write_and_let_go(void *co)
{
	*(int *)left = 1;
	segue_object_unref(co); /* nothing inlined */
	return NULL;
}

static void wait_a_little(void)
{
	struct timespec t = { 0, 200 * 1000 * 1000 };

	nanosleep(&t, NULL);
}

/* That one has written its argument is known by the count of references alone. */
static void references_order(void)
{
	static int arg;
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;
	pthread_t thread;

	left = &arg;
	attr.dispose = dispose;
	co = segue_ref(segue_coroutine_new_with(yield_once, &arg, &attr));
	pthread_create(&thread, NULL, write_and_let_go, co);
	wait_a_little();
	segue_object_unref(co);
	pthread_join(thread, NULL);
}

static int hooked;

static void note(segue_coroutine *co)
{
	(void)co;
	hooked++;
}

static void *set_hook(void *unused)
{
	hooked = 1;
	segue_set_never_awaited_hook(note);
	return unused;
}

/* And what a hook is to use, by the hook's being set. */
static void hooks_order(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, set_hook, NULL);
	wait_a_little();
	segue_unref(segue_coroutine_new(yield_once, NULL));
	pthread_join(thread, NULL);
}

static int counter;

static segue_result count(void *arg)
{
	for (int i = 0; i < 100000; i++) {
		counter++;
		(void)segue_yield(arg);
	}
	return segue_value(arg);
}

static void *run(void *co)
{
	(void)segue_run(co);
	return NULL;
}

static void a_race_inside(void)
{
	segue_coroutine *a = segue_coroutine_new(count, NULL), *b = segue_coroutine_new(count, NULL);
	pthread_t thread;

	pthread_create(&thread, NULL, run, a);
	run(b);
	pthread_join(thread, NULL);
}

static void *use_a_stack(void *unused)
{
	segue_coroutine *co = segue_coroutine_new(use_much, NULL);

	(void)segue_send(co, NULL);
	segue_unref(co);
	return unused;
}

/* The order is the pool's own, by its lock. */
static void a_stack_on_another_thread(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, use_a_stack, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* ---- MemorySanitizer --------------------------------------------------------------------------------------------- */

static NOINLINE int is_set(const void *p, size_t size)
{
	const unsigned char *bytes = p;

	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return 1;
	return 0;
}

static int look(const segue_live *live, void *arg)
{
	return arg ? 0 : is_set(live, sizeof *live);
}

static int report(const segue_stack_use *use, void *arg)
{
	return arg ? 0 : is_set(use, sizeof *use);
}

static void what_the_library_wrote(void)
{
	segue_coroutine *co;
	segue_info info;
	segue_stacks stacks;
	segue_key key;
	const segue_site *sites[4];
	segue_result end;
	void *value;

	segue_set_stack_statistics(1);
	co = segue_generator_new(yield_once, "");
	segue_inspect(co, &info, sizeof info);
	segue_stack_statistics(&stacks, sizeof stacks);
	(void)segue_key_create(&key, NULL);
	printf("%d", is_set(&info, sizeof info) + is_set(&stacks, sizeof stacks) + is_set(&key, sizeof key));
	printf("%d", is_set(sites, segue_traceback(co, sites, 4) * sizeof *sites));
	printf("%d", segue_foreach_live(look, NULL));
	SEGUE_FOREACH(value, co, &end)
		printf("%s", (char *)value);
	printf("%d", is_set(&end, sizeof end));
	printf("%d\n", segue_stack_usage(report, NULL));
}

static segue_result traced(void *arg)
{
	(void)arg;
	return segue_raise(&segue_ValueError, NULL);
}

static void a_traceback(void)
{
	segue_coroutine *co = segue_coroutine_new(traced, NULL);
	const segue_site *sites[4];

	(void)segue_send(co, NULL);
	printf("%d\n", is_set(sites, segue_traceback(co, sites, 4) * sizeof *sites));
	segue_unref(co);
}

static segue_result use_memory(void *arg)
{
	char on_stack[8192];

	memcpy(on_stack, arg, 100);
	return segue_yield(strdup(on_stack));
}

/* All of it was never set, but what the library's own code, inlined here, reads of it is. */
static void memory_of_the_users(void)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;
	char words[100] = "words";
	void *p;

	attr.stack = malloc(attr.stack_size);
	co = segue_coroutine_new_with(use_memory, words, &attr);
	p = segue_send(co, NULL).value;
	printf("%s\n", (char *)p);
	free(p);
	segue_unref(co);
	free(attr.stack);
}

static volatile uintptr_t taken;

static NOINLINE void take(uintptr_t a, uintptr_t b, uintptr_t c)
{
	taken = a + b + c;
}

static void *allocate(size_t stack_size, size_t guard_size)
{
	void *p = NULL;

	return guard_size && posix_memalign(&p, 65536, stack_size + guard_size) == 0 ? p : NULL;
}

static void give_back(void *memory, size_t stack_size, size_t guard_size)
{
	if (stack_size < guard_size)
		abort();
	free(memory);
}

/* What the last call before was given is not what this one is given. */
static void an_allocators_arguments(void)
{
	static const segue_stack_allocator allocator = { sizeof allocator, allocate, give_back };
	volatile uintptr_t never_set[3];

	if (segue_set_stack_allocator(&allocator))
		exit(EXIT_FAILURE);
	segue_unref(segue_coroutine_new(yield_once, NULL));
	take(never_set[0], never_set[1], never_set[2]);
	segue_stack_trim();
}

struct padded {
	char c;
	int n;
};

static NOINLINE struct padded padded(void)
{
	struct padded *volatile never_set = malloc(sizeof *never_set);
	struct padded p;

	never_set->c = 1;
	p = *never_set;
	free(never_set);
	return p;
}

static volatile int last;

static void call_padded(void *arg)
{
	last = arg ? padded().c : 0;
}

/* What that has returned last is not what segue_close() returns. */
static void a_function_that_returns_nothing(void)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;

	attr.dispose = call_padded;
	co = segue_coroutine_new_with(yield_once, "", &attr);
	if (segue_close(co).raised)
		puts("raised");
	segue_unref(co);
}

static segue_result use_unset(void *arg)
{
	volatile int never_set[4];

	never_set[0] = 0;
	if (never_set[1])
		puts("set");
	return segue_yield(arg);
}

static void a_variable_never_set(void)
{
	segue_coroutine *co = segue_coroutine_new(use_unset, NULL);

	(void)segue_send(co, NULL);
	segue_unref(co);
}

/* ------------------------------------------------------------------------------------------------------------------- */

#define CASE(name) { #name, name }

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	CASE(a_longjmp_inside), CASE(a_stack_is_clean_again), CASE(an_overrun_inside), CASE(a_stack_after_its_coroutine),
	CASE(a_variable_after_its_function), CASE(nested_ones), CASE(suspended_at_the_end), CASE(an_end_inside), CASE(a_loss_inside),
	CASE(many_frames_at_once), CASE(many_one_after_another), CASE(many_lives), CASE(a_threads_end_inside), CASE(many_abandoned), CASE(forks_as_a_thread_sends), CASE(a_lost_argument),
	CASE(a_function_that_returns_nothing), CASE(references_order), CASE(hooks_order), CASE(a_race_inside), CASE(a_stack_on_another_thread),
	CASE(what_the_library_wrote), CASE(a_traceback), CASE(memory_of_the_users), CASE(an_allocators_arguments), CASE(a_variable_never_set),
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
			cases[i].run();
			return EXIT_SUCCESS;
		}
	fprintf(stderr, "usage: sanitized CASE\n");
	return 99;
}
