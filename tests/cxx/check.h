/* Checks that bodies of coroutines may make: one that fails is told and counted, and the test goes on. */
#include <cstdio>

inline int checked, failed;

#define CHECK(...) check(__FILE__, __LINE__, #__VA_ARGS__, static_cast<bool>(__VA_ARGS__))
inline void check(const char *file, int line, const char *condition, bool holds)
{
	checked++;
	if (holds)
		return;
	failed++;
	std::fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
}

/* Whether it throws an E for which `like` holds */
template <class E, class F, class Like> bool throws(F f, Like like)
{
	try {
		f();
	} catch (const E &e) {
		return like(e);
	}
	return false;
}

template <class E, class F> bool throws(F f)
{
	return throws<E>(f, [](const E &) { return true; });
}

/* One that counts how many there are. */
struct counted {
	static inline int live;
	int n;

	explicit counted(int n = 0) : n(n)
	{
		live++;
	}
	counted(counted &&other) noexcept : n(other.n)
	{
		other.n = -1;
		live++;
	}
	counted(const counted &other) : n(other.n)
	{
		live++;
	}
	counted &operator=(const counted &) = default;
	~counted()
	{
		live--;
	}
};
