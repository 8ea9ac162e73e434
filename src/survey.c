/* Looking at all coroutines, while other threads make, run and drop them, or this one was doing so as the signal came. What lies on slabs
   stays mapped. What does not is read as if it were gone, and is believed to be a coroutine when it lies where one would. Who reads
   gets what there was at some moment; the fields of one need not be of the same. */
#define _GNU_SOURCE
#include "survey.h"

#include <string.h>

#include "annotate.h"
#include "find.h"

enum { LONGEST_WALK = 1000 }; /* up a chain, which may be a circle while it changes */

_Static_assert(offsetof(struct seen, co) == sizeof(segue_contexts), "contexts_of() works on the copy, too");

void segue__survey_begin(struct survey *v, int fd)
{
	memset(v->counts, 0, sizeof v->counts);
	v->missing = 0;
	v->here = segue_running;
	segue__text_to(&v->text, fd);
	segue__peek_open(&v->peek);
}

void segue__survey_end(struct survey *v)
{
	segue__flush(&v->text);
	segue__peek_close(&v->peek);
}

/* ---- One --------------------------------------------------------------------------------------------------------- */

static bool is_coroutine(const segue_ops *ops)
{
	return segue_as_coroutine(&ops) != NULL;
}

/* Whether an object would lie there. */
static bool fits(const struct seen *s)
{
	for (size_t colour = 0; colour < COLOURS; colour++)
		if (segue__object_at(s->co.stack, s->co.stack_size, colour) == s->at)
			return true;
	return false;
}

static bool see_anywhere(const struct peek *peek, struct seen *s, const void *at)
{
	s->at = (segue_coroutine *)at;
	s->peek = peek;
	return (uintptr_t)at % CACHE_LINE == 0 && (uintptr_t)at > sizeof(segue_contexts) &&
	       segue__peek(peek, s, contexts_of(s->at), offsetof(struct seen, at));
}

/* A string that is a constant, or one of the user's that may be gone. */
static void see_name(const struct survey *v, struct seen *s)
{
	const char *name = segue__name(&s->co);
	bool is_users = s->co.extras & EXTRA_NAME;

	memset(s->name, 0, sizeof s->name);
	if (is_users && name)
		segue__peek_string(&v->peek, s->name, name, sizeof s->name);
	else
		strncpy(s->name, name ? name : "?", sizeof s->name - 1);
}

bool segue__see(const struct survey *v, struct seen *s, const void *at)
{
	bool on_slab = at && segue__find((uintptr_t)at) == at;

	if (!see_anywhere(on_slab ? NULL : &v->peek, s, at) || !is_coroutine(s->co.ops) || !fits(s))
		return false;
	see_name(v, s);
	return true;
}

bool segue__object_name(const struct survey *v, const void *object, char name[NAME_ROOM])
{
	const segue_ops *ops;
	const segue_names *names;

	if (!segue__peek(&v->peek, &ops, object, sizeof ops) || is_coroutine(ops) ||
	    !segue__peek(&v->peek, &names, (const char *)ops + offsetof(segue_ops, names), sizeof names))
		return false;
	segue__peek_string(&v->peek, name, names, NAME_ROOM);
	return true;
}

const char *segue__state_name(enum segue_state state)
{
	static const char *const names[] = { "created", "running", "suspended", "ended" };

	return names[state];
}

static bool see_root(const struct survey *v, struct seen *root, const struct seen *s)
{
	*root = *s;
	for (int i = 0; root->co.awaiter && i < LONGEST_WALK; i++)
		if (!segue__see(v, root, root->co.awaiter))
			return false;
	return !root->co.awaiter;
}

enum segue_state segue__state_seen(const struct survey *v, const struct seen *s)
{
	struct seen root;

	if (s->co.gate & GATE_CREATED)
		return SEGUE_CREATED;
	if (s->co.gate & GATE_CLOSED)
		return SEGUE_CLOSED;
	return see_root(v, &root, s) && root.co.gate & GATE_RUNNING ? SEGUE_RUNNING : SEGUE_SUSPENDED;
}

/* Of one that waits for a chain that it resumed on this thread. */
static bool waits_here(const struct survey *v, const struct seen *s, segue_context *frame)
{
	segue_coroutine *running = v->here;
	struct seen member, root;

	for (int i = 0; running && i < LONGEST_WALK; i++) {
		if (!segue__see(v, &member, running) || !see_root(v, &root, &member))
			return false;
		*frame = root.contexts.sender;
		if (root.co.resumer == s->at)
			return true;
		running = root.co.resumer;
	}
	return false;
}

bool segue__frame_seen(const struct survey *v, const struct seen *s, segue_context *frame)
{
	struct seen inner;

	if (s->co.gate & GATE_CLOSED)
		return false;
	if (s->co.gate & GATE_OUTER && segue__see(v, &inner, s->co.awaited)) {
		*frame = inner.contexts.sender;
		return true;
	}
	*frame = s->contexts.own;
	return segue__state_seen(v, s) != SEGUE_RUNNING || waits_here(v, s, frame);
}

/* ---- All --------------------------------------------------------------------------------------------------------- */

typedef void show_fn(struct survey *v, const struct seen *s);

static void survey_slabs(struct survey *v, const struct slab *slabs, show_fn *show)
{
	struct seen s;

	for (const struct slab *slab = slabs; slab; slab = slab->next)
		for (uint32_t i = 0; i < __atomic_load_n(&slab->carved, __ATOMIC_ACQUIRE); i++)
			if (segue__see(v, &s, segue__find_in_slot(slab, i)))
				show(v, &s);
}

/* Those of a list whose members may be gone. It is followed as far as there are coroutines, live or pooled, and no further than there can
   be. */
static void survey_list(struct survey *v, segue_coroutine *first, size_t link, size_t most, show_fn *show)
{
	struct seen s;
	void *next = first;

	for (; next && most--; memcpy(&next, (char *)&s.co + link, sizeof next)) {
		if (!see_anywhere(&v->peek, &s, next) || !fits(&s)) {
			v->missing++;
			return;
		}
		if (is_coroutine(s.co.ops)) {
			see_name(v, &s);
			show(v, &s);
		}
	}
}

void segue__survey(struct survey *v, show_fn *show)
{
	size_t placed = __atomic_load_n(&segue__stacks.places, __ATOMIC_RELAXED);
	size_t made = __atomic_load_n(&segue__stacks.made, __ATOMIC_RELAXED);

	for (size_t i = 0; i < CLASSES; i++)
		survey_slabs(v, __atomic_load_n(&segue__classes[i].slabs, __ATOMIC_ACQUIRE), show);
	survey_list(v, __atomic_load_n(&segue__stacks.allocated, __ATOMIC_ACQUIRE), offsetof(segue_coroutine, previous), made + 1, show);
	survey_list(v, __atomic_load_n(&segue__stacks.placed, __ATOMIC_ACQUIRE), offsetof(segue_coroutine, next), placed + 1, show);
}
