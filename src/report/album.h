/* album: the pictures whose two maps differ most with signs aligned, as PNG: what the network saw with its
 * true boxes, then the map of every precision. */
#ifndef QUANTCAM_REPORT_ALBUM_H
#define QUANTCAM_REPORT_ALBUM_H

#include "panel.h"

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
    struct panel_missing missing;
    const struct store_layout *layout;
};

MUST_USE status album_write(struct store_reader *r, const struct report_options *options, struct album *out);
MUST_USE status album_markdown(const struct album *g, struct text *out);
void album_free(struct album *g);

#endif
