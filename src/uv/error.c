/* What is raised, and what it says. */
#include "adapter.h"

const segue_type segue_UVError = { "UVError", &segue_Exception, NULL, { NULL } };
const segue_type segue_TimeoutError = { "TimeoutError", &segue_Exception, NULL, { NULL } };
const segue_type segue_CancelledError = { "CancelledError", &segue_Exception, NULL, { NULL } };

segue_result segue_uv_result(intptr_t code)
{
	return code < 0 ? segue__uv_raise(&segue_UVError, (void *)code) : segue_value((void *)code);
}

int segue_uv_code(segue_result r)
{
	return segue_isinstance(r, &segue_UVError) ? (int)(intptr_t)r.value : 0;
}

const char *segue_uv_message(segue_result r)
{
	int code = segue_uv_code(r);

	return code ? uv_strerror(code) : segue_message(r);
}
