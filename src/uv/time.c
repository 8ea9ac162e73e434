/* Timeouts and sleep: a pairing heap in each group, and one timer of libuv's for the earliest. What is set and unset again before it is due
   costs a few stores, and libuv's timer stays as it is: it may go off too early, and finds nothing then. */
#include "adapter.h"

/* ---- The heap: children are a list, whose first has its parent as `previous` ---------------------------------------- */

static int is_before(const segue_uv_timeout *a, const segue_uv_timeout *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

/* Of two heaps, or NULL, one. */
static segue_uv_timeout *meld(segue_uv_timeout *a, segue_uv_timeout *b)
{
	if (!a || !b)
		return a ? a : b;
	if (is_before(b, a)) {
		segue_uv_timeout *swapped = a;
		a = b;
		b = swapped;
	}
	b->next = a->child;
	if (b->next)
		b->next->previous = b;
	b->previous = a;
	a->child = b;
	return a;
}

/* Melds a list of siblings: in pairs, then those from the last to the first. */
static segue_uv_timeout *meld_all(segue_uv_timeout *list)
{
	segue_uv_timeout *pairs = NULL, *heap = NULL, *next;

	for (; list; list = next) {
		segue_uv_timeout *pair = list, *second = list->next;

		next = second ? second->next : NULL;
		pair->next = NULL;
		if (second)
			second->next = NULL;
		pair = meld(pair, second);
		pair->next = pairs;
		pairs = pair;
	}
	for (; pairs; pairs = next) {
		next = pairs->next;
		pairs->next = NULL;
		heap = meld(heap, pairs);
	}
	if (heap)
		heap->previous = NULL;
	return heap;
}

static segue_uv_timeout *without(segue_uv_timeout *heap, segue_uv_timeout *gone)
{
	segue_uv_timeout *below = meld_all(gone->child);

	if (gone == heap)
		return below;
	if (gone->previous->child == gone)
		gone->previous->child = gone->next;
	else
		gone->previous->next = gone->next;
	if (gone->next)
		gone->next->previous = gone->previous;
	return meld(heap, below);
}

/* ---- The timer ------------------------------------------------------------------------------------------------------- */

static void go_off(uv_timer_t *timer);

static void arm(segue_uv_group *group)
{
	uint64_t due = group->first->due, now = uv_now(group->loop);

	group->armed = due;
	uv_timer_start(&group->timer, go_off, due > now ? due - now : 0, 0);
}

/* An armed timer keeps the loop running, as far as there is something that it is for. */
static void count_timer(segue_uv_group *group)
{
	if (group->first)
		uv_ref((uv_handle_t *)&group->timer);
	else
		uv_unref((uv_handle_t *)&group->timer);
}

/* What is set meanwhile waits for the next time, or tasks that only let others go first would stay in here. */
static void go_off(uv_timer_t *timer)
{
	segue_uv_group *group = timer->data;
	uint64_t now = uv_now(group->loop), order = group->order;

	group->armed = UINT64_MAX;
	group->refs++;
	for (segue_uv_timeout *first; (first = group->first) && first->due <= now && first->order < order;) {
		segue__uv_unset(group, first);
		first->has_passed = 1;
		first->passed(first);
	}
	if (group->first && !uv_is_closing((uv_handle_t *)timer) && group->first->due < group->armed)
		arm(group);
	segue__uv_group_unref(group);
}

void segue__uv_set(segue_uv_group *group, segue_uv_timeout *timeout, uint64_t ms, void (*passed)(segue_uv_timeout *))
{
	uint64_t now = uv_now(group->loop);

	timeout->due = ms < UINT64_MAX - now ? now + ms : UINT64_MAX;
	timeout->order = group->order++;
	timeout->passed = passed;
	timeout->child = timeout->next = timeout->previous = NULL;
	timeout->has_passed = 0;
	timeout->is_set = 1;
	group->first = meld(group->first, timeout);
	if (group->first != timeout)
		return;
	if (timeout->due < group->armed)
		arm(group);
	count_timer(group);
}

void segue__uv_unset(segue_uv_group *group, segue_uv_timeout *timeout)
{
	if (!timeout->is_set)
		return;
	timeout->is_set = 0;
	group->first = without(group->first, timeout);
	if (!group->first)
		count_timer(group);
}

/* ---- Timeouts -------------------------------------------------------------------------------------------------------- */

static void raise_timeout(segue_uv_timeout *timeout)
{
	segue__uv_resume(timeout->subject, segue__uv_raise(&segue_TimeoutError, NULL));
}

void segue_uv_timeout_begin(segue_uv_timeout *timeout, uint64_t ms)
{
	segue_uv_task *me = segue__uv_current();

	timeout->subject = me;
	timeout->is_set = timeout->has_passed = 0;
	if (!me)
		return;
	timeout->outer = me->timeouts;
	timeout->link = &me->timeouts;
	if (timeout->outer)
		timeout->outer->link = &timeout->outer;
	me->timeouts = timeout;
	if (ms != UINT64_MAX)
		segue__uv_set(me->group, timeout, ms, raise_timeout);
}

void segue_uv_timeout_end(segue_uv_timeout *timeout)
{
	segue_uv_task *task = timeout->subject;

	if (!task)
		return;
	segue__uv_unset(task->group, timeout);
	*timeout->link = timeout->outer;
	if (timeout->outer)
		timeout->outer->link = timeout->link;
	timeout->subject = NULL;
}

int segue_uv_timeout_passed(const segue_uv_timeout *timeout)
{
	return timeout->has_passed;
}

void segue__uv_end_timeouts(segue_uv_task *task)
{
	while (task->timeouts)
		segue_uv_timeout_end(task->timeouts);
	segue__uv_unset(task->group, &task->turn);
}

/* ---- Sleep ----------------------------------------------------------------------------------------------------------- */

static void wake(segue_uv_timeout *timeout)
{
	segue__uv_finish(timeout->subject, 0);
}

segue_result segue_uv_sleep(uint64_t ms)
{
	segue_result r = segue__uv_may_wait();
	struct wait wait = { 0 };
	segue_uv_timeout timeout;
	segue_uv_group *group;

	if (r.raised)
		return r;
	group = segue__uv_current()->group;
	timeout.subject = &wait;
	segue__uv_set(group, &timeout, ms, wake);
	r = segue__uv_wait(&wait);
	segue__uv_unset(group, &timeout);
	return r;
}
