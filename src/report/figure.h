/* figure: drawings of the report as SVG. */
#ifndef QUANTCAM_REPORT_FIGURE_H
#define QUANTCAM_REPORT_FIGURE_H

#include "store.h"

/* Figure 2 for precision p (> 0) and the first: a line of two plots a network, the histograms of the mean
 * activation tensor as published (raw subset, each over its own range) and corrected (resolved subset, over
 * the common range), logarithmic counts, Dice on each plot. */
MUST_USE status figure_histograms(struct store_reader *r, int p, struct text *out);

#endif
