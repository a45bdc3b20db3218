/* src/image/table.h: a list with columns: which separator, whether the first row names the columns, and what
 * each row holds. RFC 4180's quotes. Local. */
#ifndef QUANTCAM_IMAGE_TABLE_H
#define QUANTCAM_IMAGE_TABLE_H

#include "list.h"

enum { TABLE_MAX_FIELDS = 64 };

/* What a column holds. CLASS may be an index or a synset; X1 (Y1) is the left (top) edge beside RIGHT
 * (BOTTOM), else the right (bottom) one. */
enum table_role {
    TABLE_PATH, TABLE_INDEX, TABLE_CLASS, TABLE_SYNSET, TABLE_PREDICTION,
    TABLE_LEFT, TABLE_TOP, TABLE_X1, TABLE_Y1, TABLE_RIGHT, TABLE_BOTTOM, TABLE_WIDTH, TABLE_HEIGHT,
    TABLE_ROLES
};
struct table {
    struct list_at at;                   /* the row in hand */
    char *text, *next;                   /* the file; the line behind the row, NULL at the end */
    char separator;                      /* ',', ';', '\t'; ' ' = two fields, cut at the last blank or tab */
    int header;                          /* the first row names the columns */
    int columns;                         /* of the header */
    int column[TABLE_ROLES];             /* of the header, or -1 */
    int twice[TABLE_ROLES];              /* two columns are as good */
    char name[TABLE_ROLES][24];          /* as the header has them, printable */
    char *field[TABLE_MAX_FIELDS];       /* of the row in hand; the last one has the rest */
    int fields;
    int again;                           /* the row in hand was looked at, not read */
};
/* Opens a list and looks at its first row. ERR_FORMAT: JSON, XML, no row (no `what` are listed); errors of
 * text_read_plain. table_close after a failure, too. */
MUST_USE status table_open(const char *file, const char *what, struct table *out);
void table_close(struct table *t);
/* The next row; *more = 0 at the end. A header is no row. ERR_FORMAT: quotes that do not end, fewer fields
 * than the header has, or more where the header's last column is needed. */
MUST_USE status table_next(struct table *t, int *more);
/* The field of the row in hand, NULL where there is no such column. */
const char *table_field(const struct table *t, enum table_role role);
int table_has(const struct table *t, enum table_role role);
/* ERR_FORMAT where the header has two columns that are as good for the role. */
MUST_USE status table_check(const struct table *t, enum table_role role);

/* ---- loc.c: LOC_val_solution.csv --------------------------------------------------------------------- */

/* A row has a picture and its PredictionString, `wnid x0 y0 x1 y1 ...`. */
struct loc {
    int path, text;                       /* columns */
    struct loc_box { char wnid[16]; struct image_box box; } *box; /* of the row in hand; mem_free */
    int count, capacity;
};
/* 1 for such a table, by the header or the first row. */
int loc_is(const struct table *t, struct loc *out);
/* table_next, and its boxes, at least one. ERR_FORMAT. */
MUST_USE status loc_next(struct table *t, struct loc *l, int *more);

#endif
