/* segue's coroutines, with send and yield inlined. */
#include <segue/inline.h>

#include "peer_segue.h"

const struct peer peer_inline = {
	.library = "segue",
	.prefix = "inline-",
	.round_trip = "send+yield",
	.about = "the same with <segue/inline.h>",
	.works = works,
	.populate = populate,
	.ours = true,
};
