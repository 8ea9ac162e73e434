/* One walk over a tree, written three times: as recursion, as a generator, and as a coroutine. */
#include <segue.h>
#include <stdio.h>

struct node {
	const struct node *left, *right;
	const char *key;
};

/* 1. Recursion. It is in command: the one who wants the keys has to be a callback, and can't stop, or do two trees at once. */
static void walk(const struct node *node, void (*visit)(const char *key))
{
	if (!node)
		return;
	walk(node->left, visit);
	visit(node->key);
	walk(node->right, visit);
}

/* 2. A generator, as Python writes it: segue_await() is `yield from`. The one who wants the keys is in command. Each node has a coroutine
 * of its own, but a key goes from the innermost straight to the loop, however deep the tree. */
static SEGUE_GENERATOR(keys, (const struct node *, node))
{
	if (node) {
		SEGUE_TRY(segue_await(keys(node->left)));
		SEGUE_TRY(segue_yield((char *)node->key));
		SEGUE_TRY(segue_await(keys(node->right)));
	}
	return segue_value(NULL);
}

/* 3. A coroutine around the recursion, as it was: it has a stack, so a function that it calls may yield at any depth. */
static segue_result yield_keys(const struct node *node)
{
	if (node) {
		SEGUE_TRY(yield_keys(node->left));
		SEGUE_TRY(segue_yield((char *)node->key));
		SEGUE_TRY(yield_keys(node->right));
	}
	return segue_value(NULL);
}

static segue_result keys_of(void *root)
{
	return yield_keys(root);
}

/* What the first can't do: two walks in step. True where both trees have the same keys in the same order. */
static int same_keys(const struct node *a, const struct node *b)
{
	segue_coroutine *ours = keys(a), *theirs = segue_generator_new(keys_of, (void *)b);
	segue_result x, y;

	do {
		x = segue_send(ours, NULL);
		y = segue_send(theirs, NULL);
	} while (!x.raised && !y.raised && x.value == y.value);
	segue_unref(ours); /* what is in the middle of its tree is closed */
	segue_unref(theirs);
	return x.raised && y.raised;
}

static void print(const char *key)
{
	printf(" %s", key);
}

int main(void)
{
	static const char a[] = "ash", b[] = "beech", c[] = "cedar", d[] = "douglas fir";
	const struct node left = { NULL, NULL, a }, right = { NULL, NULL, c };
	const struct node tree = { &left, &right, b };
	const struct node first = { NULL, NULL, a }, second = { &first, NULL, b }, vine = { &second, NULL, c };
	const struct node another = { &left, NULL, d };
	void *key;

	printf("recursion:");
	walk(&tree, print);

	printf("\ngenerator:");
	SEGUE_FOREACH (key, keys(&tree), NULL)
		print(key);

	printf("\ncoroutine:");
	SEGUE_FOREACH (key, segue_generator_new(keys_of, (void *)&tree), NULL)
		print(key);

	printf("\nthe tree and the vine: %s keys\n", same_keys(&tree, &vine) ? "the same" : "other");
	printf("the tree and another: %s keys\n", same_keys(&tree, &another) ? "the same" : "other");
}
