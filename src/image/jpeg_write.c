/* src/image/jpeg_write.c: a picture as JPEG bytes in memory, for pages that carry their pictures. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "image.h"

/* Everything that must survive a longjmp lies here, not in locals. */
struct encoder {
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr error;
    jmp_buf escape;
    char text[JMSG_LENGTH_MAX];
    unsigned char *buffer; /* libjpeg's, from malloc */
    unsigned long size;
};

static void on_error(j_common_ptr common)
{
    struct encoder *e = common->client_data;

    common->err->format_message(common, e->text);
    longjmp(e->escape, 1);
}

static void compress_lines(struct encoder *e, const struct image *im, int quality)
{
    j_compress_ptr c = &e->c;

    jpeg_mem_dest(c, &e->buffer, &e->size);
    c->image_width = (JDIMENSION)im->width;
    c->image_height = (JDIMENSION)im->height;
    c->input_components = 3;
    c->in_color_space = JCS_RGB;
    jpeg_set_defaults(c);
    jpeg_set_quality(c, quality, TRUE);
    c->optimize_coding = TRUE;
    jpeg_start_compress(c, TRUE);
    while (c->next_scanline < c->image_height) {
        JSAMPROW row = im->rgb + (size_t)3 * c->next_scanline * c->image_width;

        jpeg_write_scanlines(c, &row, 1);
    }
    jpeg_finish_compress(c);
}

static status encode(struct encoder *e, const struct image *im, int quality)
{
    if (setjmp(e->escape))
        return FAIL(ERR_MEMORY, "a picture of %d x %d pixels as JPEG: %s", im->width, im->height, e->text);
    jpeg_create_compress(&e->c);
    e->c.client_data = e;
    compress_lines(e, im, quality);
    return OK;
}

status image_encode_jpeg(const struct image *im, int quality, uint8_t **bytes, size_t *size)
{
    struct encoder *e;
    status result;

    *bytes = NULL;
    *size = 0;
    if (im->width < 1 || im->height < 1 || im->width > JPEG_MAX_DIMENSION ||
        im->height > JPEG_MAX_DIMENSION || quality < 1 || quality > 100)
        return FAIL(ERR_RANGE, "a JPEG file cannot hold %d x %d pixels of quality %d", im->width, im->height,
                    quality);
    MEM_TRY(e, 1, sizeof *e);
    e->c.err = jpeg_std_error(&e->error);
    e->error.error_exit = on_error;
    e->c.client_data = e;
    result = encode(e, im, quality);
    if (result == OK) {
        *bytes = mem_alloc(e->size, 1);
        if (*bytes) {
            memcpy(*bytes, e->buffer, e->size);
            *size = e->size;
        } else {
            result = FAIL(ERR_MEMORY, "no memory for %lu bytes of JPEG", e->size);
        }
    }
    jpeg_destroy_compress(&e->c);
    free(e->buffer);
    mem_free(e);
    return result;
}
