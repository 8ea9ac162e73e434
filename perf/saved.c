/* Saving a run and reading it back: lines of fields parted by tabs, the first of which says what the line is. The last line counts the
 * rows, so that half a file is not taken for a whole one. */
#define _GNU_SOURCE
#include "saved.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

static const char first_line[] = "segue-perf saved this: 1\n";

void report_save(FILE *file, const struct report *report)
{
	const struct machine *m = &report->machine;

	fprintf(file, "%scpu\t%s\nkernel\t%s\ncompiler\t%s\ndate\t%s\n", first_line, m->cpu, m->kernel, m->compiler, m->date);
	for (size_t i = 0; i < report->count; i++)
		fprintf(file, "row\t%s\t%.4f\n", report->rows[i].name, report->rows[i].summary.median_ns);
	fprintf(file, "rows\t%zu\n", report->count);
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

/* What follows "name\t" in the line; NULL where it is another line. */
static char *field_of(char *line, const char *name)
{
	size_t length = strlen(name);

	return strncmp(line, name, length) == 0 && line[length] == '\t' ? line + length + 1 : NULL;
}

static bool read_text(char *line, const char *name, char *text, size_t size)
{
	char *field = field_of(line, name);

	if (!field || strlen(field) >= size)
		return false;
	strcpy(text, field);
	return true;
}

static bool read_machine(char *line, struct machine *m)
{
	return read_text(line, "cpu", m->cpu, sizeof m->cpu) || read_text(line, "kernel", m->kernel, sizeof m->kernel) ||
	       read_text(line, "compiler", m->compiler, sizeof m->compiler) || read_text(line, "date", m->date, sizeof m->date);
}

static bool read_row(char *line, struct saved *saved)
{
	char *name = field_of(line, "row"), *tab = name ? strchr(name, '\t') : NULL, *end;
	struct saved_row row = { .median_ns = tab ? strtod(tab + 1, &end) : 0 };

	if (!tab || *end || !(row.median_ns > 0) || (size_t)(tab - name) >= sizeof row.name)
		return false;
	memcpy(row.name, name, (size_t)(tab - name));
	saved->rows = reallocarray(saved->rows, saved->count + 1, sizeof row);
	if (!saved->rows)
		err(EXIT_FAILURE, "no memory");
	saved->rows[saved->count++] = row;
	return true;
}

/* Whether it is the last line, and tells as many rows as were read. */
static bool read_end(char *line, const struct saved *saved)
{
	char *field = field_of(line, "rows"), expected[32];

	snprintf(expected, sizeof expected, "%zu", saved->count);
	return field && strcmp(field, expected) == 0;
}

void load_saved(struct saved *saved, const char *file)
{
	FILE *stream = fopen(file, "r");
	bool whole = false;
	char line[512];
	int number = 1;

	if (!stream)
		err(EXIT_USAGE, "can't read %s", file);
	*saved = (struct saved){ .file = file };
	if (!fgets(line, sizeof line, stream) || strcmp(line, first_line) != 0)
		errx(EXIT_USAGE, "%s was not written by --save", file);
	while (fgets(line, sizeof line, stream)) {
		char *end = strchr(line, '\n');
		number++;
		if (whole || !end)
			errx(EXIT_USAGE, "%s is damaged: line %d", file, number);
		*end = '\0';
		whole = read_end(line, saved);
		if (!whole && !read_machine(line, &saved->machine) && !read_row(line, saved))
			errx(EXIT_USAGE, "%s is damaged: line %d", file, number);
	}
	if (ferror(stream) || !whole)
		errx(EXIT_USAGE, "%s is damaged: it ends after line %d", file, number);
	fclose(stream);
}

const struct saved_row *find_saved(const struct saved *saved, const char *name)
{
	for (size_t i = 0; i < saved->count; i++)
		if (strcmp(saved->rows[i].name, name) == 0)
			return &saved->rows[i];
	return NULL;
}
