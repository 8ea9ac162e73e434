/* Algorithms that make, nest, share and abandon generators by the hundred. */
#include <string.h>

#include "corners.h"

static void drop(segue_coroutine **co)
{
	segue_unref(*co);
}
#define DROPPED __attribute__((cleanup(drop)))

/* A generator's next value, and no end. */
static void *next(segue_coroutine *generator)
{
	return segue_send(generator, NULL).value;
}

/* ---- Recursion: a tree in order, by loops and by yield from; combinations ------------------------------------------------ */

static SEGUE_GENERATOR(looped, (const char *, letters), (int, n))
{
	int root = n / 2;
	void *letter;

	if (n == 0)
		return segue_value(NULL);
	SEGUE_FOREACH(letter, looped(letters, root), NULL)
		SEGUE_TRY(segue_yield(letter));
	SEGUE_TRY(segue_yield(text("%c", letters[root])));
	SEGUE_FOREACH(letter, looped(letters + root + 1, n - root - 1), NULL)
		SEGUE_TRY(segue_yield(letter));
	return segue_value(NULL);
}

static SEGUE_GENERATOR(delegated, (const char *, letters), (int, n))
{
	int root = n / 2;

	if (n == 0)
		return segue_value(NULL);
	SEGUE_TRY(segue_await(delegated(letters, root)));
	SEGUE_TRY(segue_yield(text("%c", letters[root])));
	return segue_await(delegated(letters + root + 1, n - root - 1));
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static segue_coroutine *tree_looped(void)
{
	return looped(alphabet, 26);
}

static segue_coroutine *tree_delegated(void)
{
	return delegated(alphabet, 26);
}

static SEGUE_GENERATOR(combinations, (const char *, letters), (size_t, k))
{
	void *rest;

	if (k > strlen(letters))
		return segue_value(NULL);
	if (k == 0)
		return segue_yield(".");
	SEGUE_FOREACH(rest, combinations(letters + 1, k - 1), NULL)
		SEGUE_TRY(segue_yield(text("%c%s", *letters, (char *)rest)));
	return segue_await(combinations(letters + 1, k));
}

static SEGUE_GENERATOR(all_combinations)
{
	for (size_t k = 0; k <= 5; k++)
		SEGUE_TRY(segue_await(combinations("1234", k)));
	return segue_value(NULL);
}

/* ---- A chain that grows: the sieve --------------------------------------------------------------------------------------- */

static SEGUE_GENERATOR(integers, (int, from))
{
	for (int i = from;; i++)
		SEGUE_TRY(segue_yield(text("%d", i)));
}

static SEGUE_GENERATOR(without_multiples, (int, of), (segue_coroutine *, numbers))
{
	void *value;

	SEGUE_FOREACH(value, numbers, NULL)
		if (number(value) % of)
			SEGUE_TRY(segue_yield(value));
	return segue_value(NULL);
}

static SEGUE_GENERATOR(sieve, (segue_coroutine *, numbers))
{
	void *prime = next(numbers);
	segue_result r = segue_yield(prime);

	if (r.raised) {
		segue_unref(numbers);
		return r;
	}
	return segue_await(sieve(without_multiples(number(prime), numbers)));
}

static segue_coroutine *primes(void)
{
	return sieve(integers(2));
}

/* ---- Generators that read what they themselves gave before --------------------------------------------------------------- */

static struct lazy {
	segue_coroutine *generator;
	void *values[100];
	int count;
} lazy;

static void *nth(int i)
{
	while (i >= lazy.count)
		lazy.values[lazy.count++] = next(lazy.generator);
	return lazy.values[i];
}

static SEGUE_GENERATOR(again, (int, from))
{
	for (int i = from;; i++)
		SEGUE_TRY(segue_yield(nth(i)));
}

static SEGUE_GENERATOR(times, (int, n))
{
	for (int i = 0;; i++)
		SEGUE_TRY(segue_yield(text("%d", n * number(nth(i)))));
}

static SEGUE_GENERATOR(merged, (segue_coroutine *, one), (segue_coroutine *, other))
{
	DROPPED segue_coroutine *g = one, *h = other;
	int left = number(next(g)), right = number(next(h));

	for (;;) {
		int least = left < right ? left : right;

		SEGUE_TRY(segue_yield(text("%d", least)));
		if (left == least)
			left = number(next(g));
		if (right == least)
			right = number(next(h));
	}
}

static SEGUE_GENERATOR(hamming)
{
	SEGUE_TRY(segue_yield("1"));
	return segue_await(merged(merged(times(2), times(3)), times(5)));
}

static SEGUE_GENERATOR(fibonacci)
{
	DROPPED segue_coroutine *before = again(0), *last = again(1);

	SEGUE_TRY(segue_yield("1"));
	SEGUE_TRY(segue_yield("2"));
	for (;;)
		SEGUE_TRY(segue_yield(text("%d", number(next(before)) + number(next(last)))));
}

static SEGUE_GENERATOR(read_lazily, (segue_coroutine *, generator))
{
	DROPPED segue_coroutine *mine = generator;

	lazy.generator = mine;
	lazy.count = 0;
	return segue_await(again(0));
}

static segue_coroutine *lazy_hamming(void)
{
	return read_lazily(hamming());
}

static segue_coroutine *lazy_fibonacci(void)
{
	return read_lazily(fibonacci());
}

/* ---- Generators that several delegate to: union and find ------------------------------------------------------------------- */

enum { SETS = 6 };
static struct set {
	struct set *parent;
	segue_coroutine *generator;
} sets[SETS];

/* Itself, while it is a root; then all that its parent's generator gives. */
static SEGUE_GENERATOR(representatives, (struct set *, set))
{
	while (!set->parent)
		SEGUE_TRY(segue_yield(text("%c", (int)('A' + (set - sets)))));
	return segue_await(segue_ref(set->parent->generator));
}

static char *find_all(void)
{
	char *roots = text("%s", "------");

	for (int i = 0; i < SETS; i++)
		roots[i] = *(char *)next(sets[i].generator);
	return roots;
}

static SEGUE_GENERATOR(unions)
{
	static const char merges[][3] = { "CB", "AD", "FA", "BD", "DE" }; /* the first into the second */
	segue_result r = segue_value(NULL);

	for (int i = 0; i < SETS; i++)
		sets[i] = (struct set){ NULL, representatives(&sets[i]) };
	r = segue_yield(find_all());
	for (int i = 0; i < SETS - 1 && !r.raised; i++) {
		sets[merges[i][0] - 'A'].parent = &sets[merges[i][1] - 'A'];
		r = segue_yield(find_all());
	}
	for (int i = 0; i < SETS; i++)
		segue_unref(sets[i].generator);
	return r;
}

/* ---- Conjunction: backtracking ------------------------------------------------------------------------------------------- */

/* Every row of values that makers give, each its own by a new generator; a maker's may depend on those of the makers before it. */
struct conjunction {
	segue_coroutine *(*make)(int i);
	int count;
	char values[9];
};

static SEGUE_GENERATOR(conjoined, (struct conjunction *, c), (int, i))
{
	void *value;

	if (i == c->count)
		return segue_yield(c->values);
	SEGUE_FOREACH(value, c->make(i), NULL) {
		c->values[i] = *(char *)value;
		SEGUE_TRY(segue_await(conjoined(c, i + 1)));
	}
	return segue_value(NULL);
}

static SEGUE_GENERATOR(bit, (int, unused))
{
	(void)unused;
	SEGUE_TRY(segue_yield("0"));
	SEGUE_TRY(segue_yield("1"));
	return segue_value(NULL);
}

static SEGUE_GENERATOR(binary)
{
	struct conjunction c = { bit, 3, "" };
	void *bits;

	SEGUE_FOREACH(bits, conjoined(&c, 0), NULL)
		SEGUE_TRY(segue_yield(text("%s", (char *)bits)));
	return segue_value(NULL);
}

enum { QUEENS = 8 };
static uint64_t threatened; /* columns, and diagonals of both directions */

static uint64_t bit_of(int line)
{
	return UINT64_C(1) << line;
}

static SEGUE_GENERATOR(columns, (int, row))
{
	for (int column = 0; column < QUEENS; column++) {
		uint64_t lines = bit_of(column) | bit_of(2 * QUEENS + row - column) | bit_of(3 * QUEENS + row + column);

		if (threatened & lines)
			continue;
		threatened |= lines;
		SEGUE_TRY(segue_yield(text("%d", column)));
		threatened &= ~lines;
	}
	return segue_value(NULL);
}

static SEGUE_GENERATOR(queens)
{
	struct conjunction c = { columns, QUEENS, "" };
	int solutions = 0;
	void *solution;

	threatened = 0;
	SEGUE_FOREACH(solution, conjoined(&c, 0), NULL)
		if (++solutions <= 2)
			SEGUE_TRY(segue_yield(text("%s", (char *)solution)));
	return segue_value(text("%d", solutions));
}

/* ---- The rows ------------------------------------------------------------------------------------------------------------ */

#define ALPHABET "[A B C D E F G H I J K L M N O P Q R S T U V W X Y Z]"

static const struct row rows[] = {
	{ "a tree in order, by loops in loops", { tree_looped }, "list", ALPHABET },
	{ "a tree in order, by yield from", { tree_delegated }, "list", ALPHABET },
	{ "a walk that is left in its middle", { tree_looped, tree_delegated }, "first:5 close b.first:5 b.close",
	  "[A B C D E], NULL, [A B C D E], NULL" },
	{ "combinations, by both", { all_combinations }, "list",
	  "[. 1. 2. 3. 4. 12. 13. 14. 23. 24. 34. 123. 124. 134. 234. 1234.]" },
	{ "the sieve, a chain that grows by each prime", { primes }, "first:20",
	  "[2 3 5 7 11 13 17 19 23 29 31 37 41 43 47 53 59 61 67 71]" },
	{ "numbers without large primes, which read their own past in three places", { lazy_hamming }, "first:30",
	  "[1 2 3 4 5 6 8 9 10 12 15 16 18 20 24 25 27 30 32 36 40 45 48 50 54 60 64 72 75 80]" },
	{ "Fibonacci's, which read it in two", { lazy_fibonacci }, "first:17",
	  "[1 2 3 5 8 13 21 34 55 89 144 233 377 610 987 1597 2584]" },
	{ "union and find, by generators that several delegate to", { unions }, "list",
	  "[ABCDEF ABBDEF DBBDEF DBBDED DDDDED EEEEEE]" },
	{ "conjunction counts in binary", { binary }, "list", "[000 001 010 011 100 101 110 111]" },
	{ "conjunction finds 92 ways to place eight queens", { queens }, "next next next",
	  "04752613, 05726314, StopIteration(92)" },
};
const struct rows algorithm_rows = ROWS(rows);
