/* album: the pictures whose two maps differ most by the resolved reading, as PNG: what the network saw with
 * its true boxes,
 * then the map of every precision. */
#ifndef QUANTCAM_REPORT_ALBUM_H
#define QUANTCAM_REPORT_ALBUM_H

#include "report.h"

struct album_picture {
    int network, place;          /* place from 1 */
    int64_t image;
    float rmse;                  /* resolved */
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

/* Value of the line "KEY = value" in a text of such lines, or NULL if there is none or it does not fit. */
const char *album_text_value(const char *text, const char *key, char *value, size_t size);

#endif
