/* include/image_records.h
 * image, part: files that hold many small pictures: IDX (MNIST, FashionMNIST) and CIFAR's binary records,
 * packed by gzip or not, told by their content. Every function is local.
 *
 *     struct image_records set = { 0 };
 *     TRY(image_records_read("t10k-images-idx3-ubyte.gz", &set));
 *     TRY(image_records_labels("t10k-labels-idx1-ubyte.gz", &set));  // IDX alone: CIFAR's are in the records
 *     const uint8_t *pixels = image_record(&set, i);                 // (channels, height, width)
 *     int class_index = image_record_label(&set, i);
 *     image_records_free(&set);
 *
 * Picture i of FILE is called FILE/00123, its number with at least five digits, from 0. Functions that take a
 * picture's path (image.h) take such a name, too: grey pixels become R = G = B, and the content is the hash
 * of the pixels as they stand in the file. They hold the file that was read last, unpacked.
 */
#ifndef QUANTCAM_IMAGE_RECORDS_H
#define QUANTCAM_IMAGE_RECORDS_H

#include "image.h"

enum { IMAGE_RECORD_CLASSES = 256 }; /* labels are bytes */

struct image_records {
    int count, height, width, channels; /* 1: grey; 3: red, green, blue, one plane behind the other */
    int classes;                        /* CIFAR: 10 or 100; IDX: 1 + the largest label; 0: no labels */
    const uint8_t *pixel, *label;       /* of the first; label NULL: none */
    size_t pixel_step, label_step;      /* bytes from one to the next */
    uint8_t sha256[HASH_SIZE];          /* of the file, unpacked */
    char *block[2];                     /* the files, unpacked */
};
/* At most 256 MiB packed, 1 GiB unpacked. ERR_MISSING, ERR_IO; ERR_MEMORY (above the bounds); ERR_FORMAT with
 * the file: another format, another type than unsigned bytes, shorter or longer than its header says, a
 * CIFAR label that is no class. */
MUST_USE status image_records_read(const char *path, struct image_records *out);
/* Labels of IDX pictures. Errors as above; ERR_MISMATCH: another number of labels than of pictures, or the
 * records have theirs. */
MUST_USE status image_records_labels(const char *path, struct image_records *r);
void image_records_free(struct image_records *r); /* idempotent; zeroes */
static inline const uint8_t *image_record(const struct image_records *r, int i)
{
    return r->pixel + (size_t)i * r->pixel_step;
}
static inline int image_record_label(const struct image_records *r, int i)
{
    return r->label ? r->label[(size_t)i * r->label_step] : -1;
}
/* The file that was read last is let go of. */
void image_records_let_go(void);

#endif
