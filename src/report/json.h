/* json: the report's tables and gallery as one JSON document. */
#ifndef QUANTCAM_REPORT_JSON_H
#define QUANTCAM_REPORT_JSON_H

#include "collect.h"
#include "album.h"
#include "example.h"

/* FOLDER/report.json: { "file", "images": {total, ok, bad}, "findings": [in words],
 * "tables": [{ "id", "title", "note", "columns": [{ "name", "unit" }], "rows": [[...]] }],
 * "bad_images": {a table}, "gallery": [...], "figure_3": [a row a network] }.
 * A cell that is a number is a JSON number with the digits that the table prints; the first
 * column is always text. */
MUST_USE status json_write(struct store_reader *r, const struct collect *c, const struct album *g,
                           const struct example *e, const char *folder);

#endif
