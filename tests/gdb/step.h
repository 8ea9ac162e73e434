/* The functions that have send, yield and unref inlined: compiled with frame pointers, and without. */
#include "segue.h"

#define INLINED(form)                                       \
	segue_result inline_send_##form(segue_coroutine *co); \
	void inline_drop_##form(segue_coroutine *co);         \
	segue_result inline_body_##form(void *arg);

INLINED(chained)
INLINED(unchained)
