/* A calculator whose lexer is a generator, and whose parser asks it for one token after the other.
 *
 * Both are written as if they were the main program: the lexer loops over the text, the parser descends the grammar. Neither has to
 * remember where it was. Errors are exceptions, which SEGUE_TRY() passes on, out of the lexer and up through the parser.
 */
#include <ctype.h>
#include <segue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static SEGUE_EXCEPTION(SyntaxError, segue_Exception);

struct token {
	int kind; /* the character itself, or '0' for any number */
	double number;
};

static SEGUE_GENERATOR(tokens, (const char *, text))
{
	while (*(text += strspn(text, " "))) {
		struct token token = { *text, 0 }; /* alive, as all here is, while this is suspended */

		if (isdigit((unsigned char)*text)) {
			char *end;

			token = (struct token){ '0', strtod(text, &end) };
			text = end;
		} else if (strchr("+-*/()", *text)) {
			text++;
		} else {
			return segue_raise(&SyntaxError, "a character that means nothing");
		}
		SEGUE_TRY(segue_yield(&token));
	}
	return segue_value(NULL);
}

struct parser {
	segue_coroutine *tokens;
	struct token ahead; /* its kind is 0 at the end */
};

static segue_result advance(struct parser *p)
{
	segue_result r = segue_send(p->tokens, NULL);

	if (segue_isinstance(r, &segue_StopIteration))
		p->ahead.kind = 0;
	else
		p->ahead = *(struct token *)SEGUE_TRY(r);
	return segue_value(NULL);
}

/* How tightly an operator binds; 0: it is none */
static int binding(int kind)
{
	return kind == '*' || kind == '/' ? 2 : kind == '+' || kind == '-' ? 1 : 0;
}

static segue_result expression(struct parser *p, int least, double *x);

/* A number, or an expression in parentheses */
static segue_result operand(struct parser *p, double *x)
{
	if (p->ahead.kind == '0') {
		*x = p->ahead.number;
	} else if (p->ahead.kind == '(') {
		SEGUE_TRY(advance(p));
		SEGUE_TRY(expression(p, 1, x));
		if (p->ahead.kind != ')')
			return segue_raise(&SyntaxError, "a parenthesis is not closed");
	} else {
		return segue_raise(&SyntaxError, "a number is missing");
	}
	return advance(p);
}

/* Operands, joined by operators that bind at least so tightly */
static segue_result expression(struct parser *p, int least, double *x)
{
	double y;

	SEGUE_TRY(operand(p, x));
	for (int kind; binding(kind = p->ahead.kind) >= least;) {
		SEGUE_TRY(advance(p));
		SEGUE_TRY(expression(p, binding(kind) + 1, &y));
		*x = kind == '+' ? *x + y : kind == '-' ? *x - y : kind == '*' ? *x * y : *x / y;
	}
	return segue_value(NULL);
}

static segue_result calculate(struct parser *p, double *x)
{
	SEGUE_TRY(advance(p));
	SEGUE_TRY(expression(p, 1, x));
	return p->ahead.kind ? segue_raise(&SyntaxError, "an operator is missing") : segue_value(NULL);
}

int main(void)
{
	static const char *const lines[] = { "1 + 2 * 3", "(1 + 2) * 3", "10 - 4 - 3", "7.5 / (1.5 + 1)", "2 * (3 + 4", "2 + ", "6 7", "1 + x" };

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct parser parser = { tokens(lines[i]), { 0, 0 } };
		double x;
		segue_result r = calculate(&parser, &x);

		if (r.raised)
			printf("%-16s %s: %s\n", lines[i], r.raised->name, (char *)r.value);
		else
			printf("%-16s = %g\n", lines[i], x);
		segue_unref(parser.tokens); /* also where there are tokens left */
	}
}
