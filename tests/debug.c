/* Loses coroutines and exceptions, for tests/debug.sh to read what SEGUE_DEBUG=1 says of each. */
#include "segue.h"

SEGUE_EXCEPTION(Broken, segue_Exception);

static SEGUE_ASYNC(forgotten)
{
	return segue_value(NULL);
}

static segue_result raise_at_close(void *with_message)
{
	(void)segue_yield(NULL);
	return with_message ? segue_raise(&segue_ValueError, "a message") : segue_raise(&Broken, "data");
}

static segue_result ignore_close(void *arg)
{
	while (segue_yield(arg).raised != &Broken)
		;
	return segue_value(NULL);
}

static void lose(segue_coroutine *co)
{
	segue_send(co, NULL);
	segue_unref(co);
}

int main(void)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	segue_unref(forgotten());
	segue_unref((segue_coroutine_new)(ignore_close, NULL));
	lose(segue_coroutine_new(raise_at_close, &attr));
	lose(segue_generator_new(ignore_close, NULL));
	lose((segue_coroutine_new)(raise_at_close, NULL));
	attr.name = "named";
	segue_set_origin_tracking_depth(2);
	segue_unref(segue_coroutine_new_with(ignore_close, NULL, &attr));
	return 0;
}
