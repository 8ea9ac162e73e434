/* Which coroutine is where, and which code, for signal handlers. Slabs stay mapped, and are whole before they are in a list. */
#define _GNU_SOURCE
#include "find.h"

#include "../arch/interrupted.h"

static size_t stride(const struct slab *s)
{
	return s->class->guard_size + s->class->stack_size;
}

static uintptr_t first_slot(const struct slab *s)
{
	return (uintptr_t)s + s->mapped - s->slots * stride(s);
}

segue_coroutine *segue__find_in_slot(const struct slab *s, size_t i)
{
	unsigned char *stack = (unsigned char *)first_slot(s) + i * stride(s) + s->class->guard_size;
	segue_coroutine *co = segue__object_at(stack, s->class->stack_size, i % COLOURS);

	return __atomic_load_n(&co->ops, __ATOMIC_RELAXED) ? co : NULL;
}

static segue_coroutine *find_in_slab(const struct slab *s, uintptr_t address)
{
	size_t i = (address - first_slot(s)) / stride(s);

	if (address < first_slot(s) || i >= __atomic_load_n(&s->carved, __ATOMIC_ACQUIRE))
		return NULL;
	return segue__find_in_slot(s, i);
}

segue_coroutine *segue__find(uintptr_t address)
{
	for (size_t i = 0; i < CLASSES; i++)
		for (const struct slab *s = __atomic_load_n(&segue__classes[i].slabs, __ATOMIC_ACQUIRE); s; s = s->next)
			if (address - (uintptr_t)s < s->mapped)
				return find_in_slab(s, address);
	return NULL;
}

static bool is_between(const void *code, void (*first)(void), void (*next)(void))
{
	uintptr_t low = (uintptr_t)segue_arch_code((void *)first), high = (uintptr_t)segue_arch_code((void *)next);

	return (uintptr_t)segue_arch_code((void *)code) - low < high - low;
}

/* Each up to what follows it in the file. */
bool segue__in_switch(const void *code)
{
	return is_between(code, (void (*)(void))segue_arch_switch, segue_arch_start);
}

bool segue__in_entry(const void *code)
{
	return is_between(code, segue_arch_entry, (void (*)(void))segue_arch_fenv_save);
}
