/* A floor of many: nothing is suspended, a word is counted up on a stack of each one's own. So long the processor takes to find its page. */
#include <stdlib.h>

#include "counting.h"
#include "stacks.h"

typedef struct coroutine {
	size_t touched;
} coroutine;
typedef void coroutine_entry(void);

enum { ROOM_ABOVE = 64 }; /* bytes: it is not at the page's end */

static void count(void) {}
static void count_4(void) {}

/* As Boost.Context's many have them: the last page of each is touched, and no other. */
static coroutine *create(coroutine_entry *unused)
{
	char *low = malloc(STACK_SIZE);
	coroutine *co;

	(void)unused;
	if (!low)
		return NULL;
	co = (coroutine *)(low + STACK_SIZE - ROOM_ABOVE);
	co->touched = 0;
	return co;
}

static inline void *resume(coroutine *co, void *value)
{
	((volatile coroutine *)co)->touched++;
	return one_up(value);
}

static inline void drop(coroutine *co)
{
	free((char *)co - STACK_SIZE + ROOM_ABOVE);
}

#define HAS_MANY
#include "driving.h"

static size_t populate(void **all, size_t n)
{
	return fill(all, n, create);
}

const struct peer peer_memory = {
	.library = "memory",
	.prefix = "memory-",
	.round_trip = "round-trip",
	.about = "many: a word counted up on each one's stack, from malloc(), unguarded; nothing is switched",
	.works = works,
	.only = 1u << ROBIN,
	.populate = populate,
};
