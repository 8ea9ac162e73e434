/* segue/uv.h: coroutines that wait for libuv. A library of its own, libsegue-uv: pkg-config --cflags --libs segue-uv.
 *
 *     static SEGUE_ASYNC(echo, (uv_stream_t *, accepted))
 *     {
 *             SEGUE_UV_OWNER uv_stream_t *client = accepted;
 *             char buffer[1024];
 *
 *             for (;;) {
 *                     SEGUE_UV_TIMEOUT(idle, 30000);
 *                     size_t n = (size_t)SEGUE_TRY(segue_uv_read(client, buffer, sizeof buffer));
 *
 *                     if (n == 0)
 *                             return segue_value(NULL);
 *                     SEGUE_TRY(segue_uv_write(client, &(uv_buf_t){ buffer, n }, 1));
 *             }
 *     }
 *
 * A task is a coroutine that a loop drives. What it, and whatever it awaits, waits for are the functions here that say "waits":
 * they suspend the task, and libuv's callback resumes it. Each returns a value; or raises segue_UVError, or what was thrown into the
 * task meanwhile: GeneratorExit where it is cancelled, TimeoutError where a timeout has passed. Outside any task they raise
 * RuntimeError. In a task that is being cancelled they raise GeneratorExit at once if they would have to wait: cleanup can't wait.
 *
 * Nothing of a task's is in libuv's hands when one of these returns, whichever way: buffers and arguments may lie on its stack. Handles may
 * not, since libuv keeps one for a while after uv_close(), and a coroutine that is closed can't wait so long. So handles lie in memory of
 * malloc()'s, as those do that are made here; segue_uv_close() and segue_uv_drop() free it. A handle's `data` is the adapter's, NULL at first.
 *
 * Threads: a loop, its handles, groups, tasks and their coroutines belong to the thread that runs the loop. Another one calls
 * uv_async_send(), and nothing else here. Nothing is async-signal-safe. For Unix: elsewhere libuv reads into buffers in the background.
 */
#ifndef SEGUE_UV_H
#define SEGUE_UV_H

#include <stdint.h>
#include <string.h>
#include <segue.h>
#include <uv.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__
#pragma GCC visibility push(default)
#endif

/* ---- Errors ---------------------------------------------------------------------------------------------------------- */

extern const segue_type segue_UVError;        /* its value is libuv's code: segue_uv_code() */
extern const segue_type segue_TimeoutError;   /* a timeout has passed; its value is NULL */
extern const segue_type segue_CancelledError; /* what was awaited was a task that was cancelled; its value is NULL */

/** What a function of libuv returned, as a result: UVError if it is negative, else a value.
 *
 *     SEGUE_TRY(segue_uv_result(uv_tcp_nodelay(client, 1)));
 *
 * Since: 0.1
 */
segue_result segue_uv_result(intptr_t code);

/** The code of a UVError, a negative one of libuv's: UV_ECONNRESET; 0 of anything else. Since: 0.1 */
int segue_uv_code(segue_result r);

/** What an exception says: uv_strerror()'s text of a UVError, segue_message() of the others, or NULL. Static, but that libuv
 * allocates one for a code that it doesn't know. Since: 0.1 */
const char *segue_uv_message(segue_result r);

/* ---- Tasks ----------------------------------------------------------------------------------------------------------- */

/** Tasks on a loop that are reported, awaited and cancelled together. */
typedef struct segue_uv_group segue_uv_group;

/** A coroutine that a loop drives. It can be awaited: segue_await(task) waits for its end, drops the reference, and gives what it
 * returned or raised, CancelledError if it was cancelled. Only once: then RuntimeError. Who is cancelled while awaiting it leaves it
 * running. References: segue_object_ref(), segue_object_unref(). */
typedef struct segue_uv_task segue_uv_task;

/** Told of an exception that nobody will see: a task raised it, and its last reference went before it was awaited. `co` has ended, and
 * may be looked at, but not kept. The value is released after it. */
typedef void segue_uv_failed(void *arg, segue_coroutine *co, segue_result what);

/** Makes a group without tasks.
 *
 * @param failed  NULL: such exceptions are printed to stderr
 *
 * Returns NULL with errno ENOMEM. Cost: an allocation.
 * Since: 0.1
 */
segue_uv_group *segue_uv_group_new(uv_loop_t *loop, segue_uv_failed *failed, void *arg);

/** Cancels a group's tasks, and frees it as soon as the loop has let go of its handles. NULL: nothing.
 * Not from one of its own tasks. Since: 0.1 */
void segue_uv_group_free(segue_uv_group *group);

/** Cancels each of a group's tasks, but the one that calls it. Tasks that are spawned meanwhile are left alone. Since: 0.1 */
void segue_uv_group_cancel(segue_uv_group *group);

/** How many tasks of a group have not ended. Since: 0.1 */
size_t segue_uv_group_count(const segue_uv_group *group);

/** Waits until a group has no tasks left. One task may wait so at a time, which is not one of the group's: else RuntimeError.
 * Since: 0.1 */
segue_result segue_uv_group_wait(segue_uv_group *group);

/** Runs a coroutine as a task, at once, up to where it first waits.
 *
 * @param group  NULL: the running task's
 * @param co     its reference is taken in every case; nobody else may send to it, throw into it or close it. What it yields by itself,
 *               with segue_yield(NULL), lets the loop go round once; any other value raises RuntimeError at the yield.
 *
 * Returns a task, one reference, for the caller to await or to drop; or NULL, which raises MemoryError where it is awaited: with errno
 * ENOMEM; EINVAL without a group; what it was before, if co is NULL.
 * Cost: an allocation. Source: asyncio.create_task(), with its eager_start. Since: 0.1
 */
segue_uv_task *segue_uv_start(segue_uv_group *group, segue_coroutine *co);

/** The same, for a task that nobody awaits. Returns 0, or a negative code of libuv's. Since: 0.1 */
int segue_uv_spawn(segue_uv_group *group, segue_coroutine *co);

/** Closes a task's coroutine: GeneratorExit is raised where it waits, and it has ended when this returns. One that runs is closed when it
 * next waits. One that has ended: nothing. One that ignores it ends too, with RuntimeError. Since: 0.1 */
void segue_uv_cancel(segue_uv_task *task);

/** The running task, borrowed; NULL outside any. Since: 0.1 */
segue_uv_task *segue_uv_current(void);

/** Runs a coroutine as a task of a new group, and the loop until that task ends; then cancels the others of the group and frees it.
 *
 * Returns what co returned or raised; MemoryError where there is no memory, or co is NULL; RuntimeError if the loop had nothing left to
 * wait for, or was stopped, before co's end: it is cancelled then.
 * Source: asyncio.run(). Since: 0.1
 */
segue_result segue_uv_run(uv_loop_t *loop, segue_coroutine *co);

/* ---- Time ------------------------------------------------------------------------------------------------------------ */

/** Waits for so many milliseconds; 0: lets the loop go round once. Cost: no allocation, and no timer of libuv's by itself. Since: 0.1 */
segue_result segue_uv_sleep(uint64_t ms);

/** A timeout of the running task: its words are the adapter's. It lies on the stack of who began it. */
typedef struct segue_uv_timeout {
	uint64_t due;
	struct segue_uv_timeout *outer, **link;
	segue_uv_task *task;
	int is_set, has_passed;
} segue_uv_timeout;

/** From now on, until the end of the block: TimeoutError is raised in the running task, once, when `ms` milliseconds have passed.
 * A declaration, of a segue_uv_timeout named `name`. */
#define SEGUE_UV_TIMEOUT(name, ms)                                                    \
	segue_uv_timeout name __attribute__((__cleanup__(segue_uv_timeout_end)));     \
	segue_uv_timeout_begin(&name, ms)

/** The two ends of it. Timeouts nest; the one that passes first raises, at whatever the task waits for by then, in a coroutine that
 * it awaits, too. A timeout that ended, or has passed, raises nothing any more. Outside any task it never passes.
 *
 * @param ms  from the loop's present time, uv_now(); UINT64_MAX: never
 *
 * Cost: a few stores; no allocation, and as a rule no timer of libuv's is touched. Source: asyncio.timeout(). Since: 0.1
 */
void segue_uv_timeout_begin(segue_uv_timeout *timeout, uint64_t ms);
void segue_uv_timeout_end(segue_uv_timeout *timeout);

/** Whether this is the timeout that raised TimeoutError. Since: 0.1 */
int segue_uv_timeout_passed(const segue_uv_timeout *timeout);

/* ---- Handles --------------------------------------------------------------------------------------------------------- */

/** Make handles, in memory of malloc()'s. Return NULL with errno. Since: 0.1 */
uv_tcp_t *segue_uv_tcp_new(uv_loop_t *loop);
uv_pipe_t *segue_uv_pipe_new(uv_loop_t *loop, int ipc);

/** Closes a handle and frees it, and waits until that is done. Who waits for the handle in another task gets UVError with UV_ECANCELED
 * before, and must not use it any more. Whichever way this returns, the handle is the caller's no longer; where it can't wait, it is
 * freed later, as by segue_uv_drop().
 *
 * @param handle  of any type of libuv's, not closing yet; NULL: nothing
 *
 * Since: 0.1
 */
segue_result segue_uv_close(void *handle);

/** The same, without waiting: for cleanup, and outside of tasks. A socket's descriptor is closed at once. Since: 0.1 */
void segue_uv_drop(void *handle);

/** An attribute for a pointer to a handle, or NULL: segue_uv_drop()s that as it goes out of scope. */
#define SEGUE_UV_OWNER __attribute__((__cleanup__(segue_uv_drop_variable)))

static inline void segue_uv_drop_variable(void *variable)
{
	void *handle;

	memcpy(&handle, variable, sizeof handle);
	segue_uv_drop(handle);
}

/* ---- Streams --------------------------------------------------------------------------------------------------------- */

/** Waits for something to read. Nothing is read from the stream but what is waited for here, so that a peer that is not read from comes
 * to a stop. One task at a time on one stream: else RuntimeError.
 *
 * @param size  not 0: else UVError with UV_EINVAL
 *
 * Returns how many bytes were read, as a uintptr_t; 0 at the stream's end.
 * Cost: a switch each way. The stream stays polled between two reads, until something comes, and so may keep the loop running: close
 * it. Since: 0.1
 */
segue_result segue_uv_read(uv_stream_t *stream, void *buffer, size_t size);

/** Writes all of these buffers: what the stream takes at once without waiting, and the rest as the peer makes room. Two tasks that write to
 * one stream must take turns. If it does not return a value, how much was written isn't said, and the stream is good for nothing
 * but closing; up to 16 KiB more may go out until that.
 *
 * Returns a value, NULL. Cost: one system call where the stream takes all at once; else an allocation, and a copy of 16 KiB each
 * time it waits. Since: 0.1
 */
segue_result segue_uv_write(uv_stream_t *stream, const uv_buf_t *buffers, unsigned count);

/** Waits until all that was written has gone to the system, and tells the peer that no more comes. Cost: an allocation. Since: 0.1 */
segue_result segue_uv_shutdown(uv_stream_t *stream);

/** uv_listen(), with a callback for segue_uv_accept(). Returns 0, or a negative code of libuv's. Since: 0.1 */
int segue_uv_listen(uv_stream_t *listener, int backlog);

/** Waits for a connection. One task at a time on one listener: else RuntimeError. Connections are taken from the system one by one, as they
 * are accepted here.
 *
 * @param listener  a uv_tcp_t or a uv_pipe_t that segue_uv_listen() was called with
 *
 * Returns a uv_stream_t *, a new handle of the listener's type, for the caller to close. UVError with UV_EMFILE, or another, may pass
 * with time: a server waits a little and goes on.
 * Since: 0.1
 */
segue_result segue_uv_accept(uv_stream_t *listener);

/** Wait for a connection to an address; to a name in the file system. If they don't return a value, the handle is good for nothing but
 * closing. Return a value, NULL. Cost: an allocation. Since: 0.1 */
segue_result segue_uv_connect(uv_tcp_t *handle, const struct sockaddr *address);
segue_result segue_uv_connect_pipe(uv_pipe_t *handle, const char *name);

/* ---- Others ---------------------------------------------------------------------------------------------------------- */

/** Waits for the addresses of a name: uv_getaddrinfo(). Returns a struct addrinfo *, for the caller to uv_freeaddrinfo(). Since: 0.1 */
segue_result segue_uv_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints);

/** Waits for a signal: that one is caught while this waits, and has its former effect after. Returns a value, NULL. Since: 0.1 */
segue_result segue_uv_signal(int number);

#if defined __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
