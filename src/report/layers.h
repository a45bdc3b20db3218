/* layers: what each layer's quantization costs, of a result whose job asked for it (quantize.sensitivity):
 * the table of the worst, and charts of all by their place. */
#ifndef QUANTCAM_REPORT_LAYERS_H
#define QUANTCAM_REPORT_LAYERS_H

#include "figures_parts.h"
#include "tables.h"

/* Appends the table; nothing where the file has none. */
MUST_USE status layers_add(struct store_reader *r, struct tables *out);
/* A line a measure, of the layer alone and of all but it. */
MUST_USE status layers_draw(struct figures_drawing *d);

#endif
