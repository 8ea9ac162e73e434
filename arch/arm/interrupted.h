/* What a signal interrupted on 32-bit ARM. */
enum { THUMB_STATE = 1 << 5, IT_STATE = 0x0600fc00 }; /* of CPSR */

static inline segue_context segue_arch_interrupted(const ucontext_t *u)
{
	const mcontext_t *m = &u->uc_mcontext;

	return (segue_context){ (void *)m->arm_sp, (void *)m->arm_fp, (void *)m->arm_pc, (void *)m->arm_r6 };
}

static inline void segue_arch_go_on(ucontext_t *u, const segue_context *to)
{
	mcontext_t *m = &u->uc_mcontext;
	uintptr_t ip = (uintptr_t)to->ip;

	m->arm_sp = (uintptr_t)to->sp;
	m->arm_r7 = m->arm_fp = (uintptr_t)to->fp;
	m->arm_pc = ip & ~(uintptr_t)1;
	m->arm_r6 = (uintptr_t)to->base;
	m->arm_cpsr &= ~(unsigned long)(THUMB_STATE | IT_STATE);
	m->arm_cpsr |= ip & 1 ? THUMB_STATE : 0;
}

static inline void *segue_arch_link(const ucontext_t *u)
{
	return (void *)u->uc_mcontext.arm_lr;
}

/* The lowest bit is the instruction set's. */
static inline void *segue_arch_code(void *address)
{
	return (void *)((uintptr_t)address & ~(uintptr_t)1);
}
