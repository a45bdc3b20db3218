/* What evaluate measures beside maps and answers, and its means: private to the room. Local. */
#ifndef QUANTCAM_PHASE_MEASURE_H
#define QUANTCAM_PHASE_MEASURE_H

#include "run.h"

/* /summary/activation and /summary/comparison: the mean of each measure over each set, in image order.
 *   member   (N) bit s: set s holds the image */
MUST_USE status measure_reduce(const struct run *r, int net, const uint32_t *member, int sets);

#endif
