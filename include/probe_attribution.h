/* include/probe_attribution.h
 * probe, part: maps of the picture's size, one method at a time, of one network in one precision: from the
 * answers to altered pictures (ScoreCAM, RISE, occlusion), or from gradients of the class's logit by the
 * normalized picture (gradient, SmoothGrad, integrated gradients; gradient.h says what they are in integers).
 *
 *     struct probe_how how = { .attribution = { .methods = 1u << ATTRIBUTION_RISE, .masks = 4000, ... } };
 *     ...                                                  // probe_create, probe_keep of the network
 *     TRY(probe_attribution_picture(p, pixels));
 *     probe_attribution_start(p, i, ATTRIBUTION_RISE, class_index, key);
 *     while (probe_attribution_next(p) == PROBE_MORE)
 *         ;                                                // between two forwards the caller may stop
 *     const float *map = probe_attribution_map(p, ATTRIBUTION_RISE, i);
 *
 * Values, before ReLU and scaling to [0, 1], of the normalized picture x, with y the class's logit and p its
 * softmax probability:
 *  - scorecam, of the CAM layer A: sum_k w_k A_k, w = softmax over k of y(x mask(A_k)), cam_forward.h;
 *  - rise: mean over random masks m of p(x m) m / keep;
 *  - occlusion: mean over the windows that cover a pixel of p(x) - p(x without the window);
 *  - gradient: sum over colours of abs(dy/dx);
 *  - smoothgrad: the same of the mean of dy/dx at x + noise, normal, of deviation sigma (max x - min x), from
 *    stream 129 2^56 + n 2^32 + key of sample n, in x's order (Smilkov et al. 2017); a quantized input is
 *    clipped where the noise leaves the range that pictures have;
 *  - intgrad: sum over colours of (x - b) times the mean of dy/dx at b + (k + 1/2) / steps (x - b), middle
 *    rule (Sundararajan et al. 2017); of real numbers the sum over all pixels nears y(x) - y(b).
 *
 * Everything is local; probe_attribution_picture alone allocates. Equal bits on every x86.
 */
#ifndef QUANTCAM_PROBE_ATTRIBUTION_H
#define QUANTCAM_PROBE_ATTRIBUTION_H

#include "probe.h"

const char *attribution_name(enum attribution m); /* "scorecam" */
#define ATTRIBUTION_NAMES "scorecam|rise|occlusion|gradient|smoothgrad|intgrad"
/* Do some of the methods (bits) need probe_network.by_input? Its plan is of attribution_path, and the engine
 * shows what gradient_shows marks of the path. */
int attribution_needs_gradient(unsigned methods);
struct gradient_path attribution_path(const struct model *m);
/* Runs of the network that a map takes, the clean picture's included; of a layer of `channels` channels. */
int attribution_forwards(const struct attribution_how *how, enum attribution m, int channels, int height,
                         int width);

/* The picture that the maps are of: pixels (H, W, channels) u8. BUG_IF how.attribution.methods is 0.
 * ERR_MEMORY. */
MUST_USE status probe_attribution_picture(struct probe *p, const uint8_t *pixels);
/* Begins the map of precision i's network, whose engine is kept (probe_keep). It forgets the curve that is
 * under way.
 *   key   of the picture, for random numbers: two pictures have other ones, one picture has one for all
 *         networks and precisions */
void probe_attribution_start(struct probe *p, int i, enum attribution m, int class_index, uint32_t key);
/* A forward, or a batch of them; as probe_curve_next. */
enum probe_state probe_attribution_next(struct probe *p);
/* Forwards of the map that is under way which are done. */
int probe_attribution_done(const struct probe *p);
/* The finished map (H, W) in [0, 1] of precision i, whose map of the method was made last: that of precision
 * 0 stays, of the others there is one, and its un-ReLU'd values. */
const float *probe_attribution_map(struct probe *p, enum attribution m, int i);
const float *probe_attribution_values(struct probe *p, enum attribution m, int i, int *h, int *w);
/* The value of a measure of a method's pair, SIM, CC and KLD of the finished maps among them
 * (saliency_measures), that precision i's map is with precision 0's: both made. */
double probe_attribution_measure(struct probe *p, const struct measure *measure, enum attribution m, int i);

#endif
