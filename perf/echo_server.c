/* An echo server's process: how it is started and stopped, and what it uses. */
#define _GNU_SOURCE
#include "echo.h"

#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu == ANY_CPU)
		return;
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof set, &set))
		warn("CPU %d", cpu);
}

void end_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static int read_port(int fd, const char *program)
{
	FILE *said = fdopen(fd, "r");
	int port;

	if (!said || fscanf(said, "listening on 127.0.0.1:%d", &port) != 1)
		errx(EXIT_FAILURE, "%s does not say where it listens", program);
	return port; /* the pipe stays open: it may go on to say something */
}

struct server server_start(const char *program, int cpu)
{
	struct server server = { .program = program };
	int ends[2];

	if (pipe(ends) || (server.pid = fork()) < 0)
		err(EXIT_FAILURE, "%s", program);
	if (server.pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		end_with_parent();
		stay_on(cpu);
		execl(program, program, "--timeout", "600000", (char *)NULL);
		err(EXIT_FAILURE, "%s", program);
	}
	close(ends[1]);
	server.port = read_port(ends[0], program);
	return server;
}

double server_cpu_seconds(const struct server *server)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(server->pid, &clock) || clock_gettime(clock, &t))
		errx(EXIT_FAILURE, "%s has ended", server->program);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double server_memory(const struct server *server)
{
	char name[64], line[256];
	double bytes = 0;
	long kib;
	FILE *status;

	snprintf(name, sizeof name, "/proc/%ld/status", (long)server->pid);
	status = fopen(name, "r");
	while (status && fgets(line, sizeof line, status))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1 || sscanf(line, "VmPTE: %ld", &kib) == 1)
			bytes += 1024.0 * (double)kib;
	if (status)
		fclose(status);
	return bytes;
}

void server_stop(const struct server *server)
{
	int status;

	kill(server->pid, SIGTERM);
	if (waitpid(server->pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		errx(EXIT_FAILURE, "%s does not end well", server->program);
}
