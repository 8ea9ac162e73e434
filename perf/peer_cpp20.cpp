// A floor: a C++20 coroutine, which has a frame from the heap and no stack, and can't yield in a helper. With POOLED the frames
// have a pool of their own, the last one freed taken first.
#include <coroutine>
#include <exception>
#include <new>

#include "counting.h"

struct coroutine;

struct made {
	using promise_type = coroutine;
	coroutine *co;
};

struct coroutine {
	void *value; // on its way

	struct awaiter {
		coroutine *self;
		bool await_ready() const noexcept { return false; }
		void await_suspend(std::coroutine_handle<>) const noexcept {}
		void *await_resume() const noexcept { return self->value; }
	};

	made get_return_object() noexcept { return { this }; }
	std::suspend_always initial_suspend() noexcept { return {}; }
	std::suspend_always final_suspend() noexcept { return {}; }
	void unhandled_exception() { std::terminate(); }
	void return_value(void *last) noexcept { value = last; }
	awaiter yield_value(void *next) noexcept
	{
		value = next;
		return { this };
	}

#ifdef POOLED
	struct link { link *next; };
	static constexpr std::size_t ROOM = 128; // bytes: for any frame here
	static inline link *pool;

	static void *operator new(std::size_t size)
	{
		link *first = pool;

		if (size > ROOM || !first)
			return ::operator new(size > ROOM ? size : ROOM);
		pool = first->next;
		return first;
	}

	static void operator delete(void *frame, std::size_t size)
	{
		if (size > ROOM)
			::operator delete(frame);
		else
			pool = new (frame) link{ pool };
	}
#endif
};

typedef made coroutine_entry();

static inline coroutine *create(coroutine_entry *entry)
{
	return entry().co;
}

static inline void *resume(coroutine *co, void *value)
{
	co->value = value;
	std::coroutine_handle<coroutine>::from_promise(*co).resume();
	return co->value;
}

static inline void destroy(coroutine *co)
{
	std::coroutine_handle<coroutine>::from_promise(*co).destroy();
}

static inline void drop(coroutine *co)
{
	destroy(co);
}

// As everywhere, the first resumption brings NULL
static NOINLINE made count()
{
	void *value = nullptr;

	for (;;)
		value = co_yield one_up(value);
}

static NOINLINE made count_4()
{
	void *value = nullptr;

	for (;;) {
		value = co_yield one_up(value);
		value = co_yield one_up(value);
		value = co_yield one_up(value);
		value = co_yield one_up(value);
	}
}

static NOINLINE made once()
{
	void *value = co_yield one_up(nullptr);

	co_return one_up(value);
}

#define HAS_LIVES
#define HAS_MANY
#include "driving.h"

static size_t populate(void **all, size_t n)
{
	return fill(all, n, create);
}

extern "C" {
#ifdef POOLED
const struct peer peer_cpp20_pooled = {
	.library = "C++20 pooled",
	.prefix = "cpp20-pooled-",
	.round_trip = "round-trip",
	.about = "the same; frames from a pool of its promise type's",
	.works = works,
	.only = 1u << LIVES | 1u << FIRSTS,
	.populate = populate,
	.ours = false,
};
#else
const struct peer peer_cpp20 = {
	.library = "C++20",
	.prefix = "cpp20-",
	.round_trip = "round-trip",
	.about = "handle.resume() and co_yield; made by a call, its frame by operator new, ends by co_return, then handle.destroy()",
	.works = works,
	.only = 0,
	.populate = populate,
	.ours = false,
};
#endif
}
