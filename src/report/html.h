/* html: the report as one self-contained page. */
#ifndef QUANTCAM_REPORT_HTML_H
#define QUANTCAM_REPORT_HTML_H

#include "collect.h"
#include "example.h"
#include "report.h"

/* FOLDER/report.html, and its charts as FOLDER/figures/<what>_<n>.svg. The page asks nothing of the network,
 * says so in its Content-Security-Policy, and reads without its script. `c` holds the grids of collect_tables
 * and study_collect, `e` is example_write's. At most about 15 MB. */
MUST_USE status html_write(struct store_reader *r, const struct collect *c, const struct example *e,
                           const struct report_options *options, struct report_summary *summary);

#endif
