/* What segue/inline.h knows of a coroutine is as the library has it, for good. */
#include "segue/inline.h"

#include "coroutine.h"

#define SAME_PLACE(field)                                                                                          \
	_Static_assert(offsetof(segue_hot, field) == offsetof(segue_coroutine, field) &&                           \
			       sizeof ((segue_hot *)0)->field == sizeof ((segue_coroutine *)0)->field, #field " is frozen")

SAME_PLACE(ops);
SAME_PLACE(gate);
SAME_PLACE(refs);
SAME_PLACE(leaf);
SAME_PLACE(root);
SAME_PLACE(resumer);
_Static_assert(offsetof(segue_contexts, own) == 0 && offsetof(segue_contexts, sender) == SEGUE_ARCH_CONTEXT &&
		       sizeof(segue_contexts) == 2 * SEGUE_ARCH_CONTEXT, "the two contexts below it are frozen");
_Static_assert((int)SEGUE_GATE_RUNNING == (int)GATE_RUNNING && (int)SEGUE_GATE_CLOSING == (int)GATE_CLOSING, "the gate's bits are frozen");
