/* Averages as readings come in: send() hands a coroutine a value, and waits for its answer.
 *
 * Between two sends the coroutine is suspended inside segue_yield(), and its local variables stay where they are. Written as a
 * callback, sum and n would have to live in a struct, and the loop would be turned inside out.
 */
#include <segue.h>
#include <stdio.h>

struct summary {
	int count;
	double average, least, most;
};

/* Yields the summary of all readings sent so far. Each instance has variables, and a stack, of its own. */
static SEGUE_GENERATOR(averager)
{
	struct summary s = { 0 };
	double sum = 0;
	double *reading;

	/* What this yields is what the last send returns; what it returns is what the next send brings. NULL ends the loop. */
	while ((reading = SEGUE_TRY(segue_yield(&s)))) {
		sum += *reading;
		s.average = sum / ++s.count;
		if (s.count == 1 || *reading < s.least)
			s.least = *reading;
		if (s.count == 1 || *reading > s.most)
			s.most = *reading;
	}
	return segue_value("no more readings"); /* this send gets StopIteration, with that as its value */
}

enum { KITCHEN, CELLAR, ROOMS };

int main(void)
{
	static const char *const names[ROOMS] = { "kitchen", "cellar" };
	static struct {
		int room;
		double celsius;
	} log[] = { { KITCHEN, 21 }, { CELLAR, 11.5 }, { CELLAR, 12.5 }, { KITCHEN, 24 }, { CELLAR, 9 }, { KITCHEN, 19.5 } };
	segue_coroutine *rooms[ROOMS];

	for (int i = 0; i < ROOMS; i++) {
		rooms[i] = averager();
		segue_send(rooms[i], NULL); /* runs it up to its first yield, which is where a value can arrive */
	}

	for (size_t i = 0; i < sizeof log / sizeof *log; i++) {
		int room = log[i].room;
		const struct summary *s = segue_send(rooms[room], &log[i].celsius).value;

		printf("%-7s %5.1f: average %.2f of %d, from %.1f to %.1f\n", names[room], log[i].celsius, s->average, s->count,
			s->least, s->most);
	}

	for (int i = 0; i < ROOMS; i++) {
		segue_result r = segue_send(rooms[i], NULL);

		printf("%-7s %s: %s\n", names[i], r.raised->name, (char *)r.value);
		segue_unref(rooms[i]);
	}
}
