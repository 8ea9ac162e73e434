/* The list of peers. */
#include "config.h"
#include "peers.h"

const struct peer *const peers[] = {
	&peer_switch,
	&peer_send,
	&peer_inline,
#ifdef HAVE_MAKECONTEXT
	&peer_ucontext,
#endif
#ifdef HAVE_BOOST_CONTEXT
	&peer_boost,
	&peer_boost_guarded,
#endif
#ifdef HAVE_PCL
	&peer_pcl,
#endif
#ifdef HAVE_CPP20
	&peer_cpp20,
	&peer_cpp20_pooled,
#endif
	&peer_machine,
	&peer_memory,
	&peer_call,
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
#ifndef HAVE_CPP20
	"C++20",
#endif
	NULL,
};
