/* What is loaded: asked of the loader before a signal, for its handler. */
#define _GNU_SOURCE
#include "objects.h"

#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

struct objects *segue__objects;

struct listing {
	struct objects *to;
	char *names; /* where the next one goes */
	size_t room, characters;
};

/* The program itself has none; in one that is linked statically musl calls it by a name that is every process's. */
static const char *name_of(const struct dl_phdr_info *info)
{
	return *info->dlpi_name && strcmp(info->dlpi_name, "/proc/self/exe") ? info->dlpi_name : program_invocation_name;
}

static int measure(struct dl_phdr_info *info, size_t size, void *listing)
{
	struct listing *l = listing;

	(void)size;
	l->room++;
	l->characters += strlen(name_of(info)) + 1;
	return 0;
}

static struct object object_of(const struct dl_phdr_info *info, const char *name)
{
	struct object o = { info->dlpi_addr, UINTPTR_MAX, 0, name };

	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t low = info->dlpi_addr + p->p_vaddr;

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
			continue;
		o.low = low < o.low ? low : o.low;
		o.high = low + p->p_memsz > o.high ? low + p->p_memsz : o.high;
	}
	return o;
}

static int list(struct dl_phdr_info *info, size_t size, void *listing)
{
	struct listing *l = listing;
	const char *name = name_of(info);
	size_t length = strlen(name) + 1;

	(void)size;
	l->to->adds = info->dlpi_adds;
	l->to->subs = info->dlpi_subs;
	if (l->to->count == l->room || length > l->characters)
		return 1; /* one came in between: it is missing */
	memcpy(l->names, name, length);
	l->to->of[l->to->count++] = object_of(info, l->names);
	l->names += length;
	l->characters -= length;
	return 0;
}

static int is_newest(struct dl_phdr_info *info, size_t size, void *objects)
{
	const struct objects *o = objects;

	(void)size;
	return 1 + (o && o->adds == info->dlpi_adds && o->subs == info->dlpi_subs);
}

bool segue__list_objects(void)
{
	struct listing l = { NULL, NULL, 0, 0 };
	struct objects *old = __atomic_load_n(&segue__objects, __ATOMIC_ACQUIRE);

	if (dl_iterate_phdr(is_newest, old) == 2)
		return true;
	dl_iterate_phdr(measure, &l);
	l.to = calloc(1, sizeof *l.to + l.room * sizeof *l.to->of + l.characters);
	if (!l.to)
		return false;
	l.names = (char *)&l.to->of[l.room];
	dl_iterate_phdr(list, &l);
	l.to->older = old;
	while (!__atomic_compare_exchange_n(&segue__objects, &l.to->older, l.to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
	return true;
}

int segue_dump_prepare(void)
{
	return segue__list_objects() ? 0 : -1;
}
