/* segue.hpp: values, lifetimes, and exceptions on their way between bodies, resumers and C. */
#include "other.h"
#include "check.h"

#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <vector>
#if __cplusplus > 201703L && __has_include(<ranges>)
#include <ranges>
#endif

using segue::coroutine;
using segue::generator;

namespace {

SEGUE_EXCEPTION(Timeout, segue_Exception);

int released;
void release(void *)
{
	released++;
}
const segue_type Owned = { "Owned", &segue_Exception, release, { 0, 0, 0, 0, 0 } };

bool is(const segue::exception &e, const segue_type &type, const char *what)
{
	return e.type() == &type && std::string(e.what()) == what;
}

template <class F> bool raises(F f, const segue_type &type, const char *what)
{
	return throws<segue::exception>(f, [&](const segue::exception &e) { return is(e, type, what); });
}

/* ---- Values ------------------------------------------------------------------------------------------------------- */

int count_to(int n)
{
	int i = 0;
	while (i < n)
		segue::yield(i++);
	return i;
}

struct member {
	int base;
	void add(int n)
	{
		segue::yield(base + n);
	}
};

void any_callable_makes_one()
{
	coroutine<int, void, int> function(count_to, 2);
	CHECK(*function.next() == 0 && *function.next() == 1 && function.next().returned() == 2);
	CHECK(coroutine<int, void, int>(count_to, 3).run() == 3);

	auto p = std::make_unique<int>(7);
	coroutine<void, void, int> moved([p = std::move(p)] { return *p; });
	CHECK(moved.run() == 7);
	coroutine<void, void, int> argument([](std::unique_ptr<int> q) { return *q; }, std::make_unique<int>(8));
	CHECK(argument.run() == 8);

	member m = { 40 };
	CHECK(*generator<int>(&member::add, &m, 2).next() == 42);
	int i = 1;
	coroutine<>([](int &r) { r++; }, std::ref(i)).run();
	CHECK(i == 2);
	coroutine<> mutable_one([n = 1]() mutable { n++; });
	CHECK(!mutable_one.next());

	struct alignas(64) wide {
		char c[64];
		bool aligned() const
		{
			return reinterpret_cast<std::uintptr_t>(this) % 64 == 0;
		}
	};
	coroutine<void, void, bool> over([w = wide()] { return w.aligned(); });
	CHECK(over.run());
}

void values_of_any_type_pass()
{
	using averager = coroutine<double, double>;
	averager a([] {
		double sum = 0, average = 0;
		for (int n = 1;; n++) {
			sum += averager::yield(average);
			average = sum / n;
		}
	});
	CHECK(*a.next() == 0 && *a.send(10) == 10 && *a.send(20) == 15 && *a.send(60) == 30);

	using mover = coroutine<std::unique_ptr<int>, std::unique_ptr<int>, std::unique_ptr<int>>;
	mover m([] {
		auto p = segue::yield<std::unique_ptr<int>>(std::make_unique<int>(1));
		(*p)++;
		return segue::yield<std::unique_ptr<int>>(std::move(p));
	});
	std::unique_ptr<int> one = *m.next(), three = *m.send(std::make_unique<int>(2));
	CHECK(*one == 1 && *three == 3);
	auto last = m.send(std::move(one));
	CHECK(!last && *last.returned() == 1);

	int here = 1;
	using referrer = coroutine<int &, int &, int &>;
	referrer r([&here]() -> int & {
		int &sent = referrer::yield(here);
		sent++;
		return here;
	});
	CHECK(&*r.next() == &here);
	int sent = 5;
	CHECK(&r.send(sent).returned() == &here && sent == 6);

	generator<const char *> words([] { segue::yield("a"); });
	CHECK(std::string(*words.next()) == "a");
	generator<std::string> strings([] {
		std::string s(100, 'x');
		generator<std::string>::yield(s);
		CHECK(s.size() == 100); /* it was copied */
		generator<std::string>::yield("converted");
	});
	CHECK(strings.next()->size() == 100 && *strings.next() == "converted");
	generator<void (*)(int)> functions([] { segue::yield(+[](int) {}); });
	CHECK(*functions.next() != nullptr);

	/* Nothing sent is a value made from nothing, if there is one */
	coroutine<void, int, int> nothing([] { return segue::yield<int>(); });
	CHECK(nothing.run() == 0);
	coroutine<void, int &> none([] { segue::yield<int &>(); });
	none.next();
	CHECK(raises([&] { none.next(); }, segue_TypeError, "nothing was sent, and this yield returns a value"));
}

void types_that_differ_are_refused()
{
	const char *words = "the running coroutine yields or is sent values of other types";

	CHECK(raises([] { generator<long>([] { segue::yield(1); }).next(); }, segue_TypeError, words));
	CHECK(*generator<long>([] { generator<long>::yield(1); }).next() == 1);
	CHECK(raises([] { coroutine<int, int>([] { segue::yield<long>(1); }).next(); }, segue_TypeError, words));
	coroutine<> outer([] { segue::await(generator<int>(count_to, 1)); });
	CHECK(raises([&] { outer.next(); }, segue_TypeError, words));
	CHECK(raises([] { generator<long>::adopt(generator<int>(count_to, 1).release()); }, segue_TypeError, words));
	CHECK(raises([] { segue::yield<void *>(static_cast<void *>(nullptr)); }, segue_RuntimeError, "yield outside a coroutine"));
	CHECK(raises([] { segue::yield(1); }, segue_RuntimeError, "yield outside a coroutine"));
	CHECK(raises([] { segue::await(coroutine<>([] {})); }, segue_RuntimeError, "await outside a coroutine"));
}

void a_generator_is_a_range()
{
	int sum = 0;
	for (int i : generator<int>(count_to, 5))
		sum += i;
	CHECK(sum == 10);

	std::vector<std::unique_ptr<int>> all;
	for (auto &&p : generator<std::unique_ptr<int>>([] {
		     for (int i = 0; i < 3; i++)
			     segue::yield(std::make_unique<int>(i));
	     }))
		all.push_back(std::move(p));
	CHECK(all.size() == 3 && *all[2] == 2);

	int numbers[] = { 1, 2, 3 };
	for (int &n : generator<int &>([&] {
		     for (int &n : numbers)
			     generator<int &>::yield(n);
	     }))
		n *= 2;
	CHECK(std::accumulate(numbers, numbers + 3, 0) == 12);

	generator<int> rest(count_to, 4);
	for (int i : rest)
		if (i == 1)
			break;
	for (int i : rest) {
		CHECK(i == 2);
		break;
	}
	generator<int> empty([] {});
	CHECK(empty.begin() == empty.end() && !(empty.end() != empty.begin()));
	static_assert(std::is_same_v<std::iterator_traits<generator<int>::iterator>::iterator_category, std::input_iterator_tag>);
#if defined __cpp_lib_ranges && (!defined __clang__ || __clang_major__ >= 16)
	static_assert(std::ranges::input_range<generator<std::unique_ptr<int>>> && std::ranges::input_range<generator<const int &>>);
	int first = 0;
	generator<int> many(count_to, 100);
	for (int i : std::ranges::subrange(many.begin(), many.end()) | std::views::filter([](int i) { return i % 2; }) | std::views::take(3))
		first += i;
	CHECK(first == 1 + 3 + 5);
#endif
}

void awaits_give_what_was_returned()
{
	using task = coroutine<int, int, std::unique_ptr<int>>;
	auto leaf = [](int n) { return std::make_unique<int>(segue::yield<int>(n)); };
	coroutine<int, int, int> outer([leaf] {
		int sum = *segue::await(task(leaf, 1));
		task kept(leaf, 2);
		return sum + *segue::await(kept);
	});
	CHECK(*outer.next() == 1 && *outer.send(10) == 2 && outer.send(20).returned() == 30);

	generator<int> both([] {
		segue::await(generator<int>([] { segue::yield(1); }));
		segue::await(generator<int>([] { segue::yield(2); }));
	});
	CHECK(*both.next() == 1 && *both.next() == 2 && !both.next());

	coroutine<> twice([] {
		coroutine<> ended([] {});
		segue::await(ended);
		CHECK(raises([&] { segue::await(ended); }, segue_RuntimeError, "cannot reuse already awaited coroutine"));
		CHECK(raises([&] { segue::await(coroutine<>()); }, segue_MemoryError, "MemoryError"));
	});
	twice.next();
}

/* ---- Lifetimes ---------------------------------------------------------------------------------------------------- */

void handles_own_references()
{
	generator<int> g(count_to, 9), other = g.clone();
	CHECK(g && other.get() == g.get() && g.state() == SEGUE_CREATED);
	CHECK(*g.next() == 0 && *other.next() == 1);
	generator<int> moved = std::move(g);
	CHECK(!g && moved && *moved.next() == 2);
	moved = generator<int>(count_to, 1);
	CHECK(*other.next() == 3 && *moved.next() == 0);
	segue_coroutine *co = other.release();
	CHECK(!other && !other.get());
	CHECK(*generator<int>::adopt(co).next() == 4);
	segue::handle none;
	CHECK(!none);
	CHECK(raises([] { generator<int>().next(); }, segue_MemoryError, "MemoryError"));
}

struct throws_when_moved {
	counted c;
	throws_when_moved() = default;
	throws_when_moved(throws_when_moved &&)
	{
		throw std::runtime_error("moved");
	}
	void operator()() {}
};

counted yields_and_returns(const counted &c)
{
	counted here(1);
	try {
		segue::yield();
	} catch (const segue::generator_exit &) {
	}
	return counted(c.n + here.n);
}

void all_that_is_made_is_destroyed()
{
	using one = coroutine<void, void, counted>;
	auto make = [] { return one(yields_and_returns, counted(41)); };

	make();
	CHECK(counted::live == 0); /* it never ran */
	{
		one co = make();
		co.next();
		CHECK(counted::live == 2); /* its argument, its local */
		CHECK(co.next().returned().n == 42 && counted::live == 1);
	}
	CHECK(counted::live == 0);
	make().next(); /* dropped while suspended, it returns */
	CHECK(counted::live == 0);
	{
		one co = make();
		co.close();
		CHECK(counted::live == 1 && co.state() == SEGUE_CLOSED); /* the argument, as long as it lives */
	}
	{
		one co = make();
		co.next();
		counted *result = co.close();
		CHECK(result && result->n == 42 && !co.close());
	}
	{
		one co = make();
		CHECK(throws<std::runtime_error>([&] { co.throw_(std::runtime_error("unstarted")); }));
	}
	CHECK(counted::live == 0);
	CHECK(make().run().n == 42);
	coroutine<> awaiting([&] { CHECK(segue::await(make()).n == 42); });
	awaiting.run();
	awaiting = coroutine<>([&] { segue::await(make()); });
	awaiting.next();
	awaiting.reset(); /* what it awaits ends first, and goes */
	CHECK(counted::live == 0);
	coroutine<void *, void *, void *> in_c = coroutine<void *, void *, void *>::adopt(segue_coroutine_new(
		[](void *co) { return segue_await(co); }, make().release()));
	in_c.next();
	CHECK(in_c.next().returned() != nullptr);
	CHECK(counted::live == 0);
	one itself;
	itself = one([&] {
		counted here;
		itself.reset(); /* the last reference, from inside: it goes as it is left */
		return counted(2);
	});
	itself.next();
	CHECK(counted::live == 0);
	CHECK(throws<std::runtime_error>([] { coroutine<> failing{ throws_when_moved() }; }));
	CHECK(counted::live == 0);

}

void creation_fails_with_errno()
{
	segue_attr attr = SEGUE_ATTR_INIT;
	auto code = [](int error) {
		return [error](const std::system_error &e) {
			return e.code() == std::error_code(error, std::generic_category()) &&
			       std::string(e.what()).find(segue_strerror(error)) == 0;
		};
	};

	std::size_t limit = segue_stack_limit(0);
	CHECK(throws<std::system_error>([] { coroutine<> co([] {}); }, code(EDQUOT)));
	segue_stack_limit(limit);
	attr.stack_size = 0;
	CHECK(throws<std::system_error>([&] { coroutine<> co(attr, [] {}); }, code(EINVAL)));
	attr.stack_size = SIZE_MAX / 4;
	if (sizeof(void *) == 8) /* which is 1 GiB in 32 bits, and may well be there */
		CHECK(throws<std::bad_alloc>([&] { coroutine<> co(attr, [] {}); }));
	struct large {
		char bytes[20000];
		void operator()() const {}
	};
	CHECK(throws<std::system_error>([] { coroutine<> co{ large() }; }, code(E2BIG)));
	attr.stack_size = 256 * 1024;
	attr.name = "named";
	coroutine<> co(attr, large());
	segue_info info;
	segue_inspect(co.get(), &info, sizeof info);
	CHECK(info.cr_code.name == std::string("named") && info.stack_size >= attr.stack_size && info.kind == SEGUE_KIND_COROUTINE);
	co.next();
}

/* ---- Exceptions on their way -------------------------------------------------------------------------------------- */

void what_leaves_a_body_goes_on_in_its_resumer()
{
	const std::runtime_error *thrown = nullptr;
	coroutine<> co([&] {
		std::runtime_error e("out");
		try {
			throw e;
		} catch (const std::runtime_error &inside) {
			thrown = &inside;
			throw;
		}
	});
	CHECK(throws<std::runtime_error>([&] { co.next(); }, [&](auto &e) { return &e == thrown; })); /* the same object */
	CHECK(co.state() == SEGUE_CLOSED);
	CHECK(raises([&] { co.next(); }, segue_RuntimeError, "cannot reuse already awaited coroutine"));
	CHECK(raises([] { coroutine<>([] { throw segue::exception(&segue_ValueError, const_cast<char *>("bad")); }).next(); },
		     segue_ValueError, "bad"));
	CHECK(raises([] { coroutine<>([] { throw segue::exception(&segue_StopIteration); }).next(); }, segue_RuntimeError,
		     "coroutine raised StopIteration"));
	CHECK(throws<segue::generator_exit>([] { coroutine<>([] { throw segue::generator_exit(); }).next(); }));
	coroutine<> outer([] {
		CHECK(throws<std::logic_error>([] { segue::await(coroutine<>([] { throw std::logic_error("inner"); })); }));
		segue::await(coroutine<>([] { throw 7; }));
	});
	CHECK(throws<int>([&] { outer.run(); }, [](int i) { return i == 7; }));
	CHECK(throws<int>([] { generator<int> g([] { throw 8; }); g.begin(); }));
}

void what_is_thrown_in_surfaces_at_the_yield()
{
	generator<std::string> g([] {
		for (std::string s = "started";;)
			try {
				counted here;
				generator<std::string>::yield(s);
			} catch (const std::exception &e) {
				s = e.what();
			}
	});
	CHECK(*g.next() == "started");
	CHECK(*g.throw_(std::runtime_error("object")) == "object");
	CHECK(*g.throw_(std::make_exception_ptr(std::logic_error("pointer"))) == "pointer");
	CHECK(*g.throw_(&Timeout) == "Timeout");
	CHECK(*g.throw_(&segue_ValueError, const_cast<char *>("value")) == "value");
	CHECK(*g.throw_(segue::exception(&segue_RecursionError)) == "RecursionError");
	CHECK(throws<int>([&] { g.throw_(5); }));
	CHECK(counted::live == 0 && g.state() == SEGUE_CLOSED);
}

void close_and_drop_unwind()
{
	bool left = false;
	struct note {
		bool &left;
		~note()
		{
			left = true;
		}
	};
	auto body = [&left] {
		note n{ left };
		segue::yield();
	};
	coroutine<> co(body);
	co.next();
	co.close();
	CHECK(left && co.state() == SEGUE_CLOSED);
	left = false;
	coroutine<>(body).next();
	CHECK(left);
	left = false;
	coroutine<> outer([&] { segue::await(coroutine<>(body)); });
	outer.next();
	outer.close();
	CHECK(left);
	left = false;
	outer = coroutine<>([&] { segue::await(coroutine<>(body)); });
	outer.next();
	CHECK(throws<segue::generator_exit>([&] { outer.throw_(segue::generator_exit()); }) && left);

	coroutine<> other([] {
		try {
			segue::yield();
		} catch (...) {
			throw std::runtime_error("instead");
		}
	});
	other.next();
	CHECK(throws<std::runtime_error>([&] { other.close(); }));
}

segue_result unraisable;
void note_unraisable(segue_coroutine *, segue_result what)
{
	unraisable = what;
}

void one_that_ignores_the_exit_is_python_s_runtime_error()
{
	auto ignore = [] {
		for (int i = 0; i < 2; i++)
			try {
				segue::yield();
			} catch (...) {
			}
		segue::yield();
	};
	coroutine<> co(ignore);
	co.next();
	CHECK(raises([&] { co.close(); }, segue_RuntimeError, "coroutine ignored GeneratorExit"));
	CHECK(co.state() == SEGUE_SUSPENDED);
	CHECK(co.next());
	co.close();
	segue_set_unraisable_hook(note_unraisable);
	coroutine<>(ignore).next();
	CHECK(unraisable.raised == &segue_RuntimeError);
	unraisable = segue_value(nullptr);
	{
		coroutine<> raising([] {
			try {
				segue::yield();
			} catch (...) {
				throw std::runtime_error("lost");
			}
		});
		raising.next();
	}
	CHECK(unraisable.raised == &segue::cxx_exception);
	segue_set_unraisable_hook(nullptr);
}

/* ---- C ------------------------------------------------------------------------------------------------------------ */

segue_result c_body(void *arg)
{
	for (;;) {
		void *sent = SEGUE_TRY(segue_yield(arg));
		if (!sent)
			return segue_raise(&Owned, arg);
	}
}

segue_result c_calls_cxx(void *arg)
{
	try {
		void *sent = segue::yield<void *>(arg);
		segue::await(coroutine<void *, void *>([] { segue::yield<void *>(static_cast<void *>(nullptr)); }));
		return segue_value(sent);
	} catch (...) {
		return segue::caught();
	}
}

void c_and_cxx_drive_each_other()
{
	int word = 0;
	using raw = coroutine<void *, void *, void *>;

	raw c = raw::adopt(segue_coroutine_new(c_body, &word));
	CHECK(*c.next() == &word && *c.send(&word) == &word);
	CHECK(throws<segue::exception>([&] { c.next(); }, [&](auto &e) { return e.type() == &Owned && e.value() == &word && !released; }));
	CHECK(released == 1);

	/* C sees a C++ exception as a result, and lets it go, or hands it on */
	auto thrower = [] {
		segue::yield();
		throw counted(3);
	};
	segue_coroutine *co = coroutine<>(thrower).release();
	CHECK(!segue_send(co, nullptr).raised);
	segue_result r = segue_send(co, nullptr);
	CHECK(r.raised == &segue::cxx_exception && segue_isinstance(r, &segue_Exception) && !segue_message(r) && counted::live == 1);
	segue_discard(r);
	CHECK(counted::live == 0);
	segue_unref(co);
	co = segue_coroutine_new([](void *inner) { return segue_run(static_cast<segue_coroutine *>(inner)); }, coroutine<>(thrower).release());
	CHECK(throws<counted>([&] { raw::adopt(co).run(); }, [](auto &e) { return e.n == 3; }));
	CHECK(counted::live == 0);

	/* What C throws in keeps type and value through a body, and is released once where it is caught */
	co = coroutine<>([] { segue::yield(); }).release();
	segue_send(co, nullptr);
	released = 0;
	r = segue_throw(co, &Owned, &word);
	CHECK(r.raised == &Owned && r.value == &word && released == 0);
	segue_unref(co);
	co = coroutine<>([] {
		     try {
			     segue::yield();
		     } catch (const segue::exception &e) {
			     CHECK(e.is(segue_Exception) && !e.is(Timeout));
		     }
	     }).release();
	segue_send(co, nullptr);
	CHECK(segue_throw(co, &Owned, &word).raised == &segue_StopIteration && released == 1);
	segue_unref(co);
	{
		segue::exception e(&Owned, &word), copy = e;
		CHECK(copy.take().value == &word && !e.value());
	}
	CHECK(released == 1);

	/* A C body may use segue.hpp */
	raw in_c = raw::adopt(segue_coroutine_new(c_calls_cxx, &word));
	CHECK(*in_c.next() == &word && in_c.send(&word) && in_c.next().returned() == &word);
	raw thrown = raw::adopt(segue_coroutine_new(c_calls_cxx, &word));
	thrown.next();
	CHECK(throws<std::runtime_error>([&] { thrown.throw_(std::runtime_error("through C")); }));

	/* And a C++ body awaits C's */
	raw outer([&word] { return segue::await(segue_coroutine_new([](void *arg) { return segue_yield(arg); }, &word)); });
	CHECK(*outer.next() == &word && outer.send(&word).returned() == &word);
}

void other_translation_units_take_part()
{
	int sum = 0;
	CHECK(throws<std::runtime_error>([&] {
		for (int i : numbers_of_other(4))
			sum += i;
	}));
	CHECK(sum == 6);
	coroutine<int, int> co([] {
		for (int i = 1;;)
			i = yield_in_other(i * 2);
	});
	CHECK(*co.next() == 2 && send_in_other(co, 5) == 10 && *co.send(6) == 12);
	CHECK(throws<std::runtime_error>([] { coroutine<>(throw_in_other).next(); }));
}

}

int main()
{
	any_callable_makes_one();
	values_of_any_type_pass();
	types_that_differ_are_refused();
	a_generator_is_a_range();
	awaits_give_what_was_returned();
	handles_own_references();
	all_that_is_made_is_destroyed();
	creation_fails_with_errno();
	what_leaves_a_body_goes_on_in_its_resumer();
	what_is_thrown_in_surfaces_at_the_yield();
	close_and_drop_unwind();
	one_that_ignores_the_exit_is_python_s_runtime_error();
	c_and_cxx_drive_each_other();
	other_translation_units_take_part();
	segue_stacks s;
	segue_stack_statistics(&s, sizeof s);
	CHECK(s.live == 0);
	std::printf("%d checks, %d failed\n", checked, failed);
	return failed != 0;
}
