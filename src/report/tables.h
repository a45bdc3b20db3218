/* tables: the tables of a finished result as grids. A table is data: its columns, and what it has a row of.
 * One walk (tables.c) fills them all, so that every precision stands beside the others. tables_list.c holds
 * the program's own, studies/NAME.c (study.h) those that stand beside published numbers.
 *
 *     static const struct table cost = { "cost", "File size", TABLE_PRECISIONS, {
 *         { "network", "", TABLE_NETWORK }, { "precision", "", TABLE_PRECISION },
 *         { "size", "MiB", TABLE_VALUE, "size" } }, "Size is the checkpoint's file." };
 */
#ifndef QUANTCAM_REPORT_TABLES_H
#define QUANTCAM_REPORT_TABLES_H

#include "value.h"

enum { TABLES_MOST = 64, TABLE_COLUMNS = 20 };

/* What a column shows. */
enum table_show {
    TABLE_NETWORK, TABLE_PRECISION, TABLE_SET,    /* of the row, in words */
    TABLE_WORDS,                                  /* the row's further name: a measure, a map, a network */
    TABLE_VALUE,                                  /* of the measure, with its interval */
    TABLE_PLAIN,                                  /* the same without */
    TABLE_SPREAD, TABLE_SD,                       /* mean +- deviation over the images; the deviation alone */
    TABLE_CHANGE,                                 /* the precision's less the first's, with a sign */
    TABLE_COUNT, TABLE_PAIRS,                     /* the images that a value, a change is of */
    TABLE_BETTER,                                 /* whose map the row's changes of both curves favour */
    TABLE_PUBLISHED, TABLE_APART                  /* the study's number, and ours less the study's */
};
struct table_column {
    const char *head, *unit;         /* NULL: behind the last; {f} in a unit: the first precision */
    enum table_show show;
    const char *measure;             /* NULL: the row's */
    const char *set;                 /* NULL: the row's; a reading (value_set); tables_sets, _selections */
    const char *precision;           /* NULL: the row's; a job without it leaves the cell empty */
    const char *name;                /* of a count in values.csv, NULL: <measure>_images */
    const char *blind;               /* the same measure of a map that has seen no picture, or NULL */
    int first;                       /* of the first precision, not the row's */
    double scale;                    /* into the column's unit, 0 = 1 */
};
/* For `set`: such columns stand once for every set, or for every selection. */
extern const char tables_sets[], tables_selections[];

/* What a table has a row of, for each network in turn. */
enum table_rows {
    TABLE_NETWORKS,      /* the network itself, in the precision that the table names */
    TABLE_PRECISIONS,
    TABLE_OTHERS,        /* precisions but the first */
    TABLE_ANSWERS,       /* sets, precisions in each */
    TABLE_MAPS,          /* the same for each sign that the set's maps are read in; maps that saw nothing */
    TABLE_MATCHES,       /* every method's map, precisions in each; maps that saw nothing, another's truth */
    TABLE_MATES,         /* every method's map, other precisions in each */
    TABLE_SCORERS,       /* other precisions, the two networks that score, sets but raw ones */
    TABLE_ONES,          /* measures of one precision, precisions in each */
    TABLE_TWOS,          /* measures of pairs, other precisions in each */
    TABLE_CHANGES        /* measures that change, other precisions in each; McNemar's p behind answers */
};
struct table {
    const char *id, *title;                       /* {f} in both and in the note: the first precision */
    enum table_rows rows;
    struct table_column column[TABLE_COLUMNS];
    const char *note;                             /* {n}: steps of the curves */
    const char *precision;                        /* of TABLE_NETWORKS: none in the job, no table */
    status (*remark)(struct store_reader *r, struct grid *g);      /* adds to the note, or NULL */
};

struct tables {
    struct grid *grid[TABLES_MOST];
    int grids;
    int64_t total, ok, bad;                 /* images */
    struct grid bad_images;                 /* path, reason: the first 50 */
};

/* All tables, those of the studies too. ERR_MISMATCH where the job has not finished. */
MUST_USE status tables_read(struct store_reader *r, struct tables *out);
void tables_free(struct tables *t);
const struct grid *tables_find(const struct tables *t, const char *id);     /* or NULL */

struct study;
/* Appends the table, of a study or NULL, unless the file has none of its measures. */
MUST_USE status tables_add(struct store_reader *r, const struct table *t, const struct study *study,
                           struct tables *out);

#endif
