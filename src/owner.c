/* SEGUE_DEBUG=owner: who uses a coroutine while another thread runs it. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "chain.h"

static int this_thread(void)
{
	return (int)syscall(SYS_gettid);
}

void segue__own(segue_coroutine *root)
{
	__atomic_store_n(&root->owner, this_thread(), __ATOMIC_RELAXED);
}

void segue__check_owner(const segue_coroutine *co)
{
	int me = this_thread();
	int owner = __atomic_load_n(&segue__root(co)->owner, __ATOMIC_RELAXED);
	segue_info info;

	if (owner == me)
		return;
	segue_inspect(co, &info, sizeof info);
	fprintf(stderr, "segue: coroutine '%s' is used by thread %d while thread %d runs it\n", info.cr_code.name ? info.cr_code.name : "?",
		me, owner);
	segue__print_origin(&info);
}
