/* What segue/inline.h knows of a coroutine is as the library has it, for good. */
#include "segue/inline.h"

#include "coroutine.h"

#define AT(field, words, bytes)                                                                                    \
	_Static_assert(offsetof(segue_hot, field) == (words) * sizeof(void *) + (bytes), #field " is where programs have it")
#define SAME_PLACE(field)                                                                                          \
	_Static_assert(offsetof(segue_hot, field) == offsetof(segue_coroutine, field) &&                           \
			       sizeof ((segue_hot *)0)->field == sizeof ((segue_coroutine *)0)->field, #field " is frozen")

AT(ops, 0, 0);
AT(gate, 1, 0);
AT(refs, 1, 4);
AT(leaf, 1, 8);
AT(root, 2, 8);
AT(resumer, 3, 8);
SAME_PLACE(ops);
SAME_PLACE(gate);
SAME_PLACE(refs);
SAME_PLACE(leaf);
SAME_PLACE(root);
SAME_PLACE(resumer);
_Static_assert(offsetof(segue_contexts, own) == 0 && offsetof(segue_contexts, sender) == SEGUE_ARCH_CONTEXT &&
		       sizeof(segue_contexts) == 2 * SEGUE_ARCH_CONTEXT, "the two contexts below it are frozen");
_Static_assert(SEGUE_GATE_RUNNING == 1 && SEGUE_GATE_CLOSING == 256, "the gate's bits are what programs have");
_Static_assert((int)SEGUE_GATE_RUNNING == (int)GATE_RUNNING && (int)SEGUE_GATE_CLOSING == (int)GATE_CLOSING, "the gate's bits are frozen");
