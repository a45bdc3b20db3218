/* src/cli/quantize_report.h: what `quantize` says of every layer, as text, CSV and JSON. Private to the
 * room. */
#ifndef CLI_QUANTIZE_REPORT_H
#define CLI_QUANTIZE_REPORT_H

#include "listing.h"
#include "quant.h"

struct quantize_report {
    const struct model *model;
    const char *precision; /* its name, as asked */
    const struct quant_options *options;
    int pictures, labels;  /* how many; do any have a class? */
    uint64_t bytes, source_bytes; /* of the file written, of the fp32 one */
    const struct quant_result *result;
};
/* Adds the report in a form: layers in the network's order; with sensitivity the worst first, in a terminal
 * as a table of its own. ERR_MEMORY. */
MUST_USE status quantize_report(const struct quantize_report *r, enum listing_form form, struct text *out);

#endif
