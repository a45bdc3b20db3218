/* src/image/png.c: PNG by libpng, with the values that Pillow's convert("RGB") gives. */
#include <setjmp.h>
#include <string.h>

#include <png.h>

#include "codec.h"

/* Everything that must survive a longjmp lies here, not in locals. */
struct png {
    png_structp png;
    png_infop info;
    const uint8_t *bytes;
    size_t size, at;
    struct text written;
    int failed_write;
    uint8_t *raw; /* palette indices or grey values of the whole picture */
    uint8_t palette[256][3];
    uint16_t **wide; /* see image_decode_png_wide, or NULL */
    char text[128];
};

static void on_error(png_structp png, png_const_charp message)
{
    struct png *p = png_get_error_ptr(png);

    snprintf(p->text, sizeof p->text, "%s", message);
    png_longjmp(png, 1);
}

/* Warnings concern ancillary chunks that do not touch the pixels. */
static void on_warning(png_structp png, png_const_charp message)
{
}

static void on_read(png_structp png, png_bytep out, size_t count)
{
    struct png *p = png_get_io_ptr(png);

    if (count > p->size - p->at)
        png_error(png, "the file is truncated");
    memcpy(out, p->bytes + p->at, count);
    p->at += count;
}

static void on_write(png_structp png, png_bytep bytes, size_t count)
{
    struct png *p = png_get_io_ptr(png);

    if (text_add_bytes(&p->written, bytes, count) != OK) {
        p->failed_write = 1;
        png_longjmp(png, 1);
    }
}

static void on_flush(png_structp png)
{
}

/* An index beyond PLTE is black, as in Pillow: the table starts zeroed. */
static void load_palette(struct png *p)
{
    png_colorp color = NULL;
    int count = 0;

    png_get_PLTE(p->png, p->info, &color, &count);
    for (int i = 0; i < count && i < 256; i++) {
        p->palette[i][0] = color[i].red;
        p->palette[i][1] = color[i].green;
        p->palette[i][2] = color[i].blue;
    }
}

/* One plane of 1- or 2-byte values to RGB. 16-bit grey is Pillow's mode I;16, which convert("RGB") clips at
 * 255; other 16-bit pictures lose their low byte. */
static void expand(const struct png *p, int color_type, int wide, struct image *out)
{
    size_t count = (size_t)out->width * (size_t)out->height;

    for (size_t i = 0; i < count; i++) {
        uint8_t *rgb = out->rgb + 3 * i;

        if (color_type == PNG_COLOR_TYPE_PALETTE)
            memcpy(rgb, p->palette[p->raw[i]], 3);
        else if (wide)
            memset(rgb, p->raw[2 * i] ? 255 : p->raw[2 * i + 1], 3);
        else
            memset(rgb, p->raw[i], 3);
    }
}

/* The values of a 16-bit grey picture, high byte first in the file. */
static status keep_wide(struct png *p, const struct image *out)
{
    size_t count = (size_t)out->width * (size_t)out->height;

    MEM_TRY(*p->wide, count, sizeof **p->wide);
    for (size_t i = 0; i < count; i++)
        (*p->wide)[i] = (uint16_t)(p->raw[2 * i] << 8 | p->raw[2 * i + 1]);
    return OK;
}

static status decode(struct png *p, const char *name, struct image *out)
{
    int type, depth, passes, wide;
    size_t row_bytes;
    uint8_t *rows;

    png_set_read_fn(p->png, p, on_read);
    png_set_user_limits(p->png, 65535, 65535);
    png_set_crc_action(p->png, PNG_CRC_DEFAULT, PNG_CRC_ERROR_QUIT);
    png_read_info(p->png, p->info);
    TRY(image_alloc(name, png_get_image_width(p->png, p->info), png_get_image_height(p->png, p->info), out));
    type = png_get_color_type(p->png, p->info);
    depth = png_get_bit_depth(p->png, p->info);
    wide = depth == 16 && type == PNG_COLOR_TYPE_GRAY;
    if (type == PNG_COLOR_TYPE_PALETTE)
        load_palette(p);
    if (depth < 8 && type == PNG_COLOR_TYPE_PALETTE)
        png_set_packing(p->png);
    else if (depth < 8)
        png_set_expand_gray_1_2_4_to_8(p->png);
    if (depth == 16 && !wide)
        png_set_strip_16(p->png);
    png_set_strip_alpha(p->png);
    passes = png_set_interlace_handling(p->png);
    png_read_update_info(p->png, p->info);
    row_bytes = png_get_rowbytes(p->png, p->info);
    rows = out->rgb;
    if (row_bytes != (size_t)3 * (size_t)out->width) {
        BUG_IF(row_bytes != (size_t)(wide ? 2 : 1) * (size_t)out->width);
        MEM_TRY(p->raw, row_bytes, (size_t)out->height);
        rows = p->raw;
    }
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < out->height; y++)
            png_read_row(p->png, rows + row_bytes * (size_t)y, NULL);
    if (p->raw)
        expand(p, type, wide, out);
    return wide && p->wide ? keep_wide(p, out) : OK;
}

status image_decode_png_wide(const char *name, const uint8_t *bytes, size_t size, struct image *out,
                             uint16_t **wide)
{
    struct png *p;
    status result;

    MEM_TRY(p, 1, sizeof *p);
    p->bytes = bytes;
    p->size = size;
    p->wide = wide;
    p->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, p, on_error, on_warning);
    p->info = p->png ? png_create_info_struct(p->png) : NULL;
    if (!p->info)
        result = FAIL(ERR_MEMORY, "%s: no memory for libpng", name);
    else if (setjmp(png_jmpbuf(p->png)))
        result = FAIL(ERR_FORMAT, "%s: damaged PNG: %s", name, p->text);
    else
        result = decode(p, name, out);
    png_destroy_read_struct(&p->png, &p->info, NULL);
    mem_free(p->raw);
    mem_free(p);
    if (result != OK)
        image_free(out);
    return result;
}

status image_decode_png(const char *name, const uint8_t *bytes, size_t size, struct image *out)
{
    return image_decode_png_wide(name, bytes, size, out, NULL);
}

static void encode(struct png *p, const struct image *im)
{
    png_set_write_fn(p->png, p, on_write, on_flush);
    png_set_IHDR(p->png, p->info, (png_uint_32)im->width, (png_uint_32)im->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(p->png, p->info);
    for (int y = 0; y < im->height; y++)
        png_write_row(p->png, im->rgb + (size_t)3 * (size_t)im->width * (size_t)y);
    png_write_end(p->png, p->info);
}

status image_write_png(const char *path, const struct image *im)
{
    struct png *p;
    status result;

    MEM_TRY(p, 1, sizeof *p);
    p->written.max = (size_t)512 << 20;
    p->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, p, on_error, on_warning);
    p->info = p->png ? png_create_info_struct(p->png) : NULL;
    if (!p->info) {
        result = FAIL(ERR_MEMORY, "%s: no memory for libpng", path);
    } else if (setjmp(png_jmpbuf(p->png))) {
        result = p->failed_write ? error_prefix((status)error_last()->status, "%s", path)
                                 : FAIL(ERR_IO, "%s: the PNG could not be made: %s", path, p->text);
    } else {
        encode(p, im);
        result = text_write_file(path, p->written.data, p->written.size);
    }
    png_destroy_write_struct(&p->png, &p->info);
    text_free(&p->written);
    mem_free(p);
    return result;
}
