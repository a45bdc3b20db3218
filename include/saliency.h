/* include/saliency.h
 * saliency: where people look in a picture, or what they marked in it: predicted from the picture alone
 * (predict), or as users bring it: maps and masks (source), lists of fixations. What a program makes
 * of a picture is always called predicted saliency. Knows nothing of networks, measures or ranks.
 *
 *     struct saliency_map predicted = { 0 }, truth = { 0 }, there = { 0 };
 *     TRY(saliency_predict(SALIENCY_SR_CENTER, &picture, &predicted));      // 320 wide
 *     TRY(saliency_source_open("masks", &(struct saliency_source_how){ .mask = 1 }, path, n, &source));
 *     TRY(saliency_source_read(source, i, &truth));                         // truth.value NULL: none of
 * picture i TRY(saliency_resize(&predicted, truth.width, truth.height, &there));  // compared in the truth's
 * frame
 *
 * Values have no scale: a measure scales. Everything between the picture and a map is in double, in one
 * order, with our own functions (base.h), so that the bits are the same everywhere; a map is rounded to f32
 * once. Every function is local; a failed one leaves its outputs empty. Source of the definitions: spec
 * saliency-and-training 1.4, 1.8.
 */
#ifndef QUANTCAM_SALIENCY_H
#define QUANTCAM_SALIENCY_H

#include "image.h"
#include "image_points.h"

struct saliency_map {
    int width, height;
    float *value;
};                                          /* (height, width); value from mem_alloc */
void saliency_free(struct saliency_map *m); /* idempotent; zeroes */
/* Bilinear: half-pixel centres, edges replicated. ERR_MEMORY. */
MUST_USE status saliency_resize(const struct saliency_map *in, int width, int height,
                                struct saliency_map *out);

/* ---- predicted saliency -------------------------------------------------------------------------------- */

/* SR           spectral residual of the grey picture's area mean of 64 x 64 (Hou & Zhang 2007)
 * SR_OPENCV    the same with OpenCV's constants and its resize (StaticSaliencySpectralResidual)
 * FINEGRAINED  centre-surround differences of the frame's grey picture (Montabone & Soto, as OpenCV has them)
 * ITTI         Itti, Koch & Niebur 1998 of the frame's picture; see itti.c for what the paper leaves open
 * CENTER       a Gaussian about the middle, a quarter of the frame's sides wide: knows nothing of the picture
 * SR_CENTER    (SR + 0.05) CENTER */
enum saliency_method {
    SALIENCY_SR,
    SALIENCY_SR_OPENCV,
    SALIENCY_FINEGRAINED,
    SALIENCY_ITTI,
    SALIENCY_CENTER,
    SALIENCY_SR_CENTER,
    SALIENCY_METHODS
};
#define SALIENCY_METHOD_NAMES "sr|sr-opencv|finegrained|itti|center|sr-center"
enum { SALIENCY_FRAME = 320, SALIENCY_MAX_HEIGHT = 16384 };
/* The frame of a picture: SALIENCY_FRAME wide, height 320 h / w to the nearest, halves to even, at least 1.
 */
int saliency_frame_height(int width, int height);
/* A map of the frame's size, not negative. ERR_RANGE for a picture so narrow that its frame is higher than
 * SALIENCY_MAX_HEIGHT; ERR_MEMORY. */
MUST_USE status saliency_predict(enum saliency_method method, const struct image *picture,
                                 struct saliency_map *out);
/* CENTER for any size, which is the baseline of information gain, too. ERR_MEMORY. */
MUST_USE status saliency_center(int width, int height, struct saliency_map *out);

/* ---- a map or a mask a picture ------------------------------------------------------------------------- */

struct saliency_source;
struct saliency_source_how {
    int mask;           /* values become 1 where marked, 0 elsewhere; else they are densities */
    const char *suffix; /* NULL, or what a map's name has behind the picture's: "_fixMap" */
};
/* Maps of a list of pictures (their paths, borrowed). `from` is a folder: of picture a/b.jpg a/b.png, else
 * b.png, or .jpg, .jpeg, .pgm; or an HDF5 file with a dataset (H, W) of numbers a picture, called by its
 * path, else by its file name without the extension. File names alone name a picture only where one picture
 * has them. ERR_MISMATCH: none of the pictures has a map, or one has two. ERR_MISSING, ERR_IO, ERR_FORMAT,
 * ERR_MEMORY. */
MUST_USE status saliency_source_open(const char *from, const struct saliency_source_how *how,
                                     const char *const *picture, int pictures, struct saliency_source **out);
void saliency_source_close(struct saliency_source *s); /* NULL is fine */
int saliency_source_has(const struct saliency_source *s, int i);
/* Picture i's, at its own size, values as stored; out->value NULL where there is none. In a mask of two
 * values, one of them 0, the other is marked; of more values those above 128 of 255 are. ERR_FORMAT: negative
 * values, colours, a mask that has more than two values but none above 128 of 255. Densities may hold NaN or
 * infinity. */
MUST_USE status saliency_source_read(struct saliency_source *s, int i, struct saliency_map *out);
/* Where it was found, for sentences. */
const char *saliency_source_name(const struct saliency_source *s, int i);

/* ---- fixations ----------------------------------------------------------------------------------------- */

/* Pixels (y * width + x) that were fixated in picture i, ascending, each once; returns how many. A coordinate
 * becomes floor(v + 0.5) - origin, `origin` the number of the file's first pixel, 0 or 1; one pixel beyond
 * the edge counts as the edge's, others are dropped and counted. pixel  out, room for the picture's points */
int saliency_fixated(const struct image_points *points, int i, int origin, int width, int height,
                     int32_t *pixel, int *dropped);
/* Fixated pixels blurred by a Gaussian of `sigma` pixels, 2 round(3.5 sigma) + 1 taps, 0 outside. ERR_MEMORY.
 */
MUST_USE status saliency_density(const int32_t *pixel, int count, int width, int height, double sigma,
                                 struct saliency_map *out);

#endif
