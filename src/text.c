/* Text for a signal's handler: nothing here calls what is not on signal-safety(7)'s list, and tests/signal_safety.sh looks. */
#define _GNU_SOURCE
#include "text.h"

#include <errno.h>
#include <unistd.h>

#include "../arch/interrupted.h"
#include "annotate.h"
#include "find.h"
#include "objects.h"

enum { FRAMES = 16 }; /* places that are shown of a stack at most */

void segue__flush(struct text *t)
{
	size_t done = 0;
	ssize_t n;

	segue__annotate_known(t->of, t->length);
	while (done < t->length && ((n = write(t->fd, t->of + done, t->length - done)) > 0 || errno == EINTR))
		done += n > 0 ? (size_t)n : 0;
	t->length = 0;
}

void segue__put(struct text *t, const char *s)
{
	for (; *s; s++) {
		if (t->length == sizeof t->of)
			segue__flush(t);
		t->of[t->length++] = *s;
	}
}

void segue__put_number(struct text *t, uintptr_t n, unsigned base)
{
	char digits[2 + 3 * sizeof n + 1];
	char *d = digits + sizeof digits - 1;

	*d = '\0';
	do
		*--d = "0123456789abcdef"[n % base];
	while (n /= base);
	if (base == 16)
		*--d = 'x', *--d = '0';
	segue__put(t, d);
}

static void put_site(struct text *t, const char *what, const segue_site *site)
{
	segue__put(t, what);
	segue__put(t, site->file);
	segue__put(t, ":");
	segue__put_number(t, site->line, 10);
}

void segue__put_address(struct text *t, const char *what, void *code)
{
	uintptr_t address = (uintptr_t)segue_arch_code(code);
	const struct objects *objects = __atomic_load_n(&segue__objects, __ATOMIC_ACQUIRE);

	segue__put(t, what);
	for (size_t i = 0; objects && i < objects->count; i++) {
		const struct object *o = &objects->of[i];

		if (address >= o->low && address < o->high) {
			segue__put(t, o->name);
			segue__put(t, "+");
			address -= o->base;
			break;
		}
	}
	segue__put_number(t, address, 16);
	segue__put(t, "\n");
}

static void put_origin_frames(struct text *t, const struct peek *peek, void *const *at)
{
	void *pc;

	for (int i = 0; i < WANT_ORIGIN && segue__peek(peek, &pc, at + i, sizeof pc) && pc; i++)
		segue__put_address(t, "  made from ", pc);
}

void segue__put_origin(struct text *t, const struct peek *peek, const segue_coroutine *co)
{
	const segue_code *code = co->code;

	if (code && code->made_here) {
		put_site(t, "  made at ", &code->site);
		segue__put(t, ", in ");
		segue__put(t, code->site.function);
		segue__put(t, "\n");
	} else if (code) {
		put_site(t, "  its code is at ", &code->site);
		segue__put(t, "\n");
	}
	if (co->extras & EXTRA_ORIGIN)
		put_origin_frames(t, peek, co->origin);
}

/* Records that don't lie on the stack, each above the one before, are none: code may use its frame pointer for anything. */
void segue__put_callers(struct text *t, const struct peek *peek, const char *what, void *fp, const void *low, const void *high)
{
	void *record[2];

	for (int i = 1; i < FRAMES; i++) {
		char *at = (char *)((uintptr_t)fp - SEGUE_ARCH_RECORD);

		if (at < (char *)low || at >= (char *)high || (uintptr_t)at % sizeof(void *) ||
		    !segue__peek(peek, record, at, sizeof record) || segue__in_entry(record[1]))
			return;
		segue__put_address(t, what, record[1]);
		what = "  called from ";
		low = at + sizeof record;
		fp = record[0];
	}
}
