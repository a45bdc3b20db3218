/* src/image/cifar.c: CIFAR-10's binary records: a label, then 1,024 red, green and blue values. Such a file
 * says nothing of itself. */
#include "records.h"

/* The first record whose label is no class; -1: none. */
static int64_t first_bad(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size / CIFAR_RECORD; i++)
        if (bytes[i * CIFAR_RECORD] >= CIFAR_CLASSES)
            return (int64_t)i;
    return -1;
}

int cifar_fits(const uint8_t *bytes, size_t size)
{
    return size > 0 && size % CIFAR_RECORD == 0 && first_bad(bytes, size) < 0;
}

status cifar_pictures(const char *path, const uint8_t *bytes, size_t size, struct image_records *out)
{
    int64_t bad = first_bad(bytes, size);

    if (size < CIFAR_RECORD || bad == 0)
        return FAIL(ERR_FORMAT,
                    "%s: neither an IDX file nor CIFAR-10's records of %d bytes, a label below %d and 3 x 32 "
                    "x 32 values; of other pictures a folder is wanted",
                    path, CIFAR_RECORD, CIFAR_CLASSES);
    if (size % CIFAR_RECORD)
        return FAIL(ERR_FORMAT, "%s: %zu bytes are not whole CIFAR-10 records of %d: truncated?", path, size,
                    CIFAR_RECORD);
    if (bad > 0)
        return FAIL(ERR_FORMAT, "%s: record %lld has the label %d, CIFAR-10's are 0 to %d", path,
                    (long long)bad, bytes[bad * CIFAR_RECORD], CIFAR_CLASSES - 1);
    *out = (struct image_records){ .count = (int)(size / CIFAR_RECORD),
                                   .height = CIFAR_SIDE,
                                   .width = CIFAR_SIDE,
                                   .channels = 3,
                                   .classes = CIFAR_CLASSES,
                                   .pixel = bytes + 1,
                                   .label = bytes,
                                   .pixel_step = CIFAR_RECORD,
                                   .label_step = CIFAR_RECORD };
    return OK;
}
