/* src/cli/explain_agree.h: how the maps of a list of pictures agree with where people look, or are predicted
 * to, and with the first precision's. Private to the room. */
#ifndef CLI_EXPLAIN_AGREE_H
#define CLI_EXPLAIN_AGREE_H

#include "explain.h"
#include "probe_truth.h"

struct agree {
    unsigned methods; /* bits of enum cam_method */
    enum truth_kind kind;
    struct truth_set *truths;
    struct truth truth; /* of the picture in hand */
    uint8_t *seen; /* (height, width) of it as the network sees the picture, 0 .. 255; NULL: there is none */
    float *map[2]; /* scratch */
    size_t room;   /* of each */
    /* NaN where there is none */
    struct density_scores with_truth[PROBE_PRECISIONS][CAM_METHODS],
        with_first[PROBE_PRECISIONS][CAM_METHODS];
};

/* Borrows the list and how. Closed after a failure, too. Errors of truth_open. */
MUST_USE status explain_agree_open(const struct truth_pictures *list, const struct truth_how *how,
                                   unsigned methods, struct agree *out);
void explain_agree_close(struct agree *a);
/* Picture i of the list, which `e` has explained. Errors of truth_read. */
MUST_USE status explain_agree_picture(struct agree *a, struct explain *e, int i);
/* A line of CSV: names of columns, or the picture in hand. */
MUST_USE status explain_agree_head(const struct agree *a, const struct explain *e, struct text *out);
MUST_USE status explain_agree_row(const struct agree *a, const struct explain *e, const char *picture,
                                  struct text *out);

#endif
