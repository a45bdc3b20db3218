/* src/image/records.h: the formats behind image_records. Local. */
#ifndef QUANTCAM_IMAGE_RECORDS_PARTS_H
#define QUANTCAM_IMAGE_RECORDS_PARTS_H

#include "image_records.h"
#include "list.h"

/* A file's bytes, those that gzip packed unpacked; *out from mem_alloc. Errors as image_records_read's. */
MUST_USE status unpack_file(const char *path, char **out, size_t *size);

/* What an IDX header says. */
enum { IDX_UNSIGNED = 0x08, IDX_EXTENTS = 3 };
struct idx {
    int type, extents;
    uint32_t extent[IDX_EXTENTS]; /* the first of them */
    size_t header;                /* bytes */
};
/* 1 if these bytes begin as an IDX file of unsigned bytes or of another type. */
int idx_begins(const uint8_t *bytes, size_t size, struct idx *out);
/* Pictures (count, height, width), labels (count). ERR_FORMAT. */
MUST_USE status idx_pictures(const char *path, const uint8_t *bytes, size_t size, struct image_records *out);
MUST_USE status idx_labels(const char *path, const uint8_t *bytes, size_t size, struct image_records *r);

/* Records of a label (CIFAR-10), or of a coarse one and a fine one (CIFAR-100), which counts, and 3 x 32 x 32
 * values. fits: the bytes of labels, where these are whole records whose labels are classes; else 0. */
enum { CIFAR_SIDE = 32, CIFAR_PIXELS = 3 * CIFAR_SIDE * CIFAR_SIDE };
int cifar_fits(const uint8_t *bytes, size_t size);
/* ERR_FORMAT. */
MUST_USE status cifar_pictures(const char *path, const uint8_t *bytes, size_t size,
                               struct image_records *out);

/* *found = 0: `path` is no record's name, nothing else is set. Else its pixels, as image_read_info gives
 * those of a file. ERR_MISSING: the file has no such picture; errors of image_records_read, image_alloc. */
MUST_USE status records_read_info(const char *path, int *found, struct image *out, struct image_info *info);
/* The pictures of source->root, a file, with their classes. */
MUST_USE status records_list(struct list *l, const struct image_source *source);
/* Whether a list is of such a file. */
int records_is_file(const char *path);

#endif
