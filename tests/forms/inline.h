/* Both moves inlined. */
#include <segue/inline.h>
