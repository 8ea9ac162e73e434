/* Where coroutines lie, for debuggers: in the memory of a process or a core file, by one symbol of the dynamic table, or by the words that
   it begins with where programs were linked statically and stripped. src/segue-gdb.py reads it: each number has a name. */
#include "stack.h"

#define NUMBERS(X)                                                                                                 \
	X(pointer, sizeof(void *))                                                                                 \
	X(coroutine, sizeof(segue_coroutine))                                                                      \
	X(coroutine_ops, offsetof(segue_coroutine, ops))                                                           \
	X(coroutine_gate, offsetof(segue_coroutine, gate))                                                         \
	X(coroutine_resumer, offsetof(segue_coroutine, resumer))                                                   \
	X(coroutine_next, offsetof(segue_coroutine, next))                                                         \
	X(coroutine_previous, offsetof(segue_coroutine, previous))                                                 \
	X(coroutine_body, offsetof(segue_coroutine, body))                                                         \
	X(coroutine_stack, offsetof(segue_coroutine, stack))                                                       \
	X(coroutine_stack_size, offsetof(segue_coroutine, stack_size))                                             \
	X(coroutine_awaiter, offsetof(segue_coroutine, awaiter))                                                   \
	X(coroutine_awaited, offsetof(segue_coroutine, awaited))                                                   \
	X(coroutine_code, offsetof(segue_coroutine, code))                                                         \
	X(coroutine_kind, offsetof(segue_coroutine, kind))                                                         \
	X(coroutine_extras, offsetof(segue_coroutine, extras))                                                     \
	X(coroutine_name, offsetof(segue_coroutine, name))                                                         \
	X(context, sizeof(segue_context))                                                                          \
	X(context_sp, offsetof(segue_context, sp))                                                                 \
	X(context_fp, offsetof(segue_context, fp))                                                                 \
	X(context_ip, offsetof(segue_context, ip))                                                                 \
	X(context_base, offsetof(segue_context, base))                                                             \
	X(below_own, sizeof(segue_contexts) - offsetof(segue_contexts, own))                                       \
	X(below_sender, sizeof(segue_contexts) - offsetof(segue_contexts, sender))                                 \
	X(frame_pc, SEGUE_ARCH_FRAME_PC)                                                                           \
	X(code_name, offsetof(segue_code, name))                                                                   \
	X(code_file, offsetof(segue_code, site.file))                                                              \
	X(code_line, offsetof(segue_code, site.line))                                                              \
	X(code_made_here, offsetof(segue_code, made_here))                                                         \
	X(ops_names, offsetof(segue_ops, names))                                                                   \
	X(gate_running, GATE_RUNNING)                                                                              \
	X(gate_created, GATE_CREATED)                                                                              \
	X(gate_closed, GATE_CLOSED)                                                                                \
	X(gate_outer, GATE_OUTER)                                                                                  \
	X(extra_name, EXTRA_NAME)                                                                                  \
	X(classes_count, CLASSES)                                                                                  \
	X(stack_class, sizeof(struct stack_class))                                                                 \
	X(class_stack_size, offsetof(struct stack_class, stack_size))                                              \
	X(class_guard_size, offsetof(struct stack_class, guard_size))                                              \
	X(class_slabs, offsetof(struct stack_class, slabs))                                                        \
	X(slab_next, offsetof(struct slab, next))                                                                  \
	X(slab_mapped, offsetof(struct slab, mapped))                                                              \
	X(slab_slots, offsetof(struct slab, slots))                                                                \
	X(slab_carved, offsetof(struct slab, carved))                                                              \
	X(colours, COLOURS)                                                                                        \
	X(colour_step, COLOUR_STEP)                                                                                \
	X(object_align, CACHE_LINE)                                                                                \
	X(stacks_placed, offsetof(struct stacks, placed))                                                          \
	X(stacks_allocated, offsetof(struct stacks, allocated))

#define VALUE(name, value) value,
#define NAME(name, value) #name "\0"

/* The fields up to `numbers` are as they are in version 1; more may follow the last of each kind. */
const struct segue_layout {
	char magic[16];
	uint32_t version, count;
	const char *names;       /* of numbers[], each with its NUL */
	const void *classes, *stacks;
	void (*switch_)(void), (*after_switch)(void); /* the code of the switch; of a coroutine's first frame */
	void (*entry)(void), (*after_entry)(void);
	uint32_t numbers[];
} segue_debug_layout = {
	"segue's layout",
	1,
	sizeof (uint32_t[]){ NUMBERS(VALUE) } / sizeof(uint32_t),
	NUMBERS(NAME),
	segue__classes,
	&segue__stacks,
	(void (*)(void))segue_arch_switch,
	segue_arch_start,
	segue_arch_entry,
	(void (*)(void))segue_arch_fenv_save,
	{ NUMBERS(VALUE) },
};
