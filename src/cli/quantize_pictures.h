/* src/cli/quantize_pictures.h: the calibration pictures of `quantize`. Private to the room. */
#ifndef CLI_QUANTIZE_PICTURES_H
#define CLI_QUANTIZE_PICTURES_H

#include "comm.h"
#include "image.h"

struct quantize_source {
    const char *images; /* a folder: class folders, or a flat one; "" = the paths of `list` as they stand */
    const char *labels; /* "" or a label file for `images` (image.h) */
    const char *synsets; /* "" or the classes' synsets (image.h) */
    int folders;         /* enum image_folders */
    int classes;         /* of the network, whose name is `network` */
    const char *network;
    const char *list;   /* "" or a file of paths, one a line */
    int limit;          /* at most so many, spread evenly */
};
struct quantize_pictures {
    int count;
    int *label;       /* (count) or -1; NULL = no picture has one */
    uint8_t **pixels; /* (count) (height, width, 3): this rank's own, others NULL */
};
/* Collective. Rank 0 reads the list; every rank its own pictures. One that cannot be read is left out and
 * named in the log; ERR_FORMAT where none is left. *out is freed with quantize_pictures_free, also after a
 * failure. */
MUST_USE status quantize_pictures_read(const struct comm *c, const struct quantize_source *source,
                                       const struct image_pipeline *p, struct quantize_pictures *out);
void quantize_pictures_free(struct quantize_pictures *p);

#endif
