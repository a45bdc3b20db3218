#include "study.h"

#include <string.h>

enum { QUANTITIES = 3, COUNTS = 2, PREFIX = 6 }; /* "study_" */

/* A quantity's columns in its grid; -1 = there is none. scale: ours into the study's unit. */
struct quantity {
    const char *head;
    int ours, published, corrected, control;
    double scale;
};
/* Which row of a network holds a reading: its second and third cell; NULL = the network's only row. */
struct place {
    const char *second, *third;
};
/* A column of counts; 0 = there is none. */
struct count {
    int column;
    const char *unit;
};
struct table {
    const char *id, *sentence;
    struct place ours, published, corrected, control;
    struct quantity quantity[QUANTITIES];
    struct count images[COUNTS]; /* of ours as published */
};

#define STUDY_ROW { "the study", "its subset" }
#define COPIED                                                                                               \
    "The study's values equal torchvision's published metadata to the third decimal, so they were copied; "  \
    "ours are measured on this job's images: there is nothing to correct."
#define SUBSET                                                                                               \
    "As published: the subset chosen by the RMSE of maps in LAPACK's sign, full of flipped pairs; "          \
    "corrected: "                                                                                            \
    "chosen with the sign resolved; control: as many images drawn at random."
#define CURVES                                                                                               \
    "As published: raw subset, maps in LAPACK's sign; corrected: resolved subset and sign. The study's "     \
    "deletion areas of 0.1-1 % lie below what a trapezoid over deleted pixels allows."
#define BOXES                                                                                                \
    "As published: raw subset and sign; corrected: both resolved. A box of the whole frame, which has "      \
    "seen no picture, reaches 56.7 % on ImageNet's validation boxes in this crop, more than the study's "    \
    "values; what it reaches here stands in all readings."
#define TIMES                                                                                                \
    "Both are seconds an image on other machines; ours is the median, one core, batch 1. The study's "       \
    "threads "                                                                                               \
    "and engine are unstated: compare ratios, not seconds."

static const struct table tables[] = {
    { "table_1", COPIED,
      .quantity = { { "top-1, %", 1, 5, -1, -1, 1 },
                    { "top-5, %", 3, 6, -1, -1, 1 },
                    { "size, MiB", 4, 7, -1, -1, 1 } },
      .images = { { 8, "labelled" } } },
    { "table_2", COPIED,
      .quantity = { { "top-1, %", 1, 5, -1, -1, 1 },
                    { "top-5, %", 3, 6, -1, -1, 1 },
                    { "size, MiB", 4, 7, -1, -1, 1 } },
      .images = { { 8, "labelled" } } },
    { "table_3",
      "As published: maps in LAPACK's arbitrary sign, where a pair of opposite signs alone makes 127-215; "
      "corrected: one stated sign rule for both precisions.",
      .quantity = { { "RMSE, all images", 1, 8, 2, -1, 1 }, { "RMSE, subset", 5, 9, 6, -1, 1 } },
      .images = { { 10, "all" }, { 11, "subset" } } },
    { "table_4",
      "As published: entropy, deviation and sparsity of the stored integers 0-255, another unit than Table "
      "5's; corrected: of the dequantized real values, on the resolved subset.",
      { "integers", "raw" },
      STUDY_ROW,
      { "real", "resolved" },
      { "real", "control" },
      { { "entropy, bit", 4, 4, 4, 4, 1 }, { "deviation", 5, 5, 5, 5, 1 }, { "sparsity, %", 6, 6, 6, 6, 1 } },
      { { 3, "subset" } } },
    { "table_5",
      "Real values in both; as published on the raw subset, corrected on the resolved one, which is not "
      "chosen by the sign.",
      { "real", "raw" },
      STUDY_ROW,
      { "real", "resolved" },
      { "real", "control" },
      { { "entropy, bit", 4, 4, 4, 4, 1 }, { "deviation", 5, 5, 5, 5, 1 }, { "sparsity, %", 6, 6, 6, 6, 1 } },
      { { 3, "subset" } } },
    { "table_6", SUBSET, .quantity = { { "top-1, %", 1, 7, 3, 5, 1 }, { "top-5, %", 2, 8, 4, 6, 1 } },
      .images = { { 12, "subset" } } },
    { "table_7", SUBSET, .quantity = { { "top-1, %", 1, 7, 3, 5, 1 }, { "top-5, %", 2, 8, 4, 6, 1 } },
      .images = { { 12, "subset" } } },
    { "table_8", TIMES,
      .quantity = { { "inference, s", 1, 5, -1, -1, 1e-3 },
                    { "CAM, s", 2, 6, -1, -1, 1e-3 },
                    { "total, s", 3, 7, -1, -1, 1e-3 } },
      .images = { { 8, "timed" } } },
    { "table_9", TIMES,
      .quantity = { { "inference, s", 1, 5, -1, -1, 1e-3 },
                    { "CAM, s", 2, 6, -1, -1, 1e-3 },
                    { "total, s", 3, 7, -1, -1, 1e-3 } },
      .images = { { 8, "timed" } } },
    { "table_10",
      CURVES,
      { "raw", "raw" },
      STUDY_ROW,
      { "resolved", "resolved" },
      { "resolved", "control" },
      { { "deletion, %", 4, 4, 4, 4, 1 }, { "insertion, %", 5, 5, 5, 5, 1 } },
      { { 3, "subset" } } },
    { "table_10_wsol",
      BOXES,
      { "raw", "raw" },
      STUDY_ROW,
      { "resolved", "resolved" },
      { "resolved", "control" },
      { { "WSOL, %", 4, 4, 4, 4, 1 } },
      { { 3, "subset" } } },
    { "table_11",
      CURVES,
      { "raw", "raw" },
      STUDY_ROW,
      { "resolved", "resolved" },
      { "resolved", "control" },
      { { "deletion, %", 4, 4, 4, 4, 1 }, { "insertion, %", 5, 5, 5, 5, 1 } },
      { { 3, "subset" } } },
    { "table_11_wsol",
      BOXES,
      { "raw", "raw" },
      STUDY_ROW,
      { "resolved", "resolved" },
      { "resolved", "control" },
      { { "WSOL, %", 4, 4, 4, 4, 1 } },
      { { 3, "subset" } } },
    { "figure_2",
      "As published: each precision over its own range, which is blind to scale; corrected: both over one "
      "range of real values, on the resolved subset.",
      .quantity = { { "Dice, %", 1, 7, 4, 6, 1 } }, .images = { { 8, "subset" } } },
};

const struct grid *study_find(const struct collect *c, const char *id)
{
    for (int i = 0; i < c->grids; i++)
        if (strcmp(c->grid[i].id, id) == 0)
            return &c->grid[i];
    return NULL;
}

const char *study_of(const struct grid *g)
{
    return strncmp(g->id, "study_", PREFIX) == 0 ? g->id + PREFIX : NULL;
}

/* The cell of a network's reading, "-" where the grid has none. */
static const char *cell_of(const struct grid *g, const char *network, const struct place *at, int column)
{
    for (int r = 0; column >= 0 && r < g->rows; r++) {
        if (strcmp(grid_cell(g, r, 0), network) != 0)
            continue;
        if (at->second &&
            (strcmp(grid_cell(g, r, 1), at->second) != 0 || strcmp(grid_cell(g, r, 2), at->third) != 0))
            continue;
        return grid_cell(g, r, column)[0] ? grid_cell(g, r, column) : "-";
    }
    return "-";
}

/* Ours, in the study's unit; words ("no labels") stay. */
static void set_ours(struct grid *out, int column, const char *cell, double scale)
{
    double v;

    if (scale < 1 && text_parse_real(cell, &v))
        grid_set(out, column, "%.4f", scale * v);
    else
        grid_set(out, column, "%s", cell);
}

static void add_quantity(const struct grid *g, const char *network, const struct table *t,
                         const struct quantity *q, int column, struct grid *out)
{
    const char *ours = cell_of(g, network, &t->ours, q->ours);
    const char *theirs = cell_of(g, network, &t->published, q->published);
    double a, b;

    set_ours(out, column, ours, q->scale);
    grid_set(out, column + 1, "%s", theirs);
    if (text_parse_real(ours, &a) && text_parse_real(theirs, &b))
        grid_set(out, column + 2, q->scale < 1 ? "%+.4f" : "%+.3f", q->scale * a - b);
    else
        grid_set(out, column + 2, "-");
    if (q->corrected >= 0)
        grid_set(out, column + 3, "%s", cell_of(g, network, &t->corrected, q->corrected));
    if (q->control >= 0)
        grid_set(out, column + 4, "%s", cell_of(g, network, &t->control, q->control));
}

/* How many columns a quantity takes. */
static int columns_of(const struct quantity *q)
{
    return 3 + (q->corrected >= 0) + (q->control >= 0);
}

static status add_table(const struct grid *g, const struct table *t, struct collect *c)
{
    static const char *const unit[] = { "as published", "the study", "difference", "corrected", "control" };
    struct grid *out;
    char id[32];

    snprintf(id, sizeof id, "study_%.24s", t->id);
    out = collect_grid(c, id, g->title);
    grid_column(out, "network", "");
    for (int q = 0; q < QUANTITIES && t->quantity[q].head; q++)
        for (int i = 0; i < columns_of(&t->quantity[q]); i++)
            grid_column(out, t->quantity[q].head, i == 0 && t->quantity[q].corrected < 0 ? "ours" : unit[i]);
    for (int i = 0; i < COUNTS && t->images[i].column; i++)
        grid_column(out, "images", t->images[i].unit);
    for (int r = 0; r < g->rows; r++) {
        const char *network = grid_cell(g, r, 0);
        int column = 1;

        if (r > 0 && strcmp(network, grid_cell(g, r - 1, 0)) == 0)
            continue;
        TRY(grid_row(out));
        grid_set(out, 0, "%s", network);
        for (int q = 0; q < QUANTITIES && t->quantity[q].head; q++) {
            add_quantity(g, network, t, &t->quantity[q], column, out);
            column += columns_of(&t->quantity[q]);
        }
        for (int i = 0; i < COUNTS && t->images[i].column; i++)
            grid_set(out, column++, "%s", cell_of(g, network, &t->ours, t->images[i].column));
    }
    grid_note(out, "%s", t->sentence);
    return OK;
}

status study_collect(struct collect *c)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        const struct grid *g = study_find(c, tables[i].id);

        if (g)
            TRY(add_table(g, &tables[i], c));
    }
    return OK;
}
