/* What this process takes of the machine's memory. */
#ifndef SEGUE_PERF_MEMORY_H
#define SEGUE_PERF_MEMORY_H

/** In bytes, but for the mappings; NAN for what the system doesn't tell. */
struct footprint {
	double resident, page_tables, mappings;
};

void read_footprint(struct footprint *footprint);

/** Bytes that could be had without swapping; NAN where the system doesn't tell. */
double available_memory(void);

#endif
