/* send inlined, yield called. */
#include <segue/inline.h>
#if SEGUE_PAIRED
static __inline segue_result called_yield(void *value)
{
	return segue_from_pair(segue_yield_pair(value));
}
#else
segue_result called_yield(void *value) __asm__("segue_yield");
#endif
#define segue_yield called_yield
