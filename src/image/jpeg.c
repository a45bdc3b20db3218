/* src/image/jpeg.c: JPEG by libjpeg-turbo, set up as Pillow does (JpegDecode.c): accurate integer DCT, fancy
 * upsampling, block smoothing; the data end where the file ends, and a decoder that wants more has met a
 * truncated file. */
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
    struct jpeg_error_mgr error;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    char text[JMSG_LENGTH_MAX];
    uint8_t *row; /* of one grey or CMYK line */
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
{ return FALSE; }

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
{ return FAIL(ERR_FORMAT, "%s: the JPEG file is truncated", name); }

/* Between jpeg_create_decompress and jpeg_destroy_decompress. Errors inside libjpeg leave by longjmp. */
static status decode(struct jpeg *j, const char *name, struct image *out)
{
    j_decompress_ptr d = &j->d;

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

static void set_up(struct jpeg *j, struct jpeg_error_mgr **err)
{
    *err = jpeg_std_error(&j->error);
    j->error.error_exit = on_error;
    j->error.output_message = on_message;
}

status image_decode_jpeg(const char *name, const uint8_t *bytes, size_t size, struct image *out)
{
    struct jpeg *j;
    status result;

    MEM_TRY(j, 1, sizeof *j);
    set_up(j, &j->d.err);
    j->d.client_data = j;
    if (setjmp(j->escape)) {
        result = FAIL(ERR_FORMAT, "%s: damaged JPEG: %s", name, j->text);
    } else {
        jpeg_create_decompress(&j->d);
        j->d.client_data = j;
        j->source =
            (struct jpeg_source_mgr){ bytes,    size, on_source, on_empty, on_skip, jpeg_resync_to_restart,
                                      on_source };
        j->d.src = &j->source;
        j->progress.progress_monitor = on_progress;
        j->d.progress = &j->progress;
        result = decode(j, name, out);
    }
    jpeg_destroy_decompress(&j->d);
    mem_free(j->row);
    mem_free(j);
    if (result != OK)
        image_free(out);
    return result;
}
