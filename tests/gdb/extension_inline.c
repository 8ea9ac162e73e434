/* One that is suspended by the inlined form. */
#include <segue/inline.h>

#include "extension.h"

segue_result ext_inlined(void *arg)
{
	volatile int inlined_local = 1618;
	segue_result r = segue_yield(arg);

	inlined_local++;
	return r;
}
