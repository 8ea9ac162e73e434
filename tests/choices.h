/* Where random choices come from: a generator of random numbers, or a file. */
#ifndef SEGUE_TESTS_CHOICES_H
#define SEGUE_TESTS_CHOICES_H

#include <stdbool.h>

struct choices {
	unsigned (*choose)(struct choices *c, unsigned n); /* a number below n, of at most 256 */
	bool ended;                                        /* set by choose(), or when there were enough operations: all goes to its end */
};

#endif
