/* segue.hpp: what the C++ runtime knows of exceptions is each body's own: exceptions that are handled, by catch blocks that yield, await
 * and send, those in flight, while destructors do, and, on ARM, what cleanups are under way for. */
#include <segue.hpp>
#include "check.h"

#include <cerrno>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <pthread.h>

using segue::coroutine;
using segue::generator;

namespace {

/* Whether the exception that is being handled is this one: by the runtime's list, and by throwing it again */
bool handles(const std::string &what)
{
	std::exception_ptr current = std::current_exception();
	std::string rethrown, found;

	if (!current)
		return what.empty();
	try {
		throw;
	} catch (const std::exception &e) {
		rethrown = e.what();
	}
	try {
		std::rethrow_exception(current);
	} catch (const std::exception &e) {
		found = e.what();
	}
	return rethrown == what && found == what;
}

bool idle()
{
	return !std::current_exception() && std::uncaught_exceptions() == 0;
}

/* Yields so many times in a catch block, and within that in another */
void yield_in_catch(const std::string &name, int times)
{
	CHECK(idle());
	try {
		throw std::runtime_error(name);
	} catch (const std::exception &outer) {
		for (int i = 0; i < times; i++) {
			segue::yield(i);
			CHECK(handles(name) && outer.what() == name);
		}
		try {
			throw std::logic_error(name + "'s inner");
		} catch (const std::exception &) {
			for (int i = 0; i < times; i++) {
				segue::yield(i);
				CHECK(handles(name + "'s inner"));
			}
		}
		CHECK(handles(name));
	}
	CHECK(idle());
}

void catch_blocks_that_yield_do_not_mix()
{
	generator<int> a(yield_in_catch, "a", 3), b(yield_in_catch, "b", 2);

	a.next();
	try {
		throw std::runtime_error("main");
	} catch (const std::exception &) {
		b.next();
		CHECK(handles("main"));
		a.next();
		CHECK(handles("main"));
		try {
			throw std::runtime_error("main's inner");
		} catch (const std::exception &) {
			b.next();
			a.next();
			CHECK(handles("main's inner"));
		}
		CHECK(handles("main"));
		while (a.next())
			CHECK(handles("main"));
	}
	CHECK(idle());
	while (b.next())
		CHECK(idle());
	CHECK(idle());
}

/* A chain, of which each handles an exception of its own, and so does whoever sends, another one each time */
void await_in_catch(int depth)
{
	std::string name = "depth " + std::to_string(depth);

	CHECK(idle());
	try {
		throw std::runtime_error(name);
	} catch (const std::exception &) {
		if (depth == 0)
			segue::await(generator<int>(yield_in_catch, name + "'s", 2));
		else
			segue::await(generator<int>(await_in_catch, depth - 1));
		CHECK(handles(name));
		segue::yield(depth);
		CHECK(handles(name));
	}
	CHECK(idle());
}

void catch_blocks_that_await_do_not_mix()
{
	generator<int> co(await_in_catch, 3);
	int sends = 0;

	for (bool going = true; going; sends++) {
		std::string name = "sender " + std::to_string(sends);
		try {
			throw std::runtime_error(name);
		} catch (const std::exception &) {
			going = static_cast<bool>(co.next());
			CHECK(handles(name));
		}
		CHECK(idle());
		if (going && sends % 3 == 1)
			going = static_cast<bool>(co.next());
		CHECK(idle());
	}
	CHECK(co.state() == SEGUE_CLOSED);
}

/* An exception comes out of a chain into a body that handles another one, and so on to the sender */
void exceptions_pass_through_catch_blocks_that_await()
{
	coroutine<> outer([] {
		try {
			throw std::runtime_error("mine");
		} catch (const std::exception &) {
			CHECK(throws<std::logic_error>([] {
				segue::await(coroutine<>([] {
					segue::yield();
					CHECK(idle());
					throw std::logic_error("its");
				}));
			}));
			CHECK(handles("mine"));
			throw;
		}
	});
	try {
		throw std::runtime_error("main");
	} catch (const std::exception &) {
		outer.next();
		CHECK(handles("main"));
		CHECK(throws<std::runtime_error>([&] { outer.next(); }, [](auto &e) { return e.what() == std::string("mine"); }));
		CHECK(handles("main"));
	}
	CHECK(idle());
}

/* As a destructor, while an exception is in flight: calls what it was given */
template <class F> struct finally {
	F f;
	explicit finally(F f) : f(f) {}
	~finally()
	{
		f();
	}
};

void a_destructor_in_flight_sends()
{
	generator<int> co([] {
		for (int i = 0;; i++) {
			CHECK(idle());
			try {
				finally in_flight([] { CHECK(std::uncaught_exceptions() == 1); });
				throw std::logic_error("inside");
			} catch (const std::exception &) {
				CHECK(handles("inside") && std::uncaught_exceptions() == 0);
				segue::yield(i);
				CHECK(handles("inside") && std::uncaught_exceptions() == 0);
			}
		}
	});
	bool ran = false;

	try {
		finally sends([&] {
			CHECK(std::uncaught_exceptions() == 1);
			CHECK(*co.next() == 0 && *co.next() == 1);
			CHECK(std::uncaught_exceptions() == 1 && !std::current_exception());
			ran = true;
		});
		throw std::runtime_error("outside");
	} catch (const std::exception &) {
		CHECK(ran && handles("outside") && std::uncaught_exceptions() == 0);
		co.close();
		CHECK(handles("outside") && std::uncaught_exceptions() == 0);
	}
	CHECK(idle());
}

/* Bodies that yield from destructors while an exception is in flight, and go on in another order. Where the frame has no catch block, on
   ARM a cleanup is then under way. */
__attribute__((__noinline__)) void throw_through_one()
{
	finally innermost([] {
		CHECK(std::uncaught_exceptions() == 2);
		segue::yield(3);
		CHECK(std::uncaught_exceptions() == 2);
	});
	throw std::logic_error("in between");
}

__attribute__((__noinline__)) void throw_through_two(const std::string &name)
{
	finally outer([&] {
		CHECK(std::uncaught_exceptions() == 1);
		segue::yield(2);
		CHECK(std::uncaught_exceptions() == 1);
	});
	finally inner([&] {
		CHECK(std::uncaught_exceptions() == 1);
		segue::yield(1);
		CHECK(std::uncaught_exceptions() == 1);
		CHECK(throws<std::logic_error>(throw_through_one));
	});
	throw std::runtime_error(name);
}

void destructors_in_flight_yield()
{
	auto body = [](const std::string &name) {
		try {
			throw_through_two(name);
		} catch (const std::exception &) {
			CHECK(handles(name) && std::uncaught_exceptions() == 0);
		}
		CHECK(idle());
	};
	generator<int> a(body, "a"), b(body, "b"), c(body, "c");

	CHECK(*a.next() == 1 && *b.next() == 1 && idle());
	CHECK(*a.next() == 3 && idle());
	try {
		finally in_flight([&] {
			CHECK(*c.next() == 1 && *a.next() == 2 && std::uncaught_exceptions() == 1);
			CHECK(*b.next() == 3 && *c.next() == 3 && std::uncaught_exceptions() == 1);
		});
		throw std::runtime_error("main");
	} catch (const std::exception &) {
		CHECK(handles("main"));
		CHECK(!a.next() && *c.next() == 2 && *b.next() == 2);
		CHECK(handles("main") && std::uncaught_exceptions() == 0);
	}
	CHECK(idle());
	CHECK(!b.next() && !c.next() && idle());
}

void bodies_are_closed_wherever_they_are()
{
	for (int steps = 1; steps <= 4; steps++) {
		generator<int> a(yield_in_catch, "a", 2), b(await_in_catch, 2);
		try {
			finally drops([&] {
				for (int i = 0; i < steps; i++)
					a.next(), b.next();
				a.close();
				CHECK(std::uncaught_exceptions() == 1);
				b.reset();
				CHECK(std::uncaught_exceptions() == 1);
			});
			throw std::runtime_error("main");
		} catch (const std::exception &) {
			CHECK(handles("main") && std::uncaught_exceptions() == 0);
		}
		CHECK(idle());
	}
}

/* C resumes, closes and drops: nothing of segue.hpp is on that side */
void c_resumes_from_within_a_catch_block()
{
	segue_coroutine *a = generator<int>(yield_in_catch, "a", 2).release();
	segue_coroutine *b = generator<int>(await_in_catch, 2).release();
	segue_coroutine *c = generator<int>(yield_in_catch, "c", 1).release();

	try {
		finally drives([&] {
			segue_send(a, nullptr);
			segue_send(b, nullptr);
			CHECK(std::uncaught_exceptions() == 1 && !std::current_exception());
		});
		throw std::runtime_error("main");
	} catch (const std::exception &) {
		CHECK(handles("main"));
		segue_send(c, nullptr);
		CHECK(handles("main"));
		while (!segue_send(a, nullptr).raised)
			CHECK(handles("main"));
		segue_send(b, nullptr);
		segue_close(b);
		CHECK(handles("main"));
		segue_unref(a);
		segue_unref(b);
		segue_unref(c);
		CHECK(handles("main") && std::uncaught_exceptions() == 0);
	}
	CHECK(idle());
}

/* C's coroutines between those of C++, which run as their resumer or awaiter does */
segue_result c_awaits(void *inner)
{
	SEGUE_TRY(segue_yield(nullptr));
	return segue_await(inner);
}

void c_coroutines_stand_between()
{
	using raw = coroutine<void *, void *>;
	auto leaf = [] {
		try {
			throw std::runtime_error("leaf");
		} catch (const std::exception &) {
			segue::yield<void *>(static_cast<void *>(nullptr));
			CHECK(handles("leaf"));
		}
	};
	raw outer([&] {
		try {
			throw std::runtime_error("outer");
		} catch (const std::exception &) {
			segue::await(segue_coroutine_new(c_awaits, raw(leaf).release()));
			CHECK(handles("outer"));
		}
	});
	for (bool going = true; going;)
		try {
			throw std::runtime_error("main");
		} catch (const std::exception &) {
			going = static_cast<bool>(outer.next());
			CHECK(handles("main"));
		}
	CHECK(idle());
}

/* What a body leaves behind that C's yield suspends, its resumer here does not get */
void who_sends_here_keeps_its_own()
{
	coroutine<> co([] {
		try {
			throw std::runtime_error("inside");
		} catch (const std::exception &) {
			segue_yield(nullptr);
		}
	});
	try {
		throw std::runtime_error("main");
	} catch (const std::exception &) {
		co.next();
		CHECK(handles("main"));
	}
	CHECK(idle());
	segue_unref(segue_ref(co.release())); /* not to be resumed */
}

template <class F> void on_another_thread(F f)
{
	std::thread(f).join();
}

void catch_blocks_move_between_threads()
{
	generator<int> a(yield_in_catch, "a", 20), b(await_in_catch, 3);

	for (int i = 0; i < 20; i++) {
		auto step = [&] {
			try {
				throw std::runtime_error("thread");
			} catch (const std::exception &) {
				a.next();
				CHECK(handles("thread"));
				b.next();
				CHECK(handles("thread"));
			}
			CHECK(idle());
		};
		if (i % 2)
			step();
		else
			on_another_thread(step);
		CHECK(idle());
	}
	on_another_thread([&] { a.close(); });
	CHECK(idle());
}

/* Forced unwinding is glibc's and libgcc's affair; with LLVM's libunwind beside it a plain function does not survive it */
#if defined __GLIBC__ && defined __GLIBCXX__
#define FORCED_UNWINDING 1
#endif
#if FORCED_UNWINDING
/* ---- No catch block keeps it, and it comes by all frames, of bodies and of who resumed them ------------------------ */

struct cancelled {
	std::string unwound;
	bool exits;

	struct frame {
		cancelled &of;
		char name;
		~frame()
		{
			of.unwound += name;
		}
	};

	void end()
	{
		frame f{ *this, 'a' };
		if (exits)
			pthread_exit(PTHREAD_CANCELED);
		pthread_cancel(pthread_self());
		for (;;)
			pthread_testcancel();
	}

	void run()
	{
		frame f{ *this, 'd' };
		coroutine<> co([this] {
			frame f{ *this, 'c' };
			segue::await(coroutine<>([this] {
				frame f{ *this, 'b' };
				segue::yield();
				end();
			}));
		});
		co.next();
		co.next();
		f.name = '!';
	}
};

void *run_cancelled(void *of)
{
	static_cast<cancelled *>(of)->run();
	return nullptr;
}

void a_cancelled_thread_unwinds_all()
{
	for (int exits = 0; exits <= 1; exits++) {
		cancelled c = { "", exits == 1 };
		pthread_t thread;
		void *result = nullptr;

		pthread_create(&thread, nullptr, run_cancelled, &c);
		pthread_join(thread, &result);
		CHECK(result == PTHREAD_CANCELED);
		CHECK(c.unwound == "abcd");
	}
}
#endif

}

int main()
{
	catch_blocks_that_yield_do_not_mix();
	catch_blocks_that_await_do_not_mix();
	exceptions_pass_through_catch_blocks_that_await();
	a_destructor_in_flight_sends();
	destructors_in_flight_yield();
	bodies_are_closed_wherever_they_are();
	c_resumes_from_within_a_catch_block();
	c_coroutines_stand_between();
	catch_blocks_move_between_threads();
	who_sends_here_keeps_its_own();
#if FORCED_UNWINDING
	a_cancelled_thread_unwinds_all();
#endif
	std::printf("%d checks, %d failed\n", checked, failed);
	return failed != 0;
}
