/* src/cli/listing.h: facts and a table, for a terminal, as CSV or as JSON. Private to the room.
 *
 *     static const struct listing_column columns[] = { { "tensor", "tensor", LISTING_TEXT, LISTING_MIDDLE },
 * ... }; struct listing l = { 0 }; listing_init(&l, "tensors", columns, COUNT_OF(columns));
 *     TRY_OUT(listing_fact(&l, LISTING_COUNT, "file_bytes", "%d", 1234));
 *     TRY_OUT(listing_row(&l));
 *     TRY_OUT(listing_set(&l, 0, "%s", name));                  // a cell not set stays empty
 *     TRY_OUT(listing_print(&l, LISTING_TERMINAL, &out));
 *     listing_free(&l);
 */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include "base.h"

/* COUNT and REAL are written as C writes them; a terminal shows counts with thousands and six digits of
 * reals. */
enum listing_kind { LISTING_TEXT, LISTING_COUNT, LISTING_REAL };
/* What a terminal may take away where a line would be too long: the middle of names, the end of sentences. */
enum listing_cut { LISTING_WHOLE, LISTING_MIDDLE, LISTING_END };
enum listing_form { LISTING_TERMINAL, LISTING_CSV, LISTING_JSON };
enum { LISTING_WIDTH = 110, LISTING_COLUMNS = 20, LISTING_FACTS = 64 };

struct listing_column {
    const char *name; /* in CSV and JSON; NULL: not there */
    const char *head; /* on a terminal; NULL: not there */
    enum listing_kind kind;
    enum listing_cut cut;
};

struct listing_fact {
    enum listing_kind kind;
    char *name, *value;
};

struct listing {
    const char *rows_name; /* in JSON */
    const struct listing_column *column;
    int columns, rows, capacity, facts;
    int has_total; /* the last row sums up the others: not in CSV, apart in JSON */
    char **cell;   /* (rows, columns); NULL = empty */
    struct listing_fact fact[LISTING_FACTS];
};

void listing_init(struct listing *l, const char *rows_name, const struct listing_column *column, int columns);
void listing_free(struct listing *l);
/* Facts stand above the table; CSV has the table alone. Those beyond LISTING_FACTS are left out. */
MUST_USE status listing_fact(struct listing *l, enum listing_kind kind, const char *name, const char *format,
                             ...) PRINTF_LIKE(4, 5);
MUST_USE status listing_row(struct listing *l);
/* The last row's cell, set once. */
MUST_USE status listing_set(struct listing *l, int column, const char *format, ...) PRINTF_LIKE(3, 4);
/* With as few digits as give the same number back. */
MUST_USE status listing_set_real(struct listing *l, int column, double value);
MUST_USE status listing_print(const struct listing *l, enum listing_form form, struct text *out);

#endif
