/* html: the report as one self-contained page (html.c), and as one JSON document (json.c): both are made of
 * all parts of a report. */
#ifndef QUANTCAM_REPORT_HTML_H
#define QUANTCAM_REPORT_HTML_H

#include "album.h"
#include "example.h"
#include "figures.h"
#include "gaze.h"
#include "sheet.h"
#include "report.h"
#include "tables.h"
#include "words.h"

struct html_parts {
    struct store_reader *r;
    const struct report_options *options;
    struct report_summary *summary; /* what the documents count */
    struct words words;
    struct words_finding truth; /* of all networks; sentences 0: the job compares with no truth */
    struct tables tables;
    struct figures figures;
    struct album album;
    struct example example;
    struct gaze gaze;
    struct sheets sheets;
    struct text decided; /* decided_read's lines */
};

/* report.html. The page asks nothing of the network, says so in its Content-Security-Policy, and reads
 * without its script. At most about 15 MB. */
MUST_USE status html_page(const struct html_parts *parts, struct text *out);
/* report.json: { "file", "images": {total, ok, bad}, "decided": [lines], "findings": [in words],
 * "tables": [{ "id", "title", "note", "columns": [{ "name", "unit" }], "rows": [[...]] }],
 * "bad_images": {a table}, "gallery": [...], "figure_3": [a row a network] }.
 * A number is a JSON number with the digits that the table prints, an interval { value, low, high, text };
 * words, and why a cell is empty, are texts. */
MUST_USE status json_document(const struct html_parts *parts, struct text *out);

/* ---- parts of the page: each appends markup; every text of the result goes through markup_html --------- */

/* html_gallery.c: FOLDER/figure_3.png, which example_write made, as JPEG in the page; or why there is none.
 */
MUST_USE status html_example(const struct example *e, const char *folder, struct text *out);
/* FOLDER/gaze_N.png likewise; nothing where there are none. */
MUST_USE status html_gaze(const struct gaze *g, const char *folder, struct text *out);
/* FOLDER/sheet_NETWORK.png likewise. */
MUST_USE status html_sheets(const struct sheets *s, const char *folder, struct text *out);
/* Of each network the pairs that differ most, the control's and the changed answers, at most
 * options->pictures each, as JPEG in the page; `bytes` bounds them, what does not fit is counted and said.
 * Pictures shown, and files not found, which leave maps alone, are counted in summary. */
MUST_USE status html_gallery(struct store_reader *r, const struct report_options *options, size_t bytes,
                             struct report_summary *summary, struct text *out);

#endif
