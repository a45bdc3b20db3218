/* words_parts: what the files that make sentences share. */
#ifndef QUANTCAM_REPORT_WORDS_PARTS_H
#define QUANTCAM_REPORT_WORDS_PARTS_H

#include "words.h"

#define ENOUGH 20 /* pictures, for a bootstrap interval to mean something */
#define CHANCE "no change that can be told from chance"

/* Of a paired difference: which way it goes, as far as the interval tells. */
enum verdict { UNKNOWN, TOO_FEW, UNCHANGED, LOWER, HIGHER };
enum verdict words_judge(const struct value *d);

/* Ends the sentence that the finding's text has from byte `from` on, if there is any. words_list: where each
 * lies, once all are there. */
MUST_USE status words_end(struct words_finding *f, size_t from);
void words_list(struct words_finding *f);

#endif
