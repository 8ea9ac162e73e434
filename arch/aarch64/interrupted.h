/* What a signal interrupted on AArch64. */
enum { BRANCH_TYPE = 3 << 10 }; /* of PSTATE */

static inline segue_context segue_arch_interrupted(const ucontext_t *u)
{
	const mcontext_t *m = &u->uc_mcontext;

	return (segue_context){ (void *)m->sp, (void *)m->regs[29], (void *)m->pc, (void *)m->regs[19] };
}

static inline void segue_arch_go_on(ucontext_t *u, const segue_context *to)
{
	mcontext_t *m = &u->uc_mcontext;

	m->sp = (uintptr_t)to->sp;
	m->regs[29] = (uintptr_t)to->fp;
	m->pc = (uintptr_t)to->ip;
	m->regs[19] = (uintptr_t)to->base;
	m->pstate &= ~(uint64_t)BRANCH_TYPE; /* of a call whose first instruction faulted: it would want a landing pad */
}

static inline void *segue_arch_link(const ucontext_t *u)
{
	return (void *)u->uc_mcontext.regs[30];
}

/* Return addresses on the stack may be signed. */
static inline void *segue_arch_code(void *address)
{
	register void *x30 __asm__("x30") = address;

	__asm__("hint #7" : "+r"(x30)); /* xpaclri */
	return x30;
}
