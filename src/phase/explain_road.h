/* src/phase/explain_road.h: ROAD of one selected picture. Private to the room. */
#ifndef QUANTCAM_PHASE_EXPLAIN_ROAD_H
#define QUANTCAM_PHASE_EXPLAIN_ROAD_H

#include "probe.h"
#include "run.h"

struct explain_road {
    struct run *r;
    struct probe *probe;     /* aimed at the network, whose engines are kept; it has the picture */
    struct comm_loop *loop;  /* that may drop the row in hand */
    struct store_rows *rows; /* of the network's subset */
    int net;
    int64_t image;
    int class_index;   /* whose probability is looked at */
    float *projection; /* scratch, (h * w) */
};
/* Local. ROAD of every map of precision p, which ran last and whose picture-sized maps are made, into the row
 * in hand. state: DONE; MORE: the loop dropped the row; ODD: logits that are not finite. store_fetch's
 * errors. */
MUST_USE status explain_road_make(const struct explain_road *e, int p, enum probe_state *state);

#endif
