/* latex: every table of the report as one LaTeX document. */
#ifndef QUANTCAM_REPORT_LATEX_H
#define QUANTCAM_REPORT_LATEX_H

#include "collect.h"

/* FOLDER/tables.tex: a document that compiles as it stands, a `table` with booktabs' rules a grid, wide ones
 * shrunk to the line; or to be copied from. */
MUST_USE status latex_write(const struct collect *c, const char *folder);
/* One grid as a table environment. */
MUST_USE status latex_grid(const struct grid *g, struct text *out);

#endif
