/* json: the report's tables and gallery as one JSON document. */
#ifndef QUANTCAM_REPORT_JSON_H
#define QUANTCAM_REPORT_JSON_H

#include "album.h"
#include "example.h"
#include "tables.h"

/* FOLDER/report.json: { "file", "images": {total, ok, bad}, "findings": [in words],
 * "tables": [{ "id", "title", "note", "columns": [{ "name", "unit" }], "rows": [[...]] }],
 * "bad_images": {a table}, "gallery": [...], "figure_3": [a row a network] }.
 * A number is a JSON number with the digits that the table prints, an interval { value, low, high, text };
 * words, and why a cell is empty, are texts. */
MUST_USE status json_write(struct store_reader *r, const struct tables *t, const struct album *g,
                           const struct example *e, const char *folder);

#endif
