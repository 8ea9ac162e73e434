/* The version, in one piece: the headers' is configure.ac's. */
#if HAVE_CONFIG_H
#include "config.h"
#endif
#include "context.h"

#if HAVE_CONFIG_H
_Static_assert(!__builtin_strcmp(PACKAGE_VERSION, SEGUE_VERSION_STRING), "include/segue.h and configure.ac differ about the version");
#endif

uint32_t segue_version(void)
{
	return SEGUE_VERSION;
}
