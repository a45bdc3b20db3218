/* sheet: the maps of the input gradient, a sheet a network: a picture of the control a row, what the network
 * saw at the left, then a column a precision: its map (explain.methods = gradient), over the picture in grey,
 * small pictures enlarged by whole numbers. Nothing where the job has no such maps. */
#ifndef QUANTCAM_REPORT_SHEET_H
#define QUANTCAM_REPORT_SHEET_H

#include "panel.h"

enum { SHEET_ROWS = 6 };
struct sheets {
    const struct store_layout *layout; /* NULL: there are none */
    int rows[STORE_MAX_NETWORKS];      /* 0: the network has no sheet */
};
/* The sheet's file in the report's folder: "sheet_plain-1.png". Returns out. */
char *sheet_file(const struct sheets *s, int network, char out[STORE_NAME + 16]);
MUST_USE status sheet_write(struct store_reader *r, const struct report_options *options,
                            struct panel_missing *missing, struct sheets *out);
/* How a sheet reads. */
MUST_USE status sheet_rule(const struct sheets *s, struct text *out);
MUST_USE status sheet_markdown(const struct sheets *s, struct text *out);

#endif
