/* src/cli/saliency_print.h: what `saliency` says of its comparisons. Private to the room. */
#ifndef CLI_SALIENCY_PRINT_H
#define CLI_SALIENCY_PRINT_H

#include "listing.h"
#include "score.h"

/* A row a map and measure: mean, standard deviation (N - 1) over pictures; above them what was counted. */
MUST_USE status saliency_print(const struct score *s, enum listing_form form, struct text *out);
/* CSV: a row a picture and map, a column a measure, empty where there is no value. */
MUST_USE status saliency_print_pictures(const struct score *s, struct text *out);

#endif
