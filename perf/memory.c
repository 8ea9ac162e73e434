/* Memory, as /proc tells it. */
#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The value of the line "key:   n kB", in bytes. */
static double read_kilobytes(const char *file, const char *key)
{
	FILE *stream = fopen(file, "r");
	size_t length = strlen(key);
	char line[256];
	double kilobytes = NAN;

	if (!stream)
		return NAN;
	while (isnan(kilobytes) && fgets(line, sizeof line, stream))
		if (strncmp(line, key, length) == 0 && line[length] == ':')
			sscanf(line + length + 1, "%lf", &kilobytes);
	fclose(stream);
	return kilobytes * 1024;
}

static double count_lines(const char *file)
{
	FILE *stream = fopen(file, "r");
	double lines = 0;
	int c;

	if (!stream)
		return NAN;
	while ((c = getc(stream)) != EOF)
		lines += c == '\n';
	fclose(stream);
	return lines;
}

/* The kernel's own counters, which VmRSS shows, lag behind by some pages a CPU: this one walks the tables. */
void read_footprint(struct footprint *footprint)
{
	footprint->resident = read_kilobytes("/proc/self/smaps_rollup", "Rss");
	if (isnan(footprint->resident))
		footprint->resident = read_kilobytes("/proc/self/status", "VmRSS");
	footprint->page_tables = read_kilobytes("/proc/self/status", "VmPTE");
	footprint->mappings = count_lines("/proc/self/maps");
}

double available_memory(void)
{
	return read_kilobytes("/proc/meminfo", "MemAvailable");
}
