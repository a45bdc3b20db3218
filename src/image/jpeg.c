/* src/image/jpeg.c: JPEG by libjpeg-turbo. Read as Pillow does (JpegDecode.c): accurate integer DCT, fancy
 * upsampling, block smoothing; the data end where the file ends, and a decoder that wants more has met a
 * truncated file. Written to memory. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "codec.h"

/* A progressive file may hold any number of scans, each of which costs a pass over the picture. */
enum { MAX_SCANS = 500 };

/* Everything that must survive a longjmp lies here, not in locals. */
struct jpeg {
    struct jpeg_decompress_struct d;
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr error;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    char text[JMSG_LENGTH_MAX];
    uint8_t *row;          /* of one grey or CMYK line */
    unsigned char *buffer; /* what is written: libjpeg's, from malloc */
    unsigned long size;
};

static void on_error(j_common_ptr common)
{
    struct jpeg *j = common->client_data;

    common->err->format_message(common, j->text);
    longjmp(j->escape, 1);
}

/* Warnings (corrupt data that libjpeg can step over) are tolerated and unsaid, as in Pillow. */
static void on_message(j_common_ptr common)
{
}

static void on_source(j_decompress_ptr d)
{
}

static boolean on_empty(j_decompress_ptr d)
{
    return FALSE;
}

static void on_skip(j_decompress_ptr d, long count)
{
    size_t skip = count > 0 ? (size_t)count : 0;

    if (skip > d->src->bytes_in_buffer)
        skip = d->src->bytes_in_buffer;
    d->src->next_input_byte += skip;
    d->src->bytes_in_buffer -= skip;
}

static void on_progress(j_common_ptr common)
{
    struct jpeg *j = common->client_data;

    if (common->is_decompressor && ((j_decompress_ptr)common)->input_scan_number > MAX_SCANS) {
        snprintf(j->text, sizeof j->text, "more than %d scans", MAX_SCANS);
        longjmp(j->escape, 1);
    }
}

static status start(struct jpeg **out)
{
    struct jpeg *j;

    MEM_TRY(j, 1, sizeof *j);
    j->d.err = j->c.err = jpeg_std_error(&j->error);
    j->error.error_exit = on_error;
    j->error.output_message = on_message;
    j->d.client_data = j->c.client_data = j;
    *out = j;
    return OK;
}

/* What was not begun is destroyed, too. */
static void finish(struct jpeg *j)
{
    jpeg_destroy_decompress(&j->d);
    jpeg_destroy_compress(&j->c);
    free(j->buffer);
    mem_free(j->row);
    mem_free(j);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* Adobe writes CMYK inverted, and Pillow takes every CMYK file for Adobe's: a stored byte v is ink 255 - v.
 * Then its own conversion. */
static void rgb_from_cmyk(const uint8_t *stored, int width, uint8_t *rgb)
{
    for (int x = 0; x < width; x++) {
        int white = stored[4 * x + 3];

        for (int c = 0; c < 3; c++) {
            int t = (255 - stored[4 * x + c]) * white + 128, v = white - (((t >> 8) + t) >> 8);
            rgb[3 * x + c] = (uint8_t)(v < 0 ? 0 : v);
        }
    }
}

static void rgb_from_grey(const uint8_t *grey, int width, uint8_t *rgb)
{
    for (int x = 0; x < width; x++)
        rgb[3 * x] = rgb[3 * x + 1] = rgb[3 * x + 2] = grey[x];
}

static status truncated(const char *name)
{
    return FAIL(ERR_FORMAT, "%s: the JPEG file is truncated", name);
}

/* Errors inside libjpeg leave by longjmp. */
static status decode(struct jpeg *j, const char *name, struct image *out)
{
    j_decompress_ptr d = &j->d;

    jpeg_create_decompress(d);
    d->client_data = j;
    d->src = &j->source;
    d->progress = &j->progress;
    if (jpeg_read_header(d, TRUE) == JPEG_SUSPENDED)
        return truncated(name);
    if (d->num_components != 1 && d->num_components != 3 && d->num_components != 4)
        return FAIL(ERR_FORMAT, "%s: a JPEG file of %d components (1, 3 and 4 can be read)", name,
                    d->num_components);
    TRY(image_alloc(name, d->image_width, d->image_height, out));
    d->out_color_space = d->num_components == 1 ? JCS_GRAYSCALE : d->num_components == 3 ? JCS_RGB : JCS_CMYK;
    if (d->num_components != 3)
        MEM_TRY(j->row, d->image_width, (size_t)d->num_components);
    if (!jpeg_start_decompress(d))
        return truncated(name);
    while (d->output_scanline < d->output_height) {
        uint8_t *rgb = out->rgb + (size_t)3 * d->output_scanline * d->output_width;
        JSAMPROW row = d->num_components == 3 ? rgb : j->row;

        if (jpeg_read_scanlines(d, &row, 1) != 1)
            return truncated(name);
        if (d->num_components == 1)
            rgb_from_grey(j->row, out->width, rgb);
        else if (d->num_components == 4)
            rgb_from_cmyk(j->row, out->width, rgb);
    }
    /* All lines are here: that the end marker is missing does not matter, but an error among what follows
     * does. */
    (void)jpeg_finish_decompress(d);
    return OK;
}

status image_decode_jpeg(const char *name, const uint8_t *bytes, size_t size, struct image *out)
{
    struct jpeg *j;
    status result;

    TRY(start(&j));
    j->source = (struct jpeg_source_mgr){ bytes,    size,    on_source,
                                          on_empty, on_skip, jpeg_resync_to_restart,
                                          on_source };
    j->progress.progress_monitor = on_progress;
    if (setjmp(j->escape))
        result = FAIL(ERR_FORMAT, "%s: damaged JPEG: %s", name, j->text);
    else
        result = decode(j, name, out);
    finish(j);
    if (result != OK)
        image_free(out);
    return result;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

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

static void compress_lines(struct jpeg *e, const struct image *im, const struct image_jpeg_form *form)
{
    j_compress_ptr c = &e->c;

    jpeg_create_compress(c);
    c->client_data = e;
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

static status encode(struct jpeg *j, const struct image *im, const struct image_jpeg_form *form,
                     uint8_t **bytes)
{
    MEM_TRY(j->row, (size_t)im->width, 4);
    if (setjmp(j->escape))
        return FAIL(ERR_MEMORY, "a picture of %d x %d pixels as JPEG: %s", im->width, im->height, j->text);
    compress_lines(j, im, form);
    MEM_TRY(*bytes, j->size, 1);
    memcpy(*bytes, j->buffer, j->size);
    return OK;
}

status image_encode_jpeg_as(const struct image *im, const struct image_jpeg_form *form, uint8_t **bytes,
                            size_t *size)
{
    struct jpeg *j;
    status result;

    *bytes = NULL;
    *size = 0;
    if (im->width < 1 || im->height < 1 || im->width > JPEG_MAX_DIMENSION ||
        im->height > JPEG_MAX_DIMENSION || form->quality < 1 || form->quality > 100)
        return FAIL(ERR_RANGE, "a JPEG file cannot hold %d x %d pixels of quality %d", im->width, im->height,
                    form->quality);
    TRY(start(&j));
    result = encode(j, im, form, bytes);
    *size = result == OK ? j->size : 0;
    finish(j);
    return result;
}

status image_encode_jpeg(const struct image *im, int quality, uint8_t **bytes, size_t *size)
{
    return image_encode_jpeg_as(im, &(struct image_jpeg_form){ 3, quality, 1 }, bytes, size);
}
