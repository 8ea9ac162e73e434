/* A class that is a coroutine: an object with __await__, send, throw and close, which hands these on to a generator it holds.
 *
 * Anything is an object that starts with a pointer to a segue_ops, a table of what it can do. segue_await() then takes it as it takes a
 * coroutine, and calls its functions where Python would call its methods.
 */
#include <segue.h>
#include <stdio.h>
#include <stdlib.h>

static SEGUE_GENERATOR(ask, (char *, question))
{
	segue_result answer = segue_yield(question);

	while (segue_isinstance(answer, &segue_ValueError))
		answer = segue_yield("Once more, please?");
	return answer; /* a value, or what else was thrown in */
}

struct teller {
	const segue_ops *ops; /* first: this makes it an object */
	int references;
	segue_coroutine *inner;
};

static void teller_ref(void *self)
{
	((struct teller *)self)->references++;
}

static void teller_release(void *self)
{
	struct teller *me = self;

	if (--me->references > 0)
		return;
	segue_unref(me->inner);
	free(me);
}

static segue_result teller_send(void *self, void *value)
{
	printf("send: %s\n", value ? (char *)value : "nothing");
	return segue_send(((struct teller *)self)->inner, value);
}

static segue_result teller_throw(void *self, segue_result what)
{
	printf("throw: %s\n", what.raised->name);
	return segue_throw(((struct teller *)self)->inner, what.raised, what.value);
}

static segue_result teller_close(void *self)
{
	printf("close\n");
	return segue_close(((struct teller *)self)->inner);
}

static const segue_ops teller_ops = {
	.size = sizeof teller_ops, .names = SEGUE_NAMED("Teller"), .ref = teller_ref, .release = teller_release,
	.await_ = segue_object_ref /* it is its own iterator */, .send = teller_send, .throw_ = teller_throw, .close = teller_close,
};

/* NULL if there is no memory: awaited, that raises MemoryError, as does a send to an inner one that could not be made. */
static struct teller *teller_new(char *question)
{
	struct teller *me = malloc(sizeof *me);

	if (me)
		*me = (struct teller){ &teller_ops, 1, ask(question) };
	return me;
}

static SEGUE_ASYNC(greet)
{
	for (;;)
		printf("Hello, %s.\n", (char *)SEGUE_TRY(segue_await(teller_new("What is your name?"))));
}

static void print(segue_result r)
{
	puts(r.raised ? r.raised->name : r.value);
}

int main(void)
{
	segue_coroutine *co = greet();

	print(segue_send(co, NULL));
	print(segue_throw(co, &segue_ValueError, "mumbled"));
	print(segue_send(co, "Ada"));
	segue_unref(co); /* closes it, and so what it awaits */
}
