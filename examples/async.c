/* async def and await: each function reads from top to bottom, though every one of them waits, and all wait at once.
 *
 * SEGUE_ASYNC(name, (type, parameter), …) defines a function that makes a coroutine and runs nothing. segue_await() runs one from inside
 * another, to its end; what the innermost yields on the way goes to the loop below. Time is only counted here, so nothing is slow.
 */
#include <segue.h>
#include <stdio.h>
#include <string.h>

static SEGUE_EXCEPTION(NotFound, segue_Exception);
static int now; /* milliseconds */

/* Any function may yield that a coroutine calls. To the loop this means: send to me again in so many milliseconds. */
static segue_result wait_ms(int *ms)
{
	return segue_yield(ms);
}

static SEGUE_ASYNC(look_up, (const char *, host))
{
	int delay = 20;

	SEGUE_TRY(wait_ms(&delay));
	if (strcmp(host, "nowhere.example") == 0)
		return segue_raise(&NotFound, (char *)host);
	return segue_value("192.0.2.1");
}

static SEGUE_ASYNC(fetch, (const char *, host), (int, delay))
{
	const char *address = SEGUE_TRY(segue_await(look_up(host))); /* what it raises ends this function, too */

	printf("%3d ms: %s is %s\n", now, host, address);
	SEGUE_TRY(wait_ms(&delay));
	return segue_value("a page");
}

static SEGUE_ASYNC(visit, (const char *, host), (int, delay), (const char *, otherwise))
{
	segue_result page = segue_await(fetch(host, delay));

	if (segue_isinstance(page, &NotFound)) { /* try: ... except NotFound: */
		printf("%3d ms: there is no %s\n", now, (char *)page.value);
		page = segue_await(fetch(otherwise, delay));
	}
	printf("%3d ms: got %s\n", now, (char *)SEGUE_TRY(page));
	return segue_value(NULL);
}

struct task {
	segue_coroutine *co;
	int due;
};

/* An event loop: whoever is due first goes on first. */
static void run_all(struct task *tasks, int n)
{
	for (int left = n; left > 0;) {
		struct task *first = NULL;
		segue_result r;

		for (struct task *t = tasks; t < tasks + n; t++)
			if (t->co && (!first || t->due < first->due))
				first = t;
		now = first->due;
		r = segue_send(first->co, NULL);
		if (!r.raised) {
			first->due = now + *(int *)r.value;
			continue;
		}
		if (!segue_isinstance(r, &segue_StopIteration))
			printf("%3d ms: a task failed by %s\n", now, r.raised->name);
		segue_unref(first->co);
		first->co = NULL;
		left--;
	}
}

int main(void)
{
	struct task tasks[] = {
		{ visit("slow.example", 300, NULL), 0 },
		{ visit("nowhere.example", 50, "mirror.example"), 5 },
		{ visit("nowhere.example", 50, "nowhere.example"), 10 },
	};

	run_all(tasks, sizeof tasks / sizeof *tasks);
}
