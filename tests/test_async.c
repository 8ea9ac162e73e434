/* SEGUE_ASYNC(), SEGUE_GENERATOR() and SEGUE_FOREACH(). */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "cmocka_headers.h"
#include "segue.h"

static int runs;      /* bodies that began */
static int released;  /* values that nobody took */

static void release(void *value)
{
	(void)value;
	released++;
}

static const segue_type Broken = { "Broken", &segue_Exception, release, { NULL } };

static void *number(int n)
{
	return (void *)(intptr_t)n;
}

/* ---- A constructor that fails ------------------------------------------------------------------------------------- */

static bool refuse_mmap; /* but a page: address space is what is short, not mappings */

void *__real_mmap(void *p, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *p, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *p, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (!refuse_mmap || size <= 65536)
		return __real_mmap(p, size, protection, flags, fd, offset);
	errno = ENOMEM;
	return MAP_FAILED;
}

static SEGUE_ASYNC(nothing)
{
	runs++;
	return segue_value(NULL);
}

static segue_result await_nothing(void *arg)
{
	(void)arg;
	SEGUE_TRY(segue_await(nothing()));
	return segue_value(NULL);
}

/* The first test: there is no stack in any pool. */
static void a_constructor_without_memory_surfaces_where_it_is_awaited(void **state)
{
	static unsigned char memory[SEGUE_STACK_DEFAULT];
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;

	(void)state;
	attr.stack = memory;
	attr.stack_size = sizeof memory;
	co = segue_coroutine_new_with(await_nothing, NULL, &attr);
	assert_non_null(co);
	refuse_mmap = true;
	errno = 0;
	assert_null(nothing());
	assert_int_equal(errno, ENOMEM);
	assert_null(segue_coroutine_new(await_nothing, NULL));
	attr.stack = NULL;
	assert_null(segue_coroutine_new_with(await_nothing, NULL, &attr));
	assert_int_equal(errno, ENOMEM);
	assert_ptr_equal(segue_send(nothing(), NULL).raised, &segue_MemoryError);
	assert_ptr_equal(segue_run(nothing()).raised, &segue_MemoryError);
	assert_ptr_equal(segue_run(co).raised, &segue_MemoryError);
	refuse_mmap = false;
	assert_int_equal(runs, 0);
}

struct quarter {
	unsigned char bytes[SEGUE_STACK_DEFAULT / 4];
};
struct more {
	unsigned char bytes[SEGUE_STACK_DEFAULT / 4 + 1];
};

static SEGUE_ASYNC(take_quarter, (struct quarter, q))
{
	return segue_value(number(q.bytes[sizeof q - 1]));
}

static SEGUE_ASYNC(take_more, (struct more, m))
{
	return segue_value(number(m.bytes[0]));
}

static void arguments_fill_no_more_than_a_quarter_of_the_stack(void **state)
{
	static struct quarter q;
	static struct more m;

	(void)state;
	memset(&q, 42, sizeof q);
	assert_ptr_equal(segue_run(take_quarter(q)).value, number(42));
	errno = 0;
	assert_null(take_more(m));
	assert_int_equal(errno, E2BIG);
	assert_null(segue_new_copied(NULL, NULL, 0, SEGUE_KIND_COROUTINE, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(segue_new_copied(await_nothing, NULL, 0, SEGUE_KIND_ITERABLE_COROUTINE + 1, NULL));
	assert_int_equal(errno, EINVAL);
}

/* ---- Parameters --------------------------------------------------------------------------------------------------- */

#define L1(each) each(1)
#define L2(each) L1(each), each(2)
#define L3(each) L2(each), each(3)
#define L4(each) L3(each), each(4)
#define L5(each) L4(each), each(5)
#define L6(each) L5(each), each(6)
#define L7(each) L6(each), each(7)
#define L8(each) L7(each), each(8)
#define L9(each) L8(each), each(9)
#define L10(each) L9(each), each(10)
#define L11(each) L10(each), each(11)
#define L12(each) L11(each), each(12)
#define L13(each) L12(each), each(13)
#define L14(each) L13(each), each(14)
#define L15(each) L14(each), each(15)
#define L16(each) L15(each), each(16)
#define PARAMETER(k) (int, a##k)
#define NAME(k) a##k
#define VALUE(k) 100 + k
#define EVERY(m) m(1) m(2) m(3) m(4) m(5) m(6) m(7) m(8) m(9) m(10) m(11) m(12) m(13) m(14) m(15) m(16)

static int got[16];

#define TAKE(n)                                              \
	static SEGUE_ASYNC(take_##n, L##n(PARAMETER))        \
	{                                                    \
		const int all[] = { L##n(NAME) };            \
		memcpy(got, all, sizeof all);                \
		return segue_value(number(n));               \
	}                                                    \
	static SEGUE_GENERATOR(generate_##n, L##n(PARAMETER)) \
	{                                                    \
		const int all[] = { L##n(NAME) };            \
		memcpy(got, all, sizeof all);                \
		return segue_value(number(n));               \
	}
EVERY(TAKE)

static void check_arguments(segue_coroutine *co, int n, const char *word)
{
	assert_string_equal((*(const segue_ops **)co)->names, word);
	memset(got, 0, sizeof got);
	assert_ptr_equal(segue_run(co).value, number(n));
	for (int i = 0; i < 16; i++)
		assert_int_equal(got[i], i < n ? 101 + i : 0);
}

static void each_of_sixteen_arguments_arrives(void **state)
{
	(void)state;
#define CHECK(n)                                                \
	check_arguments(take_##n(L##n(VALUE)), n, "coroutine"); \
	check_arguments(generate_##n(L##n(VALUE)), n, "generator");
	EVERY(CHECK)
	runs = 0;
	assert_null(segue_run(nothing()).raised);
	assert_int_equal(runs, 1);
}

struct point {
	double x;
	char name[21];
	short y;
};
enum colour { RED, GREEN };
union word {
	float f;
	uint32_t bits;
};

static struct mixed {
	char c;
	struct point point;
	double d;
	int (*function)(int);
	const char *text;
	long long wide;
	bool flag;
	float f;
	int (*row)[3];
	enum colour colour;
	long double longest;
	union word word;
	short constant;
	const char *const *list;
	int8_t small;
	double of_type;
} mixed;

static int twice(int n)
{
	return 2 * n;
}

/* Not static: it has a prototype all the same. */
SEGUE_ASYNC(mix, (char, c), (struct point, point), (double, d), (int (*)(int), function), (const char *, text), (long long, wide),
	    (bool, flag), (float, f), (int (*)[3], row), (enum colour, colour), (long double, longest), (union word, word),
	    (const short, constant), (const char *const *const, list), (int8_t, small), (__typeof__(mixed.d), of_type))
{
	mixed = (struct mixed){ c, point, d, function, text, wide, flag, f, row, colour, longest, word, constant, list, small, of_type };
	return segue_value(NULL);
}

static void arguments_of_any_type_arrive_as_they_were_when_it_was_made(void **state)
{
	static const char *const list[] = { "a", "b" };
	int row[3] = { 1, 2, 3 };
	struct point point = { 1.5, "a name of 20 letters", -7 };
	double d = 2.25;
	long long wide = -0x123456789abcdefLL;
	segue_coroutine *co = mix('x', point, d, twice, list[1], wide, true, 0.5f, &row, GREEN, 1e30L, (union word){ .f = 1 }, -3, list, -128, d);

	(void)state;
	memset(&point, 0, sizeof point);
	d = 0;
	wide = 0;
	row[1] = 42; /* what a pointer points at is not copied */
	assert_null(segue_run(co).raised);
	assert_int_equal(mixed.c, 'x');
	assert_true(mixed.point.x == 1.5 && mixed.point.y == -7);
	assert_string_equal(mixed.point.name, "a name of 20 letters");
	assert_true(mixed.d == 2.25 && mixed.of_type == 2.25 && mixed.f == 0.5f && mixed.longest == 1e30L && mixed.word.f == 1);
	assert_int_equal(mixed.function(21), 42);
	assert_string_equal(mixed.text, "b");
	assert_true(mixed.wide == -0x123456789abcdefLL && mixed.flag && mixed.colour == GREEN);
	assert_int_equal((*mixed.row)[1], 42);
	assert_int_equal(mixed.constant, -3);
	assert_string_equal(mixed.list[0], "a");
	assert_int_equal(mixed.small, -128);
}

static segue_result return_arg(void *arg)
{
	return segue_value(arg);
}

static void a_copy_of_any_size_is_aligned_for_any_type(void **state)
{
	unsigned char bytes[100];
	segue_info info;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i + 1);
	for (size_t size = 1; size <= sizeof bytes; size++) {
		segue_coroutine *co = segue_new_copied(return_arg, bytes, size, SEGUE_KIND_COROUTINE, NULL);
		const unsigned char *copy = segue_send(co, NULL).value;
		segue_inspect(co, &info, sizeof info);
		assert_int_equal((uintptr_t)copy % _Alignof(max_align_t), 0);
		assert_in_range((uintptr_t)copy - (uintptr_t)info.stack, 0, info.stack_size - size);
		assert_memory_equal(copy, bytes, size);
		segue_unref(co);
	}
}

static void a_constructor_runs_nothing_and_names_its_code(void **state)
{
	segue_coroutine *co = nothing();
	segue_info info;

	(void)state;
	runs = 0;
	assert_int_equal(segue_state(co), SEGUE_CREATED);
	segue_inspect(co, &info, sizeof info);
	assert_string_equal(info.cr_code.name, "nothing");
	assert_string_equal(info.cr_code.file, __FILE__);
	assert_in_range(info.cr_code.line, 1, __LINE__);
	assert_non_null(info.cr_code.entry);
	assert_null(info.cr_origin.made);
	segue_unref(co);
	assert_int_equal(runs, 0);
}

/* ---- SEGUE_FOREACH() ---------------------------------------------------------------------------------------------- */

static void add_one(int **cleaned)
{
	++**cleaned;
}

static int cleaned;
static char returned, thrown;
enum at_close { PASSES, RETURNS, RAISES, IGNORES };

/* Yields 1 to n, then raises `raised` or returns. */
static SEGUE_GENERATOR(count, (int, n), (const segue_type *, raised), (enum at_close, at_close))
{
	int *note __attribute__((cleanup(add_one), unused)) = &cleaned;

	for (int i = 1; i <= n; i++) {
		segue_result r = segue_yield(number(i));
		while (r.raised && at_close == IGNORES)
			r = segue_yield(NULL);
		if (r.raised)
			return at_close == PASSES ? r : at_close == RETURNS ? segue_value(&returned) : segue_raise(&Broken, &thrown);
	}
	return raised ? segue_raise(raised, &thrown) : segue_value(&returned);
}

static void foreach_gives_all_values_and_the_end(void **state)
{
	segue_result end = segue_raise(&Broken, NULL);
	int sum = 0, made = 0;
	void *v;

	(void)state;
	cleaned = 0;
	SEGUE_FOREACH(v, (made++, count(4, NULL, PASSES)), &end)
	{
		if (v == number(2))
			continue;
		sum = 10 * sum + (int)(intptr_t)v;
	}
	assert_int_equal(sum, 134);
	assert_int_equal(made, 1);
	assert_int_equal(cleaned, 1);
	assert_null(end.raised);
	assert_ptr_equal(end.value, &returned);
	SEGUE_FOREACH(v, count(3, NULL, PASSES), NULL)
		sum++;
	assert_int_equal(sum, 137);
	SEGUE_FOREACH(v, count(0, NULL, PASSES), NULL)
		fail();
	assert_int_equal(cleaned, 3);
}

static void foreach_hands_over_what_was_raised_or_releases_it(void **state)
{
	segue_result end;
	int turns = 0;
	void *v;

	(void)state;
	released = 0;
	SEGUE_FOREACH(v, count(2, &Broken, PASSES), &end)
		turns++;
	assert_int_equal(turns, 2);
	assert_ptr_equal(end.raised, &Broken);
	assert_ptr_equal(end.value, &thrown);
	assert_int_equal(released, 0);
	SEGUE_FOREACH(v, count(2, &Broken, PASSES), NULL)
		turns++;
	assert_int_equal(turns, 4);
	assert_int_equal(released, 1);
}

static void foreach_of_nothing_raises_memory_error(void **state)
{
	segue_result end = segue_value(NULL);
	void *v = &end;

	(void)state;
	SEGUE_FOREACH(v, NULL, &end)
		fail();
	assert_ptr_equal(end.raised, &segue_MemoryError);
	assert_ptr_equal(v, &end);
	SEGUE_FOREACH(v, NULL, NULL)
		fail();
}

enum way { BREAK, RETURN, GOTO };

static void leave(enum way way, enum at_close at_close, segue_result *end)
{
	void *v;

	SEGUE_FOREACH(v, count(9, NULL, at_close), end)
	{
		if (v == number(1))
			continue;
		if (way == BREAK)
			break;
		if (way == GOTO)
			goto out;
		return;
	}
out:
	assert_ptr_equal(v, number(2));
}

static void foreach_closes_what_is_left_early(void **state)
{
	segue_result end;

	(void)state;
	for (enum way way = BREAK; way <= GOTO; way++) {
		cleaned = released = 0;
		end = segue_raise(&Broken, NULL);
		leave(way, PASSES, &end);
		assert_int_equal(cleaned, 1);
		assert_true(!end.raised && !end.value);
		leave(way, RETURNS, &end);
		assert_true(!end.raised && end.value == &returned);
		leave(way, RAISES, &end);
		assert_true(end.raised == &Broken && end.value == &thrown);
		assert_int_equal(released, 0);
		leave(way, RAISES, NULL);
		assert_int_equal(released, 1);
		assert_int_equal(cleaned, 4);
		leave(way, IGNORES, &end);
		assert_string_equal(segue_message(end), "generator ignored GeneratorExit");
	}
}

static void foreach_nests(void **state)
{
	int sum = 0;
	void *v, *w;

	(void)state;
	cleaned = 0;
	SEGUE_FOREACH(v, count(3, NULL, PASSES), NULL)
		SEGUE_FOREACH(w, count(3, NULL, PASSES), NULL) {
			if (w == v)
				break;
			sum += 10 * (int)(intptr_t)v + (int)(intptr_t)w;
		}
	assert_int_equal(sum, 21 + 31 + 32);
	assert_int_equal(cleaned, 4);
}

static void foreach_drops_only_its_own_reference(void **state)
{
	segue_coroutine *co = count(2, NULL, PASSES);
	void *v;

	(void)state;
	SEGUE_FOREACH(v, segue_ref(co), NULL)
		break;
	assert_int_equal(segue_state(co), SEGUE_CLOSED);
	SEGUE_FOREACH(v, segue_ref(co), NULL)
		fail();
	segue_unref(co);
}

/* Iterators of a user's */
struct steps {
	const segue_ops *ops;
	int left, refs;
	bool closed;
};

static void steps_release(void *self)
{
	((struct steps *)self)->refs--;
}

static segue_result steps_next(void *self)
{
	struct steps *steps = self;

	return steps->left ? segue_value(number(steps->left--)) : segue_raise(&segue_StopIteration, &returned);
}

static segue_result steps_send(void *self, void *value)
{
	return value ? segue_raise(&Broken, NULL) : steps_next(self);
}

static segue_result steps_close(void *self)
{
	((struct steps *)self)->closed = true;
	return segue_value(NULL);
}

#define STEPS(next, send) \
	{ sizeof(segue_ops), 0, SEGUE_NAMED("Steps"), NULL, steps_release, NULL, next, send, NULL, steps_close }
static const segue_ops with_next = STEPS(steps_next, NULL), with_send = STEPS(NULL, steps_send), with_neither = STEPS(NULL, NULL);

static void foreach_takes_any_iterator(void **state)
{
	const segue_ops *const ops[] = { &with_next, &with_send };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct steps steps = { ops[i], 3, 1, false };
		segue_result end;
		int sum = 0;
		void *v;

		SEGUE_FOREACH(v, &steps, &end)
			sum = 10 * sum + (int)(intptr_t)v;
		assert_int_equal(sum, 321);
		assert_int_equal(steps.refs, 0);
		assert_null(end.raised);
		assert_ptr_equal(end.value, &returned);
	}
}

static void foreach_of_what_is_no_iterator_raises_type_error(void **state)
{
	struct steps steps = { &with_neither, 3, 1, false };
	segue_result end;
	void *v;

	(void)state;
	SEGUE_FOREACH(v, &steps, &end)
		fail();
	assert_ptr_equal(end.raised, &segue_TypeError);
	assert_string_equal(segue_message(end), "'Steps' object is not iterable");
	assert_int_equal(steps.refs, 0);
}

static void foreach_drops_an_iterator_and_does_not_close_it(void **state)
{
	struct steps steps = { &with_next, 3, 1, false };
	segue_result end = segue_raise(&Broken, NULL);
	void *v;

	(void)state;
	SEGUE_FOREACH(v, &steps, &end)
		break;
	assert_int_equal(steps.refs, 0);
	assert_int_equal(steps.left, 2);
	assert_false(steps.closed);
	assert_null(end.raised);
}

/* A loop in a body that is closed meanwhile */
static SEGUE_GENERATOR(pass_on, (int, n))
{
	segue_result end;
	void *v;

	SEGUE_FOREACH(v, count(n, NULL, PASSES), &end)
		SEGUE_TRY(segue_yield(v));
	return end;
}

static void foreach_in_a_body_ends_with_it(void **state)
{
	segue_coroutine *co = pass_on(3);

	(void)state;
	cleaned = 0;
	assert_ptr_equal(segue_send(co, NULL).value, number(1));
	assert_null(segue_close(co).raised);
	assert_int_equal(cleaned, 1);
	segue_unref(co);
	co = pass_on(3);
	assert_ptr_equal(segue_run(co).value, &returned);
	assert_int_equal(cleaned, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_constructor_without_memory_surfaces_where_it_is_awaited),
		cmocka_unit_test(arguments_fill_no_more_than_a_quarter_of_the_stack),
		cmocka_unit_test(each_of_sixteen_arguments_arrives),
		cmocka_unit_test(arguments_of_any_type_arrive_as_they_were_when_it_was_made),
		cmocka_unit_test(a_copy_of_any_size_is_aligned_for_any_type),
		cmocka_unit_test(a_constructor_runs_nothing_and_names_its_code),
		cmocka_unit_test(foreach_gives_all_values_and_the_end),
		cmocka_unit_test(foreach_hands_over_what_was_raised_or_releases_it),
		cmocka_unit_test(foreach_of_nothing_raises_memory_error),
		cmocka_unit_test(foreach_closes_what_is_left_early),
		cmocka_unit_test(foreach_nests),
		cmocka_unit_test(foreach_drops_only_its_own_reference),
		cmocka_unit_test(foreach_takes_any_iterator),
		cmocka_unit_test(foreach_of_what_is_no_iterator_raises_type_error),
		cmocka_unit_test(foreach_drops_an_iterator_and_does_not_close_it),
		cmocka_unit_test(foreach_in_a_body_ends_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
