/* include/probe_attribution.h
 * probe, part: maps of the picture's size, one method at a time, of one network in one precision: from the
 * answers to altered pictures (ScoreCAM, RISE, occlusion), whatever the precision.
 *
 *     struct probe_how how = { .attribution = { .methods = 1u << ATTRIBUTION_RISE, .masks = 4000, ... } };
 *     ...                                                  // probe_create, probe_keep of the network
 *     TRY(probe_attribution_picture(p, pixels));
 *     probe_attribution_start(p, i, ATTRIBUTION_RISE, class_index, key);
 *     while (probe_attribution_next(p) == PROBE_MORE)
 *         ;                                                // between two forwards the caller may stop
 *     const float *map = probe_attribution_map(p, ATTRIBUTION_RISE, i);
 *
 * What each method's values are, before ReLU and scaling to [0, 1]; p is the softmax probability of the
 * class: scorecam   on the CAM layer, sum_k w_k A_k, w = softmax over k of the logit of x mask(A_k)
 * (cam_forward.h) rise       on the picture, mean over random masks m of p(x m) m / keep occlusion  on the
 * picture, mean over the windows that cover a pixel of p(x) - p(x without the window) Everything is local;
 * probe_attribution_picture alone allocates. Equal bits on every x86.
 */
#ifndef QUANTCAM_PROBE_ATTRIBUTION_H
#define QUANTCAM_PROBE_ATTRIBUTION_H

#include "probe.h"

const char *attribution_name(enum attribution m); /* "scorecam" */
#define ATTRIBUTION_NAMES "scorecam|rise|occlusion"
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
/* The value of a measure with MEASURE_METHOD of the pair that precision i's map of the method is with
 * precision 0's: both made. */
double probe_attribution_measure(struct probe *p, const struct measure *measure, enum attribution m, int i);

#endif
