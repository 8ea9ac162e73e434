/* Values, exceptions, and instances of what a score defines. */
#include "object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

long live;
static struct line *definitions;
static struct instance *instances;

/* ---- Values and exceptions --------------------------------------------------------------------------------------- */

enum { NUMBERS = 1000 };
static char numbers[NUMBERS][4];

void *value_of(const char *word)
{
	int number;

	if (strcmp(word, "none") == 0)
		return NULL;
	number = score_number(word, NUMBERS - 1);
	snprintf(numbers[number], sizeof *numbers, "%d", number);
	return numbers[number];
}

const char *show(const void *value)
{
	static char quoted[200];

	if (!value)
		return "none";
	if ((uintptr_t)value - (uintptr_t)numbers < sizeof numbers)
		return value;
	snprintf(quoted, sizeof quoted, "\"%s\"", (const char *)value);
	return quoted;
}

SEGUE_EXCEPTION(AppExit, segue_BaseException);
SEGUE_EXCEPTION(AppError, segue_Exception);
SEGUE_EXCEPTION(AppSubError, AppError);

const segue_type *type_of(const char *word)
{
	static const segue_type *const types[] = {
		&segue_BaseException, &segue_GeneratorExit, &AppExit,
		&segue_Exception, &segue_StopIteration, &segue_RuntimeError, &segue_ValueError, &segue_TypeError, &segue_AttributeError,
		&AppError, &AppSubError,
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i]->name, word) == 0)
			return types[i];
	fail("no type of exceptions: %s", word);
}

segue_result exception_of(char *const words[2])
{
	return segue_raise(type_of(words[0]), value_of(words[1]));
}

int matches(const struct line *except, segue_result r)
{
	for (int i = 1; i < except->count; i++)
		if (segue_isinstance(r, type_of(except->words[i])))
			return 1;
	return 0;
}

/* ---- Iterators ------------------------------------------------------------------------------------------------------ */

static void thing_ref(void *self)
{
	struct thing *thing = self;

	thing->refs++;
}

static void thing_release(void *self)
{
	struct thing *thing = self;

	if (--thing->refs)
		return;
	free(thing);
	live--;
}

static segue_result answer(struct thing *iterator)
{
	const struct line *line = iterator->answer;

	if (!line)
		return segue_raise(&segue_StopIteration, NULL);
	iterator->answer = line->next;
	switch (line->verb) {
	case YIELD:
		return segue_value(value_of(line->words[1]));
	case STOP:
		return segue_raise(&segue_StopIteration, value_of(line->words[1]));
	case RAISE:
		return exception_of(&line->words[1]);
	default:
		fail("an iterator answers by yield, raise or stop");
	}
}

static segue_result iterator_next(void *self)
{
	struct thing *me = self;

	say(me->label, "next");
	return answer(me);
}

static segue_result iterator_send(void *self, void *value)
{
	struct thing *me = self;

	say(me->label, "send %s", show(value));
	return answer(me);
}

static segue_result iterator_throw(void *self, segue_result what)
{
	struct thing *me = self;

	say(me->label, "throw %s %s", what.raised->name, show(what.value));
	return answer(me);
}

static segue_result iterator_close(void *self)
{
	struct thing *me = self;

	say(me->label, "close");
	return segue_value(NULL);
}

/* One for each choice of methods. */
enum { HAS_SEND = 1, HAS_THROW = 2, HAS_CLOSE = 4 };
#define OPS(name, await_, next, send, throw_, close) \
	{ sizeof(segue_ops), 0, SEGUE_NAMED(name), thing_ref, thing_release, await_, next, send, throw_, close }
#define ITERATOR_OPS(has)                                                                                            \
	OPS("Iterator", NULL, iterator_next, (has) & HAS_SEND ? iterator_send : NULL, (has) & HAS_THROW ? iterator_throw : NULL, \
	    (has) & HAS_CLOSE ? iterator_close : NULL)

static const segue_ops *iterator_ops(const struct line *definition)
{
	static const segue_ops ops[] = { ITERATOR_OPS(0), ITERATOR_OPS(1), ITERATOR_OPS(2), ITERATOR_OPS(3),
					 ITERATOR_OPS(4), ITERATOR_OPS(5), ITERATOR_OPS(6), ITERATOR_OPS(7) };
	int has = 0;

	for (int i = 2; i < definition->count; i++)
		if (strcmp(definition->words[i], "send") == 0)
			has |= HAS_SEND;
		else if (strcmp(definition->words[i], "throw") == 0)
			has |= HAS_THROW;
		else if (strcmp(definition->words[i], "close") == 0)
			has |= HAS_CLOSE;
		else
			fail("an iterator has no %s", definition->words[i]);
	return &ops[has];
}

/* ---- Awaitables ------------------------------------------------------------------------------------------------------ */

/* An object that can do nothing, of a type of this name. */
#define STATIC_OPS(name) { sizeof(segue_ops), 0, SEGUE_NAMED(name), NULL, NULL, NULL, NULL, NULL, NULL, NULL }

void *no_object(void)
{
	static const segue_ops ops = STATIC_OPS("NoneType");
	static const segue_ops *none = &ops;

	return &none;
}

static void *awaitable_await(void *self)
{
	static const segue_ops ops = STATIC_OPS("int");
	static const segue_ops *seven = &ops;
	const struct line *definition = ((struct thing *)self)->definition;

	return definition->count == 4 ? make(definition->words[3]) : &seven;
}

static const segue_ops *awaitable_ops(const struct line *definition)
{
	static const segue_ops bare = OPS("Object", NULL, NULL, NULL, NULL, NULL);
	static const segue_ops awaitable = OPS("Awaitable", awaitable_await, NULL, NULL, NULL, NULL);

	return strcmp(definition->words[2], "bare") == 0 ? &bare : &awaitable;
}

/* ---- Instances -------------------------------------------------------------------------------------------------------- */

void make_from(struct line *score)
{
	definitions = score;
}

static void dispose(void *arg)
{
	instance_ends(arg);
}

static segue_coroutine *make_coroutine(struct line *definition)
{
	static const segue_kind kinds[] = {
		[GEN] = SEGUE_KIND_GENERATOR, [CORO] = SEGUE_KIND_COROUTINE, [ICORO] = SEGUE_KIND_ITERABLE_COROUTINE
	};
	struct instance *instance = calloc(1, sizeof *instance);
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;

	if (!instance)
		fail("no memory");
	instance->next = instances;
	instances = instance;
	instance->definition = definition;
	snprintf(instance->label, sizeof instance->label, "%s#%d", definition->words[1], definition->made);
	attr.name = instance->label;
	attr.dispose = dispose;
	attr.kind = kinds[definition->verb];
	co = segue_coroutine_new_with(play_body, instance, &attr);
	if (!co)
		fail("no coroutine for %s", instance->label);
	live++;
	return co;
}

static struct thing *make_thing(struct line *definition)
{
	struct thing *thing = calloc(1, sizeof *thing);

	if (!thing)
		fail("no memory");
	thing->ops = definition->verb == ITERATOR ? iterator_ops(definition) : awaitable_ops(definition);
	thing->refs = 1;
	thing->definition = definition;
	thing->answer = definition->first;
	snprintf(thing->label, sizeof thing->label, "%s#%d", definition->words[1], definition->made);
	live++;
	return thing;
}

void *make(const char *name)
{
	struct line *definition = score_find(definitions, name);

	definition->made++;
	return definition->verb < ITERATOR ? (void *)make_coroutine(definition) : make_thing(definition);
}

const char *label_of(void *object)
{
	const segue_coroutine *co = segue_as_coroutine(object);

	return co ? instance_of(co)->label : ((struct thing *)object)->label;
}

void instance_ends(struct instance *instance)
{
	if (!instance->ended)
		live--;
	instance->ended = 1;
}

struct instance *instance_of(const segue_coroutine *co)
{
	struct instance *instance = instances;
	segue_info info;

	segue_inspect(co, &info, sizeof info);
	while (instance && instance->label != info.cr_code.name)
		instance = instance->next;
	if (!instance)
		fail("a coroutine of nobody's");
	return instance;
}

void instances_free(void)
{
	while (instances) {
		struct instance *next = instances->next;
		free(instances);
		instances = next;
	}
}
