/* figure: drawings of the report as SVG. */
#ifndef QUANTCAM_REPORT_FIGURE_H
#define QUANTCAM_REPORT_FIGURE_H

#include "store.h"

/* Figure 2 for precision p (> 0) and the first: a line of two plots a network, the histograms of the mean
 * activation tensor as published (raw subset, each over its own range) and corrected (resolved subset, over
 * the common range), logarithmic counts, Dice on each plot. */
MUST_USE status figure_histograms(struct store_reader *r, int p, struct text *out);
/* The same as charts of the page, a network's three (as published, corrected, control) in a line. */
MUST_USE status figure_charts(struct store_reader *r, int p, struct text *out);

/* figure_page.c: from /summary, as charts of the page. */
/* Entropy and deviation of the first precision and p (> 0), in real values and stored integers. */
MUST_USE status figure_page_statistics(struct store_reader *r, int p, struct text *out);
/* Both right, one of them, both wrong; nothing where there are no labels. */
MUST_USE status figure_page_agreement(struct store_reader *r, int p, struct text *out);

#endif
