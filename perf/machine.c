/* What machine this is, and keeping to one of its CPUs. */
#define _GNU_SOURCE
#include "machine.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

/* ---- Describing ------------------------------------------------------------------------------------------------- */

static void strip_end(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && strchr(" \t\n", text[length - 1]))
		text[--length] = '\0';
}

/* The value of a line "key   : value", copied; 0 where it is another line. */
static int read_key(const char *line, const char *key, char *value, size_t size)
{
	size_t length = strlen(key);
	const char *p = line + length;

	if (strncmp(line, key, length) != 0)
		return 0;
	p += strspn(p, " \t");
	if (*p++ != ':')
		return 0;
	snprintf(value, size, "%s", p + strspn(p, " \t"));
	strip_end(value);
	return value[0] != '\0';
}

/* Kernels for different processors say it under different keys, the first of these the best. */
static int read_cpuinfo(char *cpu, size_t size)
{
	static const char *const keys[] = { "model name", "Model", "Hardware", "cpu model", "uarch", "cpu", "isa" };
	char line[512];
	int found = 0;

	for (size_t i = 0; i < sizeof keys / sizeof *keys && !found; i++) {
		FILE *file = fopen("/proc/cpuinfo", "r");
		if (!file)
			return 0;
		while (!found && fgets(line, sizeof line, file))
			found = read_key(line, keys[i], cpu, size);
		fclose(file);
	}
	return found;
}

/* Boards with a device tree have the board's name at least. */
static int read_devicetree(char *cpu, size_t size)
{
	FILE *file = fopen("/sys/firmware/devicetree/base/model", "r");

	if (!file)
		return 0;
	if (!fgets(cpu, (int)size, file))
		cpu[0] = '\0';
	fclose(file);
	return cpu[0] != '\0';
}

static void describe_compiler(char *compiler, size_t size)
{
#if defined __clang__
	const char *name = "clang", *version = __clang_version__;
#elif defined __GNUC__
	const char *name = "gcc", *version = __VERSION__;
#else
	const char *name = "a compiler", *version = "";
#endif
#ifdef __OPTIMIZE__
	const char *note = "";
#else
	const char *note = " (not optimising)";
#endif

	size_t length;

	snprintf(compiler, size, "%s %s", name, version);
	strip_end(compiler);
	length = strlen(compiler);
	snprintf(compiler + length, size - length, "%s", note);
}

void describe_machine(struct machine *machine)
{
	struct utsname names;
	time_t now = time(NULL);

	uname(&names);
	if (!read_cpuinfo(machine->cpu, sizeof machine->cpu) && !read_devicetree(machine->cpu, sizeof machine->cpu))
		snprintf(machine->cpu, sizeof machine->cpu, "unknown processor");
	snprintf(machine->kernel, sizeof machine->kernel, "%s %s %s", names.sysname, names.release, names.machine);
	describe_compiler(machine->compiler, sizeof machine->compiler);
	strftime(machine->date, sizeof machine->date, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
}

/* ---- Pinning ---------------------------------------------------------------------------------------------------- */

enum { MOST_CPUS = 1 << 16 };

/* What this thread may run on, in a set that is large enough for the kernel; NULL with errno. */
static cpu_set_t *allowed_cpus(int *cpus)
{
	for (*cpus = CPU_SETSIZE; *cpus <= MOST_CPUS; *cpus *= 2) {
		cpu_set_t *set = CPU_ALLOC(*cpus);
		if (!set)
			return NULL;
		if (sched_getaffinity(0, CPU_ALLOC_SIZE(*cpus), set) == 0)
			return set;
		CPU_FREE(set);
		if (errno != EINVAL)
			return NULL;
	}
	return NULL;
}

static int last_cpu(const cpu_set_t *set, int cpus)
{
	for (int i = cpus - 1; i >= 0; i--)
		if (CPU_ISSET_S((size_t)i, CPU_ALLOC_SIZE(cpus), set))
			return i;
	return NO_CPU;
}

int pin(int cpu)
{
	int cpus, error = EINVAL;
	cpu_set_t *set;

	if (cpu == NO_CPU)
		return NO_CPU;
	set = allowed_cpus(&cpus);
	if (!set)
		return NO_CPU;
	if (cpu == LAST_CPU)
		cpu = last_cpu(set, cpus);
	if (cpu >= 0 && cpu < cpus) {
		CPU_ZERO_S(CPU_ALLOC_SIZE(cpus), set);
		CPU_SET_S((size_t)cpu, CPU_ALLOC_SIZE(cpus), set);
		error = sched_setaffinity(0, CPU_ALLOC_SIZE(cpus), set) == 0 ? 0 : errno;
	}
	CPU_FREE(set);
	errno = error;
	return error ? NO_CPU : cpu;
}
