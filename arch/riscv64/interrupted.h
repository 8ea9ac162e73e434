/* What a signal interrupted on RV64. */
enum { GREG_PC, GREG_RA, GREG_SP, GREG_S0 = 8, GREG_S1 };

static inline segue_context segue_arch_interrupted(const ucontext_t *u)
{
	const unsigned long *r = u->uc_mcontext.__gregs;

	return (segue_context){ (void *)r[GREG_SP], (void *)r[GREG_S0], (void *)r[GREG_PC], (void *)r[GREG_S1] };
}

static inline void segue_arch_go_on(ucontext_t *u, const segue_context *to)
{
	unsigned long *r = u->uc_mcontext.__gregs;

	r[GREG_SP] = (unsigned long)to->sp;
	r[GREG_S0] = (unsigned long)to->fp;
	r[GREG_PC] = (unsigned long)to->ip;
	r[GREG_S1] = (unsigned long)to->base;
}

static inline void *segue_arch_link(const ucontext_t *u)
{
	return (void *)u->uc_mcontext.__gregs[GREG_RA];
}

static inline void *segue_arch_code(void *address)
{
	return address;
}
