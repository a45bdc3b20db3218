/* figures: every chart of the report, drawn once: for the page, as files, named in the Markdown. */
#ifndef QUANTCAM_REPORT_FIGURES_H
#define QUANTCAM_REPORT_FIGURES_H

#include "value.h"

/* The first is the page's first screen: a chart a network, what each precision changed. */
enum {
    FIGURES_SUMMARY,
    FIGURES_TRUTH,
    FIGURES_INPUT,
    FIGURES_REMOVAL,
    FIGURES_RMSE,
    FIGURES_SUBSETS,
    FIGURES_SIGMA,
    FIGURES_CURVES,
    FIGURES_MARGIN,
    FIGURES_HISTOGRAM,
    FIGURES_ACTIVATION,
    FIGURES_AGREEMENT,
    FIGURES_SENSITIVITY,
    FIGURES
};

struct figures {
    struct text section[FIGURES]; /* SVG after SVG */
    int count[FIGURES];
};
/* Also writes FOLDER/figures/<slug>_<n>.svg. */
MUST_USE status figures_draw(struct store_reader *r, const char *folder, struct figures *out);
/* Sections first .. last with their titles. */
MUST_USE status figures_html(const struct figures *f, int first, int last, struct text *out);
MUST_USE status figures_markdown(const struct figures *f, struct text *out);
void figures_free(struct figures *f);

#endif
