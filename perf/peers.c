/* The list of peers. */
#include "config.h"
#include "peers.h"

const struct peer *const peers[] = {
	&peer_switch,
	&peer_send,
#ifdef HAVE_MAKECONTEXT
	&peer_ucontext,
#endif
#ifdef HAVE_BOOST_CONTEXT
	&peer_boost,
#endif
#ifdef HAVE_PCL
	&peer_pcl,
#endif
	NULL,
};

const char *const absent_peers[] = {
#ifndef HAVE_MAKECONTEXT
	"ucontext",
#endif
#ifndef HAVE_BOOST_CONTEXT
	"Boost.Context",
#endif
#ifndef HAVE_PCL
	"libpcl",
#endif
	NULL,
};
