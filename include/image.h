/* include/image.h
 * image: from a list of pictures to the bytes a network sees. Lists, labels and boxes; JPEG and PNG; Pillow's
 * resize; PNG writing. (The embedded data set is image_synth.h, files of many pictures are image_records.h.)
 * Knows nothing of networks or ranks.
 *
 *     struct image_manifest list = { 0 };
 *     struct image_source source = { .root = "/data/val", .classes = 1000, .network = "resnet18" };
 *     TRY(image_manifest_read(&source, &list));                  // class folders
 *     struct image_pipeline p = { .resize = 256, .height = 224, .width = 224, .channels = 3 };
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
/* What is kept of a picture: its extents, 0 where it was not decoded, and the file's SHA-256, zeros where it
 * could not be read. */
struct image_info { int width, height; uint8_t sha256[HASH_SIZE]; };
MUST_USE status image_read_info(const char *path, struct image *out, struct image_info *info);
/* The SHA-256 alone (ERR_MISSING, ERR_IO); of how many bytes it is, 0 where there are none. */
MUST_USE status image_content(const char *path, uint8_t sha256[HASH_SIZE]);
uint64_t image_bytes(const char *path);
/* The same from memory; `name` for messages. */
MUST_USE status image_decode(const char *name, const void *bytes, size_t size, struct image *out);
/* A map: values as they are stored, 0 .. most: 255, 65,535 of a 16-bit PNG, or what a PGM says. */
struct image_grey { int width, height, most; float *value; };    /* (height, width); value from mem_alloc */
void image_grey_free(struct image_grey *g);           /* idempotent; zeroes */
/* PNG, JPEG or PGM (P2 and P5, to 65,535), by content. The bounds and errors of image_read; ERR_FORMAT, too,
 * of a picture with colours: a heat map's colours are no values. Colours that differ by up to 8 of 255 are a
 * JPEG's rounding, and become Pillow's convert("L"). */
MUST_USE status image_grey_read(const char *path, struct image_grey *out);
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
/* How a stored picture becomes what a network sees, (height, width, channels) u8. A resize to a short side
 * keeps the aspect, and the middle height x width is cut out (torchvision's Resize(N) and CenterCrop); a
 * squash brings the whole picture to height x width (Resize((height, width))). One channel: Pillow's
 * convert("L") of the picture, before the resize. Sizes are 1..16384. */
struct image_pipeline {
    int resize;                            /* the short side in pixels; IMAGE_SQUASH */
    int height, width, channels;           /* of what the network sees; channels 3 (RGB) or 1 (grey) */
    enum image_filter filter;
    enum image_order order;
    const struct kernel_table *kernels;    /* NULL: `ref`; the bytes are the same */
};
enum { IMAGE_SQUASH = 0, IMAGE_PIPELINE_TEXT = 96 };
/* Whether two pipelines give the same bytes of every picture. */
int image_pipeline_equal(const struct image_pipeline *a, const struct image_pipeline *b);
/* Whether they see one part of every picture, in as many pixels or not: both squash it, or the parts' sides
 * are equal within 1 % of its short side. */
int image_pipeline_one_part(const struct image_pipeline *a, const struct image_pipeline *b);
/* "resize 256 bilinear crop 224 224 channels 3 pillow 13", "resize squash bilinear size 224 224 channels 3
 * pillow 12": what results record. Returns text. */
const char *image_pipeline_write(const struct image_pipeline *p, char text[IMAGE_PIPELINE_TEXT]);
/* The pipeline of such a text, kernels NULL. ERR_FORMAT. */
MUST_USE status image_pipeline_read(const char *text, struct image_pipeline *out);
/* What settings say in place of a pipeline's own: resize "model" (as it is), "squash" or a short side; filter
 * and pillow as the options of that name count, 0 as it is: 1 bilinear, 2 bicubic; 1 Pillow 12's order.
 * ERR_USAGE. */
MUST_USE status image_pipeline_change(struct image_pipeline *p, const char *resize, int filter, int pillow);
size_t image_pipeline_bytes(const struct image_pipeline *p);      /* height * width * channels */

/* Pillow's Image.resize for 8-bit RGB to exactly width x height. ERR_MEMORY beyond the bounds. */
MUST_USE status image_resize(const struct image *in, int width, int height, enum image_filter filter,
                             enum image_order order, struct image *out);
/* Pillow's Image.resize of a picture of floats (mode F): weights in double, horizontal, then vertical, each
 * pass rounded once to f32; bicubic overshoots. in: (height, width); out: (to_height, to_width). Extents
 * 1 .. 65,535. ERR_MEMORY. Source: Pillow 13, Resample.c, 32bpc. */
MUST_USE status image_resize_values(const float *in, int width, int height, int to_width, int to_height,
                                    enum image_filter filter, float *out);
/* Fills pixels (height, width, channels). Only what the crop shows is computed. ERR_MEMORY. */
MUST_USE status image_preprocess(const struct image *in, const struct image_pipeline *p, uint8_t *pixels);
/* Read, decode, preprocess. Errors as image_read. */
MUST_USE status image_load(const char *path, const struct image_pipeline *p, uint8_t *pixels,
                           struct image_info *info);
/* The size of a picture after the resize (short side to `resize`, long = trunc(resize * long / short);
 * squashed: the pipeline's own), and the crop's corner in it (negative: so much zero padding before it). */
void image_geometry(int width, int height, const struct image_pipeline *p, int *resized_w, int *resized_h,
                    int *left, int *top);
/* normalized[c][code] = (f32(code) / 255 - mean) / std, each step f32; of as many channels. */
void image_normalize_table(const double mean[], const double std[], int channels, float table[][256]);

/* ---- altered pictures (explanations 3.1, DESIGN 7.3) --------------------------------------------------- */

/* pixels (count, channels) u8 -> out (count, channels) f32 by image_normalize_table's table; 1 or 3 channels,
 * here and below. */
void image_normalize(const uint8_t *pixels, int count, int channels, const float table[][256], float *out);
/* What takes the place of a pixel, in normalized space: 0 (the mean colour of the training pictures); RISE's
 * blur of the picture (11 taps, zeros outside; separable, horizontal then vertical, taps ascending, in double
 * from the f32 values, rounded once); the code 0; the picture's own mean colour; its first pixel's. */
enum image_substrate {
    IMAGE_SUBSTRATE_ZERO, IMAGE_SUBSTRATE_BLUR, IMAGE_SUBSTRATE_BLACK, IMAGE_SUBSTRATE_MEAN,
    IMAGE_SUBSTRATE_CORNER
};
#define IMAGE_SUBSTRATE_NAMES "zero|blur|black|mean|corner"
/* picture, out: (height, width, channels) f32 normalized. ERR_MEMORY (the blur's). Equal bits on every x86.
 * Source: RISE d91ea00, evaluation.py and Evaluation.ipynb. */
MUST_USE status image_substrate(enum image_substrate kind, const float *picture, int height, int width,
                                int channels, const float table[][256], float *out);
/* The `count` pixels (y * width + x) of `place` become the substrate's, all channels. */
void image_replace(float *picture, const float *substrate, int channels, const int32_t *place, int count);

/* ROAD's noisy linear imputation (road.c): a removed pixel becomes the weighted mean of its eight neighbours,
 * 1/6 straight and 1/12 diagonal, weights outside the picture removed, plus noise of 0.01. The linear system
 * is taken as far as 200 Gauss-Seidel sweeps in raster order bring it, in double, from the mean colour of the
 * pixels that stay: in large holes short of its solution (tests/oracles/compare_controls.py says how far).
 * Equal bits on every x86.
 *
 *     struct image_road *road = NULL;
 *     TRY(image_road_make(224, 224, 3, kernels, &road));
 *     image_road_draw(road, seed, picture);                  // once a picture
 *     image_road_fill(road, pixels, gone, count, out);       // for each set of removed pixels
 *     image_road_free(road);
 *
 * Source: Rong et al. 2022; pytorch-grad-cam 1.5.7, road.py, whose solver is exact and noise torch's. */
struct image_road;
/* ERR_MEMORY. */
MUST_USE status image_road_make(int height, int width, int channels, const struct kernel_table *k,
                                struct image_road **out);
void image_road_free(struct image_road *r);           /* NULL is fine */
/* The noise of all pixels, keyed by (seed, 130, channel, picture, pixel): the same for every set of them. */
void image_road_draw(struct image_road *r, uint64_t seed, uint32_t picture);
/* picture, out: (height, width, channels) f32 normalized; the `count` places (y * width + x) of `gone`, each
 * once, not all of them, are filled. */
void image_road_fill(struct image_road *r, const float *picture, const int32_t *gone, int count, float *out);

/* ---- lists --------------------------------------------------------------------------------------------- */

struct image_box { int x0, y0, x1, y1; };      /* pixels of the stored picture, 0-based, inclusive */
/* Lists do not know sizes: cuts a box to the picture; 0 if nothing is left. */
int image_box_clamp(struct image_box *b, int width, int height);
/* A true box in the pixels that the network sees: each coordinate times resized / stored, less the crop's
 * corner, not rounded; full = 0: cut at the crop; full = 1: left whole, so that parts may lie outside. A
 * squash scales each axis by its own factor and cuts nothing. edge: x0 y0 x1 y1. Returns 0 where nothing of
 * the box is left (edge is then without meaning), or it is one pixel wide or high. Source: explanations 4.3.
 */
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
    char **class_name;               /* (classes) names of the mapping, else of the folders, or NULL */
    int classes;                     /* folders, synset ids, or 1 + the largest index; 0: no labels */
    /* Lines `data.KEY = TEXT`, printable: what the classes are by, which columns were taken, what was left
     * out. */
    char *decided;
    int left_out;                    /* pictures in class folders that are neither JPEG nor PNG */
    struct image_box *box;           /* not negative, not empty; see image_box_clamp */
    int boxes;
    int boxes_unmatched;             /* boxes for files that are not in the list (before the limit) */
    char *arena;                     /* the strings */
    size_t arena_size;
    uint8_t sha256[HASH_SIZE];       /* over path, class and boxes of every entry, in order; no root */
};
/* What a folder that is named by a number is: the class, or (text, as torchvision has it) its place in the
 * order of the names; auto: as far as one of them is certain. */
enum image_folders { IMAGE_FOLDERS_AUTO, IMAGE_FOLDERS_TEXT, IMAGE_FOLDERS_NUMBER };
/* The folder that a list's paths begin in: the one that is given, or, where a file of pictures
 * (image_records.h) is, the folder around it. */
void image_root(const char *given, char *out, size_t size);
struct image_source {
    /* A folder of class folders (torchvision's ImageFolder, at most 8 folders deep; hidden names and files
     * at the top are left out), or a flat folder with `labels`. Pictures are JPEGs and PNGs, by their
     * names' ending or, where that is another, by their first bytes; pictures of other kinds are left out
     * and counted. Or a file of pictures (image_records.h), with classes of its own or, as `labels`, with
     * IDX's file of them. */
    const char *root;
    /* NULL, or lines `path,class_index` (0-based torchvision order; -1 = not labelled) or `path,wnid`, or
     * LOC_val_solution.csv. Commas, semicolons or tabs (or a blank before the class), RFC 4180's quotes; a
     * first line that names the columns says which is which, else they are as above and text follows at
     * most. Names may lack their extension. */
    const char *labels;
    /* NULL, or the network's synsets in the order of its classes: LOC_synset_mapping.txt or
     * imagenet_class_index.json. Says the class of a folder's name, of `path,wnid` lines, of
     * LOC_val_solution.csv. */
    const char *synsets;
    /* NULL, or boxes: a list as `labels` is, `path,x0,y0,x1,y1` or with a header that names other columns
     * (x,y,width,height; xmin,xmax,ymin,ymax; ...), or LOC_val_solution.csv, or a folder of ILSVRC's XML
     * annotations, a file a picture. A line or file belongs to the picture of that path, else to the one
     * whose file name without extension is equal. Decimals are rounded half up. */
    const char *boxes;
    int limit;             /* 0 = all; else that many entries */
    int sample;            /* the seed that draws them; 0: spread evenly, see image_cut */
    enum image_folders folders;
    /* How many classes the network has, and its name: labels are refused unless they are certainly its
     * classes (DESIGN 7.9). 0: not checked, folders are classes by their places. */
    int classes;
    const char *network;
    int flat;              /* a flat folder without labels is taken, its pictures without classes */
    const char *without;   /* NULL, or how to go on without labels, for the end of a sentence */
};
/* Unsafe names (absolute, "..", control characters, not UTF-8, above 1,024 bytes) are refused with file
 * and line, so are a duplicate, an empty box, a bare list of class numbers, a header whose columns are not
 * known, class indices that are not in the order of synset ids beside them, labels that may be another's, an
 * option that has no effect. A missing folder, an empty list, a label file none of whose first 16 pictures
 * exists, boxes of no picture: one sentence. ERR_USAGE, ERR_MISSING, ERR_FORMAT, ERR_MISMATCH, ERR_IO,
 * ERR_MEMORY. */
MUST_USE status image_manifest_read(const struct image_source *source, struct image_manifest *out);
void image_manifest_free(struct image_manifest *m);   /* idempotent; zeroes */
/* The places of `keep` of a list's `count` entries, ascending: drawn by the generator, or spread evenly,
 * i * count / keep, where its seed is 0. */
void image_cut(struct random *r, int count, int keep, int *place);
/* For rank 0's broadcast: one block of bytes (freed with mem_free), and back. ERR_FORMAT if damaged. */
MUST_USE status image_manifest_pack(const struct image_manifest *m, uint8_t **bytes, size_t *size);
MUST_USE status image_manifest_unpack(const uint8_t *bytes, size_t size, struct image_manifest *out);

/* ---- names of classes ---------------------------------------------------------------------------------- */

struct image_class_name { char *name, *wnid; };      /* "" = none */
struct image_names { int count; struct image_class_name *line; char *text; };
/* A line a class, behind a number (0: tench) or not; LOC_synset_mapping.txt, of whose lines the name is
 * what stands behind the synset; JSON: ["tench", ...], {"0": "tench", ...}, {"0": ["n01440764", "tench"],
 * ...}. At most 4 MiB, printable. path "": no names. Freed with image_names_free, after an error too.
 * ERR_MISSING, ERR_IO, ERR_RANGE, ERR_FORMAT (bad JSON; numbers that leave the order open; ILSVRC's own
 * list, whose order is another). */
MUST_USE status image_names_read(const char *path, struct image_names *out);
/* The same of a text; `source` for messages. */
MUST_USE status image_names_parse(const char *source, const char *text, size_t size, struct image_names *out);
void image_names_free(struct image_names *n);
const char *image_name(const struct image_names *n, int class_index);       /* NULL: it has none */
/* ERR_MISMATCH where there are names, but not as many as the network has classes. */
MUST_USE status image_names_fit(const struct image_names *n, const char *path, int classes,
                                const char *network);

#endif
