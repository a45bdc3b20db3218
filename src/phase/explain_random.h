/* src/phase/explain_random.h: the randomisation check of selected pictures. Private to the room. */
#ifndef QUANTCAM_PHASE_EXPLAIN_RANDOM_H
#define QUANTCAM_PHASE_EXPLAIN_RANDOM_H

#include "run.h"

/* Which layers of a network are drawn, and whether the map's layer can tell: a line of r->decided. The same
 * on all ranks. ERR_USAGE where the network has fewer layers. */
MUST_USE status explain_random_note(struct run *r, int net);

struct explain_random;
/* Local. *out stays NULL where the job has no check, or no precision of real numbers. probe_create's errors.
 */
MUST_USE status explain_random_create(struct run *r, struct explain_random **out);
void explain_random_free(struct explain_random *e); /* NULL is fine */
/* Local. Precision p of a picture of network `net`, `pixels` as the network sees it: its stored maps beside
 * those of the randomised network, into the row in hand; nothing where p is not of real numbers.
 * store_fetch's errors. */
MUST_USE status explain_random_row(struct explain_random *e, struct store_rows *rows, int net, int p,
                                   int64_t image, const uint8_t *pixels);

#endif
