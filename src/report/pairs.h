/* pairs: one network's rows, a precision beside the first, as columns in memory: what distributions and the
 * gallery are drawn from. About 120 bytes an image. */
#ifndef QUANTCAM_REPORT_PAIRS_H
#define QUANTCAM_REPORT_PAIRS_H

#include "store.h"

enum { PAIRS_TOP = 5 };
enum { PAIRS_RAW, PAIRS_RESOLVED, PAIRS_ALIGNED };       /* the axis `reading` */
struct pairs {
    int64_t images, places;
    int network, p;
    uint8_t *ok;                         /* (images) the row has a result */
    float *rmse[STORE_READINGS];         /* (images) */
    float *correlation, *box_iou;
    uint8_t *flipped;                    /* the pair's raw signs are opposite */
    float *sigma[2];                     /* sigma2 / sigma1 of the first precision, of p */
    int32_t (*top[2])[PAIRS_TOP];        /* classes, best first */
    float (*score[2])[PAIRS_TOP];        /* their probabilities */
    int32_t *class_index;                /* true class or -1 */
    uint32_t *member;                    /* (images) bit s: selection s holds the image */
    int64_t *place;                      /* (images) its row in the network's subset or -1 */
};
/* ERR_MISMATCH where two columns differ in length. */
MUST_USE status pairs_read(struct store_reader *r, int network, int p, struct pairs *out);
void pairs_free(struct pairs *p);
/* One image's answers in precision p of a network: classes, best first, and their probabilities. */
MUST_USE status pairs_answer(struct store_reader *r, int network, int p, int64_t image,
                             int32_t top[PAIRS_TOP], float score[PAIRS_TOP]);
/* The first precision's logit of its answer less that of its second choice: ln of the probabilities' ratio;
 * at most 20. */
double pairs_margin(const struct pairs *p, int64_t image);
int pairs_changed(const struct pairs *p, int64_t image);       /* the answers differ */
/* In set s (0 = all, 1 + selection) with a result? */
int pairs_in(const struct pairs *p, int64_t image, int set);

#endif
