/* What the files of the deploy room share: the readers, one for each kind of file. */
#ifndef DEPLOY_PARTS_H
#define DEPLOY_PARTS_H

#include "sketch.h"

/* A reader translates the mapped bytes, d->weights.mapping, of which d->weights may hold views, and finishes
 * the sketch. No sentence begins with the path. */
MUST_USE status tflite_read(const uint8_t *bytes, uint64_t size, const struct deploy_options *how,
                            struct sketch *d, struct deploy_network *out);
MUST_USE status onnx_read(const uint8_t *bytes, uint64_t size, const struct deploy_options *how,
                          struct sketch *d, struct deploy_network *out);

#endif
