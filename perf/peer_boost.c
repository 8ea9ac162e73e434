/* Boost.Context, by its C symbols. */
#include "config.h"
#ifdef HAVE_BOOST_CONTEXT
#include "stacks.h"

/* As boost/context/detail/fcontext.hpp declares them, which is C++. */
typedef struct transfer {
	void *context; /* who jumped */
	void *value;
} transfer;

typedef void coroutine_entry(transfer from);

transfer jump_fcontext(void *to, void *value);
void *make_fcontext(void *top, size_t size, coroutine_entry *entry);

/* The other side: whom to jump to. Each side has one, since a jump tells each where the other is now. */
typedef struct coroutine {
	void *other;
} coroutine;

static inline void *jump(coroutine *co, void *value)
{
	transfer back = jump_fcontext(co->other, value);

	co->other = back.context;
	return back.value;
}

#define ENTRY(name, body)                                      \
	static void name(transfer from)                        \
	{                                                      \
		coroutine self = { from.context };             \
		jump(&self, body(&self, from.value));          \
		__builtin_unreachable();                       \
	}

enum { HANDLE_ROOM = 64 }; /* bytes at the top: keeps what is below aligned */

static inline coroutine *create_on(void *top, coroutine_entry *entry)
{
	coroutine *co = (coroutine *)((char *)top - HANDLE_ROOM);

	co->other = make_fcontext(co, STACK_SIZE - HANDLE_ROOM, entry);
	return co;
}

static inline void *top_of(coroutine *co)
{
	return (char *)co + HANDLE_ROOM;
}

static inline void *resume(coroutine *co, void *value)
{
	return jump(co, value);
}

static inline void *yield(coroutine *self, void *value)
{
	return jump(self, value);
}

static inline void abandon(coroutine *co)
{
	(void)co;
}

#define HAS_MANY
#include "on_stacks.h"
#include "bodies.h"
#include "driving.h"

/* On memory as many take it for this: no guard, and untouched pages that cost nothing. */
static coroutine *create_malloced(coroutine_entry *entry)
{
	char *low = malloc(STACK_SIZE);

	return low ? create_on(low + STACK_SIZE, entry) : NULL;
}

static size_t populate(void **all, size_t n)
{
	return fill(all, n, create_malloced);
}

static size_t populate_guarded(void **all, size_t n)
{
	return fill(all, n, create);
}

const struct peer peer_boost = {
	.library = "Boost.Context",
	.prefix = "boost-",
	.round_trip = "round-trip",
	.about = "jump_fcontext() each way; made by make_fcontext(), ends with a jump for good; many: on stacks from malloc(), unguarded",
	.works = works,
	.populate = populate,
};

const struct peer peer_boost_guarded = {
	.library = "Boost guarded",
	.prefix = "boost-guarded-",
	.round_trip = "round-trip",
	.about = "the same; many: on guarded stacks",
	.works = works,
	.only = 1u << ROBIN,
	.populate = populate_guarded,
};
#endif
