/* src/image/codec.h: the two formats behind image_decode. Local. */
#ifndef QUANTCAM_IMAGE_CODEC_H
#define QUANTCAM_IMAGE_CODEC_H

#include "image.h"

enum { IMAGE_MAX_BYTES = 256 << 20 }; /* of a file */
int image_is_png(const uint8_t *bytes, size_t size);
/* The bounds of include/image.h. ERR_MEMORY, with `name` and the size. */
MUST_USE status image_check_size(const char *name, uint64_t width, uint64_t height);
/* Checks them and allocates out->rgb. */
MUST_USE status image_alloc(const char *name, uint64_t width, uint64_t height, struct image *out);
/* `out` is empty on entry and after a failure. */
MUST_USE status image_decode_jpeg(const char *name, const uint8_t *bytes, size_t size, struct image *out);
MUST_USE status image_decode_png(const char *name, const uint8_t *bytes, size_t size, struct image *out);
/* The same; *wide, freed by the caller after a failure, too, becomes the (height, width) values of a 16-bit
 * grey picture, which `out` clips, or NULL. */
MUST_USE status image_decode_png_wide(const char *name, const uint8_t *bytes, size_t size, struct image *out,
                                      uint16_t **wide);
/* Netpbm's grey maps. 1 if the file begins as one. `out` is empty on entry and after a failure. */
int image_is_pgm(const uint8_t *bytes, size_t size);
MUST_USE status image_decode_pgm(const char *name, const uint8_t *bytes, size_t size, struct image_grey *out);

/* components: 1 (grey, the picture's red), 3 (RGB) or 4 (CMYK as Adobe's programs store it, inverted);
 * optimize: Huffman tables of the picture's own. */
struct image_jpeg_form { int components, quality, optimize; };
/* image_encode_jpeg in a form of the caller's. */
MUST_USE status image_encode_jpeg_as(const struct image *im, const struct image_jpeg_form *form,
                                     uint8_t **bytes, size_t *size);

#endif
