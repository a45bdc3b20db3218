/* collect: from a result file's /summary and /timing to grids, ours beside the published. */
#ifndef QUANTCAM_REPORT_COLLECT_H
#define QUANTCAM_REPORT_COLLECT_H

#include "grid.h"
#include "store.h"

enum { COLLECT_MAX_GRIDS = 128 };

struct collect {
    struct grid grid[COLLECT_MAX_GRIDS];
    int grids;
    int64_t total, ok, bad;                 /* images */
    struct grid bad_images;                 /* path, reason: the first 50 */
};

MUST_USE status collect_tables(struct store_reader *r, struct collect *out);
void collect_free(struct collect *c);

/* ---- for the collect_*.c: a part of the tables each ---------------------------------------------------- */

/* collect_overview.c: grids "overview" and "sign" of precision p > 0. */
MUST_USE status collect_overview(struct store_reader *r, int p, struct collect *c);
/* collect_activation.c: table 4 (p > 0) or 5. */
MUST_USE status collect_activation(struct store_reader *r, int p, struct collect *c);

/* collect_methods.c: precision p > 0 and the first by further methods; nothing where the job has none. */
MUST_USE status collect_methods(struct store_reader *r, int p, struct collect *c);
/* collect_curves.c: table 10 (p > 0) or 11; nothing where the job has no curves. */
MUST_USE status collect_curves(struct store_reader *r, int p, struct collect *c);

/* collect_cross.c: the maps of precision p > 0 and the first on each other's network; nothing where the job
 * has no such curves. */
MUST_USE status collect_cross(struct store_reader *r, int p, struct collect *c);

/* collect_histogram.c: Dice of figure 2, p > 0. */
MUST_USE status collect_histogram(struct store_reader *r, int p, struct collect *c);
/* collect_comparison.c: maps of precision p and the first, p > 0. */
MUST_USE status collect_comparison(struct store_reader *r, int p, struct collect *c);

/* collect_difference.c: differences of precision p > 0 and the first, with intervals. */
MUST_USE status collect_difference(struct store_reader *r, int p, struct collect *c);

/* collect_wsol.c: the WSOL of table 10 (p > 0) or 11, and the table of all localization measures. */
MUST_USE status collect_wsol(struct store_reader *r, int p, struct collect *c);

/* Reads a (K, inner) array of doubles or integers into rows of `pitch` elements. */
MUST_USE status collect_matrix(struct store_reader *r, enum store_type type, int inner, int pitch, void *out,
                               const char *format, ...) PRINTF_LIKE(6, 7);
/* Appends an empty grid. */
struct grid *collect_grid(struct collect *c, const char *id, const char *title);
/* Appends an empty grid of precision p. The first two precisions are the study's: theirs is `id` alone, a
 * further one's name is put behind it. */
struct grid *collect_table(struct collect *c, const struct store_layout *layout, int p, const char *id,
                           const char *title, ...) PRINTF_LIKE(5, 6);
/* Appends the row of the study's numbers for its own subset: network, its two words; the numbers' cells are
 * the caller's. */
MUST_USE status collect_study_row(struct grid *g, const char *network);
/* The set of a selection's images; -1 if the job has no selection of that name. Set 0 is the whole set. */
int collect_set(const struct store_layout *layout, const char *selection);

#endif
