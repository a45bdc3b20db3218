/* words: what quantization changed, as sentences for a reader who knows neither the program nor the study.
 * They follow from the numbers by the rules that words_rules prints. Plain text. */
#ifndef QUANTCAM_REPORT_WORDS_H
#define QUANTCAM_REPORT_WORDS_H

#include "value.h"

enum { WORDS_SENTENCES = 14 };
/* Of a network and a precision. sentence 0, the headline, is one line without intervals: "Many answers
 * changed (24.9 %), clearly different maps; lower: ..."; the others have counts and intervals: "Subject: ..."
 * or "Subject (remark): ...", one or a few sentences each, those that the job has measures for. */
struct words_finding {
    const char *network, *precision; /* the layout's */
    char *sentence[WORDS_SENTENCES];
    int sentences;
    struct text text; /* which they lie in */
};
struct words {
    struct words_finding *finding;
    int findings;
};

/* A finding for each network and each precision but the first. */
MUST_USE status words_read(struct store_reader *r, struct words *out);
void words_free(struct words *w);
/* What the maps of all networks together say of where people look, of a job that compares them: a headline
 * and statements, as above, of no one network and precision; sentences 0 where it compares none
 * (words_truth.c). */
MUST_USE status words_truth_read(struct store_reader *r, struct words_finding *out);
void words_truth_free(struct words_finding *f);
/* How the words follow from the numbers. */
const char *words_rules(void);
/* All of it as a section of report.md; nothing where there is no finding. */
MUST_USE status words_markdown(const struct words *w, struct text *out);
MUST_USE status words_truth_markdown(const struct words_finding *f, struct text *out);

#endif
