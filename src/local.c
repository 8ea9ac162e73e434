/* Coroutine-local data: keys for all, and a table of values for each coroutine, and each thread, that has set one.
 *
 * A key is its place in keys[] and the number of times that this was taken or given back: so a stale one fits nowhere, and is
 * never 0.
 */
#include "local.h"
#include "annotate.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	STEP = 4,   /* values that a table grows by at least */
	ROUNDS = 4, /* of destructors that set values again */
};

static struct {
	uint32_t turns; /* atomic; odd: in use */
	void (*destructor)(void *value);
} keys[SEGUE_KEYS_MAX];

typedef struct segue_locals {
	uint32_t count;
	struct local {
		segue_key key;
		void *value;
	} locals[];
} segue_locals;

static _Thread_local SEGUE_TLS segue_locals *own; /* the thread's */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct {
	pthread_key_t key; /* whose destructor destroys that */
	int error;
} threads;

static bool is_in_use(segue_key key)
{
	uint32_t turns = __atomic_load_n(&keys[key % SEGUE_KEYS_MAX].turns, __ATOMIC_ACQUIRE);

	return turns & 1 && turns * SEGUE_KEYS_MAX + key % SEGUE_KEYS_MAX == key;
}

READS_THREAD int segue_key_create(segue_key *key, void (*destructor)(void *value))
{
	for (uint32_t i = 0; i < SEGUE_KEYS_MAX; i++) {
		uint32_t turns = __atomic_load_n(&keys[i].turns, __ATOMIC_RELAXED);

		if (turns & 1 || !__atomic_compare_exchange_n(&keys[i].turns, &turns, turns + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		keys[i].destructor = destructor;
		*key = (turns + 1) * SEGUE_KEYS_MAX + i;
		segue__annotate_defined(key, sizeof *key);
		return 0;
	}
	errno = EAGAIN;
	return -1;
}

READS_THREAD int segue_key_delete(segue_key key)
{
	if (!is_in_use(key)) {
		errno = EINVAL;
		return -1;
	}
	__atomic_fetch_add(&keys[key % SEGUE_KEYS_MAX].turns, 1, __ATOMIC_ACQ_REL);
	return 0;
}

/* ---- Destructors ------------------------------------------------------------------------------------------------- */

/* Whether there were any to call. One that sets a value may move the table. */
static bool destroy_each(segue_locals **table)
{
	bool found = false;

	for (uint32_t i = 0; *table && i < (*table)->count; i++) {
		struct local *l = &(*table)->locals[i];
		void *value = l->value;

		l->value = NULL;
		if (!value || !is_in_use(l->key) || !keys[i].destructor)
			continue;
		found = true;
		segue__annotate_call(1);
		keys[i].destructor(value);
		segue__annotate_returned();
	}
	return found;
}

static void destroy(segue_locals **table)
{
	for (int n = 0; n < ROUNDS && destroy_each(table); n++)
		;
	free(*table);
	*table = NULL;
}

void segue__destroy_locals(segue_coroutine *co)
{
	destroy(&co->locals);
	co->extras &= (uint8_t)~EXTRA_LOCALS;
}

static void end_thread(void *unused)
{
	(void)unused;
	destroy(&own);
}

static void start(void)
{
	threads.error = pthread_key_create(&threads.key, end_thread);
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

static segue_locals *table_of(const segue_coroutine *co)
{
	if (co)
		return co->extras & EXTRA_LOCALS ? co->locals : NULL;
	return own;
}

READS_THREAD void *segue_get_local(segue_key key)
{
	segue_locals *table = table_of(segue_running);
	uint32_t i = key % SEGUE_KEYS_MAX;

	return table && i < table->count && table->locals[i].key == key && is_in_use(key) ? table->locals[i].value : NULL;
}

/* With room for the i-th value; or NULL with errno. */
static segue_locals *grow(segue_locals *table, uint32_t i)
{
	uint32_t before = table ? table->count : 0;
	uint32_t count = i / STEP * STEP + STEP;

	if (i < before)
		return table;
	table = realloc(table, sizeof *table + count * sizeof *table->locals);
	if (!table)
		return NULL;
	memset(table->locals + before, 0, (count - before) * sizeof *table->locals);
	table->count = count;
	return table;
}

/* Whether the thread's end will be heard of: 0, or an errno. */
static int enter_thread(void)
{
	pthread_once(&once, start);
	return threads.error ? threads.error : pthread_setspecific(threads.key, &own);
}

READS_THREAD int segue_set_local(segue_key key, void *value)
{
	segue_coroutine *co = segue_running;
	segue_locals *table = table_of(co);
	uint32_t i = key % SEGUE_KEYS_MAX;
	int error = is_in_use(key) ? co || table ? 0 : enter_thread() : EINVAL;

	if (error) {
		errno = error;
		return -1;
	}
	table = grow(table, i);
	if (!table)
		return -1;
	table->locals[i] = (struct local){ key, value };
	*(co ? &co->locals : &own) = table;
	if (co)
		co->extras |= EXTRA_LOCALS;
	return 0;
}
