/* Time: a pairing heap of alarms in each group, and one timer of libuv's for the earliest. A sleep is an alarm. Timeouts are a list of the
   task's, which has one alarm for them: that goes off no later than the first of them is due, and often too early. So a timeout that
   begins and ends again is some stores, and touches nothing of other tasks. */
#include <stddef.h>

#include "adapter.h"

/* ---- The heap: children are a list, whose first has its parent as `previous` ---------------------------------------- */

static int is_before(const struct alarm *a, const struct alarm *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

/* Of two heaps, or NULL, one. */
static struct alarm *meld(struct alarm *a, struct alarm *b)
{
	if (!a || !b)
		return a ? a : b;
	if (is_before(b, a)) {
		struct alarm *swapped = a;
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
static struct alarm *meld_all(struct alarm *list)
{
	struct alarm *pairs = NULL, *heap = NULL, *next;

	for (; list; list = next) {
		struct alarm *pair = list, *second = list->next;

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

static struct alarm *without(struct alarm *heap, struct alarm *gone)
{
	struct alarm *below = meld_all(gone->child);

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
static void go_round(uv_idle_t *idle);

/* What is due already waits until the loop has gone round: libuv 1.44 would call a timer that is set to 0 in its callback for ever. */
static void arm(segue_uv_group *group)
{
	uint64_t due = group->first->due, now = uv_now(group->loop);

	if (uv_is_closing((uv_handle_t *)&group->timer))
		return;
	group->armed = due;
	if (due > now)
		uv_timer_start(&group->timer, go_off, due - now, 0);
	else
		uv_idle_start(&group->idle, go_round);
}

/* What is set meanwhile waits for the next time. */
static void pass_alarms(segue_uv_group *group)
{
	uint64_t now = uv_now(group->loop), order = group->order;

	group->armed = NEVER;
	group->refs++;
	for (struct alarm *first; (first = group->first) && first->due <= now && first->order < order;) {
		segue__uv_unset(group, first);
		first->passed(first);
	}
	if (group->first && group->first->due < group->armed)
		arm(group);
	segue__uv_group_unref(group);
}

static void go_off(uv_timer_t *timer)
{
	pass_alarms(timer->data);
}

static void go_round(uv_idle_t *idle)
{
	uv_idle_stop(idle);
	pass_alarms(idle->data);
}

static void set(segue_uv_group *group, struct alarm *alarm, uint64_t due, void (*passed)(struct alarm *))
{
	*alarm = (struct alarm){ .due = due, .order = group->order++, .passed = passed };
	if (due == NEVER)
		return;
	group->first = meld(group->first, alarm);
	if (group->first == alarm && due < group->armed)
		arm(group);
}

void segue__uv_unset(segue_uv_group *group, struct alarm *alarm)
{
	if (alarm->due == NEVER)
		return;
	group->first = without(group->first, alarm);
	alarm->due = NEVER;
}

/* These two keep the loop running as long as somebody sleeps or has a timeout. */
static void need(segue_uv_group *group)
{
	if (group->needs++ == 0) {
		uv_ref((uv_handle_t *)&group->timer);
		uv_ref((uv_handle_t *)&group->idle);
	}
}

static void need_no_more(segue_uv_group *group)
{
	if (--group->needs == 0) {
		uv_unref((uv_handle_t *)&group->timer);
		uv_unref((uv_handle_t *)&group->idle);
	}
}

static uint64_t due_in(const segue_uv_group *group, uint64_t ms)
{
	uint64_t now = uv_now(group->loop);

	return ms < NEVER - now ? now + ms : NEVER;
}

/* ---- Timeouts -------------------------------------------------------------------------------------------------------- */

/* Of two that are due at once, the outer. NULL: none has still to pass. */
static segue_uv_timeout *earliest(const segue_uv_task *task)
{
	segue_uv_timeout *first = NULL;

	for (segue_uv_timeout *t = task->timeouts; t; t = t->outer)
		if (t->is_set && (!first || t->due <= first->due))
			first = t;
	return first;
}

static void clear(segue_uv_group *group, segue_uv_timeout *timeout)
{
	if (timeout->is_set)
		need_no_more(group);
	timeout->is_set = 0;
}

static void look_at_timeouts(struct alarm *alarm)
{
	segue_uv_task *task = (segue_uv_task *)((char *)alarm - offsetof(segue_uv_task, alarm));
	segue_uv_timeout *first = earliest(task), *passed = NULL;

	if (first && first->due <= uv_now(task->group->loop)) {
		passed = first;
		passed->has_passed = 1;
		clear(task->group, passed);
		first = earliest(task);
	}
	if (first)
		set(task->group, alarm, first->due, look_at_timeouts);
	if (passed)
		segue__uv_resume(task, segue__uv_raise(&segue_TimeoutError, NULL));
}

void segue_uv_timeout_begin(segue_uv_timeout *timeout, uint64_t ms)
{
	segue_uv_task *me = segue__uv_current();

	*timeout = (segue_uv_timeout){ .task = me };
	if (!me)
		return;
	timeout->outer = me->timeouts;
	timeout->link = &me->timeouts;
	if (timeout->outer)
		timeout->outer->link = &timeout->outer;
	me->timeouts = timeout;
	timeout->due = due_in(me->group, ms);
	if (timeout->due == NEVER)
		return;
	timeout->is_set = 1;
	need(me->group);
	if (timeout->due < me->alarm.due) {
		segue__uv_unset(me->group, &me->alarm);
		set(me->group, &me->alarm, timeout->due, look_at_timeouts);
	}
}

void segue_uv_timeout_end(segue_uv_timeout *timeout)
{
	if (!timeout->task)
		return;
	clear(timeout->task->group, timeout);
	*timeout->link = timeout->outer;
	if (timeout->outer)
		timeout->outer->link = timeout->link;
	timeout->task = NULL;
}

int segue_uv_timeout_passed(const segue_uv_timeout *timeout)
{
	return timeout->has_passed;
}

/* ---- Sleep, and yielding by oneself ---------------------------------------------------------------------------------- */

struct sleep {
	struct alarm alarm; /* first */
	struct wait wait;
};

static void wake(struct alarm *alarm)
{
	segue__uv_finish(&((struct sleep *)alarm)->wait, 0);
}

segue_result segue_uv_sleep(uint64_t ms)
{
	segue_result r = segue__uv_may_wait();
	struct sleep sleep = { .wait = { 0 } };
	segue_uv_group *group;

	if (r.raised)
		return r;
	group = segue__uv_current()->group;
	set(group, &sleep.alarm, due_in(group, ms), wake);
	need(group);
	r = segue__uv_wait(&sleep.wait);
	need_no_more(group);
	segue__uv_unset(group, &sleep.alarm);
	return r;
}

static void take_turn(struct alarm *alarm)
{
	segue__uv_resume((segue_uv_task *)((char *)alarm - offsetof(segue_uv_task, turn)), segue_value(NULL));
}

void segue__uv_begin_turn(segue_uv_task *task)
{
	task->takes_turn = 1;
	set(task->group, &task->turn, due_in(task->group, 0), take_turn);
	need(task->group);
}

void segue__uv_end_turn(segue_uv_task *task)
{
	task->takes_turn = 0;
	segue__uv_unset(task->group, &task->turn);
	need_no_more(task->group);
}

void segue__uv_end_alarms(segue_uv_task *task)
{
	while (task->timeouts)
		segue_uv_timeout_end(task->timeouts);
	segue__uv_unset(task->group, &task->alarm);
	if (task->takes_turn)
		segue__uv_end_turn(task);
}
