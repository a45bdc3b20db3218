/* words_control: sentences of the controls of a network's maps, nothing where the job has none. */
#ifndef QUANTCAM_REPORT_WORDS_CONTROL_H
#define QUANTCAM_REPORT_WORDS_CONTROL_H

#include "value.h"

/* ROAD of each map in the first precision and in p. */
MUST_USE status words_road(struct store_reader *r, int network, int p, struct text *out);
/* How p's maps of the input gradient agree with the first's, beside the controls', precisions of real
 * numbers; accuracy while they remove pixels. */
MUST_USE status words_input(struct store_reader *r, int network, int p, struct text *out);
/* Whether p's maps of the input gradient changed more than each control's, by the means' intervals over the
 * images: a headline's part; nothing of a control itself. */
MUST_USE status words_moved(struct store_reader *r, int network, int p, struct text *out);
/* How many maps of the first precision of real numbers stay where weights are drawn. */
MUST_USE status words_random(struct store_reader *r, int network, struct text *out);

#endif
