/* examples/echo: the parser by itself, and the servers as processes that are talked to over 127.0.0.1 and stopped by SIGTERM. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_headers.h"
#include "examples/echo/request.h"

/* ---- Heads ----------------------------------------------------------------------------------------------------------- */

#define HOST "Host: x\r\n"

static int status_of(const char *head)
{
	struct request request;

	return read_head(head, strlen(head), &request);
}

static void heads_that_are_right_and_wrong(void **state)
{
	static const struct {
		int status;
		const char *head;
	} heads[] = {
		{ 0, "GET / HTTP/1.1\r\n" HOST "\r\n" },
		{ 0, "GET / HTTP/1.0\r\n\r\n" },
		{ 0, "GET / HTTP/1.9\r\nhost:\t x \t\r\nX-Y:\r\nZ: a:b \x80\r\n\r\n" },
		{ 0, "GET http://x/y HTTP/1.1\r\n" HOST "\r\n" },
		{ 0, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1048576\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST HOST "\r\n" },
		{ 400, "GET  / HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET / HTTP/1.1 \r\n" HOST "\r\n" },
		{ 400, "GET /\r\n" HOST "\r\n" },
		{ 400, "GET /\x7f HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "G(T / HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, " GET / HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET / HTTP/x.1\r\n" HOST "\r\n" },
		{ 400, "GET / http/1.1\r\n" HOST "\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST ": no name\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST "Content-Length: 1 1\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n" },
		{ 413, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n\r\n" },
		{ 413, "POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551617\r\n\r\n" },
		{ 417, "POST / HTTP/1.1\r\n" HOST "Expect: more\r\n\r\n" },
		{ 501, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" },
		{ 505, "GET / HTTP/2.0\r\n" HOST "\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (status_of(heads[i].head) != heads[i].status)
			fail_msg("%d, not %d: %s", status_of(heads[i].head), heads[i].status, heads[i].head);
}

static void what_a_head_says(void **state)
{
	static const char head[] = "PUT http://a.b/c?d HTTP/1.1\r\nHOST: a.b\r\nconnection: x , Close\r\nContent-Length: 012\r\nExpect: 100-Continue\r\n\r\n";
	struct request request;

	(void)state;
	assert_int_equal(read_head(head, sizeof head - 1, &request), 0);
	assert_true(slice_is(request.method, "PUT"));
	assert_true(slice_is(request.target, "/c?d"));
	assert_int_equal(request.content_length, 12);
	assert_false(request.keeps_alive);
	assert_true(request.expects_continue);
	assert_int_equal(status_of("GET http://a.b HTTP/1.1\r\n" HOST "\r\n"), 0);
	assert_int_equal(read_head("GET http://a HTTP/1.1\r\n" HOST "\r\n", 34, &request), 0);
	assert_true(slice_is(request.target, "/"));
	assert_true(request.keeps_alive);
}

static void a_head_ends_by_an_empty_line(void **state)
{
	static const char bytes[] = "GET / HTTP/1.1\r\nA: b\r\n\r\nmore\r\n\r\n";
	const size_t whole = sizeof "GET / HTTP/1.1\r\nA: b\r\n\r\n" - 1;
	size_t seen = 0;

	(void)state;
	for (size_t n = 0; n < whole; n++)
		assert_int_equal(head_size(bytes, n, &seen), 0);
	assert_int_equal(head_size(bytes, whole, &seen), whole);
	seen = 0;
	assert_int_equal(head_size(bytes, sizeof bytes - 1, &seen), whole);
	seen = 0;
	assert_int_equal(head_size("GET /\n", 6, &seen), 0);
	assert_true(seen == SIZE_MAX);
}

/* ---- Servers --------------------------------------------------------------------------------------------------------- */

static struct {
	pid_t pid;
	int port;
	FILE *said;
} server;

/* By what the tests run by, so that it is Valgrind's, too. */
static void start(const char *command)
{
	const char *run = getenv("RUN");
	char line[512];
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	server.pid = fork();
	if (server.pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		snprintf(line, sizeof line, "exec %s examples/echo/%s", run ? run : "", command);
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	server.said = fdopen(ends[0], "r");
	assert_non_null(fgets(line, sizeof line, server.said));
	assert_int_equal(sscanf(line, "listening on 127.0.0.1:%d", &server.port), 1);
}

static void assert_stops(const char *last_words)
{
	char line[256] = "";
	int status;

	assert_int_equal(waitpid(server.pid, &status, 0), server.pid);
	server.pid = 0;
	assert_int_equal(status, 0);
	assert_non_null(fgets(line, sizeof line, server.said));
	assert_string_equal(line, last_words);
}

static void stop(const char *last_words)
{
	kill(server.pid, SIGTERM);
	assert_stops(last_words);
}

static int clean_up(void **state)
{
	(void)state;
	if (server.pid > 0) {
		kill(server.pid, SIGKILL);
		waitpid(server.pid, NULL, 0);
	}
	if (server.said)
		fclose(server.said);
	memset(&server, 0, sizeof server);
	return 0;
}

static int try_to_connect(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)server.port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct timeval patience = { 120, 0 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

static int connected(void)
{
	int fd = try_to_connect();

	assert_true(fd >= 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (int)strlen(text));
}

/* What comes until the end, or until it ends with these words. */
static char heard[1 << 16];
static void hear(int fd, const char *until)
{
	size_t size = 0, words = until ? strlen(until) : 0;

	for (;;) {
		ssize_t n = recv(fd, heard + size, sizeof heard - size - 1, 0);

		assert_true(n >= 0);
		size += (size_t)n;
		heard[size] = '\0';
		if (until && size >= words && strcmp(heard + size - words, until) == 0)
			return;
		if (n == 0) {
			if (until)
				fail_msg("the end, and not %s, after: %s", until, heard);
			return;
		}
	}
}

static void assert_heard(const char *first_line)
{
	if (strncmp(heard, first_line, strlen(first_line)) != 0)
		fail_msg("not %s: %s", first_line, heard);
}

static void assert_ends(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	close(fd);
}

/* ---- Echo ------------------------------------------------------------------------------------------------------------ */

/* More than the system keeps for both ways: who only sends comes to a stop. */
static void send_back_much(void)
{
	enum { PIECE = 4096, PIECES = 512 };
	static char piece[PIECE], back[PIECE];
	int fd = connected();
	pid_t writer = fork();

	if (writer == 0) {
		for (int i = 0; i < PIECES; i++) {
			memset(piece, i, sizeof piece);
			if (send(fd, piece, sizeof piece, MSG_NOSIGNAL) != PIECE)
				_exit(1);
		}
		_exit(0);
	}
	for (int i = 0; i < PIECES; i++) {
		memset(piece, i, sizeof piece);
		assert_int_equal(recv(fd, back, sizeof back, MSG_WAITALL), PIECE);
		assert_memory_equal(back, piece, PIECE);
	}
	assert_int_equal(waitpid(writer, NULL, 0), writer);
	close(fd);
}

static void echo_on_many(const char *command, const char *last_words)
{
	enum { COUNT = 300 };
	int fds[COUNT];

	start(command);
	send_back_much();
	for (int i = 0; i < COUNT; i++)
		fds[i] = connected();
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < COUNT; i++)
			say(fds[i], "hello");
		for (int i = 0; i < COUNT; i++)
			hear(fds[i], "hello");
	}
	kill(server.pid, SIGTERM);
	for (int i = 0; i < COUNT; i++)
		assert_ends(fds[i]); /* idle: at once */
	assert_true(try_to_connect() < 0);
	assert_stops(last_words);
}

static void coroutines_echo(void **state)
{
	(void)state;
	echo_on_many("server", "stopped: 300 connections, 0 of them cut off\n");
}

static void callbacks_echo(void **state)
{
	(void)state;
	echo_on_many("callbacks", "stopped: 300 connections, 0 of them cut off\n");
}

static void the_idle_are_timed_out(void **state)
{
	const char *const commands[] = { "server --timeout 50", "callbacks --timeout 50", "server --http --timeout 50" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		start(commands[i]);
		assert_ends(connected());
		stop("stopped: 0 connections, 0 of them cut off\n");
		clean_up(NULL);
	}
}

/* Who does not read what is sent back. */
static void flood(int fd)
{
	static char much[1 << 16];

	while (send(fd, much, sizeof much, MSG_NOSIGNAL | MSG_DONTWAIT) > 0 || errno == EINTR)
		continue;
	for (int i = 0; i < 20; i++) { /* until the server has come to a stop, too */
		usleep(5000);
		while (send(fd, much, sizeof much, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
			i = 0;
	}
}

static void the_busy_are_cut_off_at_last(void **state)
{
	const char *const commands[] = { "server --grace 50", "callbacks --grace 50" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		int fd;

		start(commands[i]);
		fd = connected();
		flood(fd);
		stop("stopped: 1 connections, 1 of them cut off\n");
		close(fd);
		clean_up(NULL);
	}
}

static void a_port_is_said_and_refused(void **state)
{
	int status;
	char command[128];

	(void)state;
	start("server");
	snprintf(command, sizeof command, "examples/echo/callbacks --port %d >tests/test_echo.out 2>&1", server.port);
	status = system(command);
	remove("tests/test_echo.out");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	stop("stopped: 0 connections, 0 of them cut off\n");
}

/* ---- HTTP ------------------------------------------------------------------------------------------------------------ */

/* Everything that is answered, if nothing more is said. */
static void ask(const char *text)
{
	int fd = connected();

	say(fd, text);
	shutdown(fd, SHUT_WR);
	hear(fd, NULL);
	close(fd);
}

static char *long_text(const char *before, size_t size, const char *after)
{
	static char text[20000];

	memset(text, 'a', sizeof text);
	memcpy(text, before, strlen(before));
	memcpy(text + size, after, strlen(after) + 1);
	return text;
}

static void requests_and_answers(void **state)
{
	(void)state;
	start("server --http");
	ask("GET / HTTP/1.1\r\n" HOST "\r\n");
	assert_string_equal(heard, "HTTP/1.1 200 OK\r\nContent-Length: 14\r\nContent-Type: text/plain\r\n\r\nHello, world.\n");
	ask("HEAD / HTTP/1.1\r\n" HOST "\r\n");
	assert_string_equal(heard, "HTTP/1.1 200 OK\r\nContent-Length: 14\r\nContent-Type: text/plain\r\n\r\n");
	ask("GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n");
	assert_string_equal(heard, "HTTP/1.1 200 OK\r\nContent-Length: 14\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nHello, world.\n");
	ask("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc");
	assert_string_equal(heard, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\nabc");
	ask("GET /none HTTP/1.1\r\n" HOST "\r\n");
	assert_heard("HTTP/1.1 404 Not Found\r\n");
	ask("POST / HTTP/1.1\r\n" HOST "\r\n");
	assert_heard("HTTP/1.1 405 Method Not Allowed\r\n");
	assert_non_null(strstr(heard, "\r\nAllow: GET, HEAD\r\n"));
	ask("nonsense\r\n\r\n");
	assert_heard("HTTP/1.1 400 Bad Request\r\n");
	assert_non_null(strstr(heard, "\r\nConnection: close\r\n"));
	ask("GET / HTTP/1.1\nHost: x\n\n");
	assert_heard("HTTP/1.1 400 Bad Request\r\n");
	ask("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999\r\n\r\n");
	assert_heard("HTTP/1.1 413 Content Too Large\r\n");
	ask(long_text("GET /", 9000, " HTTP/1.1\r\n" HOST "\r\n"));
	assert_heard("HTTP/1.1 414 URI Too Long\r\n");
	ask(long_text("GET / HTTP/1.1\r\n" HOST "A: ", 9000, "\r\n\r\n"));
	assert_heard("HTTP/1.1 431 Request Header Fields Too Large\r\n");
	ask("GET / HTTP/1.1\r\n" HOST "Transf"); /* and that is all: no answer */
	assert_string_equal(heard, "");
	stop("stopped: 0 connections, 0 of them cut off\n");
}

static void one_after_the_other_on_one_connection(void **state)
{
	int fd;

	(void)state;
	start("server --http");
	ask("\r\nGET / HTTP/1.1\r\n" HOST "\r\nPOST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nfirstPOST /echo HTTP/1.1\r\n" HOST
	    "Content-Length: 6\r\nConnection: close\r\n\r\nsecondGET / HTTP/1.1\r\n" HOST "\r\n");
	assert_non_null(strstr(heard, "Hello, world.\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nfirstHTTP/1.1 200"));
	assert_string_equal(heard + strlen(heard) - strlen("second"), "second");
	fd = connected();
	for (const char *c = "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n"; *c; c++)
		say(fd, (char[]){ *c, '\0' });
	hear(fd, "HTTP/1.1 100 Continue\r\n\r\n");
	say(fd, "ab");
	say(fd, "cd");
	hear(fd, "\r\n\r\nabcd");
	say(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
	hear(fd, "Hello, world.\n");
	close(fd);
	stop("stopped: 0 connections, 0 of them cut off\n");
}

static void a_slow_request_is_a_408(void **state)
{
	static const char *const halves[] = { "GET / HT", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab" };

	(void)state;
	start("server --http --timeout 50");
	for (int i = 0; i < 2; i++) {
		int fd = connected();

		say(fd, halves[i]);
		hear(fd, "Request Timeout");
		assert_heard("HTTP/1.1 408 Request Timeout\r\n");
		close(fd);
	}
	stop("stopped: 0 connections, 0 of them cut off\n");
}

/* SIGTERM while one is idle and one sends its body: that one gets its answer, and then the end. */
static void an_exchange_may_end_after_sigterm(void **state)
{
	int idle, busy;

	(void)state;
	start("server --http --grace 1000000");
	idle = connected();
	say(idle, "GET / HTTP/1.1\r\n" HOST "\r\n");
	hear(idle, "Hello, world.\n");
	busy = connected();
	say(busy, "GET / HTTP/1.1\r\n" HOST "\r\nPOST /echo HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nfirst");
	hear(busy, "Hello, world.\n");
	kill(server.pid, SIGTERM);
	assert_ends(idle);
	assert_true(try_to_connect() < 0);
	say(busy, "-last");
	hear(busy, "first-last");
	assert_non_null(strstr(heard, "\r\nConnection: close\r\n"));
	assert_ends(busy);
	assert_stops("stopped: 2 connections, 0 of them cut off\n");
}

int main(void)
{
#define WITH_SERVER(test) cmocka_unit_test_teardown(test, clean_up)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_that_are_right_and_wrong),
		cmocka_unit_test(what_a_head_says),
		cmocka_unit_test(a_head_ends_by_an_empty_line),
		WITH_SERVER(coroutines_echo),
		WITH_SERVER(callbacks_echo),
		WITH_SERVER(the_idle_are_timed_out),
		WITH_SERVER(the_busy_are_cut_off_at_last),
		WITH_SERVER(a_port_is_said_and_refused),
		WITH_SERVER(requests_and_answers),
		WITH_SERVER(one_after_the_other_on_one_connection),
		WITH_SERVER(a_slow_request_is_a_408),
		WITH_SERVER(an_exchange_may_end_after_sigterm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
