/* src/train/cifar.c: pictures and labels in CIFAR's binary records. */
#include "train_parts.h"

enum { CIFAR_SIDE = 32, CIFAR_PLANE = CIFAR_SIDE * CIFAR_SIDE, CIFAR_PIXELS = 3 * CIFAR_PLANE };

/* Records of one label byte (CIFAR-10) or a coarse and a fine one (CIFAR-100), of which the fine counts. */
static int cifar_labels(const uint8_t *bytes, size_t size)
{
    for (int labels = 1; labels <= 2; labels++) {
        size_t record = (size_t)(labels + CIFAR_PIXELS);
        int fits = size > 0 && size % record == 0;

        for (size_t at = 0; fits && at < size; at += record)
            fits = labels == 1 ? bytes[at] < 10 : bytes[at] < 20 && bytes[at + 1] < 100;
        if (fits)
            return labels;
    }
    return 0;
}

status cifar_read(const char *path, const uint8_t *bytes, size_t size, struct train_data *out)
{
    int labels = cifar_labels(bytes, size);
    size_t record = (size_t)(labels + CIFAR_PIXELS);

    if (labels == 0)
        return FAIL(
            ERR_FORMAT,
            "%s: neither an IDX file of pictures nor CIFAR's binary records: %zu bytes are not whole "
            "records of %d (labels 0..9) or %d (0..19, 0..99) bytes: it is truncated, or something else",
            path, size, 1 + CIFAR_PIXELS, 2 + CIFAR_PIXELS);
    if (size / record > TRAIN_MOST_PICTURES)
        return FAIL(ERR_FORMAT, "%s: %zu pictures; at most %d are read", path, size / record,
                    TRAIN_MOST_PICTURES);
    out->count = (int)(size / record);
    out->height = out->width = CIFAR_SIDE;
    out->channels = 3;
    MEM_TRY(out->pixels, (size_t)out->count * CIFAR_PIXELS, 1);
    MEM_TRY(out->label, (size_t)out->count, sizeof *out->label);
    for (int i = 0; i < out->count; i++) {
        const uint8_t *in = bytes + (size_t)i * record;
        uint8_t *to = out->pixels + (size_t)i * CIFAR_PIXELS;

        out->label[i] = in[labels - 1];
        for (int p = 0; p < CIFAR_PLANE; p++)
            for (int c = 0; c < 3; c++)
                to[3 * p + c] = in[labels + c * CIFAR_PLANE + p];
    }
    return OK;
}
