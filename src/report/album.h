/* album: the pictures whose two maps differ most with signs aligned, as PNG: what the network saw with
 * its true boxes,
 * then the map of every precision. */
#ifndef QUANTCAM_REPORT_ALBUM_H
#define QUANTCAM_REPORT_ALBUM_H

#include "image.h"
#include "report.h"

enum { ALBUM_BOXES = 64 };        /* more true boxes of an image are not drawn */
struct album_picture {
    int network, place;          /* place from 1 */
    int64_t image;
    float rmse;                  /* aligned */
    char file[160];              /* relative to the report's folder */
    char path[1028];             /* of the image, relative to its root */
};
struct album {
    struct album_picture *picture;
    int count;
    int missing;                 /* pictures without their image */
    char first_missing[512];
    const struct store_layout *layout;
};

MUST_USE status album_write(struct store_reader *r, const struct report_options *options, struct album *out);
MUST_USE status album_markdown(const struct album *g, struct text *out);
void album_free(struct album *g);

/* How the job saw its pictures (every network alike), and where they lay ("" if it does not say). */
MUST_USE status album_pipeline(struct store_reader *r, int network, struct image_pipeline *p, char *root,
                                size_t root_size);
/* The image's own picture as the network saw it, and its boxes in that frame. A missing file leaves `crop`
 * (from mem_alloc, the caller's) white, without boxes, and is counted in `g`. */
MUST_USE status album_crop(struct store_reader *r, const struct image_pipeline *p, const char *root,
                           int64_t image, struct album *g, const char *path, struct image *crop,
                           struct image_box box[ALBUM_BOXES], int *boxes);

#endif
