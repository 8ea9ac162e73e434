/* What musl lacks of glibc: the function by which the unwinder in libgcc finds an object's tables, where gcc was made for glibc 2.35 or
 * newer and musl-gcc wraps it. A gcc that is made for musl needs it not. glibc's dlfcn.h has the structure, in 64 bits: */
#define _GNU_SOURCE
#include <link.h>
#include <stddef.h>
#include <stdint.h>

struct dl_find_object {
	unsigned long long flags;
	void *map_start, *map_end;
	struct link_map *link_map;
	void *eh_frame; /* PT_GNU_EH_FRAME */
	unsigned long long reserved[7];
};

struct wanted {
	uintptr_t address;
	struct dl_find_object *found;
};

static int look(struct dl_phdr_info *object, size_t size, void *arg)
{
	struct wanted *w = arg;
	uintptr_t start = 0, end = 0, tables = 0;

	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t at = object->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && w->address - at < segment->p_memsz)
			start = at, end = at + segment->p_memsz;
		if (segment->p_type == PT_GNU_EH_FRAME)
			tables = at;
	}
	if (!start || !tables)
		return 0;
	*w->found = (struct dl_find_object){ .map_start = (void *)start, .map_end = (void *)end, .eh_frame = (void *)tables };
	return 1;
}

/* Weak: it may be named twice in a command that links. */
__attribute__((weak)) int _dl_find_object(void *address, struct dl_find_object *found)
{
	struct wanted w = { (uintptr_t)address, found };

	return dl_iterate_phdr(look, &w) ? 0 : -1;
}
