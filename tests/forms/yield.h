/* yield inlined, send called. */
#include <segue/inline.h>
#if SEGUE_PAIRED
static __inline segue_result called_send(segue_coroutine *co, void *value)
{
	return segue_from_pair(segue_send_pair(co, value));
}
#else
segue_result called_send(segue_coroutine *co, void *value) __asm__("segue_send");
#endif
#define segue_send called_send
