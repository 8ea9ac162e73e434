/* segue.hpp: coroutines for C++17 and later. Header only; the library is segue.h's.
 *
 *     segue::generator<int> numbers(int end)
 *     {
 *             return segue::generator<int>([end] {
 *                     for (int i = 0; i < end; i++)
 *                             segue::yield(i);
 *             });
 *     }
 *     for (int i : numbers(3))
 *             std::cout << i << '\n';
 *
 * A body is any callable. It may yield and await at any depth of calls. What it yields and what is sent are objects on the frames of
 * who yields and who sends: nothing is copied, and nothing allocated, on the way. close(), a last reference that goes, and what is thrown in
 * surface at the yield as C++ exceptions, so destructors run; an exception that leaves a body goes on in whoever resumed it.
 *
 * C sees the same coroutines: a C++ exception is a raised result of a type of its own, which segue_discard() releases. Exceptions of the
 * library's, and C's, are segue::exception here; GeneratorExit is segue::generator_exit. Whether <segue/inline.h> is included before
 * changes nothing but speed.
 *
 * The C++ runtime keeps, for each thread, which exceptions are being handled and how many are in flight. Each body has a copy of its
 * own: it starts with none, takes its copy along from thread to thread, and gives its resumer's back wherever it is left. So a catch
 * block may yield, await and send, and std::uncaught_exceptions() and std::current_exception() are those of the body that asks, whoever
 * resumes it, C too. This is done where a body yields and awaits by the functions below. C's own segue_yield(), segue_await() and the like
 * know nothing of it: what calls those must not be, and must not be called by, a body with an exception in hand.
 *
 * catch (...) also catches generator_exit: rethrow it. A body that goes on to yield is left suspended, and close() raises RuntimeError
 * "coroutine ignored GeneratorExit", as in Python. A destructor that yields can't let it out, being noexcept.
 *
 * pthread_cancel() and pthread_exit() inside a body unwind its frames and then those of its resumers, to the thread's end, as if there
 * were one stack (glibc); the coroutines that ran count as running for ever, and their stacks are not used again. A body that recovers from
 * an overflow (SEGUE_RECOVER_OVERFLOW) is abandoned, and runs no destructors.
 *
 * Threads, and what a move to another thread means: as in segue.h.
 */
#ifndef SEGUE_HPP
#define SEGUE_HPP

#if !defined __cplusplus || __cplusplus < 201703L
#error "segue.hpp needs C++17"
#elif !defined __cpp_exceptions
#error "segue.hpp needs exceptions: close() and what is thrown in are C++ exceptions. Without them there is segue.h"
#endif

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include <segue.h>

#ifdef __has_feature
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define SEGUE_DETAIL_UNPOISON(object) __msan_unpoison(&(object), sizeof(object))
#endif
#endif
#ifndef SEGUE_DETAIL_UNPOISON
#define SEGUE_DETAIL_UNPOISON(object) (void)0
#endif

#pragma GCC visibility push(default)
namespace segue {

/* ---- Exceptions -------------------------------------------------------------------------------------------------- */

/** The coroutine is being closed. No std::exception, as Python's is no Exception. Since: 0.1 */
struct generator_exit final {};

/** An exception that is no C++ object: the library's, or one that C raised or threw in. Thrown out of a body it is that again.
 *
 * Its value is owned: the type's release() gets it when the last copy goes, unless it was taken, or went on as a result.
 * Since: 0.1
 */
class exception final : public std::exception {
public:
	/** @param type  not NULL, nor StopIteration out of a body; @param value  owned from here on */
	explicit exception(const segue_type *type, void *value = nullptr) : raised_{ type, value }
	{
		if (!type->release)
			return;
		try {
			owned_ = std::make_shared<owned>();
		} catch (...) {
			segue_discard(raised_);
			throw;
		}
		owned_->result = raised_;
	}

	const segue_type *type() const noexcept
	{
		return raised_.raised;
	}

	/** NULL when it has been taken. */
	void *value() const noexcept
	{
		return owned_ ? owned_->result.value : raised_.value;
	}

	bool is(const segue_type &type) const noexcept
	{
		return segue_isinstance(raised_, &type);
	}

	/** The library's message; of types without one their name. */
	const char *what() const noexcept override
	{
		const char *message = segue_message(raised_);
		return message ? message : raised_.raised->name;
	}

	/** As a result, whose value is the caller's from here on. */
	segue_result take() noexcept
	{
		segue_result r = { raised_.raised, value() };
		if (owned_)
			owned_->result = { nullptr, nullptr };
		return r;
	}

private:
	struct owned {
		segue_result result{ nullptr, nullptr };
		~owned()
		{
			segue_discard(result);
		}
	};
	segue_result raised_;
	std::shared_ptr<owned> owned_;
};

namespace detail {

/* A std::exception_ptr is a pointer: it travels as the value of a type of its own. */
static_assert(sizeof(std::exception_ptr) == sizeof(void *) && alignof(std::exception_ptr) == alignof(void *),
	      "a std::exception_ptr fits a segue_result's value");

/* The C++ library is rarely compiled for MemorySanitizer, which does not know then that it has written this. */
inline std::exception_ptr handled() noexcept
{
	std::exception_ptr e = std::current_exception();

	SEGUE_DETAIL_UNPOISON(e);
	return e;
}

inline void *to_value(std::exception_ptr &&e) noexcept
{
	alignas(std::exception_ptr) unsigned char bytes[sizeof e];
	void *value;

	new (bytes) std::exception_ptr(std::move(e));
	std::memcpy(&value, bytes, sizeof value);
	return value;
}

inline std::exception_ptr from_value(void *value) noexcept
{
	alignas(std::exception_ptr) unsigned char bytes[sizeof value];

	std::memcpy(bytes, &value, sizeof value);
	std::exception_ptr *e = std::launder(reinterpret_cast<std::exception_ptr *>(bytes));
	std::exception_ptr moved = std::move(*e);
	e->~exception_ptr();
	return moved;
}

inline void release_exception(void *value)
{
	from_value(value);
}

}

/** The type of a C++ exception, as C sees it; its value is the library's own. Since: 0.1 */
inline const segue_type cxx_exception = { "C++ exception", &segue_Exception, detail::release_exception, { 0, 0, 0, 0, 0 } };

/** Throws what a result has raised, and so owns it: generator_exit, the C++ exception, or else segue::exception. Since: 0.1 */
[[noreturn]] inline void raise(segue_result r)
{
	if (r.raised == &cxx_exception)
		std::rethrow_exception(detail::from_value(r.value));
	if (!segue_isinstance(r, &segue_GeneratorExit))
		throw exception(r.raised, r.value);
	segue_discard(r);
	throw generator_exit{};
}

/** In a catch block: what is being handled, as a result to return to C. raise() is its inverse. Since: 0.1 */
inline segue_result caught()
{
	try {
		throw;
	} catch (const generator_exit &) {
		return { &segue_GeneratorExit, nullptr };
	} catch (exception &e) {
		return e.take();
	} catch (...) {
		return { &cxx_exception, detail::to_value(detail::handled()) };
	}
}

namespace detail {

/* ---- The C++ runtime's words of each thread ----------------------------------------------------------------------- */

/* Itanium C++ ABI, Exception Handling, 2.2.2: __cxa_eh_globals. On ARM's EHABI there is a third word: what cleanups are under way for. */
struct __attribute__((__may_alias__)) eh_globals {
	void *caught = nullptr;
	unsigned int uncaught = 0;
#if defined __arm__ && defined __ARM_EABI__ && !defined __ARM_DWARF_EH__ && !defined __USING_SJLJ_EXCEPTIONS__
	void *propagating = nullptr;
#endif
};

/* <cxxabi.h> may declare it const, as it is for who stays on one thread; under this name it is a call each time. */
eh_globals *eh_globals_of_thread() noexcept __asm__("__cxa_get_globals");

/* What a body that runs has of them lies in the runtime's own place; what it found there, its resumer's, lies here. It is in force again
   whenever the body is left, for whatever reason and in whatever direction: so nobody else need know. */
struct environment {
	eh_globals *place = nullptr;
	eh_globals found{};
	const void *channel;
	void (*destroy)(environment *) = nullptr;

	void enter(const eh_globals &own) noexcept
	{
		place = eh_globals_of_thread();
		found = *place;
		*place = own;
	}

	eh_globals leave() noexcept
	{
		eh_globals own = *place;
		*place = found;
		return own;
	}
};

/* Neither of these puts anything back by a destructor: forced unwinding is to pass, and keeps what it is about in these words. */

/* Leaves the running body by `move`; NULL: it is C's. */
template <class Move> segue_result leaving(environment *me, Move move)
{
	if (!me)
		return move();
	eh_globals own = me->leave();
	segue_result r = move();
	me->enter(own);
	return r;
}

/* Resumes another by `move`. A body that leaves as it should has put these back; one that an overflow ended, or that C's functions
   suspended, has not. The thread is the same afterwards. */
template <class Move> segue_result resuming(Move move)
{
	eh_globals *place = eh_globals_of_thread();
	eh_globals kept = *place;
	segue_result r = move();
	*place = kept;
	return r;
}

/* ---- Values on the way -------------------------------------------------------------------------------------------- */

template <class T>
inline constexpr bool is_word = std::is_pointer_v<T> && !std::is_function_v<std::remove_pointer_t<T>>;

/* A void has no value; a pointer to an object goes as it is, as C has them; of anything else goes its address. */
template <class T> void *pass(std::remove_reference_t<T> &value) noexcept
{
	if constexpr (is_word<T>)
		return const_cast<void *>(static_cast<const volatile void *>(value));
	else
		return const_cast<void *>(static_cast<const volatile void *>(std::addressof(value)));
}

/* What it is to who looks at it, and to who may move from it: a value's holder does not look at it again. */
template <class T> using lvalue = std::conditional_t<is_word<T>, T, std::add_lvalue_reference_t<T>>;
template <class T> using rvalue = std::conditional_t<is_word<T>, T, std::add_rvalue_reference_t<T>>;

template <class T> lvalue<T> look(void *value) noexcept
{
	if constexpr (is_word<T>)
		return static_cast<T>(value);
	else if constexpr (!std::is_void_v<T>)
		return *static_cast<std::remove_reference_t<T> *>(value);
}

template <class T> T take(void *value)
{
	return static_cast<rvalue<T>>(look<T>(value));
}

/* T, where it is not to be deduced. */
template <class T> struct same_as {
	using type = T;
};
template <class T> using same = typename same_as<T>::type;

/* What a yield returns. Where nothing was sent it is a T made from nothing; else that is TypeError. */
template <class T> T take_sent(void *value)
{
	if constexpr (!std::is_void_v<T> && !is_word<T>)
		if (!value) {
			if constexpr (std::is_default_constructible_v<T>)
				return T();
			else
				throw exception(&segue_TypeError, const_cast<char *>("nothing was sent, and this yield returns a value"));
		}
	return take<T>(value);
}

/* What a body has returned, as long as its coroutine lives. */
template <class T> struct kept {
	std::optional<T> value;

	template <class Call> void *from(Call &&call)
	{
		return pass<T>(value.emplace(call()));
	}
};
template <class T> struct kept<T &> {
	template <class Call> void *from(Call &&call)
	{
		T &value = call();
		return pass<T &>(value);
	}
};
template <> struct kept<void> {
	template <class Call> void *from(Call &&call)
	{
		call();
		return nullptr;
	}
};

/* ---- Bodies ------------------------------------------------------------------------------------------------------- */

/* Its address stands for what is yielded and what is sent. */
template <class Yield, class Send> inline char channel = 0;

inline void dispose(void *argument)
{
	environment *me = static_cast<environment *>(argument);

	if (me->destroy)
		me->destroy(me);
}

/* That of a coroutine that was made here; else NULL. */
inline environment *environment_of(const segue_coroutine *co) noexcept
{
	return static_cast<environment *>(segue_argument(co, dispose));
}

/* What lies on its stack after the environment. */
template <class Return, class... Call> struct program {
	std::optional<std::tuple<Call...>> call;
	kept<Return> returned;

	template <class... Args> explicit program(Args &&...args) : call(std::in_place, std::forward<Args>(args)...) {}

	static program *of(environment *me) noexcept
	{
		std::uintptr_t end = reinterpret_cast<std::uintptr_t>(me + 1);
		return reinterpret_cast<program *>((end + alignof(program) - 1) & ~std::uintptr_t(alignof(program) - 1));
	}

	static constexpr std::size_t size = sizeof(environment) + alignof(program) - 1;

	/* What the callable holds goes as the body ends. */
	void *run()
	{
		auto called = [this]() -> Return {
			auto invoke = [](auto &&...each) -> decltype(auto) { return std::invoke(std::move(each)...); };
			if constexpr (std::is_void_v<Return>)
				std::apply(invoke, std::move(*call));
			else
				return std::apply(invoke, std::move(*call));
		};
		struct clear {
			program *p;
			~clear()
			{
				p->call.reset();
			}
		} at_end{ this };
		return returned.from(called);
	}

	static segue_result body(void *argument)
	{
		environment *me = static_cast<environment *>(argument);
		segue_result r;

		me->enter({});
		try {
			r = { nullptr, of(me)->run() };
		} catch (...) {
			if (!handled())
				throw; /* forced unwinding: it goes on to the thread's end */
			r = caught();
		}
		(void)me->leave();
		return r;
	}

	static void destroy(environment *me)
	{
		of(me)->~program();
	}
};

[[noreturn]] inline void fail(int error)
{
	if (error == ENOMEM)
		throw std::bad_alloc();
	throw std::system_error(error, std::generic_category(), segue_strerror(error));
}

template <class Program, class... Call>
segue_coroutine *make(segue_attr attr, std::uint32_t kind, const void *channel, Call &&...call)
{
	attr.kind = kind;
	attr.flags |= SEGUE_KEEP_ARGUMENT;
	attr.dispose = dispose;
	attr.argument_size = Program::size + sizeof(Program);
	segue_coroutine *co = segue_coroutine_new_with(Program::body, nullptr, &attr);
	if (!co)
		fail(errno);
	environment *me = new (environment_of(co)) environment{};
	me->channel = channel;
	try {
		new (Program::of(me)) Program(std::forward<Call>(call)...);
	} catch (...) {
		segue_close(co);
		segue_unref(co);
		throw;
	}
	me->destroy = Program::destroy;
	return co;
}

/* ---- Moves -------------------------------------------------------------------------------------------------------- */

[[noreturn]] inline void refuse_type()
{
	throw exception(&segue_TypeError, const_cast<char *>("the running coroutine yields or is sent values of other types"));
}

template <class Yield, class Send> Send yield(void *value)
{
	environment *me = environment_of(segue_current());

	if (me ? me->channel != &channel<Yield, Send> :
		 segue_current() && (!(std::is_void_v<Yield> || is_word<Yield>) || !(std::is_void_v<Send> || is_word<Send>)))
		refuse_type();
	segue_result r = leaving(me, [value] { return segue_yield(value); });
	if (r.raised)
		raise(r);
	return take_sent<Send>(r.value);
}

/* Drops a reference to it. */
inline void *await(void *object)
{
	environment *me = environment_of(segue_current());
	environment *other = environment_of(segue_as_coroutine(object));

	if (me && other && me->channel != other->channel) {
		segue_object_unref(object);
		refuse_type();
	}
	segue_result r = leaving(me, [object] { return segue_await(object); });
	if (r.raised)
		raise(r);
	return r.value;
}

}

/* ---- Coroutines --------------------------------------------------------------------------------------------------- */

/** What a coroutine has come to: it yielded, or it returned. As with std::optional, `if (outcome)` asks whether it yielded, *outcome is
 * what; it lives until the coroutine is next resumed. Since: 0.1 */
template <class Yield, class Return> class outcome {
public:
	explicit outcome(segue_result r) noexcept : r_(r) {}

	explicit operator bool() const noexcept
	{
		return !r_.raised;
	}

	/** An lvalue; of an outcome that is a temporary, a value that may be moved from: int i = *co.next(); pointers are by value. */
	template <class Y = Yield> detail::lvalue<Y> operator*() const &noexcept
	{
		return detail::look<Y>(r_.value);
	}
	template <class Y = Yield> detail::rvalue<Y> operator*() const &&noexcept
	{
		return static_cast<detail::rvalue<Y>>(detail::look<Y>(r_.value));
	}
	template <class Y = Yield> std::remove_reference_t<Y> *operator->() const noexcept
	{
		static_assert(!detail::is_word<Y>, "it yields a pointer");
		return std::addressof(detail::look<Y>(r_.value));
	}

	/** What it returned, which lives as long as the coroutine. */
	template <class R = Return> detail::lvalue<R> returned() const noexcept
	{
		return detail::look<R>(r_.value);
	}

private:
	segue_result r_;
};

/** One reference to a coroutine, or none. The last one closes it, on this thread; what that raises goes to the unraisable hook.
 * Moved, not copied: clone() takes one more. Since: 0.1 */
class handle {
public:
	handle() = default;
	handle(handle &&other) noexcept : co_(other.release()) {}
	~handle()
	{
		reset();
	}

	handle &operator=(handle &&other) noexcept
	{
		if (this != &other)
			reset(other.release());
		return *this;
	}

	explicit operator bool() const noexcept
	{
		return co_;
	}

	/** Borrowed, for C's functions. */
	segue_coroutine *get() const noexcept
	{
		return co_;
	}

	/** The reference, which is the caller's from here on. */
	segue_coroutine *release() noexcept
	{
		return std::exchange(co_, nullptr);
	}

	void reset(segue_coroutine *other = nullptr) noexcept
	{
		segue_coroutine *co = std::exchange(co_, other);

		if (co)
			detail::resuming([co] {
				segue_unref(co);
				return segue_value(nullptr);
			});
	}

	enum ::segue_state state() const noexcept
	{
		return ::segue_state(co_);
	}

protected:
	explicit handle(segue_coroutine *co) noexcept : co_(co) {}

private:
	segue_coroutine *co_ = nullptr;
};

/** A coroutine that yields values of one type, is sent values of another, and returns one of a third. Each may be any type, move-only
 * ones, references and void included. Since: 0.1 */
template <class Yield = void, class Send = void, class Return = void> class coroutine : public handle {
	template <class F, class... Args>
	using enable = std::enable_if_t<std::is_invocable_r_v<Return, std::decay_t<F>, std::decay_t<Args>...>>;
	template <class F, class... Args> using program = detail::program<Return, std::decay_t<F>, std::decay_t<Args>...>;
	class nothing {
		explicit nothing(int);
	};

public:
	using outcome = segue::outcome<Yield, Return>;
	using sent_type = std::conditional_t<std::is_void_v<Send>, nothing, Send>;

	coroutine() = default;

	/** Runs f(args...) at the first next(), on a stack of its own, where f and the arguments are moved or copied to now, as by std::thread.
	 * They are destroyed as the body ends. Throws what that throws, std::bad_alloc, or std::system_error with errno and segue_strerror(). */
	template <class F, class... Args, class = enable<F, Args...>>
	explicit coroutine(F &&f, Args &&...args)
	    : coroutine(SEGUE_KIND_COROUTINE, default_attr(), std::forward<F>(f), std::forward<Args>(args)...)
	{
	}

	/** The same as *attr says: its size of stack, its name, its own floating-point environment. */
	template <class F, class... Args, class = enable<F, Args...>>
	explicit coroutine(const segue_attr &attr, F &&f, Args &&...args)
	    : coroutine(SEGUE_KIND_COROUTINE, attr, std::forward<F>(f), std::forward<Args>(args)...)
	{
	}

	/** A reference from C, taken over. TypeError, and it is dropped, if it is known that it yields or is sent values of other types. What C
	 * yields, sends and returns are void * or other pointers to objects, as they are. */
	static coroutine adopt(segue_coroutine *co)
	{
		coroutine adopted(co);
		detail::environment *known = detail::environment_of(co);

		if (known && known->channel != &detail::channel<Yield, Send>)
			detail::refuse_type();
		return adopted;
	}

	coroutine clone() const noexcept
	{
		return coroutine(segue_ref(get()));
	}

	/** Resumes it, until it yields or returns; throws what it raises. A yield that it is suspended in returns a Send() made from nothing, or
	 * raises TypeError where there is no such thing. */
	outcome next() const
	{
		return resume([this] { return segue_send(get(), nullptr); });
	}

	/** The same, and the yield returns `value`. TypeError if it has not started. */
	outcome send(sent_type value) const
	{
		return resume([&] { return segue_send(get(), detail::pass<sent_type>(value)); });
	}

	/** Raises an exception at the yield in which it is suspended: an object, a std::exception_ptr, or one of C's. */
	template <class E> outcome throw_(E &&e) const
	{
		try {
			if constexpr (std::is_same_v<std::decay_t<E>, std::exception_ptr>)
				std::rethrow_exception(std::forward<E>(e));
			else
				throw std::forward<E>(e);
		} catch (...) {
			return throw_(caught());
		}
	}
	outcome throw_(const segue_type *type, void *value = nullptr) const
	{
		return throw_(segue_result{ type, value });
	}

	/** Ends it: generator_exit is raised where it is suspended. Throws another exception that it raises, RuntimeError if it yields. Returns
	 * where it has returned something instead, or NULL. */
	auto close() const
	{
		segue_result r = detail::resuming([this] { return segue_close(get()); });

		if (r.raised)
			raise(r);
		if constexpr (detail::is_word<Return>)
			return detail::look<Return>(r.value);
		else if constexpr (!std::is_void_v<Return>)
			return static_cast<std::remove_reference_t<Return> *>(r.value);
	}

	/** Resumes it until it returns, whatever it yields. Returns that. */
	Return run() const
	{
		for (;;) {
			segue_result r = detail::resuming([this] { return segue_send(get(), nullptr); });
			if (segue_isinstance(r, &segue_StopIteration))
				return detail::take<Return>(r.value);
			if (r.raised)
				raise(r);
		}
	}

	/** In its body, or in what that calls: suspends it, whose next() or send() gives `value`. Returns what is sent, or throws what is thrown
	 * in; generator_exit as it is closed. TypeError in a body of other types, RuntimeError outside any. segue::yield() is shorter. */
	template <class Y = Yield> static Send yield(detail::same<Y> value)
	{
		return detail::yield<Yield, Send>(detail::pass<Yield>(value));
	}
	static Send yield()
	{
		static_assert(std::is_void_v<Yield>, "it yields values");
		return detail::yield<Yield, Send>(nullptr);
	}

protected:
	template <class F, class... Args>
	coroutine(segue_kind kind, const segue_attr &attr, F &&f, Args &&...args)
	    : handle(detail::make<program<F, Args...>>(attr, kind, &detail::channel<Yield, Send>, std::forward<F>(f),
						       std::forward<Args>(args)...))
	{
	}

	static segue_attr default_attr() noexcept
	{
		return SEGUE_ATTR_INIT;
	}

	explicit coroutine(segue_coroutine *co) noexcept : handle(co) {}

private:
	template <class Move> static outcome resume(Move move)
	{
		segue_result r = detail::resuming(move);

		if (r.raised && !segue_isinstance(r, &segue_StopIteration))
			raise(r);
		return outcome(r);
	}

	outcome throw_(segue_result what) const
	{
		return resume([&] { return segue_throw(get(), what.raised, what.value); });
	}
};

/** A coroutine that is iterated: an input range, once. Its elements are what it yields, to be moved from if one likes; with a
 * reference they are those objects themselves. Leaving a loop does not close it; its last reference does. Since: 0.1 */
template <class T> class generator : public coroutine<T> {
	using base = coroutine<T>;
	template <class F, class... Args> using enable = std::enable_if_t<std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>>;

public:
	static_assert(!std::is_void_v<T>, "a generator yields something");

	struct sentinel {};

	class iterator {
	public:
		using iterator_category = std::input_iterator_tag;
		using value_type = std::remove_cv_t<std::remove_reference_t<T>>;
		using difference_type = std::ptrdiff_t;
		using reference = detail::rvalue<T>;
		using pointer = std::remove_reference_t<T> *;

		explicit iterator(const generator &g) : of_(&g), now_(g.next()) {}

		reference operator*() const
		{
			return static_cast<reference>(*now_);
		}
		pointer operator->() const
		{
			return now_.operator->();
		}
		iterator &operator++()
		{
			now_ = of_->next();
			return *this;
		}
		void operator++(int)
		{
			++*this;
		}
		friend bool operator==(const iterator &i, sentinel)
		{
			return !i.now_;
		}
		friend bool operator!=(const iterator &i, sentinel)
		{
			return !!i.now_;
		}
		friend bool operator==(sentinel, const iterator &i)
		{
			return !i.now_;
		}
		friend bool operator!=(sentinel, const iterator &i)
		{
			return !!i.now_;
		}

	private:
		const generator *of_;
		typename base::outcome now_;
	};

	generator() = default;
	template <class F, class... Args, class = enable<F, Args...>>
	explicit generator(F &&f, Args &&...args)
	    : base(SEGUE_KIND_GENERATOR, base::default_attr(), std::forward<F>(f), std::forward<Args>(args)...)
	{
	}
	template <class F, class... Args, class = enable<F, Args...>>
	explicit generator(const segue_attr &attr, F &&f, Args &&...args)
	    : base(SEGUE_KIND_GENERATOR, attr, std::forward<F>(f), std::forward<Args>(args)...)
	{
	}
	generator(base &&other) noexcept : base(std::move(other)) {}

	/** Goes on to the next element: there is one iteration. */
	iterator begin() const
	{
		return iterator(*this);
	}
	sentinel end() const noexcept
	{
		return {};
	}
};

/* ---- From inside -------------------------------------------------------------------------------------------------- */

/** coroutine<Yield, Send>::yield(value), with the type of the value, as a parameter that is none of a reference's has it, for Yield. What is
 * sent is named: double x = segue::yield<double>(average). Since: 0.1 */
template <class Send = void, class Yield> Send yield(Yield value)
{
	return coroutine<Yield, Send>::yield(std::forward<Yield>(value));
}
template <class Send = void> Send yield()
{
	return coroutine<void, Send>::yield();
}

/** Awaits a coroutine: the running one waits until it has ended; what is sent and thrown in goes to it, and what it yields comes out. In a
 * generator that is `yield from`. Returns what it returned, throws what it raised; segue_await() has the rest. TypeError where the two
 * yield, or are sent, values of different types. It is no last reference that goes here. Since: 0.1 */
template <class Yield, class Send, class Return> Return await(const coroutine<Yield, Send, Return> &co)
{
	return detail::take<Return>(detail::await(segue_ref(co.get())));
}

/** The same of a C coroutine, or of anything with a segue_ops: as segue_await() it drops one reference. Since: 0.1 */
inline void *await(void *object)
{
	return detail::await(object);
}

}
#pragma GCC visibility pop
#endif
