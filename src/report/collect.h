/* collect: from a result file's /summary and /timing to grids, ours beside the published. */
#ifndef QUANTCAM_REPORT_COLLECT_H
#define QUANTCAM_REPORT_COLLECT_H

#include "grid.h"
#include "store.h"

enum { COLLECT_MAX_GRIDS = 64 };

struct collect {
    struct grid grid[COLLECT_MAX_GRIDS];
    int grids;
    int64_t total, ok, bad;                 /* images */
    struct grid bad_images;                 /* path, reason: the first 50 */
};

MUST_USE status collect_tables(struct store_reader *r, struct collect *out);
void collect_free(struct collect *c);

#endif
