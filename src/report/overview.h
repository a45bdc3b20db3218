/* overview: what quantization changed in one network, in numbers with 95 % intervals and counts, and the
 * story of the maps' sign. words.h says them, the page's first figures show them. */
#ifndef QUANTCAM_REPORT_OVERVIEW_H
#define QUANTCAM_REPORT_OVERVIEW_H

#include "value.h"

/* A paired difference, p's less the first's, and the two means. */
struct overview_change { struct value change, of[2]; };
struct overview {
    int network, p;
    int64_t images;                      /* pairs */
    struct value changed;                /* top-1 answers that differ, % */
    struct overview_change top1;         /* points, as the further changes */
    double top1_p;                       /* McNemar's */
    struct value rmse, correlation, box; /* of the maps: aligned RMSE, |correlation|, IoU of the boxes */
    int set;                             /* of the curves: control, else corrected; -1 = no curves */
    struct overview_change deletion, insertion;
    struct value cross[2][2];            /* both maps on the first's network, then p's: deletion, insertion */
    struct overview_change iou;
    struct value frame;                  /* IoU of a box that is the whole picture */
    struct value size[2], time[2];
    /* the sign: all pairs, then those of the raw subset */
    struct { struct value flipped, undefined, raw, own, aligned; } sign[2];
};
MUST_USE status overview_read(struct store_reader *r, int network, int p, struct overview *out);
/* The first precision's over p's: how many times smaller the file, how many times faster an answer. 0 =
 * unknown. */
double overview_size_ratio(const struct overview *o);
double overview_time_ratio(const struct overview *o);

#endif
