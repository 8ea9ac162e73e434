#include "request.h"

#include <stdint.h>
#include <string.h>

enum { OK = 0, BAD_REQUEST = 400, CONTENT_TOO_LARGE = 413, EXPECTATION_FAILED = 417, FIELDS_TOO_LARGE = 431, NOT_IMPLEMENTED = 501,
       VERSION_NOT_SUPPORTED = 505 };

size_t head_size(const char *bytes, size_t size, size_t *seen)
{
	for (size_t i = *seen; i < size; i++) {
		if (bytes[i] != '\n')
			continue;
		if (i == 0 || bytes[i - 1] != '\r') {
			*seen = SIZE_MAX;
			return 0;
		}
		if (i >= 3 && bytes[i - 2] == '\n')
			return i + 1;
	}
	*seen = size;
	return 0;
}

bool slice_is(struct slice slice, const char *text)
{
	return slice.size == strlen(text) && memcmp(slice.at, text, slice.size) == 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* `text` is in lower case. */
static bool is_word(struct slice slice, const char *text)
{
	for (size_t i = 0; i < slice.size; i++)
		if (lower(slice.at[i]) != text[i]) /* its end is no character of the slice's */
			return false;
	return text[slice.size] == '\0';
}

static bool is_token_character(char c)
{
	return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* What is in front of `end` in *rest, and takes both off; false: there is no such character. */
static bool take_until(struct slice *rest, char end, struct slice *taken)
{
	const char *found = memchr(rest->at, end, rest->size);

	if (!found)
		return false;
	*taken = (struct slice){ rest->at, (size_t)(found - rest->at) };
	rest->size -= taken->size + 1;
	rest->at = found + 1;
	return true;
}

static bool is_token(struct slice s)
{
	for (size_t i = 0; i < s.size; i++)
		if (!is_token_character(s.at[i]))
			return false;
	return s.size > 0;
}

static struct slice trimmed(struct slice s)
{
	while (s.size && (*s.at == ' ' || *s.at == '\t')) {
		s.at++;
		s.size--;
	}
	while (s.size && (s.at[s.size - 1] == ' ' || s.at[s.size - 1] == '\t'))
		s.size--;
	return s;
}

/* ---- The first line -------------------------------------------------------------------------------------------------- */

/* "http://host/path" means "/path"; the host is the Host field's. */
static struct slice without_host(struct slice target)
{
	static const char scheme[] = "http://";
	const size_t size = sizeof scheme - 1;
	const char *path;

	if (target.size < size || !is_word((struct slice){ target.at, size }, scheme))
		return target;
	target.at += size;
	target.size -= size;
	path = memchr(target.at, '/', target.size);
	if (!path)
		return (struct slice){ "/", 1 };
	return (struct slice){ path, target.size - (size_t)(path - target.at) };
}

static bool is_target(struct slice s)
{
	for (size_t i = 0; i < s.size; i++)
		if (s.at[i] <= ' ' || s.at[i] > '~')
			return false;
	return s.size > 0;
}

static int read_first_line(struct slice line, struct request *request)
{
	if (!take_until(&line, ' ', &request->method) || !is_token(request->method) || !take_until(&line, ' ', &request->target) ||
	    !is_target(request->target))
		return BAD_REQUEST;
	if (line.size != 8 || memcmp(line.at, "HTTP/", 5) != 0 || line.at[6] != '.' || line.at[5] < '0' || line.at[5] > '9' ||
	    line.at[7] < '0' || line.at[7] > '9')
		return BAD_REQUEST;
	request->target = without_host(request->target);
	request->keeps_alive = line.at[7] != '0';
	return line.at[5] == '1' ? OK : VERSION_NOT_SUPPORTED;
}

/* ---- Fields ---------------------------------------------------------------------------------------------------------- */

struct seen {
	int fields, hosts, lengths, codings;
};

static bool is_field_value(struct slice s)
{
	for (size_t i = 0; i < s.size; i++)
		if (((unsigned char)s.at[i] < ' ' && s.at[i] != '\t') || s.at[i] == 0x7f)
			return false;
	return true;
}

static int read_length(struct slice value, size_t *length)
{
	*length = 0;
	for (size_t i = 0; i < value.size; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return BAD_REQUEST;
		if (*length <= BODY_MAX) /* more digits make it no smaller */
			*length = *length * 10 + (size_t)(value.at[i] - '0');
	}
	return value.size ? OK : BAD_REQUEST;
}

static void read_connection(struct slice value, struct request *request)
{
	while (value.size) {
		struct slice option;

		if (!take_until(&value, ',', &option)) {
			option = value;
			value.size = 0;
		}
		if (is_word(trimmed(option), "close"))
			request->keeps_alive = false;
	}
}

static int read_field(struct slice line, struct request *request, struct seen *seen)
{
	struct slice name;

	if (++seen->fields > FIELDS_MAX)
		return FIELDS_TOO_LARGE;
	if (!take_until(&line, ':', &name) || !is_token(name) || !is_field_value(line))
		return BAD_REQUEST;
	line = trimmed(line);
	if (is_word(name, "host")) {
		seen->hosts++;
	} else if (is_word(name, "content-length")) {
		seen->lengths++;
		return read_length(line, &request->content_length);
	} else if (is_word(name, "transfer-encoding")) {
		seen->codings++;
	} else if (is_word(name, "connection")) {
		read_connection(line, request);
	} else if (is_word(name, "expect")) {
		request->expects_continue = is_word(line, "100-continue");
		return request->expects_continue ? OK : EXPECTATION_FAILED;
	}
	return OK;
}

/* Whether there is one Host, and one way to tell how long the body is. */
static int judge(const struct request *request, const struct seen *seen, bool needs_host)
{
	if (seen->hosts > 1 || (needs_host && !seen->hosts) || seen->lengths > 1 || (seen->lengths && seen->codings))
		return BAD_REQUEST;
	if (seen->codings)
		return NOT_IMPLEMENTED;
	return request->content_length > BODY_MAX ? CONTENT_TOO_LARGE : OK;
}

int read_head(const char *head, size_t size, struct request *request)
{
	struct slice rest = { head, size - 2 }, line = { head, 0 }; /* without the empty line */
	struct seen seen = { 0 };
	bool needs_host;
	int status;

	*request = (struct request){ .content_length = 0 };
	take_until(&rest, '\n', &line);
	line.size--;
	status = read_first_line(line, request);
	needs_host = request->keeps_alive; /* so far: since HTTP/1.1 */
	while (!status && take_until(&rest, '\n', &line)) {
		line.size--;
		status = read_field(line, request, &seen);
	}
	return status ? status : judge(request, &seen, needs_host);
}
