/* The random operations, or programs of coroutines that await, chosen by a byte string: the first byte says which, then it is one byte a
   choice. With -fsanitize=fuzzer this is libFuzzer's target, and AFL++'s; otherwise (no SEGUE_LIBFUZZER) a program that plays the files
   it is given, or those of the kept corpus. */
#define _FILE_OFFSET_BITS 64 /* or a directory's numbers may be too large for readdir() */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chains.h"
#include "operations.h"

enum { OPERATIONS_MOST = 2000, CHAINED_MOST = 500 };

struct bytes {
	struct choices choices;
	const unsigned char *next, *end;
};

static unsigned next_byte(struct choices *c, unsigned n)
{
	struct bytes *b = (struct bytes *)c;

	if (b->next == b->end) {
		b->choices.ended = true;
		return 0;
	}
	return *b->next++ % n;
}

static void operate(struct choices *choices)
{
	const struct outcome *o = operate_at_random(choices, OPERATIONS_MOST);

	if (!o->failure)
		return;
	fprintf(stderr, "operation %ld: %s (tests/operations.c:%d)\n", o->operations, o->failure, o->line);
	abort();
}

static void chain(struct choices *choices)
{
	const struct played *p = play_twice(choices, CHAINED_MOST);

	if (!p->failure)
		return;
	fprintf(stderr, "operation %ld: %s: event %d, '%s' of %d\n", p->operations, p->failure, p->number, p->event ? p->event : "none", p->who);
	abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct bytes bytes = { { next_byte, false }, data + 1, data + size };

	if (size == 0)
		return 0;
	if (data[0] % 2)
		chain(&bytes.choices);
	else
		operate(&bytes.choices);
	return 0;
}

#ifndef SEGUE_LIBFUZZER

static int play(const char *file)
{
	static unsigned char data[1 << 16];
	FILE *f = fopen(file, "rb");
	size_t size;

	if (!f) {
		perror(file);
		return 0;
	}
	size = fread(data, 1, sizeof data, f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	return 1;
}

static int play_corpus(void)
{
	DIR *d = opendir(CORPUS);
	struct dirent *e;
	char file[4096];
	int played = 0;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && snprintf(file, sizeof file, "%s/%s", CORPUS, e->d_name) < (int)sizeof file)
			played += play(file);
	if (d)
		closedir(d);
	printf("%d files of %s\n", played, CORPUS);
	return played;
}

int main(int argc, char **argv)
{
	int played = 0;

	if (argc == 1)
		return play_corpus() > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	for (int i = 1; i < argc; i++)
		played += play(argv[i]);
	return played == argc - 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
