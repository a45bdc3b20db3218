/* figures_parts: what the files that draw figures share. */
#ifndef QUANTCAM_REPORT_FIGURES_PARTS_H
#define QUANTCAM_REPORT_FIGURES_PARTS_H

#include "figures.h"
#include "pairs.h"

struct figures_drawing {
    struct store_reader *r;
    const struct store_layout *l;
    struct figures *to;
};

/* figures_pairs.c: RMSE of one pair of precisions by reading and by set; all: the pairs of precisions 1 ..
 * count: how close their components are; where answers change. */
MUST_USE status figures_pairs_draw(struct figures_drawing *d, const struct pairs *a);
MUST_USE status figures_pairs_sigma(struct figures_drawing *d, const struct pairs *all, int count);
MUST_USE status figures_pairs_margin(struct figures_drawing *d, const struct pairs *all, int count);

#endif
