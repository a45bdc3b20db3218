/* html: the report as one self-contained page. */
#ifndef QUANTCAM_REPORT_HTML_H
#define QUANTCAM_REPORT_HTML_H

#include "example.h"
#include "figures.h"
#include "report.h"
#include "tables.h"

/* FOLDER/report.html. The page asks nothing of the network, says so in its Content-Security-Policy, and reads
 * without its script. At most about 15 MB. */
MUST_USE status html_write(struct store_reader *r, const struct tables *t, const struct figures *f,
                           const struct example *e, const struct report_options *options,
                           struct report_summary *summary);

#endif
