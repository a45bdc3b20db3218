/* src/image/cifar.c: CIFAR's binary records: a label (of CIFAR-100 a coarse one and a fine one), then 1,024
 * red, green and blue values. Such a file says nothing of itself. */
#include "records.h"

enum { COARSE = 20 };

/* By the bytes of labels: 1 of CIFAR-10, 2 of CIFAR-100. */
static int classes_of(int labels)
{
    return labels == 1 ? 10 : 100;
}

/* The first record whose label is no class; -1: none. */
static int64_t first_bad(const uint8_t *bytes, size_t size, int labels)
{
    size_t record = (size_t)(labels + CIFAR_PIXELS);

    for (size_t i = 0; i < size / record; i++) {
        const uint8_t *at = bytes + i * record;

        if (at[labels - 1] >= classes_of(labels) || (labels == 2 && at[0] >= COARSE))
            return (int64_t)i;
    }
    return -1;
}

int cifar_fits(const uint8_t *bytes, size_t size)
{
    for (int labels = 1; labels <= 2; labels++)
        if (size > 0 && size % (size_t)(labels + CIFAR_PIXELS) == 0 && first_bad(bytes, size, labels) < 0)
            return labels;
    return 0;
}

/* What is wrong with bytes that fit neither. */
static status refuse(const char *path, const uint8_t *bytes, size_t size)
{
    size_t record = 1 + CIFAR_PIXELS;
    int64_t bad = first_bad(bytes, size, 1);

    if (size < record || bad == 0)
        return FAIL(ERR_FORMAT,
                    "%s: neither an IDX file nor CIFAR's records of %zu bytes, a label below 10 and 3 x 32 x "
                    "32 values, or of %zu, two labels; of other pictures a folder is wanted",
                    path, record, record + 1);
    if (size % record)
        return FAIL(ERR_FORMAT, "%s: %zu bytes are not whole CIFAR-10 records of %zu: truncated?", path, size,
                    record);
    return FAIL(ERR_FORMAT, "%s: record %lld has the label %d, CIFAR-10's are 0 to 9", path, (long long)bad,
                bytes[(size_t)bad * record]);
}

status cifar_pictures(const char *path, const uint8_t *bytes, size_t size, struct image_records *out)
{
    int labels = cifar_fits(bytes, size);
    size_t record = (size_t)(labels + CIFAR_PIXELS);

    if (!labels)
        return refuse(path, bytes, size);
    if (size / record > INT32_MAX / 4)
        return FAIL(ERR_FORMAT, "%s: %zu pictures are too many", path, size / record);
    *out = (struct image_records){ .count = (int)(size / record),
                                   .height = CIFAR_SIDE,
                                   .width = CIFAR_SIDE,
                                   .channels = 3,
                                   .classes = classes_of(labels),
                                   .pixel = bytes + labels,
                                   .label = bytes + labels - 1,
                                   .pixel_step = record,
                                   .label_step = record };
    return OK;
}
