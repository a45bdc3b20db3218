/* words_parts: what the files that make sentences share. */
#ifndef QUANTCAM_REPORT_WORDS_PARTS_H
#define QUANTCAM_REPORT_WORDS_PARTS_H

#include "words.h"

#define ENOUGH 20 /* pictures, for a bootstrap interval to mean something */
#define CHANCE "no change that can be told from chance"

/* Of a paired difference: which way it goes, as far as the interval tells. */
enum verdict { UNKNOWN, TOO_FEW, UNCHANGED, LOWER, HIGHER };
enum verdict words_judge(const struct value *d);

#endif
