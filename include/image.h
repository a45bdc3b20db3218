/* include/image.h
 * image: from a list of pictures to the bytes a network sees. Lists, labels and boxes; JPEG and PNG; Pillow's resize; PNG writing.
 * (The embedded data set is image_synth.h.) Knows nothing of networks or ranks.
 *
 *     struct image_manifest list = { 0 };
 *     TRY(image_manifest_read(&(struct image_source){ .root = "/data/val" }, &list));      // ImageFolder: sorted class folders
 *     struct image_pipeline p = { .resize = 256, .crop = 224, .filter = IMAGE_BILINEAR, .order = IMAGE_ORDER_PILLOW13 };
 *     uint8_t *pixels = ...;                                     // (224, 224, 3)
 *     struct image_info info;
 *     status s = image_load(path, &p, pixels, &info);            // a failure is this picture's status, not the job's
 *
 * Bytes are Pillow's and torchvision's, bit for bit (spec numerics 5). Bounds: file 256 MiB, 64 Mpixel, extents 1..65,500.
 */
#ifndef QUANTCAM_IMAGE_H
#define QUANTCAM_IMAGE_H

#include "tensor.h"

/* ---- decoded pictures ------------------------------------------------------------------------------------ */

struct image { int width, height; uint8_t *rgb; };    /* (height, width, 3) u8; rgb from mem_alloc */
void image_free(struct image *im);
/* JPEG (grey, YCbCr, RGB, CMYK, YCCK; baseline and progressive) or PNG (8 bit, 16 bit to its high byte as Pillow's convert, palette, grey, alpha
 * dropped), by content. As PIL.Image.open(path).convert("RGB") gives them: EXIF rotation and ICC profiles are ignored; a truncated file is an error, as
 * in Pillow. ERR_MISSING, ERR_IO, ERR_FORMAT, ERR_MEMORY (above the bounds), each with the path. */
MUST_USE status image_read(const char *path, struct image *out);
/* The same from memory; `name` for messages. */
MUST_USE status image_decode(const char *name, const void *bytes, size_t size, struct image *out);
MUST_USE status image_write_png(const char *path, const struct image *im);
MUST_USE status image_write_jpeg(const char *path, const struct image *im, int quality);

/* ---- preprocessing ---------------------------------------------------------------------------------------- */

enum image_filter { IMAGE_BILINEAR, IMAGE_BICUBIC };
enum image_order { IMAGE_ORDER_PILLOW13, IMAGE_ORDER_HORIZONTAL_FIRST };    /* numerics 5, pass order */
struct image_pipeline { int resize, crop; enum image_filter filter; enum image_order order; };
struct image_info { int width, height; };      /* of the picture as stored */

/* Pillow's Image.resize for 8-bit RGB to exactly width x height. */
MUST_USE status image_resize(const struct image *in, int width, int height, enum image_filter filter,
                             enum image_order order, struct image *out);
/* Resize(short side) + CenterCrop: fills pixels (crop, crop, 3). */
MUST_USE status image_preprocess(const struct image *in, const struct image_pipeline *p, uint8_t *pixels);
/* Read, decode, preprocess. */
MUST_USE status image_load(const char *path, const struct image_pipeline *p, uint8_t *pixels, struct image_info *info);
/* Resize's output size for a picture: short side to `resize`, long = trunc(resize * long / short); and the crop's corner (may be negative: padding). */
void image_geometry(int width, int height, const struct image_pipeline *p, int *resized_w, int *resized_h, int *left, int *top);
/* normalized[c][code] = (f32(code) / 255 - mean) / std, each step f32. */
void image_normalize_table(const double mean[3], const double std[3], float table[3][256]);

/* ---- lists ------------------------------------------------------------------------------------------------- */

struct image_box { int x0, y0, x1, y1; };      /* pixels of the stored picture, 0-based, inclusive */
struct image_entry {
    const char *path;                /* relative to the root, '/' between parts */
    int class_index;                 /* -1 unknown */
    int box_first, boxes;            /* into manifest.box */
};
struct image_manifest {
    char *root;
    struct image_entry *entry;       /* sorted by path (byte order) for folders; the label file's order for flat lists */
    int count;
    char **class_name;               /* folder names, or NULL */
    int classes;                     /* as far as known from folders, else 1 + the largest index */
    struct image_box *box;
    int boxes;
    int boxes_unmatched;             /* box lines for files that are not in the list */
    char *arena;                     /* the strings */
    uint8_t sha256[HASH_SIZE];       /* over path, class and boxes of every entry in order */
};
struct image_source {
    const char *root;      /* a folder of class folders (ImageFolder), or a flat folder with `labels` */
    const char *labels;    /* NULL, or a file: `path,class_index[,...]` or `path class_index`, header optional (DESIGN 7.9), or LOC_val_solution.csv */
    const char *synsets;   /* NULL, or LOC_synset_mapping.txt */
    const char *boxes;     /* NULL, or `path,x0,y0,x1,y1` lines, or LOC_val_solution.csv */
    int limit;             /* 0 = all; else the first `limit` entries after sorting, spread evenly over the list */
};
/* Unsafe names (absolute, "..", control characters, not UTF-8, above 1,024 bytes) are refused with file and line. A missing folder, an empty list, a
 * duplicate: one sentence. Labels as DESIGN 7.9. */
MUST_USE status image_manifest_read(const struct image_source *source, struct image_manifest *out);
void image_manifest_free(struct image_manifest *m);
/* For rank 0's broadcast: one block of bytes, and back. */
MUST_USE status image_manifest_pack(const struct image_manifest *m, uint8_t **bytes, size_t *size);
MUST_USE status image_manifest_unpack(const uint8_t *bytes, size_t size, struct image_manifest *out);

#endif
