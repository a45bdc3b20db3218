/* src/image/jpeg_write.c: a picture as JPEG bytes in memory. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "codec.h"

/* Everything that must survive a longjmp lies here, not in locals. */
struct encoder {
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr error;
    jmp_buf escape;
    char text[JMSG_LENGTH_MAX];
    unsigned char *buffer; /* libjpeg's, from malloc */
    unsigned long size;
    uint8_t *row; /* of one grey or CMYK line */
};

static void on_error(j_common_ptr common)
{
    struct encoder *e = common->client_data;

    common->err->format_message(common, e->text);
    longjmp(e->escape, 1);
}

/* CMYK as Adobe's programs store it in JPEG: inverted, so 255 is no ink. */
static void cmyk_from_rgb(const uint8_t *rgb, int width, uint8_t *out)
{
    for (int x = 0; x < width; x++, rgb += 3, out += 4) {
        int most = rgb[0] > rgb[1] ? rgb[0] : rgb[1];

        most = most > rgb[2] ? most : rgb[2];
        for (int c = 0; c < 3; c++)
            out[c] = (uint8_t)(most ? rgb[c] * 255 / most : 255);
        out[3] = (uint8_t)most;
    }
}

static void compress_lines(struct encoder *e, const struct image *im, const struct image_jpeg_form *form)
{
    j_compress_ptr c = &e->c;

    jpeg_mem_dest(c, &e->buffer, &e->size);
    c->image_width = (JDIMENSION)im->width;
    c->image_height = (JDIMENSION)im->height;
    c->input_components = form->components;
    c->in_color_space = form->components == 1 ? JCS_GRAYSCALE : form->components == 4 ? JCS_CMYK : JCS_RGB;
    jpeg_set_defaults(c);
    jpeg_set_quality(c, form->quality, TRUE);
    c->optimize_coding = form->optimize;
    jpeg_start_compress(c, TRUE);
    while (c->next_scanline < c->image_height) {
        JSAMPROW row = im->rgb + (size_t)3 * c->next_scanline * c->image_width;

        if (form->components == 4)
            cmyk_from_rgb(row, im->width, e->row);
        for (int x = 0; form->components == 1 && x < im->width; x++)
            e->row[x] = row[3 * x];
        if (form->components != 3)
            row = e->row;
        jpeg_write_scanlines(c, &row, 1);
    }
    jpeg_finish_compress(c);
}

static status encode(struct encoder *e, const struct image *im, const struct image_jpeg_form *form)
{
    MEM_TRY(e->row, (size_t)im->width, 4);
    if (setjmp(e->escape))
        return FAIL(ERR_MEMORY, "a picture of %d x %d pixels as JPEG: %s", im->width, im->height, e->text);
    jpeg_create_compress(&e->c);
    e->c.client_data = e;
    compress_lines(e, im, form);
    return OK;
}

status image_encode_jpeg_as(const struct image *im, const struct image_jpeg_form *form, uint8_t **bytes,
                            size_t *size)
{
    struct encoder *e;
    status result;

    *bytes = NULL;
    *size = 0;
    if (im->width < 1 || im->height < 1 || im->width > JPEG_MAX_DIMENSION ||
        im->height > JPEG_MAX_DIMENSION || form->quality < 1 || form->quality > 100)
        return FAIL(ERR_RANGE, "a JPEG file cannot hold %d x %d pixels of quality %d", im->width, im->height,
                    form->quality);
    MEM_TRY(e, 1, sizeof *e);
    e->c.err = jpeg_std_error(&e->error);
    e->error.error_exit = on_error;
    e->c.client_data = e;
    result = encode(e, im, form);
    if (result == OK) {
        MEM_TRY_OUT(*bytes, e->size, 1);
        memcpy(*bytes, e->buffer, e->size);
        *size = e->size;
    }
out:
    jpeg_destroy_compress(&e->c);
    free(e->buffer);
    mem_free(e->row);
    mem_free(e);
    return result;
}

status image_encode_jpeg(const struct image *im, int quality, uint8_t **bytes, size_t *size)
{
    return image_encode_jpeg_as(im, &(struct image_jpeg_form){ 3, quality, 1 }, bytes, size);
}
