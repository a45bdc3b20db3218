/* print: a grid in each of the report's forms. One walk over rows and cells; a form is a row of a table: what
 * stands before, between and behind cells, and how a text is escaped. */
#ifndef QUANTCAM_REPORT_PRINT_H
#define QUANTCAM_REPORT_PRINT_H

#include "grid.h"

enum print_form {
    PRINT_TERMINAL,    /* columns aligned; a table wider than the terminal comes in blocks, before each the
                        * columns that name a row */
    PRINT_CSV,         /* RFC 4180; a unit stands in its head */
    PRINT_MARKDOWN,
    PRINT_LATEX,       /* a `table` of booktabs' rules, shrunk to the line; 40 rows a page */
    PRINT_HTML,        /* a table that scrolls by itself; equal heads are joined */
    PRINT_JSON         /* { id, title, note, columns: [{ name, unit }], rows: [[...]] }: a number is a JSON
                        * number with the digits that are printed, an interval { value, low, high } */
};
/* columns: of the terminal; no other form reads it. */
MUST_USE status print_grid(const struct grid *t, enum print_form form, int columns, struct text *out);
/* A text in lines of at most 80 columns, broken at blanks, indented by two; a newline at its end. */
MUST_USE status print_wrapped(const char *text, struct text *out);
/* The heads of print_values's lines: table,network,precision,measure,set,value,low,high. */
MUST_USE status print_values_head(struct text *out);
/* Every number of the grid as a line of CSV with its key, in full precision: what a program reads. A key that
 * stands in several cells has one line. */
MUST_USE status print_values(const struct grid *t, struct text *out);

#endif
