/* await and yield from, spelled out: what segue_await() is held to. */
#ifndef SEGUE_TESTS_DELEGATION_H
#define SEGUE_TESTS_DELEGATION_H

#include "segue.h"

/* As segue_await(x) in a running coroutine of this kind; *awaiting is the iterator meanwhile, a reference. */
segue_result delegate(void **awaiting, segue_kind kind, void *x);

#endif
