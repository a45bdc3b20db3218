/* Maps by further methods, beside EigenCAM's: private to the room. Which ones a job wants are the bits of
 * cam.method, an enum cam_method each; the layout names them in that order. Where it names none, nothing here
 * does anything. */
#ifndef QUANTCAM_PHASE_METHODS_H
#define QUANTCAM_PHASE_METHODS_H

#include "run.h"

/* Local. The names of the job's further methods into the layout. */
void methods_name(const struct job *job, struct store_layout *l);
/* Local. The classifier, where a method of the job needs it; ERR_MISMATCH where it has no closed form. */
MUST_USE status methods_head(const struct job *job, const struct model_binding *b, struct model_head *out);
/* Local. Every method's projection of one precision into the row in hand.
 *   act          (h * w, c) f32, the CAM layer's real values
 *   class_index  the precision's own answer
 * ERR_NUMERIC where a map is not finite. */
MUST_USE status methods_compute(const struct run *r, struct cam_workspace *w, int net, int p,
                                const float *act, int class_index, struct store_rows *rows);
/* Local. RMSE and correlation of each method's maps of precision p and of the first, both in the row in hand.
 *   map  two maps of the input's size, overwritten */
void methods_compare(const struct run *r, int net, int p, struct store_rows *rows, float *const map[2]);
/* Local, rank 0. /summary/methods: means and medians over each set, in image order.
 *   member   (N) bit s: set s holds the image */
MUST_USE status methods_reduce(const struct run *r, int net, const uint32_t *member, int sets);

#endif
