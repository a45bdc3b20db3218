/* grid: a titled grid of texts, and its forms: terminal, Markdown, CSV. Cells are texts because the published
 * numbers are printed exactly
 * as they stand, and because every cell must be able to say why it is empty. */
#ifndef QUANTCAM_REPORT_GRID_H
#define QUANTCAM_REPORT_GRID_H

#include "base.h"

/* A cell holds what a row of the result can say: /images/error has 160 bytes. */
enum { GRID_MAX_COLUMNS = 18, GRID_HEAD = 64, GRID_CELL = 192 };

struct grid {
    char id[32];                       /* "table_3": the dataset group, the CSV file's name */
    char title[160];
    char note[1024];                   /* a few sentences under the table, or "" */
    int columns, rows, capacity;
    char head[GRID_MAX_COLUMNS][GRID_HEAD];
    char unit[GRID_MAX_COLUMNS][24];  /* "%", "MiB", "ms", "" */
    char (*cell)[GRID_CELL];          /* rows x columns */
};

void grid_init(struct grid *t, const char *id, const char *title);
void grid_column(struct grid *t, const char *head, const char *unit);
MUST_USE status grid_row(struct grid *t);                     /* appends a row of empty cells */
/* Text into the last row, cut between two characters where it is longer than a cell; column counts from 0. */
void grid_set(struct grid *t, int column, const char *format, ...) PRINTF_LIKE(3, 4);
void grid_note(struct grid *t, const char *format, ...) PRINTF_LIKE(2, 3);
const char *grid_cell(const struct grid *t, int row, int column);
/* How many columns from this one on have one head: those after it that are equal or empty; the first stands
 * alone. */
int grid_span(const struct grid *t, int column);
void grid_release(struct grid *t);

/* In so many columns: what is wider comes in blocks, the columns at the left that name a row before each. */
MUST_USE status grid_terminal(const struct grid *t, int columns, struct text *out);
/* A text in lines of at most 80 columns, broken at blanks, indented by two; a newline at its end. */
MUST_USE status grid_wrapped(const char *text, struct text *out);
MUST_USE status grid_markdown(const struct grid *t, struct text *out);
MUST_USE status grid_csv(const struct grid *t, struct text *out);     /* RFC 4180 */

#endif
