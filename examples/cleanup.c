/* throw() and close(): a transaction that is committed, tried again, or rolled back, by exceptions that arrive at its yield.
 *
 * They arrive as results, and travel on by ordinary returns. So `goto` and __attribute__((cleanup)) do in a coroutine what they do
 * everywhere: nothing is skipped, as longjmp() would.
 */
#include <segue.h>
#include <stdio.h>
#include <stdlib.h>

static SEGUE_EXCEPTION(Conflict, segue_Exception); /* somebody else was faster: begin again */

struct account {
	const char *owner;
	int balance;
};

static void unlock(struct account **account)
{
	printf("  %s is unlocked\n", (*account)->owner);
}

/* Books each amount that is sent, until NULL is: then it commits, and returns the new balance. */
static SEGUE_ASYNC(transaction, (struct account *, account))
{
	struct account *locked __attribute__((cleanup(unlock))) = account; /* unlocked however this function is left */
	int *draft = malloc(sizeof *draft);
	segue_result r;

	if (!draft)
		return segue_raise(&segue_MemoryError, NULL);
	printf("  %s is locked\n", locked->owner);
again:
	*draft = account->balance;
	while (!(r = segue_yield(draft)).raised && r.value) {
		*draft += *(int *)r.value;
		if (*draft < 0) {
			r = segue_raise(&segue_ValueError, "not enough money");
			goto rollback;
		}
	}
	if (segue_isinstance(r, &Conflict)) { /* try: ... except Conflict: */
		printf("  begins again\n");
		goto again;
	}
	if (r.raised) /* any other one, GeneratorExit from close() too, goes on to the resumer */
		goto rollback;
	account->balance = *draft;
	free(draft);
	return segue_value(&account->balance);

rollback:
	printf("  rolls back\n");
	free(draft);
	return r;
}

static void show(const char *what, segue_result r)
{
	if (segue_isinstance(r, &segue_StopIteration))
		printf("%s: it returned %d\n", what, *(int *)r.value);
	else if (r.raised)
		printf("%s: it raised %s%s%s\n", what, r.raised->name, r.value ? ": " : "", r.value ? (char *)r.value : "");
	else if (r.value)
		printf("%s: %d\n", what, *(int *)r.value);
	else
		printf("%s: done\n", what);
}

int main(void)
{
	struct account ada = { "Ada", 100 };
	int minus_30 = -30, minus_200 = -200;
	segue_coroutine *t = transaction(&ada);

	show("begin", segue_send(t, NULL));
	show("book -30", segue_send(t, &minus_30));
	show("throw", segue_throw(t, &Conflict, NULL));
	show("book -30", segue_send(t, &minus_30));
	show("commit", segue_send(t, NULL));
	segue_unref(t);

	t = transaction(&ada);
	show("begin", segue_send(t, NULL));
	show("book -200", segue_send(t, &minus_200));
	segue_unref(t);

	t = transaction(&ada);
	show("begin", segue_send(t, NULL));
	show("book -30", segue_send(t, &minus_30));
	show("close", segue_close(t));
	segue_unref(t); /* without close() before, this would have closed it */
	printf("balance: %d\n", ada.balance);
}
