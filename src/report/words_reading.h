/* words_reading: which of a runtime's arithmetics a precision runs by. */
#ifndef QUANTCAM_REPORT_WORDS_READING_H
#define QUANTCAM_REPORT_WORDS_READING_H

#include "value.h"

/* Of a precision whose codes are TFLite's, a sentence: by which of its two arithmetics it runs, and how many
 * codes and answers the other one changes; of this job's pictures where another precision runs the same file
 * by it, else as LiteRT's two sets of kernels differ on photographs. Nothing of others. */
MUST_USE status words_reading(struct store_reader *r, int network, int p, struct text *out);

#endif
