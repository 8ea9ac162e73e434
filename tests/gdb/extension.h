/* What the two halves of the program share. */
#ifndef SEGUE_TESTS_GDB_EXTENSION_H
#define SEGUE_TESTS_GDB_EXTENSION_H

#include <segue.h>

segue_result ext_inlined(void *arg);

#endif
