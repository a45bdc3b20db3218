/* figures_parts: what the files that draw figures share. */
#ifndef QUANTCAM_REPORT_FIGURES_PARTS_H
#define QUANTCAM_REPORT_FIGURES_PARTS_H

#include "chart.h"
#include "figures.h"
#include "pairs.h"

struct figures_drawing {
    struct store_reader *r;
    const struct store_layout *l;
    struct figures *to;
    struct chart *c;             /* the chart in hand */
};

/* figures_pairs.c. all: the pairs of precisions 1 .. count of a network. RMSE of each by reading and by set;
 * how close their components are; where answers change. */
MUST_USE status figures_pairs_draw(struct figures_drawing *d, const struct pairs *all, int count);
/* figures_truth.c: boxes of how maps agree with the truth, and with those of the first precision. */
MUST_USE status figures_truth_draw(struct figures_drawing *d);
/* figures_input.c: agreement of the input gradient's maps, and accuracy while they remove pixels. */
MUST_USE status figures_input_draw(struct figures_drawing *d);
/* figures_sets.c: a measure of each network, set and precision; where answers agree. */
MUST_USE status figures_sets_draw(struct figures_drawing *d);

#endif
