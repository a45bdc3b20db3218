/* value: the numbers of a finished result by key {network, precision, measure, set}, with the 95 % interval
 * that the file holds, or why there is none. The one place of the report that knows where in /summary and
 * /timing a number stands. No interval is worked out here.
 *
 *     struct value v;
 *     TRY(value_read(r, &(struct value_key){ .network = 0, .precision = 1, .measure = "top1" }, &v));
 *     if (!v.why)
 *         printf("%.*f %%, %lld images\n", v.digits, v.value, (long long)v.images);
 *
 * Measures are those of metric's table (metric_table.h) and the few that are none of one picture: sizes,
 * times, counts of answers, Dice, the MaxBoxAcc family, "changed" (answers, 100 % less the equal ones),
 * "size_ratio" and "time_ratio" (the first precision's over this one's). A measure's name says the sign of
 * its map: "deletion_raw" is that of LAPACK's.
 */
#ifndef QUANTCAM_REPORT_VALUE_H
#define QUANTCAM_REPORT_VALUE_H

#include "grid.h"
#include "store.h"

/* Places in the layout; set 0 = all images, else 1 + the selection. */
struct value_key { int network, precision, set; const char *measure; };
struct value {
    double value, low, high;             /* in the shown unit: shares in % */
    double sd;                           /* over the images, of a mean over them; else 0 */
    int64_t images;
    int interval;                        /* low and high are there */
    int digits;                          /* decimals that are shown */
    const char *why;                     /* there is no value, or NULL */
};

/* A measure that the file does not have for that precision leaves why "-". */
MUST_USE status value_read(struct store_reader *r, const struct value_key *key, struct value *out);
/* The precision's less the first's: the mean of the paired differences. */
MUST_USE status value_difference(struct store_reader *r, const struct value_key *key, struct value *out);
/* The mean curve of a set, (steps + 1), in per cent: measure "deletion" or "insertion". */
MUST_USE status value_curve(struct store_reader *r, const struct value_key *key, double *out);
/* A set's histogram of the mean activation, by `range` "own" or "common"; images 0: there is none. */
struct value_histogram { int64_t images; double bins[256], low, high; };
MUST_USE status value_histogram(struct store_reader *r, const struct value_key *key, const char *range,
                                struct value_histogram *out);
/* A text of one element, NUL-terminated (mem_free); *out NULL where there is none, or more than 16 MiB. */
MUST_USE status value_text(struct store_reader *r, const char *path, char **out);
/* Is it in the file? Else value_read and value_difference say "-". */
int value_present(struct store_reader *r, const struct value_key *key, int difference);

/* The measure's place among the file's; -1: it has none. */
int value_measure(const struct store_layout *l, const char *measure);
/* A further precision of real numbers is the reference trained longer, or again: what others are held
 * against. */
int value_is_control(const struct store_layout *l, int p);

/* How a measure is called and in what it is shown: "entropy, bit". */
void value_label(const char *measure, char *out, size_t size);
/* The next cell of the grid: the value, its interval, or why there is none. */
void value_put(struct grid *g, const struct value *v, const char *measure, int is_signed);

/* Copies a template: {k} is the network, {p} the precision, {f} the first one, {n} the curves' steps. */
void value_expand(const struct store_layout *l, int network, int precision, const char *template, char *out,
                  size_t size);
/* The method whose maps words and figures speak of: Grad-CAM++ where the job has it, else the first beside
 * EigenCAM, else "eigen". */
const char *value_method(const struct store_layout *l);
/* The set of a selection by its reading and precision, "raw_int8"; of "control"; of value_sampled the control
 * where the job has one, else the aligned selection; 0 for "all"; -1 where the job has none. */
extern const char value_sampled[];
int value_set(const struct store_layout *l, const char *reading, const char *precision);
const char *value_set_name(const struct store_layout *l, int set);

#endif
