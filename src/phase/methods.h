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

#endif
