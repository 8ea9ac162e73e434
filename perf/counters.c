/* Hardware counters by perf_event_open(2): one group, so that all count during the same time. */
#define _GNU_SOURCE
#include "counters.h"

#include <math.h>
#include <string.h>

const char *const counter_names[COUNTERS] = { "cycles", "instructions", "branch_misses" };

#if defined __linux__ && defined __has_include
#if __has_include(<linux/perf_event.h>)
#define HAVE_PERF_EVENTS 1
#endif
#endif

#ifdef HAVE_PERF_EVENTS
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const uint64_t events[COUNTERS] = {
	PERF_COUNT_HW_CPU_CYCLES,
	PERF_COUNT_HW_INSTRUCTIONS,
	PERF_COUNT_HW_BRANCH_MISSES,
};

static int leader = -1;
static int members;          /* of the group */
static int place[COUNTERS]; /* in the group's reading; -1: not in the group */

static int open_event(uint64_t event, int group)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof attr,
		.config = event,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
		.disabled = group < 0,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, group, PERF_FLAG_FD_CLOEXEC);
}

/* The first that opens leads; one that this processor lacks is left out. 0, or the first errno. */
static int open_group(void)
{
	int error = 0;

	for (int i = 0; i < COUNTERS; i++) {
		int fd = open_event(events[i], leader);
		place[i] = fd < 0 ? -1 : members++;
		if (fd >= 0 && leader < 0)
			leader = fd;
		if (fd < 0 && !error)
			error = errno;
	}
	return leader < 0 ? error : 0;
}

static const char *explain(int error)
{
	static char text[200];
	const char *hint = "";

	if (error == EACCES || error == EPERM)
		hint = "; see /proc/sys/kernel/perf_event_paranoid";
	else if (error == ENOSYS)
		hint = "; as in an emulator or a sandbox";
	else if (error == ENOENT || error == EOPNOTSUPP || error == ENODEV)
		hint = "; as in a virtual machine without them";
	snprintf(text, sizeof text, "perf_event_open: %s (errno %d)%s", strerror(error), error, hint);
	return text;
}

/* Some virtual machines open what never counts. */
static bool counts_at_all(void)
{
	struct reading before, after;
	double counts[COUNTERS];

	counters_read(&before);
	for (volatile int i = 0; i < 100000; i++)
		;
	counters_read(&after);
	counters_between(&before, &after, counts);
	for (int i = 0; i < COUNTERS; i++)
		if (counts[i] > 0)
			return true;
	return false;
}

const char *counters_open(void)
{
	int error;

	leader = -1; /* where a child process opens its own, its parent's are not for it */
	members = 0;
	error = open_group();

	if (error)
		return explain(error);
	ioctl(leader, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP);
	if (counts_at_all())
		return NULL;
	close(leader);
	leader = -1;
	return "perf_event_open succeeds, but nothing is counted";
}

void counters_read(struct reading *reading)
{
	struct {
		uint64_t members, enabled_ns, running_ns, counts[COUNTERS];
	} group = { 0 };

	reading->valid = leader >= 0 && read(leader, &group, sizeof group) >= (ssize_t)(3 * sizeof(uint64_t)) &&
			 group.members == (uint64_t)members;
	reading->enabled_ns = group.enabled_ns;
	reading->running_ns = group.running_ns;
	for (int i = 0; i < COUNTERS; i++)
		reading->counts[i] = place[i] < 0 ? 0 : group.counts[place[i]];
}

void counters_between(const struct reading *before, const struct reading *after, double counts[COUNTERS])
{
	uint64_t enabled = after->enabled_ns - before->enabled_ns, running = after->running_ns - before->running_ns;
	bool counted = before->valid && after->valid && running > 0;

	for (int i = 0; i < COUNTERS; i++) {
		counts[i] = NAN;
		if (counted && place[i] >= 0)
			counts[i] = (double)(after->counts[i] - before->counts[i]) * ((double)enabled / (double)running);
	}
}

#else

const char *counters_open(void)
{
	return "this system has no perf_event_open";
}

void counters_read(struct reading *reading)
{
	memset(reading, 0, sizeof *reading);
}

void counters_between(const struct reading *before, const struct reading *after, double counts[COUNTERS])
{
	(void)before;
	(void)after;
	for (int i = 0; i < COUNTERS; i++)
		counts[i] = NAN;
}

#endif
