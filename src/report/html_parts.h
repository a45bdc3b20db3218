/* html_*: the parts of report.html. Each appends markup; every text of the result goes through markup_html.
 */
#ifndef QUANTCAM_REPORT_HTML_PARTS_H
#define QUANTCAM_REPORT_HTML_PARTS_H

#include "example.h"
#include "report.h"

/* html_example.c: FOLDER/figure_3.png, which example_write made, as JPEG in the page, or why there is none.
 */
MUST_USE status html_example(const struct example *e, const char *folder, struct text *out);
/* html_gallery.c: of each network the pairs that differ most, the control's and the changed answers, at most
 * options->pictures each, as JPEG in the page; `bytes` bounds them, what does not fit is counted and said.
 * *count: pictures shown; files not found leave maps alone and are counted in summary. */
MUST_USE status html_gallery(struct store_reader *r, const struct report_options *options, size_t bytes,
                             struct report_summary *summary, struct text *out);

#endif
