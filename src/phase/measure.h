/* What evaluate measures beside maps and answers, and its means: private to the room. Local. */
#ifndef QUANTCAM_PHASE_MEASURE_H
#define QUANTCAM_PHASE_MEASURE_H

#include "run.h"

/* Entropy, deviation and sparsity of the CAM layer into the row in hand, each channel's mean, and where the
 * file keeps all layers the layer itself.
 *   map   as the engine left it: codes of a quantized precision, else NULL
 *   act   (h * w, c) f32, its real values */
void measure_activation(struct store_rows *rows, const char *precision, const struct engine_map *map,
                        const float *act, enum store_activations stored);
/* A layer as it is stored: (c, h, w), u8 codes of a quantized precision, else f32. */
void measure_keep(const struct engine_map *map, void *out);
/* How alike the maps of a precision and the first are, beside RMSE; reads the row's wsol/box of both.
 *   a, b   the first precision's and this one's: projections (h, w) and finished maps */
struct compare_side;
void measure_pair(struct store_rows *rows, const char *precision, const struct compare_side *a,
                  const struct compare_side *b, const struct run *r, int net);
/* /summary/activation and /summary/comparison: the mean of each measure over each set, in image order.
 *   member   (N) bit s: set s holds the image */
MUST_USE status measure_reduce(const struct run *r, int net, const uint32_t *member, int sets);

#endif
