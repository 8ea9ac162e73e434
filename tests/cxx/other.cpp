#include <segue/inline.h>
#include "other.h"
#include <stdexcept>

segue::generator<int> numbers_of_other(int end)
{
	return segue::generator<int>([end] {
		for (int i = 0; i < end; i++)
			segue::yield(i);
		throw_in_other();
	});
}

int yield_in_other(int value)
{
	return segue::yield<int>(value);
}

void throw_in_other()
{
	throw std::runtime_error("other");
}

int send_in_other(const segue::coroutine<int, int> &co, int value)
{
	return *co.send(value);
}
