/* example: figure 3. Of each network the picture where quantization moved the map's box most: a row of
 * panels, the picture with its true box, then each precision's map with the true box (white) and its own
 * (green: the largest IoU with the true box, red: a smaller one; all that are equal are green).
 *
 * The picture: of the aligned selections, rows with a result and a true box in the frame, the one whose IoU
 * at t = 0.2 differs most between two precisions; the lower image where several are equal. The IoU is the
 * stored one, of the job's frame; a map without foreground has no box and IoU 0. */
#ifndef QUANTCAM_REPORT_EXAMPLE_H
#define QUANTCAM_REPORT_EXAMPLE_H

#include "panel.h"

struct example_row {
    int64_t image;               /* -1 = no such picture, the row is white */
    float iou[STORE_MAX_PRECISIONS];
    int32_t box[STORE_MAX_PRECISIONS][4];    /* x0 y0 x1 y1, inclusive, in the crop; -1 = no foreground */
    char path[512];              /* of the image, relative to its root */
};
struct example {
    int rows;                    /* networks; 0 = no figure */
    const char *why;             /* there is no figure, or NULL */
    const struct store_layout *layout;
    struct example_row row[STORE_MAX_NETWORKS];
};

/* Writes FOLDER/figure_3.png. Pictures that cannot be read are counted, their panels stay white. */
MUST_USE status example_write(struct store_reader *r, const struct report_options *options,
                              struct panel_missing *missing, struct example *out);
/* One row: the boxes' IoU and colours, and a comma, for the picture's path to follow; or that it has none. */
MUST_USE status example_caption(const struct example *e, int network, struct text *out);
/* How the figure reads and by what rule its pictures were chosen. */
const char *example_rule(void);
/* The figure, its rule, and a caption a row. */
MUST_USE status example_markdown(const struct example *e, struct text *out);
/* 1 = the box of precision p is drawn green: no precision's IoU is larger. */
int example_better(const struct example *e, int network, int p);

#endif
