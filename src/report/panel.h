/* panel: a picture of a result as a row of panels: what a network saw with its true boxes (white), then each
 * precision's map, as the stored projection gives it, over the picture in grey, with the true boxes and its
 * own. */
#ifndef QUANTCAM_REPORT_PANEL_H
#define QUANTCAM_REPORT_PANEL_H

#include "image.h"
#include "report.h"

/* One network's pictures. */
struct panel {
    struct store_reader *r;
    const struct store_layout *l;
    int network;
    struct image_pipeline pipeline;
    char root[4096];             /* the pictures' folder */
    uint8_t palette[256][3];
};
/* Pictures without their file: their maps stand alone, on white. */
struct panel_missing { int count; char first[512]; };

/* Does a network see square pictures? Others are not drawn. */
int panel_square(const struct store_layout *l, int network);
/* images: the pictures' folder; NULL: as the result has it. ERR_FORMAT where the network's input is not
 * square. */
MUST_USE status panel_open(struct store_reader *r, const char *images, int network, struct panel *out);
/* Room for so many rows of panels, white. Freed with image_free. */
MUST_USE status panel_blank(const struct panel *p, int rows, struct image *im);
/* Row `row` of im. path: of the image, relative to its root. own: the colour of each precision's box,
 * (precisions); NULL: orange. */
MUST_USE status panel_draw(const struct panel *p, int64_t image, const char *path, const uint8_t (*own)[3],
                           int row, struct image *im, struct panel_missing *missing);

#endif
