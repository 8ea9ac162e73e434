/* Exception types, and what can be asked of a result. */
#include "context.h"

#define TYPE(name, base) const segue_type segue_##name = { #name, base, NULL, { NULL } }

TYPE(BaseException, NULL);
TYPE(GeneratorExit, &segue_BaseException);
TYPE(Exception, &segue_BaseException);
TYPE(StopIteration, &segue_Exception);
TYPE(RuntimeError, &segue_Exception);
TYPE(RecursionError, &segue_RuntimeError);
TYPE(ValueError, &segue_Exception);
TYPE(TypeError, &segue_Exception);
TYPE(AttributeError, &segue_Exception);
TYPE(MemoryError, &segue_Exception);

int segue_isinstance(segue_result r, const segue_type *type)
{
	const segue_type *t = r.raised;

	while (t && t != type)
		t = t->base;
	return t != NULL;
}

const char *segue_message(segue_result r)
{
	static const segue_type *const with_message[] = {
		&segue_BaseException, &segue_Exception,      &segue_RuntimeError, &segue_RecursionError,
		&segue_ValueError,    &segue_TypeError,      &segue_AttributeError, &segue_MemoryError,
	};

	for (size_t i = 0; i < sizeof with_message / sizeof *with_message; i++)
		if (r.raised == with_message[i])
			return r.value;
	return NULL;
}
