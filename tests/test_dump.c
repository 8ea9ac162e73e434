/* segue_dump() and segue_dump_dot(): what they say of coroutines in each state; and in a signal's handler, while threads make and drop
   others. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../arch/arch.h"
#include "cmocka_headers.h"
#include "on_valgrind.h"
#include "sanitized.h"
#include "segue.h"

/* Each of these functions has a section of its own, by which its addresses are known. */
#define PLACE(name) extern const char __start_dump_##name[], __stop_dump_##name[]
#define IN(name) __attribute__((noinline, section("dump_" #name)))
#define HAS_PLACE(text, what, name) has_place(text, what, __start_dump_##name, __stop_dump_##name)
/* Where it yields or sends: the library's own functions may have a frame between, where it is not optimised. */
#define STANDS_IN(text, name) (HAS_PLACE(text, "  in ", name) || (SEGUE_ARCH_FRAME_CHAIN && HAS_PLACE(text, "  called from ", name)))
PLACE(yields);
PLACE(calls);
PLACE(awaits);
PLACE(sends);

static char text[1 << 18];
static int after; /* atomic: threads write it, so that a call is not the last thing of its function */

PLACE(writes);

/* What fn writes. */
IN(writes) static const char *written_by(void (*fn)(int fd))
{
	FILE *f = tmpfile();
	size_t n;

	fn(fileno(f));
	rewind(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static const char *dumped(void)
{
	return written_by(segue_dump);
}

/* What is said of one: its line, and those under it. */
static char *about(const char *all, const segue_coroutine *co)
{
	static char block[4096];
	char key[40];
	const char *begin, *end;

	snprintf(key, sizeof key, "coroutine %#lx '", (unsigned long)co);
	begin = strstr(all, key);
	if (!begin) {
		snprintf(key, sizeof key, "generator %#lx '", (unsigned long)co);
		begin = strstr(all, key);
	}
	if (!begin)
		return NULL;
	end = strchr(begin, '\n');
	while (end && strncmp(end, "\n  ", 3) == 0)
		end = strchr(end + 1, '\n');
	snprintf(block, sizeof block, "%.*s\n", (int)(end - begin), begin);
	return block;
}

static void check_has(const char *s, const char *part)
{
	if (!s || !strstr(s, part))
		fail_msg("no \"%s\" in \"%s\"", part, s ? s : "(nothing)");
}

static void check_lacks(const char *s, const char *part)
{
	if (strstr(s, part))
		fail_msg("\"%s\" in \"%s\"", part, s);
}

/* "  awaits 0x… 'name'" and such */
static void check_link(const char *s, const char *what, const void *other, const char *name)
{
	char line[200];

	snprintf(line, sizeof line, "  %s %#lx '%s'\n", what, (unsigned long)other, name);
	check_has(s, line);
}

/* Whether a line says `what` and a bare address from low to high. */
static int has_place(const char *s, const char *what, const char *low, const char *high)
{
	size_t length = strlen(what);

	for (; s && *s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL) {
		uintptr_t pc = strncmp(s, what, length) == 0 ? (uintptr_t)strtoull(s + length, NULL, 16) : 0;
		if (pc > (uintptr_t)low && pc <= (uintptr_t)high)
			return 1;
	}
	return 0;
}

IN(yields) static segue_result yields(void *arg)
{
	segue_result r = segue_yield(arg);

	__atomic_store_n(&after, 1, __ATOMIC_RELAXED);
	return r.raised ? r : segue_value(arg);
}

IN(calls) static segue_result calls(void *arg)
{
	segue_result r = yields(arg);

	__atomic_store_n(&after, 2, __ATOMIC_RELAXED);
	return r;
}

IN(awaits) static segue_result awaits(void *x)
{
	segue_result r = segue_await(segue_object_ref(x));

	__atomic_store_n(&after, 3, __ATOMIC_RELAXED);
	return r;
}

/* ---- What it says ------------------------------------------------------------------------------------------------- */

static void a_suspended_one_and_where_it_stands(void **state)
{
	segue_coroutine *co = segue_coroutine_new(calls, NULL);
	int line = __LINE__ - 1;
	char made[200], *said;

	(void)state;
	snprintf(made, sizeof made, "  made at %s:%d, in %s\n", __FILE__, line, __func__);
	check_has(about(dumped(), co), "'calls', created\n");
	check_has(about(text, co), made);
	assert_true(has_place(about(text, co), "  will start at ", (const char *)((uintptr_t)__start_dump_calls - 1), __stop_dump_calls));
	segue_send(co, NULL);
	said = about(dumped(), co);
	check_has(said, "'calls', suspended\n");
	check_has(said, made);
	assert_true(STANDS_IN(said, yields));
	assert_true(!SEGUE_ARCH_FRAME_CHAIN || HAS_PLACE(said, "  called from ", calls));
	check_has(text, "1 in all: 0 created, 0 running, 1 suspended, 0 ended\n");
	segue_close(co);
	said = about(dumped(), co);
	check_has(said, "'calls', ended\n");
	check_lacks(said, "  in ");
	segue_unref(co);
	check_has(dumped(), "0 in all");
	assert_null(about(text, co));
}

static void where_it_was_made(void **state)
{
	int depth = segue_set_origin_tracking_depth(2);
	segue_coroutine *co = (segue_coroutine_new)(yields, NULL);

	(void)state;
	check_has(about(dumped(), co), "  made from 0x");
	check_has(about(text, co), "coroutine");
	segue_set_origin_tracking_depth(depth);
	segue_unref(co);
}

static void a_chain_and_its_tree(void **state)
{
	segue_coroutine *leaf = segue_generator_new(calls, NULL);
	segue_coroutine *inner = segue_types_coroutine(segue_generator_new(awaits, leaf));
	segue_coroutine *outer = segue_coroutine_new(awaits, inner);
	char tree[300], *said;

	(void)state;
	segue_send(outer, NULL);
	said = about(dumped(), inner);
	check_has(said, "'awaits', suspended\n");
	check_link(said, "awaits", leaf, "calls");
	check_link(said, "awaited by", outer, "awaits");
	assert_true(!SEGUE_ARCH_FRAME_CHAIN || HAS_PLACE(said, "  called from ", awaits));
	check_has(about(text, leaf), "generator 0x");
	assert_true(STANDS_IN(about(text, leaf), yields));
	snprintf(tree, sizeof tree, "who awaits whom\n  %#lx 'awaits', suspended\n    %#lx 'awaits'\n      %#lx 'calls'\n",
		 (unsigned long)outer, (unsigned long)inner, (unsigned long)leaf);
	check_has(text, tree);
	assert_string_equal(strstr(text, "who awaits whom"), tree);
	segue_unref(outer);
	segue_unref(inner);
	segue_unref(leaf);
}

static segue_result next(void *self)
{
	return segue_value(self);
}

static const segue_ops iterator_ops = { sizeof(segue_ops), 0, SEGUE_NAMED("Iterator"), NULL, NULL, NULL, next, NULL, NULL, NULL };

static void an_object_that_is_awaited(void **state)
{
	const segue_ops **iterator = malloc(sizeof *iterator); /* where nothing is known to lie before it */
	segue_coroutine *co = segue_generator_new(awaits, iterator);

	(void)state;
	*iterator = &iterator_ops;
	segue_send(co, NULL);
	check_link(about(dumped(), co), "awaits an object,", iterator, "Iterator");
	check_link(strstr(text, "who awaits whom"), "  an object,", iterator, "Iterator");
	segue_unref(co);
	free(iterator);
}

static void names_of_objects_when_they_were_read(void **state)
{
	segue_coroutine *co = segue_coroutine_new(calls, NULL);

	(void)state;
	segue_send(co, NULL);
	check_lacks(about(dumped(), co), "+0x");
	assert_int_equal(segue_dump_prepare(), 0);
	check_has(about(dumped(), co), "test_dump+0x");
	segue_unref(co);
}

/* ---- Those that run ----------------------------------------------------------------------------------------------- */

/* Not inlined, and not the last thing of its function: a frame lies between. */
IN(calls) static segue_result dumps(void *arg)
{
	dumped();
	__atomic_store_n(&after, 4, __ATOMIC_RELAXED);
	return segue_value(arg);
}

IN(sends) static segue_result sends(void *co)
{
	segue_send(co, NULL);
	__atomic_store_n(&after, 5, __ATOMIC_RELAXED);
	return segue_value(NULL);
}

static void those_that_run(void **state)
{
	segue_coroutine *leaf = segue_coroutine_new(dumps, NULL);
	segue_coroutine *root = segue_coroutine_new(awaits, leaf);
	segue_coroutine *sender = segue_coroutine_new(sends, root);
	char *said;

	(void)state;
	segue_send(sender, NULL);
	said = about(text, leaf);
	check_has(said, "'dumps', running\n");
	check_link(said, "awaited by", root, "awaits");
	check_has(said, "  on this thread\n");
	assert_true(!SEGUE_ARCH_FRAME_CHAIN || HAS_PLACE(said, "  in ", writes));
	assert_true(!SEGUE_ARCH_FRAME_CHAIN || HAS_PLACE(said, "  called from ", calls));
	said = about(text, root);
	check_has(said, "'awaits', running\n");
	check_link(said, "resumed by", sender, "sends");
	check_has(said, "  in ");
	said = about(text, sender);
	check_has(said, "'sends', running\n");
	check_has(said, "  resumed by a thread\n");
	assert_true(STANDS_IN(said, sends));
	check_has(text, "3 in all: 0 created, 3 running");
	segue_unref(sender);
	segue_unref(root);
	segue_unref(leaf);
}

/* ---- Memory of others --------------------------------------------------------------------------------------------- */

static void *allocate(size_t stack_size, size_t guard_size)
{
	void *memory = mmap(NULL, guard_size + stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void give_back(void *memory, size_t stack_size, size_t guard_size)
{
	munmap(memory, guard_size + stack_size);
}

static void on_stacks_of_an_allocator(void **state)
{
	const segue_stack_allocator allocator = { sizeof allocator, allocate, give_back };
	segue_coroutine *co[3];

	(void)state;
	assert_int_equal(segue_set_stack_allocator(&allocator), 0);
	for (int i = 0; i < 3; i++) {
		co[i] = segue_coroutine_new(calls, NULL);
		segue_send(co[i], NULL);
	}
	segue_unref(co[1]);
	check_has(about(dumped(), co[0]), "'calls', suspended\n");
	check_has(about(text, co[2]), "'calls', suspended\n");
	assert_true(STANDS_IN(about(text, co[2]), yields));
	check_has(text, "2 in all");
	segue_unref(co[0]);
	segue_unref(co[2]);
	segue_stack_trim();
	assert_int_equal(segue_set_stack_allocator(NULL), 0);
}

/* One on memory of the user's that is a mapping of its own; its name is in another. */
static segue_coroutine *place(unsigned char **memory, char **name)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	*memory = allocate(SEGUE_STACK_DEFAULT, 0);
	*name = allocate(65536, 0);
	*name += 65536 - 4;
	strcpy(*name, "abc");
	attr.stack = *memory;
	attr.name = *name;
	return segue_coroutine_new_with(calls, NULL, &attr);
}

static void on_memory_of_the_users(void **state)
{
	unsigned char *memory[2], *copy = malloc(SEGUE_STACK_DEFAULT);
	char *name[2];
	segue_coroutine *co[2] = { place(&memory[0], &name[0]), place(&memory[1], &name[1]) };

	(void)state;
	for (int i = 0; i < 2; i++)
		segue_send(co[i], NULL);
	for (int i = 0; i < 2; i++) {
		check_has(about(dumped(), co[i]), "'abc', suspended\n");
		assert_true(STANDS_IN(about(text, co[i]), yields));
		assert_true(!SEGUE_ARCH_FRAME_CHAIN || HAS_PLACE(about(text, co[i]), "  called from ", calls));
	}
	check_lacks(text, "could not be read");

	/* Gone, as it would be if another thread had dropped it since */
	munmap(name[1] + 4 - 65536, 65536);
	check_has(about(dumped(), co[1]), "'', suspended\n");
	memcpy(copy, memory[1], SEGUE_STACK_DEFAULT);
	munmap(memory[1], SEGUE_STACK_DEFAULT);
	assert_null(about(dumped(), co[1]));
	check_has(text, "could not be read");
	check_has(written_by(segue_dump_dot), "}\n");
	mmap(memory[1], SEGUE_STACK_DEFAULT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memcpy(memory[1], copy, SEGUE_STACK_DEFAULT);
	VALGRIND_MAKE_MEM_DEFINED(memory[1], SEGUE_STACK_DEFAULT);

	for (int i = 0; i < 2; i++) {
		segue_unref(co[i]);
		munmap(memory[i], SEGUE_STACK_DEFAULT);
	}
	munmap(name[0] + 4 - 65536, 65536);
	free(copy);
}

static void without_a_descriptor_for_the_pipe(void **state)
{
	unsigned char *memory;
	char *name;
	segue_coroutine *co = segue_coroutine_new(calls, NULL), *placed = place(&memory, &name);
	struct rlimit was, none;
	FILE *f = tmpfile();
	size_t n;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &was);
	none = was;
	none.rlim_cur = (rlim_t)fileno(f) + 1;
	setrlimit(RLIMIT_NOFILE, &none);
	segue_dump(fileno(f));
	setrlimit(RLIMIT_NOFILE, &was);
	rewind(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	check_has(about(text, co), "'calls', created\n");
	assert_null(about(text, placed));
	check_has(text, "could not be read");
	segue_unref(co);
	segue_unref(placed);
	munmap(memory, SEGUE_STACK_DEFAULT);
	munmap(name + 4 - 65536, 65536);
}

static void it_keeps_errno_and_no_descriptor(void **state)
{
	segue_coroutine *co = segue_coroutine_new(calls, NULL);
	int before = dup(2), fd;

	(void)state;
	close(before);
	errno = ENOTTY;
	segue_dump(-1);
	segue_dump_dot(-1);
	assert_int_equal(errno, ENOTTY);
	fd = dup(2);
	assert_int_equal(fd, before);
	close(fd);
	segue_unref(co);
}

/* ---- In a handler ------------------------------------------------------------------------------------------------- */

static struct {
	pthread_t thread;
	int ready, handled; /* atomic */
} signalled;

static void dump_from_handler(int number)
{
	(void)number;
	dumped(); /* stdio would be none of a handler's business, if the signal came anywhere else */
	__atomic_store_n(&signalled.handled, 1, __ATOMIC_RELEASE);
}

static void *send_signal(void *unused)
{
	(void)unused;
	while (!__atomic_load_n(&signalled.ready, __ATOMIC_ACQUIRE))
		sched_yield();
	pthread_kill(signalled.thread, SIGQUIT);
	return NULL;
}

IN(yields) static void pass_time(void)
{
	__atomic_store_n(&after, 6, __ATOMIC_RELAXED);
}

/* Calls nothing of the C library's, which need not have frame pointers; but something, or compilers may leave this one's out, too. */
IN(yields) static void be_signalled(void)
{
	__atomic_store_n(&signalled.ready, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&signalled.handled, __ATOMIC_ACQUIRE))
		pass_time();
}

IN(calls) static segue_result is_signalled(void *arg)
{
	be_signalled();
	__atomic_store_n(&after, 7, __ATOMIC_RELAXED);
	return segue_value(arg);
}

static void in_a_handler_on_the_coroutines_stack_and_on_another(void **state)
{
	static unsigned char alternate[256 * 1024];
	stack_t other = { .ss_sp = alternate, .ss_size = sizeof alternate }, before;
	struct sigaction action = { .sa_handler = dump_from_handler };

	(void)state;
	sigaltstack(&other, &before);
	for (int i = 0; i < 2; i++) {
		segue_coroutine *co = segue_coroutine_new(is_signalled, NULL);
		pthread_t sender;
		char *said;
		action.sa_flags = i ? SA_ONSTACK : 0;
		sigaction(SIGQUIT, &action, NULL);
		signalled.thread = pthread_self();
		signalled.ready = signalled.handled = 0;
		pthread_create(&sender, NULL, send_signal, NULL);
		segue_send(co, NULL);
		pthread_join(sender, NULL);
		said = about(text, co);
		check_has(said, "'is_signalled', running\n");
		check_has(said, "  on this thread\n");
		assert_true(!SEGUE_ARCH_FRAME_CHAIN || ON_TSAN || HAS_PLACE(said, "  in ", calls) || HAS_PLACE(said, "  called from ", calls));
		segue_unref(co);
	}
	signal(SIGQUIT, SIG_DFL);
	sigaltstack(&before, NULL);
}

static struct {
	pthread_t here;
	int fd, elsewhere; /* what the handler writes to; the first is atomic */
	int stop;          /* atomic */
} race;

/* Makes, runs and drops all kinds of them, with names and memory that go with them. */
static void *churn(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&race.stop, __ATOMIC_RELAXED)) {
		segue_attr attr = SEGUE_ATTR_INIT;
		char *name = strdup("a name that goes");
		segue_coroutine *leaf, *outer, *placed;
		attr.name = name;
		leaf = segue_coroutine_new_with(calls, NULL, &attr);
		outer = segue_coroutine_new(awaits, leaf);
		attr.stack = malloc(SEGUE_STACK_MIN);
		attr.stack_size = SEGUE_STACK_MIN;
		placed = segue_coroutine_new_with(calls, NULL, &attr);
		segue_send(placed, NULL);
		segue_send(outer, NULL);
		segue_unref(leaf);
		segue_unref(outer);
		segue_unref(placed);
		free(attr.stack);
		free(name);
	}
	return NULL;
}

static void dump_to_race(int number)
{
	int fd = pthread_equal(pthread_self(), race.here) ? __atomic_load_n(&race.fd, __ATOMIC_RELAXED) : race.elsewhere;

	(void)number;
	segue_dump(fd);
	segue_dump_dot(fd);
}

static void raise_here(int fd)
{
	__atomic_store_n(&race.fd, fd, __ATOMIC_RELAXED);
	pthread_kill(race.here, SIGQUIT);
}

static void while_threads_make_and_drop_coroutines(void **state)
{
	struct sigaction action = { .sa_handler = dump_to_race };
	segue_coroutine *co = segue_coroutine_new(calls, NULL);
	pthread_t threads[2];
	FILE *elsewhere = fopen("/dev/null", "w");
	int missing = 0;

	(void)state;
	race.here = pthread_self();
	race.elsewhere = fileno(elsewhere);
	sigaction(SIGQUIT, &action, NULL);
	segue_send(co, NULL);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, churn, NULL);
	/* Here, and in the midst of what they do */
	for (int i = 0; i < (RUNNING_ON_VALGRIND ? 20 : 150); i++) {
		written_by(raise_here);
		missing += !about(text, co) || !strstr(about(text, co), "suspended") || !strstr(text, " in all:");
		pthread_kill(threads[i % 2], SIGQUIT);
		sched_yield();
	}
	__atomic_store_n(&race.stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	signal(SIGQUIT, SIG_DFL);
	fclose(elsewhere);
	assert_int_equal(missing, 0);
	check_has(about(dumped(), co), "'calls', suspended\n");
	check_has(text, "1 in all");
	segue_unref(co);
}

/* ---- The graph ---------------------------------------------------------------------------------------------------- */

/* A quoted string; returns what follows, or NULL. */
static const char *quoted(const char *s)
{
	if (*s++ != '"')
		return NULL;
	for (; *s != '"'; s++)
		if (*s == '\0' || *s == '\n' || (*s == '\\' && *++s == '\0'))
			return NULL;
	return s + 1;
}

/* A statement of DOT as they are written here: "a" [label="…", style=b]; or "a" -> "b" [label="…"]; */
static int is_statement(const char *s)
{
	s = quoted(s);
	if (s && strncmp(s, " -> ", 4) == 0)
		s = quoted(s + 4);
	if (!s || strncmp(s, " [label=", 8) != 0)
		return 0;
	s = quoted(s + 8);
	if (s && strncmp(s, ", ", 2) == 0)
		s += strcspn(s, "]\n");
	return s && strncmp(s, "];", 2) == 0 && s[2] == '\0';
}

static void check_graph(void)
{
	char *rest = text, *line = strsep(&rest, "\n");

	assert_string_equal(line, "digraph segue {");
	assert_string_equal(strsep(&rest, "\n"), "\tnode [shape=box];");
	while ((line = strsep(&rest, "\n")) && *line == '\t')
		if (!is_statement(line + 1))
			fail_msg("no DOT: %s", line);
	assert_string_equal(line, "}");
	assert_string_equal(rest, "");
}

static void take_graph(int fd)
{
	segue_dump_dot(fd);
}

static segue_result draws(void *arg)
{
	written_by(take_graph);
	return segue_value(arg);
}

static void check_edge(const void *from, const void *to, const char *attributes)
{
	char line[200];

	snprintf(line, sizeof line, "\t\"%#lx\" -> \"%#lx\" [%s];\n", (unsigned long)from, (unsigned long)to, attributes);
	check_has(text, line);
}

/* By dot itself, where it is there. */
static void check_with_dot(void)
{
	FILE *dot = system("command -v dot >/dev/null") == 0 ? popen("dot -Tsvg >/dev/null", "w") : NULL;

	if (dot) {
		fputs(text, dot);
		assert_int_equal(pclose(dot), 0);
	}
}

static void a_graph_that_dot_takes(void **state)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	const segue_ops *iterator = &iterator_ops;
	segue_coroutine *leaf = segue_coroutine_new(draws, NULL);
	segue_coroutine *root = segue_coroutine_new(awaits, leaf);
	segue_coroutine *sender = segue_coroutine_new(sends, root);
	segue_coroutine *apart = segue_generator_new(awaits, &iterator), *named;
	char key[100];

	(void)state;
	attr.name = "a \"name\" \\ with\nall";
	named = segue_coroutine_new_with(calls, NULL, &attr);
	segue_send(apart, NULL);
	segue_send(sender, NULL);
	check_edge(root, leaf, "label=\"awaits\"");
	check_edge(sender, root, "label=\"resumed\", style=dashed");
	check_edge(apart, &iterator, "label=\"awaits\"");
	snprintf(key, sizeof key, "\t\"thread of %#lx\" -> \"%#lx\" [", (unsigned long)sender, (unsigned long)sender);
	check_has(text, key);
	snprintf(key, sizeof key, "\t\"%#lx\" [label=\"a \\\"name\\\" \\\\ with?all\\ncreated\"];\n", (unsigned long)named);
	check_has(text, key);
	snprintf(key, sizeof key, "\t\"%#lx\" [label=\"draws\\nrunning\", style=bold];\n", (unsigned long)leaf);
	check_has(text, key);
	check_with_dot();
	check_graph();
	segue_unref(named);
	segue_unref(apart);
	segue_unref(sender);
	segue_unref(root);
	segue_unref(leaf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_stacks_of_an_allocator), /* first: no stack is there yet */
		cmocka_unit_test(a_suspended_one_and_where_it_stands),
		cmocka_unit_test(where_it_was_made),
		cmocka_unit_test(a_chain_and_its_tree),
		cmocka_unit_test(an_object_that_is_awaited),
		cmocka_unit_test(those_that_run),
		cmocka_unit_test(on_memory_of_the_users),
		cmocka_unit_test(without_a_descriptor_for_the_pipe),
		cmocka_unit_test(it_keeps_errno_and_no_descriptor),
		cmocka_unit_test(in_a_handler_on_the_coroutines_stack_and_on_another),
		cmocka_unit_test(while_threads_make_and_drop_coroutines),
		cmocka_unit_test(a_graph_that_dot_takes),
		cmocka_unit_test(names_of_objects_when_they_were_read), /* last: from then on they are */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
