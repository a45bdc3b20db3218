/* src/phase/locate.h: true boxes of an image. Private to the room, local. */
#ifndef QUANTCAM_PHASE_LOCATE_H
#define QUANTCAM_PHASE_LOCATE_H

#include "metric_wsol.h"
#include "run.h"

/* True boxes of an image in pixels of what a network sees, cut there or not as the job says; returns how many
 * are left.
 *   truth   room for locate_most_boxes(r) */
int locate_truth(const struct run *r, int net, int64_t image, int width, int height,
                 struct wsol_box *truth);
int locate_most_boxes(const struct run *r);      /* of one image, at least 1 */

#endif
