/* include/image.h
 * image: from a list of pictures to the bytes a network sees. Lists, labels and boxes; JPEG and PNG; Pillow's
 * resize; PNG writing. (The embedded data set is image_synth.h.) Knows nothing of networks or ranks.
 *
 *     struct image_manifest list = { 0 };
 *     TRY(image_manifest_read(&(struct image_source){ .root = "/data/val" }, &list));      // class folders
 *     struct image_pipeline p = { .resize = 256, .crop = 224, .filter = IMAGE_BILINEAR,
 *                                 .order = IMAGE_ORDER_PILLOW13 };
 *     uint8_t *pixels = ...;                                     // (224, 224, 3)
 *     struct image_info info;
 *     status s = image_load(path, &p, pixels, &info);           // a failure is this picture's, not the job's
 *
 * Bytes are Pillow's and torchvision's, bit for bit (spec numerics 5). Bounds: file 256 MiB, 64 Mpixel,
 * extents 1..65,535 (JPEG: 65,500). Every function is local; those that fail leave their outputs empty.
 */
#ifndef QUANTCAM_IMAGE_H
#define QUANTCAM_IMAGE_H

#include "kernel.h"
#include "tensor.h"

/* ---- decoded pictures ---------------------------------------------------------------------------------- */

struct image { int width, height; uint8_t *rgb; };    /* (height, width, 3) u8; rgb from mem_alloc */
void image_free(struct image *im);                    /* idempotent; zeroes */
/* JPEG (grey, YCbCr, RGB, CMYK, YCCK; baseline and progressive) or PNG (every kind; alpha is dropped,
 * palettes are looked up, 16 bits keep their high byte, but 16-bit grey is clipped at 255), by content: the
 * pixels of PIL.Image.open(path).convert("RGB"). EXIF rotation and ICC profiles are ignored, as torchvision
 * ignores them. A JPEG of 12 bits or of a lossless process is refused, as in Pillow. A truncated file is an
 * error, as in Pillow; damage that libjpeg steps over with a warning is not (in a damaged progressive file
 * what it guesses depends on its version). Stricter than Pillow: a PNG's pixel data must be whole, with
 * their check sum, and a palette must be there; a JPEG has at most 500 scans.
 * ERR_MISSING, ERR_IO, ERR_FORMAT, ERR_MEMORY (above the bounds), each with the path.
 * Source: Pillow 13 (JpegDecode.c, PngImagePlugin.py); libjpeg-turbo and libpng decode. */
MUST_USE status image_read(const char *path, struct image *out);
/* The same from memory; `name` for messages. */
MUST_USE status image_decode(const char *name, const void *bytes, size_t size, struct image *out);
/* A whole file of 8-bit RGB, written beside and renamed. ERR_RANGE, ERR_MEMORY, ERR_IO. */
MUST_USE status image_write_png(const char *path, const struct image *im);
/* A baseline JPEG (4:2:0) in memory, *bytes freed with mem_free; quality 1..100 as libjpeg counts. ERR_RANGE
 * (quality, extents beyond JPEG's 65,500), ERR_MEMORY. */
MUST_USE status image_encode_jpeg(const struct image *im, int quality, uint8_t **bytes, size_t *size);

/* ---- preprocessing ------------------------------------------------------------------------------------- */

enum image_filter { IMAGE_BILINEAR, IMAGE_BICUBIC };
/* Which axis is resampled first: the result between the passes is rounded to bytes, so it matters (numerics
 * 5). Pillow before 13 always went horizontally first. */
enum image_order { IMAGE_ORDER_PILLOW13, IMAGE_ORDER_HORIZONTAL_FIRST };
/* resize: the short side in pixels; crop: the square's side. Both 1..16384. */
struct image_pipeline {
    int resize, crop;
    enum image_filter filter;
    enum image_order order;
    const struct kernel_table *kernels;    /* NULL: `ref`; the bytes are the same */
};
struct image_info { int width, height; };      /* of the picture as stored; 0 if it was not decoded */

/* Pillow's Image.resize for 8-bit RGB to exactly width x height. ERR_MEMORY beyond the bounds. */
MUST_USE status image_resize(const struct image *in, int width, int height, enum image_filter filter,
                             enum image_order order, struct image *out);
/* Resize(short side) + CenterCrop: fills pixels (crop, crop, 3). Only what the crop shows is computed. */
MUST_USE status image_preprocess(const struct image *in, const struct image_pipeline *p, uint8_t *pixels);
/* Read, decode, preprocess. Errors as image_read. */
MUST_USE status image_load(const char *path, const struct image_pipeline *p, uint8_t *pixels,
                           struct image_info *info);
/* Resize's output size for a picture: short side to `resize`, long = trunc(resize * long / short); and the
 * crop's corner in the resized picture (negative: that much zero padding before it). */
void image_geometry(int width, int height, const struct image_pipeline *p, int *resized_w, int *resized_h,
                    int *left, int *top);
/* normalized[c][code] = (f32(code) / 255 - mean) / std, each step f32. */
void image_normalize_table(const double mean[3], const double std[3], float table[3][256]);

/* ---- altered pictures (explanations 3.1, DESIGN 7.3) --------------------------------------------------- */

/* pixels (count, 3) u8 -> out (count, 3) f32 by image_normalize_table's table. */
void image_normalize(const uint8_t *pixels, int count, const float table[3][256], float *out);
/* What takes the place of a pixel, in normalized space: 0 (the mean colour of the training pictures); RISE's
 * blur of the picture (11 taps, zeros outside; separable, horizontal then vertical, taps ascending, in double
 * from the f32 values, rounded once); the code 0; the picture's own mean colour. */
enum image_substrate {
    IMAGE_SUBSTRATE_ZERO, IMAGE_SUBSTRATE_BLUR, IMAGE_SUBSTRATE_BLACK, IMAGE_SUBSTRATE_MEAN
};
/* picture, out: (height, width, 3) f32 normalized. ERR_MEMORY (the blur's). Equal bits on every x86.
 * Source: RISE d91ea00, evaluation.py and Evaluation.ipynb. */
MUST_USE status image_substrate(enum image_substrate kind, const float *picture, int height, int width,
                                const float table[3][256], float *out);
/* The `count` pixels (y * width + x) of `place` become the substrate's, all three channels. */
void image_replace(float *picture, const float *substrate, const int32_t *place, int count);

/* ---- lists --------------------------------------------------------------------------------------------- */

struct image_box { int x0, y0, x1, y1; };      /* pixels of the stored picture, 0-based, inclusive */
/* Lists do not know sizes: cuts a box to the picture; 0 if nothing is left. */
int image_box_clamp(struct image_box *b, int width, int height);
/* A true box in the pixels of the crop: each coordinate times resized / stored, less the crop's corner, not
 * rounded; full = 0: cut at the crop, 0 .. crop; full = 1: left whole, so that parts may lie outside. edge:
 * x0 y0 x1 y1. Returns 0 where nothing of it is left (edge is then without meaning), or the box is one pixel
 * wide or high. Source: explanations 4.3. */
int image_box_in_frame(const struct image_box *box, int width, int height, const struct image_pipeline *p,
                       int full, double edge[4]);
struct image_entry {
    const char *path;                /* relative to the root, '/' between parts */
    int class_index;                 /* -1 unknown */
    int box_first, boxes;            /* into manifest.box */
};
struct image_manifest {
    char *root;                      /* as given */
    struct image_entry *entry;       /* folders: class by class, by path (bytes) in each; else as listed */
    int count;
    char **class_name;               /* (classes) folder names, or NULL */
    int classes;                     /* folders, synset ids, or 1 + the largest index; 0: no labels */
    struct image_box *box;           /* not negative, not empty; see image_box_clamp */
    int boxes;
    int boxes_unmatched;             /* boxes for files that are not in the list (before the limit) */
    char *arena;                     /* the strings */
    size_t arena_size;
    uint8_t sha256[HASH_SIZE];       /* over path, class and boxes of every entry, in order; no root */
};
struct image_source {
    /* A folder of class folders (torchvision's ImageFolder: sorted names are the classes, pictures are .jpg,
     * .jpeg and .png in any case, at most 8 folders deep; files at the top and hidden names are left out), or
     * a flat folder with `labels`. */
    const char *root;
    /* NULL, or a file of lines `path,class_index[,...]` or `path class_index` (0-based torchvision order; -1
     * = not labelled; a header is recognised), or LOC_val_solution.csv (ids without extension). */
    const char *labels;
    /* NULL, or LOC_synset_mapping.txt: a line's place is its class. Without it the sorted ids of the list are
     * the classes: right only if there are as many as the model has, which the caller checks by `classes`. */
    const char *synsets;
    /* NULL, or `path,x0,y0,x1,y1` lines (several a picture; header optional), or LOC_val_solution.csv,
     * or a folder of ILSVRC's XML annotations, a file a picture. A line or file belongs to the picture of
     * that path, else to the one whose file name without extension is equal. */
    const char *boxes;
    int limit;             /* 0 = all; else that many entries, spread evenly: numbers i * count / limit */
};
/* Unsafe names (absolute, "..", control characters, not UTF-8, above 1,024 bytes) are refused with file and
 * line, so are a duplicate, an empty box, a bare list of class numbers. A missing folder, an empty list, a
 * label file none of whose first 16 pictures exists: one sentence. ERR_USAGE, ERR_MISSING, ERR_FORMAT,
 * ERR_MISMATCH, ERR_IO, ERR_MEMORY. */
MUST_USE status image_manifest_read(const struct image_source *source, struct image_manifest *out);
void image_manifest_free(struct image_manifest *m);   /* idempotent; zeroes */
/* For rank 0's broadcast: one block of bytes (freed with mem_free), and back. ERR_FORMAT if damaged. */
MUST_USE status image_manifest_pack(const struct image_manifest *m, uint8_t **bytes, size_t *size);
MUST_USE status image_manifest_unpack(const uint8_t *bytes, size_t size, struct image_manifest *out);

#endif
