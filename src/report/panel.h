/* panel: a picture of a result as a row of panels: what a network saw with its true boxes (white), then each
 * precision's map, as the stored projection gives it, over the picture in grey, with the true boxes and its
 * own. */
#ifndef QUANTCAM_REPORT_PANEL_H
#define QUANTCAM_REPORT_PANEL_H

#include "picture.h"
#include "report.h"

/* One network's pictures. */
struct panel {
    struct store_reader *r;
    const struct store_layout *l;
    int network;
    struct image_pipeline pipeline;
    char root[4096]; /* the pictures' folder */
};
/* Pictures without their file: their maps stand alone, on white. */
struct panel_missing {
    int count;
    char first[512];
};

/* images: the pictures' folder; NULL: as the result has it. ERR_FORMAT where the result's pipeline is of
 * another size than its maps, or larger than 4096 pixels a side. */
MUST_USE status panel_open(struct store_reader *r, const char *images, int network, struct panel *out);
/* A row of panels: its extents. */
void panel_size(const struct store_layout *l, int network, int *width, int *height);
/* The row of panels at line y of im. path: of the image, relative to its root. own: the colour of each
 * precision's box, (precisions); NULL: orange. */
MUST_USE status panel_draw(const struct panel *p, int64_t image, const char *path, const uint8_t (*own)[3],
                           int y, struct image *im, struct panel_missing *missing);
/* What the network saw alone, freed with image_free; white where the file is missing. */
MUST_USE status panel_saw(const struct panel *p, int64_t image, const char *path,
                          struct panel_missing *missing, struct image *crop);
/* A rectangle of im, of crop's size, becomes the map of a method ("eigen": the stored cam) over crop in grey,
 * without boxes. */
MUST_USE status panel_map(const struct panel *p, int precision, const char *method, int64_t image,
                          const struct image *crop, const struct picture_panel *at, struct image *im);
/* The same as a picture of its own, freed with image_free. */
MUST_USE status panel_picture(const struct panel *p, int64_t image, const char *path, struct image *im,
                              struct panel_missing *missing);

#endif
