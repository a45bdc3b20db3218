/* src/phase/explain_maps.h: picture-sized maps of one selected picture. Private to the room. */
#ifndef QUANTCAM_PHASE_EXPLAIN_MAPS_H
#define QUANTCAM_PHASE_EXPLAIN_MAPS_H

#include "probe_attribution.h"
#include "run.h"

struct explain_maps {
    struct run *r;
    struct probe *probe;     /* aimed at the network, whose engines are kept; it has the picture */
    struct comm_loop *loop;  /* that may drop the row in hand */
    struct store_rows *rows; /* of the network's subset */
    int net;                 /* the network */
    int class_index;         /* that is explained */
    uint32_t key;            /* of the picture, explain_maps_key */
};
/* Local. What a picture's random numbers are keyed by: the first 32 bits of the SHA-256 of its file, so that
 * neither the list nor the picture's place there changes them. store_fetch's errors. */
MUST_USE status explain_maps_key(const struct run *r, int64_t image, uint32_t *key);
/* Local. All maps of the job of precision p, and what they measure against the first precision's, which was
 * made before, into the row in hand. DONE; MORE: the loop dropped the row; ODD: logits that are not finite.
 */
enum probe_state explain_maps_make(const struct explain_maps *m, int p);
/* Local. To the log: of which maps of the explained rows, all of which are there, nothing is to be seen.
 * store_fetch's errors. */
MUST_USE status explain_maps_judge(const struct run *r);
/* Local. To the log: how often a network runs for the maps of a picture in a precision, where there are any.
 */
void explain_maps_say(const struct run *r, int net);

#endif
