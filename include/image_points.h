/* include/image_points.h
 * image, part: which picture of a list a name means, and lists of points in pictures, as fixations are. Every
 * function is local.
 *
 *     struct image_points p = { 0 };
 *     TRY_OUT(image_points_read("fixations.csv", path, pictures, &p));
 *     for (int k = p.first[i]; k < p.first[i + 1]; k++)
 *         use(p.point[k].x, p.point[k].y);
 *     out: image_points_free(&p);
 */
#ifndef QUANTCAM_IMAGE_POINTS_H
#define QUANTCAM_IMAGE_POINTS_H

#include "image.h"

/* ---- names --------------------------------------------------------------------------------------------- */

/* A name means the picture of that path, else the one whose file name without extension is equal. */
struct image_keys {
    struct image_key *path, *stem;
    int count;
};
enum { IMAGE_KEY_NONE = -1, IMAGE_KEY_SEVERAL = -2 };
/* Paths are borrowed. ERR_MEMORY. */
MUST_USE status image_keys_make(const char *const *path, int count, struct image_keys *out);
void image_keys_free(struct image_keys *k); /* idempotent; zeroes */
/* The picture's place in the list, or NONE; SEVERAL: no path, and more than one file name. */
int image_keys_find(const struct image_keys *k, const char *name);
/* The file name without folders and extension: its first byte, its bytes. */
const char *image_keys_stem(const char *path, size_t *size);

/* ---- points -------------------------------------------------------------------------------------------- */

struct image_points {
    int pictures;
    int *first; /* (pictures + 1): i's are first[i] .. first[i + 1] - 1 */
    struct image_point {
        double x, y;
    } * point;     /* as listed, in the file's order within a picture */
    int unmatched; /* rows of other pictures */
};
/* A list with a header that names path (or file, filename, image, ImageId), x and y, in any order and among
 * other columns, as the lists of labels and boxes have it (image.h). ERR_FORMAT with file and line, also for
 * a name that means several pictures; ERR_MISMATCH: no row is of any picture; ERR_MISSING, ERR_IO,
 * ERR_MEMORY. */
MUST_USE status image_points_read(const char *file, const char *const *picture, int pictures,
                                  struct image_points *out);
void image_points_free(struct image_points *p); /* idempotent; zeroes */

#endif
