/* src/cam/svd.h: LAPACK's sign of the first singular vector. Local. */
#ifndef QUANTCAM_CAM_SVD_H
#define QUANTCAM_CAM_SVD_H

#include "base.h"

struct svd;
MUST_USE status svd_create(int max_pixels, int max_channels, struct svd **out);
void svd_free(struct svd *s);
/* First left singular vector, in dgesdd's sign, of act (pixels, channels) f32 after each channel's mean is
 * taken off in f32 as numpy does: u (pixels). ERR_NUMERIC if dgesdd does not converge; ERR_MEMORY. */
MUST_USE status svd_first(struct svd *s, const float *act, int pixels, int channels, float *u);

#endif
