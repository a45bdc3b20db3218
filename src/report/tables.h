/* tables: the tables of a finished result as grids. Each holds all precisions, a row or a column each, so
 * that they stand beside one another. The generic ones (measures, pairs, differences) walk the measures that
 * the file has; the others have a builder each. study.h adds those that stand beside published numbers. */
#ifndef QUANTCAM_REPORT_TABLES_H
#define QUANTCAM_REPORT_TABLES_H

#include "value.h"

enum { TABLES_MOST = 64 };

struct tables {
    struct grid *grid[TABLES_MOST];
    int grids;
    int64_t total, ok, bad;                 /* images */
    struct grid bad_images;                 /* path, reason: the first 50 */
};

/* All tables, those of the studies too. ERR_MISMATCH where the job has not finished. */
MUST_USE status tables_read(struct store_reader *r, struct tables *out);
void tables_free(struct tables *t);
/* Appends a grid; its caller initialises it. */
MUST_USE status tables_grid(struct tables *t, struct grid **out);
const struct grid *tables_find(const struct tables *t, const char *id);     /* or NULL */

/* A row that begins with its network and precision, and the heads of those two columns. */
MUST_USE status tables_row(struct grid *g, const struct store_layout *l, const struct value_key *at);
void tables_keys(struct grid *g);

/* The parts of tables_read, a file each: what each precision changed and the maps' sign; accuracy, agreement,
 * means, differences, Dice, cost; each map on both networks, localization. Nothing of pairs where the job has
 * one precision. */
MUST_USE status tables_overview(struct store_reader *r, struct tables *t);
MUST_USE status tables_measures(struct store_reader *r, struct tables *t);
MUST_USE status tables_maps(struct store_reader *r, struct tables *t);

#endif
