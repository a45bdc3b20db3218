/* src/image/idx.c: IDX files of pictures and of labels, as MNIST's: two zero bytes, a type, the number of
 * extents, the extents (big-endian), the values. */
#include "records.h"

int idx_begins(const uint8_t *bytes, size_t size, struct idx *out)
{
    *out = (struct idx){ 0 };
    if (size < 4 || bytes[0] || bytes[1] || bytes[2] < IDX_UNSIGNED || bytes[2] > 0x0e || bytes[3] < 1)
        return 0;
    out->type = bytes[2];
    out->extents = bytes[3];
    out->header = 4 + 4 * (size_t)bytes[3];
    for (int i = 0; i < out->extents && i < IDX_EXTENTS && 8 + 4 * (size_t)i <= size; i++) {
        const uint8_t *at = bytes + 4 + 4 * i;

        out->extent[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    }
    return 1;
}

/* Unsigned bytes with as many extents, none of them 0, and as many values as they say. */
static status check(const char *path, const struct idx *x, const char *what, int extents, size_t size)
{
    uint64_t values = 1;

    if (x->type != IDX_UNSIGNED)
        return FAIL(ERR_FORMAT, "%s: an IDX file of type 0x%02x: unsigned bytes (0x08) are wanted", path,
                    (unsigned)x->type);
    if (x->extents != extents)
        return FAIL(ERR_FORMAT, "%s: an IDX file of %d extents: %s have %d", path, x->extents, what, extents);
    if (size < x->header)
        return FAIL(ERR_FORMAT, "%s: %zu bytes are less than an IDX header: truncated?", path, size);
    for (int i = 0; i < extents; i++) {
        if (x->extent[i] < 1 || x->extent[i] > INT32_MAX / 4)
            return FAIL(ERR_FORMAT, "%s: an IDX file with an extent of %u", path, (unsigned)x->extent[i]);
        values *= x->extent[i];
        if (values > (uint64_t)1 << 40)
            break;
    }
    if (values != size - x->header)
        return FAIL(ERR_FORMAT, "%s: %zu values, but its header says %llu%s", path, size - x->header,
                    (unsigned long long)values, values > size - x->header ? ": truncated?" : "");
    return OK;
}

status idx_pictures(const char *path, const uint8_t *bytes, size_t size, struct image_records *out)
{
    struct idx x;

    if (!idx_begins(bytes, size, &x))
        return FAIL(ERR_FORMAT, "%s: not an IDX file", path);
    if (x.type == IDX_UNSIGNED && x.extents == 1)
        return FAIL(ERR_FORMAT, "%s: an IDX file of labels (data.labels), not of pictures", path);
    TRY(check(path, &x, "pictures", 3, size));
    out->count = (int)x.extent[0];
    out->height = (int)x.extent[1];
    out->width = (int)x.extent[2];
    out->channels = 1;
    out->pixel = bytes + x.header;
    out->pixel_step = (size_t)out->height * (size_t)out->width;
    return OK;
}

status idx_labels(const char *path, const uint8_t *bytes, size_t size, struct image_records *r)
{
    struct idx x;

    if (!idx_begins(bytes, size, &x))
        return FAIL(ERR_FORMAT, "%s: not an IDX file: labels of IDX pictures are one", path);
    TRY(check(path, &x, "labels", 1, size));
    if ((int)x.extent[0] != r->count)
        return FAIL(ERR_MISMATCH, "%s: %u labels of %d pictures", path, (unsigned)x.extent[0], r->count);
    r->label = bytes + x.header;
    r->label_step = 1;
    r->classes = 0;
    for (int i = 0; i < r->count; i++)
        r->classes = r->label[i] >= r->classes ? r->label[i] + 1 : r->classes;
    return OK;
}
