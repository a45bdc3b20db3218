/* src/phase/locate.h: true boxes of an image; figures of localization. Private to the room, local. */
#ifndef QUANTCAM_PHASE_LOCATE_H
#define QUANTCAM_PHASE_LOCATE_H

#include "metric_wsol.h"
#include "run.h"

/* ---- true boxes (locate.c) ----------------------------------------------------------------------------- */

/* True boxes of an image in the frame of the job, in pixels of the crop; returns how many are left.
 *   truth   room for locate_most_boxes(r) */
int locate_truth(const struct run *r, int64_t image, int width, int height, struct wsol_box *truth);
int locate_most_boxes(const struct run *r);      /* of one image, at least 1 */

/* ---- reduce (locate_reduce.c) -------------------------------------------------------------------------- */

/* /summary/wsol and /summary/wsol_trivial of one network, in image order.
 *   member       (N) bit s: set s holds the image
 *   class_index  (N)
 *   top5         (N, 5) of each precision */
MUST_USE status locate_reduce(const struct run *r, int net, const uint32_t *member, int sets,
                              const int32_t *class_index, int32_t *const top5[STORE_MAX_PRECISIONS]);

#endif
