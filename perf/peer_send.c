/* segue's coroutines, as functions of the library. */
#include <segue.h>

#include "peer_segue.h"

const struct peer peer_send = {
	.library = "segue",
	.prefix = "",
	.round_trip = "send+yield",
	.about = "segue_send() and segue_yield(); made by segue_coroutine_new(), ends by returning, then segue_unref()",
	.works = works,
	.populate = populate,
	.ours = true,
};
