/* grid: a titled table of typed cells. A row is filled from left to right: nothing names a column by its
 * number. Every cell has a text, which all forms print (print.h), and a number its value, interval and key.
 *
 *     grid_init(&g, "accuracy", "Accuracy");
 *     grid_column(&g, "network", "");
 *     grid_column(&g, "top-1", "%");
 *     TRY(grid_row(&g, (struct grid_key){ .network = "resnet18", .precision = "fp32" }));
 *     grid_text(&g, "resnet18");
 *     grid_number(&g, "top1", 69.758, 3);          // or grid_interval, grid_count, grid_missing
 *     grid_release(&g);
 */
#ifndef QUANTCAM_REPORT_GRID_H
#define QUANTCAM_REPORT_GRID_H

#include "base.h"

/* A cell holds what a row of the result can say: /images/error has 160 bytes. */
enum { GRID_MAX_COLUMNS = 48, GRID_HEAD = 64, GRID_UNIT = 32, GRID_CELL = 192, GRID_ID = 64 };
enum { GRID_MEASURE = 96 };

enum cell_kind { CELL_MISSING, CELL_TEXT, CELL_COUNT, CELL_NUMBER, CELL_INTERVAL };
/* What a row's numbers are of; NULL: of none, or of all. Borrowed texts, which outlive the grid. */
struct grid_key {
    const char *network, *precision, *set;
};
struct cell {
    enum cell_kind kind;
    double value, low, high; /* in the column's unit; low, high: of an interval */
    struct grid_key key;
    char measure[GRID_MEASURE]; /* "": it is no number, or is in no other program's interest */
    char text[GRID_CELL];       /* as it is printed: of CELL_MISSING, why there is nothing */
};
struct grid {
    char id[GRID_ID]; /* "accuracy": the CSV file's name */
    char title[160];
    char note[2048];                   /* a few sentences under the table, or "" */
    int columns, rows, capacity, next; /* next: the column that is filled next */
    struct grid_key key;               /* of the row in hand */
    char head[GRID_MAX_COLUMNS][GRID_HEAD];
    char unit[GRID_MAX_COLUMNS][GRID_UNIT]; /* "%", "MiB", "ms", "" */
    struct cell *cell;                      /* rows x columns */
};

void grid_init(struct grid *t, const char *id, const char *title, ...) PRINTF_LIKE(3, 4);
void grid_column(struct grid *t, const char *head, const char *unit);
/* Appends a row; cells that nobody fills are missing, without a text. */
MUST_USE status grid_row(struct grid *t, struct grid_key key);
/* The next cell of the last row; a text is cut between two characters where it is longer than a cell. */
void grid_text(struct grid *t, const char *format, ...) PRINTF_LIKE(2, 3);
void grid_missing(struct grid *t, const char *why);
void grid_count(struct grid *t, const char *measure, int64_t count);
/* The key of the cells that follow, where the column and not the row says it; until grid_row. */
void grid_set_key(struct grid *t, struct grid_key key);
/* digits: decimals; -3: three digits that count, as of a p. signed: with a plus before what is not negative,
 * as differences are. */
void grid_number(struct grid *t, const char *measure, double value, int digits);
void grid_signed(struct grid *t, const char *measure, double value, int digits);
void grid_interval(struct grid *t, const char *measure, const double value[3], int digits, int is_signed);
/* "0.485 +- 0.093": a mean and the deviation of what it is of. */
void grid_spread(struct grid *t, const char *measure, double value, double sd, int digits);
/* The number that such a text, or a plain one, begins with; 0 = it is none. */
int grid_parse(const char *text, double *value);
/* Behind the text of the last number: " [remark]". */
void grid_remark(struct grid *t, const char *remark);
/* A number that another printed, exactly as it did. */
void grid_quoted(struct grid *t, const char *measure, const char *text);
void grid_note(struct grid *t, const char *format, ...) PRINTF_LIKE(2, 3);
const struct cell *grid_cell(const struct grid *t, int row, int column);
/* Words in every row: such columns at the left say what a row is. */
int grid_is_words(const struct grid *t, int column);
/* How many columns from this one on have one head: those after it that are equal or empty; the first stands
 * alone. */
int grid_span(const struct grid *t, int column);
void grid_release(struct grid *t);

#endif
