/* segue/async.h: Python's `async def` and `for` in C. Included by segue.h.
 *
 *     SEGUE_ASYNC(greet, (const char *, name), (int, times))
 *     {
 *             for (int i = 0; i < times; i++)
 *                     SEGUE_TRY(segue_await(say(name)));
 *             return segue_value(NULL);
 *     }
 *
 * defines a function `segue_coroutine *greet(const char *name, int times)`, which returns a new coroutine and runs nothing: the
 * arguments are copied into it. What is in the braces is its body, a function that returns a segue_result. The function
 * returns NULL with errno where segue_coroutine_new() would; awaited or sent to, that raises MemoryError.
 *
 * From 0 to 16 parameters, each (type, name), of any type that can be returned: pointers to functions as they are, no arrays, no
 * alignment above max_align_t's. `static` may stand in front.
 */
#ifndef SEGUE_ASYNC_H
#define SEGUE_ASYNC_H

/** Defines a coroutine function. Source: Python's async def. Since: 0.1 */
#define SEGUE_ASYNC(...) SEGUE_FUNCTION(SEGUE_KIND_COROUTINE, SEGUE_COUNT(__VA_ARGS__), __VA_ARGS__)

/** Defines a generator function in the same way. Source: Python's generators. Since: 0.1 */
#define SEGUE_GENERATOR(...) SEGUE_FUNCTION(SEGUE_KIND_GENERATOR, SEGUE_COUNT(__VA_ARGS__), __VA_ARGS__)

/** Runs what follows once for each value that a generator yields: `void *line; SEGUE_FOREACH(line, lines(file), &end) { … }`.
 *
 * @param value      an lvalue of type void *, given each value in turn
 * @param iterator   a generator, any coroutine, or what starts with a pointer to a segue_ops that has next or send (else
 *                   TypeError); its reference is dropped as the loop is left
 * @param end        a segue_result *, or NULL: what it returned, as a value, or what it raised; NULL, that of the constructor,
 *                   raises MemoryError. When the loop is left early (break, return, goto) a generator is closed, and this is
 *                   what segue_close() gave; any other iterator is only dropped.
 */
#define SEGUE_FOREACH(value, iterator, end) SEGUE_FOREACH_1(value, iterator, end, __COUNTER__)
#define SEGUE_FOREACH_1(value, iterator, end, n) SEGUE_FOREACH_2(value, iterator, end, n)
#define SEGUE_FOREACH_2(value, iterator, end, n)                                                                    \
	for (segue_foreach segue_foreach_##n __attribute__((__cleanup__(segue_foreach_leave))) = { iterator, end }; \
	     segue_foreach_next(&segue_foreach_##n, &(value));)

/* ---- How it is done ---------------------------------------------------------------------------------------------- */

#define SEGUE_FUNCTION(kind, n, ...) SEGUE_FUNCTION_1(kind, n, __VA_ARGS__)
#define SEGUE_FUNCTION_1(kind, n, ...) SEGUE_FUNCTION_OF_##n(kind, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_0(kind, name)                                                             \
	segue_coroutine *name(void) SEGUE_MUST_USE;                                                 \
	static segue_result segue_body_of_##name(void);                                             \
	static segue_result segue_run_##name(void *segue_arguments)                                 \
	{                                                                                           \
		(void)segue_arguments;                                                              \
		return segue_body_of_##name();                                                      \
	}                                                                                           \
	segue_coroutine *name(void)                                                                 \
	{                                                                                           \
		static const segue_code segue_code_of = { #name, { __FILE__, #name, __LINE__ }, 0, (void (*)(void))name }; \
		return segue_new_copied(segue_run_##name, 0, 0, kind, &segue_code_of);              \
	}                                                                                           \
	static segue_result segue_body_of_##name(void)
#define SEGUE_FUNCTION_OF_1(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_1, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_2(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_2, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_3(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_3, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_4(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_4, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_5(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_5, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_6(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_6, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_7(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_7, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_8(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_8, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_9(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_9, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_10(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_10, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_11(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_11, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_12(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_12, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_13(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_13, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_14(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_14, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_15(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_15, __VA_ARGS__)
#define SEGUE_FUNCTION_OF_16(kind, ...) SEGUE_FUNCTION_N(kind, SEGUE_EACH_16, __VA_ARGS__)

#define SEGUE_FUNCTION_N(kind, each, name, ...)                                                     \
	segue_coroutine *name(each(SEGUE_PARAMETER, SEGUE_COMMA, __VA_ARGS__)) SEGUE_MUST_USE;      \
	struct segue_arguments_of_##name {                                                          \
		each(SEGUE_PARAMETER, SEGUE_SEMICOLON, __VA_ARGS__);                                \
	};                                                                                          \
	static segue_result segue_body_of_##name(each(SEGUE_PARAMETER, SEGUE_COMMA, __VA_ARGS__));  \
	static segue_result segue_run_##name(void *segue_arguments)                                 \
	{                                                                                           \
		struct segue_arguments_of_##name *segue_a = (struct segue_arguments_of_##name *)segue_arguments; \
		return segue_body_of_##name(each(SEGUE_ARGUMENT, SEGUE_COMMA, __VA_ARGS__));        \
	}                                                                                           \
	segue_coroutine *name(each(SEGUE_PARAMETER, SEGUE_COMMA, __VA_ARGS__))                      \
	{                                                                                           \
		static const segue_code segue_code_of = { #name, { __FILE__, #name, __LINE__ }, 0, (void (*)(void))name }; \
		struct segue_arguments_of_##name segue_a = { each(SEGUE_NAME, SEGUE_COMMA, __VA_ARGS__) }; \
		return segue_new_copied(segue_run_##name, &segue_a, sizeof segue_a, kind, &segue_code_of); \
	}                                                                                           \
	static segue_result segue_body_of_##name(each(SEGUE_PARAMETER, SEGUE_COMMA, __VA_ARGS__))

#define SEGUE_PARAMETER(type, name) __typeof__(type) name
#define SEGUE_ARGUMENT(type, name) segue_a->name
#define SEGUE_NAME(type, name) name
#define SEGUE_COMMA() ,
#define SEGUE_SEMICOLON() ;

/* How many parameters follow the name; what is done with each. */
#define SEGUE_COUNT(...) SEGUE_COUNT_1(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, )
#define SEGUE_COUNT_1(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, n, ...) n
#define SEGUE_EACH_1(do, between, a) do a
#define SEGUE_EACH_2(do, between, a, ...) do a between() SEGUE_EACH_1(do, between, __VA_ARGS__)
#define SEGUE_EACH_3(do, between, a, ...) do a between() SEGUE_EACH_2(do, between, __VA_ARGS__)
#define SEGUE_EACH_4(do, between, a, ...) do a between() SEGUE_EACH_3(do, between, __VA_ARGS__)
#define SEGUE_EACH_5(do, between, a, ...) do a between() SEGUE_EACH_4(do, between, __VA_ARGS__)
#define SEGUE_EACH_6(do, between, a, ...) do a between() SEGUE_EACH_5(do, between, __VA_ARGS__)
#define SEGUE_EACH_7(do, between, a, ...) do a between() SEGUE_EACH_6(do, between, __VA_ARGS__)
#define SEGUE_EACH_8(do, between, a, ...) do a between() SEGUE_EACH_7(do, between, __VA_ARGS__)
#define SEGUE_EACH_9(do, between, a, ...) do a between() SEGUE_EACH_8(do, between, __VA_ARGS__)
#define SEGUE_EACH_10(do, between, a, ...) do a between() SEGUE_EACH_9(do, between, __VA_ARGS__)
#define SEGUE_EACH_11(do, between, a, ...) do a between() SEGUE_EACH_10(do, between, __VA_ARGS__)
#define SEGUE_EACH_12(do, between, a, ...) do a between() SEGUE_EACH_11(do, between, __VA_ARGS__)
#define SEGUE_EACH_13(do, between, a, ...) do a between() SEGUE_EACH_12(do, between, __VA_ARGS__)
#define SEGUE_EACH_14(do, between, a, ...) do a between() SEGUE_EACH_13(do, between, __VA_ARGS__)
#define SEGUE_EACH_15(do, between, a, ...) do a between() SEGUE_EACH_14(do, between, __VA_ARGS__)
#define SEGUE_EACH_16(do, between, a, ...) do a between() SEGUE_EACH_15(do, between, __VA_ARGS__)

#endif
