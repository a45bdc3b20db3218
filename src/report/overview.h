/* overview: what quantization changed in each network, in numbers with 95 % intervals, and in words that
 * follow from the numbers by the rules that overview_rules prints; and the story of the maps' sign. */
#ifndef QUANTCAM_REPORT_OVERVIEW_H
#define QUANTCAM_REPORT_OVERVIEW_H

#include "collect.h"

struct overview_interval { int64_t images; double value, low, high; };
struct overview {
    int network, p;
    int64_t images, changed;             /* top-1 answers that differ */
    double changed_low, changed_high;    /* % */
    struct overview_interval top1;       /* p's accuracy less the first's, points */
    double top1_p;                       /* McNemar's */
    double rmse[STORE_READINGS], rmse_low[STORE_READINGS], rmse_high[STORE_READINGS];
    int64_t moved;                       /* boxes with an IoU below 0.5 */
    double moved_low, moved_high;        /* % */
    int set;                             /* of the two below: control, else resolved; -1 = no curves */
    struct overview_interval deletion, insertion;    /* p's less the first's, points */
    struct overview_interval iou;        /* points */
    double size_ratio, time_ratio;       /* first / p; 0 = unknown */
    /* the sign */
    int64_t flipped, still, undefined;   /* of all: opposite raw signs; opposite resolved ones; no raw sign */
    int64_t raw_images, raw_flipped, raw_also_resolved;    /* of the raw subset; -1 = no such subset */
    double raw_rmse[STORE_READINGS];     /* its mean in each reading */
    struct { double median, high; int64_t ties; } sigma[2];    /* 95th percentile; above 0.9 */
};
MUST_USE status overview_read(struct store_reader *r, int network, int p, struct overview *out);
/* One sentence or a few, plain text: what a stranger reads first. */
MUST_USE status overview_words(const struct store_layout *l, const struct overview *o, struct text *out);
/* The same in a line without intervals. */
MUST_USE status overview_headline(const struct overview *o, struct text *out);
/* How the words follow from the numbers: plain text. */
const char *overview_rules(void);
/* Network by network and precision, both, as Markdown. */
MUST_USE status overview_markdown(struct store_reader *r, struct text *out);

#endif
