/* words: what overview holds as sentences for a reader who knows neither the program nor the study. They
 * follow from the numbers by the rules that words_rules prints. Plain text. */
#ifndef QUANTCAM_REPORT_WORDS_H
#define QUANTCAM_REPORT_WORDS_H

#include "overview.h"

/* One line without intervals: "Many answers changed (24.9 %), clearly different maps; lower: ..." */
MUST_USE status words_headline(const struct overview *o, struct text *out);
enum { WORDS_STATEMENTS = 9 };
/* Statement i (0 .. WORDS_STATEMENTS - 1) with counts and intervals: "Subject: ..." or "Subject (remark):
 * ...", one or a few sentences; nothing where the job has no such measure. */
MUST_USE status words_statement(const struct store_layout *l, const struct overview *o, int i,
                                struct text *out);
/* How the words follow from the numbers. */
const char *words_rules(void);
/* Network by network and precision, all of it, as Markdown. */
MUST_USE status words_markdown(struct store_reader *r, struct text *out);

#endif
