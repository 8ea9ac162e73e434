/* Time and memory against the number of coroutines, as a picture. */
#ifndef SEGUE_PERF_PLOT_H
#define SEGUE_PERF_PLOT_H

#include "report.h"

/** Writes what there is to plot, as gnuplot reads it. */
void report_plot_data(FILE *file, const struct report *report);

/** Has gnuplot make `svg` of a file of such data; where there is no gnuplot, says so. */
void plot(const char *svg, const char *data, const struct report *report);

#endif
