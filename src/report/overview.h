/* overview: what quantization changed in each network, in numbers with 95 % intervals and counts, and the
 * story of the maps' sign. words.h says them. */
#ifndef QUANTCAM_REPORT_OVERVIEW_H
#define QUANTCAM_REPORT_OVERVIEW_H

#include "collect.h"

/* A paired difference, p's less the first's, and the two means; images 0 = unknown. */
struct overview_interval { int64_t images; double value, low, high, of[2]; };
/* Seconds an image: median and quartiles. */
struct overview_time { double median, low, high; };
struct overview {
    int network, p;
    int64_t images, changed;             /* top-1 answers that differ */
    double changed_low, changed_high;    /* % */
    struct overview_interval top1;       /* points */
    double top1_p;                       /* McNemar's */
    double rmse[STORE_READINGS], rmse_low[STORE_READINGS], rmse_high[STORE_READINGS];
    int64_t moved;                       /* boxes with an IoU below 0.5 */
    double moved_low, moved_high;        /* % */
    int set;                             /* of the curves: control, else resolved; -1 = no curves */
    struct overview_interval deletion, insertion;    /* points */
    /* Both maps on one network, the first precision's, then p's: [.][0] deletion, [.][1] insertion. */
    struct overview_interval cross[2][2];
    struct overview_interval iou;        /* points */
    double whole_frame;                  /* IoU of a box that is the whole picture, points */
    int64_t bytes[2], timed;             /* of the weights' files; images timed, 0 = none */
    struct overview_time time[2];        /* of inference */
    /* the sign */
    int64_t flipped, still, undefined;   /* of all: opposite raw signs; opposite resolved ones; no raw sign */
    double flipped_low, flipped_high;    /* % */
    int64_t raw_images, raw_flipped, raw_also_resolved;    /* of the raw subset; -1 = no such subset */
    double raw_rmse[STORE_READINGS];     /* its mean in each reading */
    int64_t resolved_images, resolved_opposite;    /* of the resolved subset; `still` of them */
    struct { double median, high; int64_t ties; } sigma[2];    /* 95th percentile; above 0.9 */
};
MUST_USE status overview_read(struct store_reader *r, int network, int p, struct overview *out);
/* The first precision's over p's: how many times smaller the file, how many times faster an answer. 0 =
 * unknown. */
double overview_size_ratio(const struct overview *o);
double overview_time_ratio(const struct overview *o);

#endif
