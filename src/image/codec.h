/* src/image/codec.h: the two formats behind image_decode. Local. */
#ifndef QUANTCAM_IMAGE_CODEC_H
#define QUANTCAM_IMAGE_CODEC_H

#include "image.h"

/* Checks the bounds of include/image.h and allocates out->rgb. ERR_MEMORY, with `name` and the size. */
MUST_USE status image_alloc(const char *name, uint64_t width, uint64_t height, struct image *out);
/* `out` is empty on entry and after a failure. */
MUST_USE status image_decode_jpeg(const char *name, const uint8_t *bytes, size_t size, struct image *out);
MUST_USE status image_decode_png(const char *name, const uint8_t *bytes, size_t size, struct image *out);

/* components: 1 (grey, the picture's red), 3 (RGB) or 4 (CMYK as Adobe's programs store it, inverted);
 * optimize: Huffman tables of the picture's own. */
struct image_jpeg_form { int components, quality, optimize; };
/* image_encode_jpeg in a form of the caller's. */
MUST_USE status image_encode_jpeg_as(const struct image *im, const struct image_jpeg_form *form,
                                     uint8_t **bytes, size_t *size);

#endif
