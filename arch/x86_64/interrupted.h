/* What a signal interrupted on x86-64. */
enum { DIRECTION_FLAG = 1 << 10 };

static inline segue_context segue_arch_interrupted(const ucontext_t *u)
{
	const greg_t *r = u->uc_mcontext.gregs;

	return (segue_context){ (void *)r[REG_RSP], (void *)r[REG_RBP], (void *)r[REG_RIP], (void *)r[REG_RBX] };
}

static inline void segue_arch_go_on(ucontext_t *u, const segue_context *to)
{
	greg_t *r = u->uc_mcontext.gregs;

	r[REG_RSP] = (greg_t)to->sp;
	r[REG_RBP] = (greg_t)to->fp;
	r[REG_RIP] = (greg_t)to->ip;
	r[REG_RBX] = (greg_t)to->base;
	r[REG_EFL] &= ~DIRECTION_FLAG; /* clear at every call */
}

/* A call leaves its return address on the stack. */
static inline void *segue_arch_link(const ucontext_t *u)
{
	(void)u;
	return NULL;
}

static inline void *segue_arch_code(void *address)
{
	return address;
}
