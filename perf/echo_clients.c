/* The clients of an echo server: one process, epoll, one message under way on each connection. */
#define _GNU_SOURCE
#include "echo.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 1024, SIZE_MOST = 65536 };
static const double patience = 150; /* seconds until all that is under way has to be back */

static struct peer {
	int fd;
	int received; /* bytes of the message */
	uint64_t sent_ns;
} *peers;
static int count, size, poller;
static char message[SIZE_MOST], received[SIZE_MOST];

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- Latencies ------------------------------------------------------------------------------------------------------- */

static int index_of(uint64_t ns)
{
	int power = ns < STEPS ? 0 : 63 - __builtin_clzll(ns) - 5; /* so that ns >> power is in [32, 64) */

	return power * STEPS + (int)(ns >> power);
}

double latency_below(const struct burst *burst, double share)
{
	uint64_t left = (uint64_t)ceil((double)burst->trips * share);

	for (int i = 0; i < LATENCIES; i++) {
		if (burst->latencies[i] >= left)
			return ldexp(i % STEPS + 0.5, i / STEPS);
		left -= burst->latencies[i];
	}
	return NAN;
}

/* ---- Round trips ----------------------------------------------------------------------------------------------------- */

static void send_message(struct peer *peer, uint64_t now)
{
	peer->sent_ns = now;
	peer->received = 0;
	if (send(peer->fd, message, (size_t)size, MSG_NOSIGNAL) != size)
		err(EXIT_FAILURE, "a client can't send");
}

/* Whether that makes its message whole. */
static bool receive(struct peer *peer)
{
	ssize_t n = recv(peer->fd, received, (size_t)(size - peer->received), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0)
		err(EXIT_FAILURE, "the server has ended a connection");
	if (memcmp(received, message + peer->received, (size_t)n) != 0)
		errx(EXIT_FAILURE, "what came back is not what was sent");
	peer->received += (int)n;
	return peer->received == size;
}

/* Until `end`, and until the first is back, each one that is back goes out again; what is under way by then is waited for, and not
   counted. */
static void go_round(uint64_t end, struct burst *burst)
{
	struct epoll_event events[EVENTS];
	uint64_t start = now_ns(), now = start;
	int under_way = count;

	for (int i = 0; i < count; i++)
		send_message(&peers[i], now_ns());
	while (under_way) {
		int n = epoll_wait(poller, events, EVENTS, (int)(patience * 1000));

		if (n == 0 || (n < 0 && errno != EINTR))
			errx(EXIT_FAILURE, "%d of %d messages did not come back", under_way, count);
		for (int i = 0; i < n; i++) {
			struct peer *peer = events[i].data.ptr;

			if (!receive(peer))
				continue;
			now = now_ns();
			if (now < end || !burst->trips) {
				end = now < end ? end : now;
				burst->trips++;
				burst->latencies[index_of(now - peer->sent_ns)]++;
				send_message(peer, now);
			} else {
				under_way--;
			}
		}
	}
	burst->seconds = (double)(end - start) / 1e9;
}

/* ---- The process ----------------------------------------------------------------------------------------------------- */

static void allow_descriptors(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < (rlim_t)count + 16)
		errx(EXIT_FAILURE, "%d connections want more descriptors than the hard limit, %llu (ulimit -Hn)", count,
		     (unsigned long long)limit.rlim_max);
}

/* Closed by a reset, it does not linger in TIME_WAIT. */
static void open_connection(struct peer *peer, int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = peer } };

	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (peer->fd < 0 || connect(peer->fd, (struct sockaddr *)&address, sizeof address))
		err(EXIT_FAILURE, "connection %d", (int)(peer - peers) + 1);
	setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
	setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (epoll_ctl(poller, EPOLL_CTL_ADD, peer->fd, &event))
		err(EXIT_FAILURE, "epoll");
}

static _Noreturn void obey(int port, int orders, int answers)
{
	static struct burst burst;
	double seconds = 0;

	allow_descriptors();
	poller = epoll_create1(EPOLL_CLOEXEC);
	peers = calloc((size_t)count, sizeof *peers);
	if (poller < 0 || !peers)
		err(EXIT_FAILURE, "clients");
	for (int i = 0; i < size; i++)
		message[i] = (char)(i * 7 + 1);
	for (int i = 0; i < count; i++)
		open_connection(&peers[i], port);
	do {
		memset(&burst, 0, sizeof burst);
		go_round(now_ns() + (uint64_t)(seconds * 1e9), &burst);
		if (write(answers, &burst, sizeof burst) != sizeof burst)
			_exit(EXIT_FAILURE);
	} while (read(orders, &seconds, sizeof seconds) == sizeof seconds && seconds > 0);
	_exit(EXIT_SUCCESS); /* what the parent has not printed yet is the parent's */
}

static void read_burst(const struct clients *clients, struct burst *burst)
{
	size_t done = 0;

	for (ssize_t n; done < sizeof *burst; done += (size_t)n) {
		n = read(clients->answers, (char *)burst + done, sizeof *burst - done);
		if (n <= 0)
			errx(EXIT_FAILURE, "the clients have failed");
	}
}

struct clients clients_start(int port, int connections, int bytes, int cpu)
{
	struct clients clients;
	struct burst first;
	int orders[2], answers[2];

	if (bytes > SIZE_MOST)
		errx(2, "no more than %d bytes", SIZE_MOST);
	if (pipe(orders) || pipe(answers) || (clients.pid = fork()) < 0)
		err(EXIT_FAILURE, "clients");
	if (clients.pid == 0) {
		close(orders[1]);
		close(answers[0]);
		end_with_parent();
		stay_on(cpu);
		count = connections;
		size = bytes;
		obey(port, orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	clients.orders = orders[1];
	clients.answers = answers[0];
	read_burst(&clients, &first);
	return clients;
}

void clients_burst(const struct clients *clients, double seconds, struct burst *burst)
{
	if (write(clients->orders, &seconds, sizeof seconds) != sizeof seconds)
		err(EXIT_FAILURE, "clients");
	read_burst(clients, burst);
}

void clients_stop(const struct clients *clients)
{
	static const double no_more = 0;
	int status;

	if (write(clients->orders, &no_more, sizeof no_more) != sizeof no_more || waitpid(clients->pid, &status, 0) < 0 || status)
		errx(EXIT_FAILURE, "the clients have failed");
	close(clients->orders);
	close(clients->answers);
}
