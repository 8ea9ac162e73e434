/* Reading a score. */
#include "score.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64, ANY = INT_MAX };

/* How many words there are in a line that begins like this, itself counted. */
static const struct form {
	const char *word;
	int least, most;
} forms[] = {
	[GEN] = { "gen", 2, 2 },
	[CORO] = { "coro", 2, 2 },
	[ICORO] = { "icoro", 2, 2 },
	[ITERATOR] = { "iterator", 2, 5 },
	[AWAITABLE] = { "awaitable", 3, 4 },
	[DRIVE] = { "drive", 1, 1 },
	[STOP] = { "stop", 2, 2 },
	[LOG] = { "log", 2, 2 },
	[YIELD] = { "yield", 2, 2 },
	[AWAIT] = { "await", 2, 2 },
	[AWAITVAR] = { "awaitvar", 2, 2 },
	[RETURN] = { "return", 2, 2 },
	[RAISE] = { "raise", 3, 3 },
	[RERAISE] = { "reraise", 1, 1 },
	[REPEAT] = { "repeat", 2, 2 },
	[TRY] = { "try", 1, 1 },
	[EXCEPT] = { "except", 2, ANY },
	[ELSE] = { "else", 1, 1 },
	[FINALLY] = { "finally", 1, 1 },
	[NEW] = { "new", 3, 3 },
	[SEND] = { "send", 3, 3 },
	[THROW] = { "throw", 4, 4 },
	[CLOSE] = { "close", 2, 2 },
	[INFO] = { "info", 2, 2 },
	[DEL] = { "del", 2, 2 },
};

void fail(const char *format, ...)
{
	va_list arguments;

	fputs("play: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(2);
}

static int count_words(const char *text)
{
	int count = 0;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		text += strcspn(text, " ");
		count++;
	}
	return count;
}

static void classify(struct line *line)
{
	size_t verb = 0;

	while (verb < sizeof forms / sizeof *forms && strcmp(line->words[0], forms[verb].word))
		verb++;
	if (verb == sizeof forms / sizeof *forms || line->count < forms[verb].least || line->count > forms[verb].most)
		fail("what is '%s', and %d words with it?", line->words[0], line->count - 1);
	if (verb < DRIVE && strlen(line->words[1]) > NAME_MAX_LENGTH)
		fail("a long name: %s", line->words[1]);
	line->verb = (enum verb)verb;
}

/* The line that this text is; its words in the same piece of memory. NULL where there are none. */
static struct line *read_line(const char *text)
{
	int count = count_words(text);
	struct line *line;
	char *copy;

	if (!count)
		return NULL;
	line = calloc(1, sizeof *line + (size_t)count * sizeof *line->words + strlen(text) + 1);
	if (!line)
		fail("no memory");
	copy = strcpy((char *)&line->words[count], text);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		line->words[line->count++] = word;
	classify(line);
	return line;
}

struct line *score_read(const char *path)
{
	struct line *score = NULL, *line;
	struct line **ends[DEPTH_MAX + 1] = { &score }; /* where the next line of each indentation goes */
	size_t deepest = 0, size = 0;
	char *text = NULL;
	FILE *file = fopen(path, "r");

	if (!file)
		fail("cannot open %s", path);
	while (getline(&text, &size, file) > 0) {
		size_t spaces = strspn(text, " "), depth = spaces / 2;
		text[strcspn(text, "#\n")] = '\0';
		line = read_line(text);
		if (!line)
			continue;
		if (spaces % 2 || depth > deepest || depth == DEPTH_MAX)
			fail("indentation in %s, at: %s", path, text);
		*ends[depth] = line;
		ends[depth] = &line->next;
		ends[depth + 1] = &line->first;
		deepest = depth + 1;
	}
	free(text);
	fclose(file);
	return score;
}

void score_free(struct line *line)
{
	while (line) {
		struct line *next = line->next;
		score_free(line->first);
		free(line);
		line = next;
	}
}

struct line *score_find(struct line *score, const char *name)
{
	struct line *line = score;

	while (line && (line->verb >= DRIVE || strcmp(line->words[1], name)))
		line = line->next;
	if (!line)
		fail("undefined: %s", name);
	return line;
}

int score_number(const char *word, int limit)
{
	char *end;
	long number = strtol(word, &end, 10);

	if (*end || number < 1 || number > limit)
		fail("not a number from 1 to %d: %s", limit, word);
	return (int)number;
}
