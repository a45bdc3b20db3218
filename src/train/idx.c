/* src/train/idx.c: pictures and labels in IDX files, MNIST's form. */
#include "train_parts.h"

#include <string.h>

enum { IDX_PICTURES = 0x0803, IDX_LABELS = 0x0801, PICTURE_HEAD = 16, LABEL_HEAD = 8 };
enum { MOST_EXTENT = 4096 };

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* ---- IDX ------------------------------------------------------------------------------------------------
 */

int idx_begins(const uint8_t *bytes, size_t size)
{
    return size >= 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] >= 8 && bytes[2] <= 14;
}

/* Does the file have as many bytes as its head says? */
static status check_size(const char *path, const char *what, uint64_t count, uint64_t each, size_t head,
                         size_t size)
{
    if (count * each == size - head)
        return OK;
    return FAIL(
        ERR_FORMAT,
        "%s: its head says %llu %s of %llu bytes each, behind it are %zu bytes: the file is %s; fetch it "
        "again",
        path, (unsigned long long)count, what, (unsigned long long)each, size - head,
        count * each > size - head ? "truncated" : "longer than it says");
}

status idx_pictures(const char *path, const uint8_t *bytes, size_t size, struct train_data *out)
{
    uint32_t magic = size >= 4 ? big_endian(bytes) : 0, count, height, width;

    if (magic == IDX_LABELS)
        return FAIL(ERR_FORMAT,
                    "%s: an IDX file of labels (magic 0x%08x), where pictures are wanted (0x%08x)", path,
                    magic, IDX_PICTURES);
    if (magic != IDX_PICTURES || size < PICTURE_HEAD)
        return FAIL(ERR_FORMAT, "%s: no IDX file of pictures: it begins with 0x%08x, not with 0x%08x", path,
                    magic, IDX_PICTURES);
    count = big_endian(bytes + 4);
    height = big_endian(bytes + 8);
    width = big_endian(bytes + 12);
    if (count < 1 || count > TRAIN_MOST_PICTURES || height < 1 || height > MOST_EXTENT || width < 1 ||
        width > MOST_EXTENT)
        return FAIL(ERR_FORMAT,
                    "%s: its head says %u pictures of %u x %u; 1 to %d of 1 to %d a side are read", path,
                    count, height, width, TRAIN_MOST_PICTURES, MOST_EXTENT);
    TRY(check_size(path, "pictures", count, (uint64_t)height * width, PICTURE_HEAD, size));
    out->count = (int)count;
    out->height = (int)height;
    out->width = (int)width;
    out->channels = 1;
    MEM_TRY(out->pixels, size - PICTURE_HEAD, 1);
    memcpy(out->pixels, bytes + PICTURE_HEAD, size - PICTURE_HEAD);
    return OK;
}

status idx_labels(const char *path, const uint8_t *bytes, size_t size, const char *pictures,
                  struct train_data *data)
{
    uint32_t magic = size >= 4 ? big_endian(bytes) : 0, count;

    if (magic == IDX_PICTURES)
        return FAIL(ERR_FORMAT,
                    "%s: an IDX file of pictures (magic 0x%08x), where labels are wanted (0x%08x)", path,
                    magic, IDX_LABELS);
    if (magic != IDX_LABELS || size < LABEL_HEAD)
        return FAIL(ERR_FORMAT, "%s: no IDX file of labels: it begins with 0x%08x, not with 0x%08x", path,
                    magic, IDX_LABELS);
    count = big_endian(bytes + 4);
    TRY(check_size(path, "labels", count, 1, LABEL_HEAD, size));
    if (count != (uint32_t)data->count)
        return FAIL(ERR_MISMATCH, "%s has %u labels, %s has %d pictures", path, count, pictures, data->count);
    MEM_TRY(data->label, count, sizeof *data->label);
    for (uint32_t i = 0; i < count; i++)
        data->label[i] = bytes[LABEL_HEAD + i];
    return OK;
}
