/* The coroutine as an object: its operations, and how it is made. */
#include <errno.h>
#include <string.h>

#include "annotate.h"
#include "coroutine.h"
#include "high_water.h"
#include "origin.h"
#include "stack.h"

static void object_ref(void *self)
{
	segue_ref(self);
}

static void object_release(void *self)
{
	segue_unref(self);
}

static segue_result object_next(void *self)
{
	return segue_send(self, NULL);
}

static segue_result object_send(void *self, void *value)
{
	return segue_send(self, value);
}

static segue_result object_throw(void *self, segue_result what)
{
	return segue_throw(self, what.raised, what.value);
}

static segue_result object_close(void *self)
{
	return segue_close(self);
}

#define OPS(word)                                                                                  \
	{ sizeof(segue_ops), 0, SEGUE_NAMED(word), object_ref, object_release, NULL, object_next,  \
	  object_send, object_throw, object_close }

static const segue_ops kinds[] = {
	[SEGUE_KIND_COROUTINE] = OPS("coroutine"),
	[SEGUE_KIND_GENERATOR] = OPS("generator"),
	[SEGUE_KIND_ITERABLE_COROUTINE] = OPS("generator"),
};

segue_coroutine *segue_as_coroutine(void *object)
{
	const segue_ops *ops = object ? *(const segue_ops **)object : NULL;

	return ops >= kinds && ops < kinds + sizeof kinds / sizeof *kinds ? object : NULL;
}

void *segue_object_ref(void *object)
{
	const segue_ops *ops = object ? *(const segue_ops **)object : NULL;

	if (ops && ops->ref) {
		segue__annotate_call(1);
		ops->ref(object);
		segue__annotate_returned();
	}
	return object;
}

void segue_object_unref(void *object)
{
	const segue_ops *ops = object ? *(const segue_ops **)object : NULL;

	if (ops && ops->release) {
		segue__annotate_call(1);
		ops->release(object);
		segue__annotate_returned();
	}
}

static inline segue_coroutine *initialise(segue_coroutine *co, segue_body *body, void *arg, uint32_t kind, const segue_code *code)
{
	segue__first_call(contexts_of(co), contexts_of(co), (void (*)(void))segue__run);
	co->gate = GATE_CREATED;
	co->refs = 1;
	co->leaf = co->root = co;
	co->body = body;
	co->arg = arg;
	co->dispose = NULL;
	co->code = code;
	co->awaiter = NULL;
	co->awaited = NULL;
	co->kind = (uint8_t)kind;
	co->inner_ended = co->traced = co->extras = 0;
	co->ops = &kinds[kind];
	return co;
}

/* Bytes at the top of a new one's stack, above the first frame, which moves down. */
static void *reserve(segue_coroutine *co, size_t size)
{
	uintptr_t end = (uintptr_t)contexts_of(co)->own.sp + SEGUE_ARCH_STACK_ALIGN;
	void *top = (void *)((end - size) & -(uintptr_t)SEGUE_ARCH_STACK_ALIGN);

	segue__first_call(contexts_of(co), top, (void (*)(void))segue__run);
	return top;
}

static void add_origin(segue_coroutine *co, int depth, void *caller)
{
	co->origin = reserve(co, (size_t)(depth + 1) * sizeof *co->origin);
	co->extras |= EXTRA_ORIGIN;
	segue__origin_take(co->origin, depth, caller, co->code);
}

static __attribute__((noinline)) void add_wanted(segue_coroutine *co, uint32_t wanted, void *caller)
{
	if (wanted & WANT_WATCH)
		segue__watch(co);
	if (wanted & WANT_COUNT)
		segue__count_from_here(co);
	if (wanted & WANT_OWNER)
		co->gate |= GATE_OWNED;
	if (wanted & WANT_ORIGIN)
		add_origin(co, (int)(wanted & WANT_ORIGIN), caller);
}

static inline void add_what_is_wanted(segue_coroutine *co, void *caller)
{
	uint32_t wanted = __atomic_load_n(&segue__wanted, __ATOMIC_RELAXED);

	if (unlikely(wanted))
		add_wanted(co, wanted, caller);
}

/* Its argument lies on its stack, then. */
static void add_argument(segue_coroutine *co, const void *arguments, size_t size)
{
	co->arg = reserve(co, size);
	if (arguments)
		memcpy(co->arg, arguments, size);
}

static segue_coroutine *make(segue_body *body, void *arg, uint32_t kind, const segue_code *code, void *caller)
{
	segue_coroutine *co;

	if (!body || kind > SEGUE_KIND_ITERABLE_COROUTINE) {
		errno = EINVAL;
		return NULL;
	}
	co = segue__stack_take(&segue__classes[0]);
	if (unlikely(!co))
		return NULL;
	initialise(co, body, arg, kind, code);
	add_what_is_wanted(co, caller);
	return co;
}

READS_THREAD segue_coroutine *segue_new_here(segue_body *body, void *arg, uint32_t kind, const segue_code *code)
{
	return make(body, arg, kind, code, __builtin_return_address(0));
}

READS_THREAD segue_coroutine *(segue_coroutine_new)(segue_body *body, void *arg)
{
	return make(body, arg, SEGUE_KIND_COROUTINE, NULL, __builtin_return_address(0));
}

READS_THREAD segue_coroutine *(segue_generator_new)(segue_body *body, void *arg)
{
	return make(body, arg, SEGUE_KIND_GENERATOR, NULL, __builtin_return_address(0));
}

READS_THREAD segue_coroutine *segue_new_copied(segue_body *body, const void *arguments, size_t size, uint32_t kind, const segue_code *code)
{
	segue_coroutine *co;

	if (size > SEGUE_STACK_DEFAULT / 4) {
		errno = E2BIG;
		return NULL;
	}
	co = make(body, NULL, kind, code, __builtin_return_address(0));
	if (co && size)
		add_argument(co, arguments, size);
	return co;
}

void *segue_argument(const segue_coroutine *co, void (*dispose)(void *arg))
{
	return co && co->extras & EXTRA_KEEP && co->dispose == dispose ? co->arg : NULL;
}

READS_THREAD segue_coroutine *segue_types_coroutine(segue_coroutine *generator)
{
	if (generator && (generator->kind != SEGUE_KIND_GENERATOR || !(generator->gate & GATE_CREATED)))
		errno = EINVAL;
	else if (generator) {
		generator->kind = SEGUE_KIND_ITERABLE_COROUTINE;
		generator->ops = &kinds[SEGUE_KIND_ITERABLE_COROUTINE];
	}
	return generator;
}

/* What the caller says, in this library's layout; what an older caller's lacks has its default. 0, or an errno. */
static int read_attr(segue_attr *attr, const segue_attr *given)
{
	const unsigned char *bytes = (const unsigned char *)given;

	if (given->size < offsetof(segue_attr, guard_size))
		return EINVAL;
	for (size_t i = sizeof *attr; i < given->size; i++)
		if (bytes[i])
			return E2BIG;
	memcpy(attr, given, given->size < sizeof *attr ? given->size : sizeof *attr);
	if (attr->kind > SEGUE_KIND_ITERABLE_COROUTINE || !attr->stack_size ||
	    attr->flags & ~(SEGUE_OWN_FENV | SEGUE_RECOVER_OVERFLOW | SEGUE_KEEP_ARGUMENT) ||
	    (attr->flags & SEGUE_KEEP_ARGUMENT && !attr->dispose))
		return EINVAL;
	if (attr->argument_size > attr->stack_size / 4)
		return E2BIG;
	return attr->stack && attr->flags & SEGUE_RECOVER_OVERFLOW ? EINVAL : 0; /* it has no guard */
}

static segue_coroutine *take_stack(const segue_attr *attr)
{
	struct stack_class *class;

	if (attr->stack)
		return segue__stack_place(attr->stack, attr->stack_size);
	class = segue__stack_class(attr->stack_size, attr->guard_size);
	return class ? segue__stack_take(class) : NULL;
}

READS_THREAD segue_coroutine *segue_coroutine_new_with(segue_body *body, void *arg, const segue_attr *given)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;
	int error = body ? given ? read_attr(&attr, given) : 0 : EINVAL;

	if (error) {
		errno = error;
		return NULL;
	}
	co = take_stack(&attr);
	if (!co)
		return NULL;
	initialise(co, body, arg, attr.kind, NULL);
	if (attr.name) {
		co->extras |= EXTRA_NAME;
		co->name = attr.name;
	}
	co->dispose = attr.dispose;
	add_what_is_wanted(co, __builtin_return_address(0));
	if (attr.argument_size)
		add_argument(co, arg, attr.argument_size);
	if (attr.flags & SEGUE_KEEP_ARGUMENT)
		co->extras |= EXTRA_KEEP;
	if (attr.flags & SEGUE_RECOVER_OVERFLOW)
		co->extras |= EXTRA_RECOVER;
	if (attr.flags & SEGUE_OWN_FENV) {
		co->gate |= GATE_FENV;
		segue_arch_fenv_save(co->fenv);
	}
	return co;
}
