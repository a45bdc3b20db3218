/* src/weight/content.c: which format the bytes of one file are of, and its reader. */
#include "pth.h"

#include <string.h>

static int is_zip(const uint8_t *bytes, size_t size)
{
    return text_begins((const char *)bytes, size, "PK\3\4");
}

/* The size of a safetensors header has at most 27 bits, so that text is never taken for it. */
static int is_safetensors(const uint8_t *bytes, uint64_t size)
{
    static const uint8_t zeros[4];

    return size > 8 && bytes[8] == '{' && memcmp(bytes + 4, zeros, sizeof zeros) == 0;
}

int weight_is_container(const uint8_t *head, size_t size)
{
    return is_zip(head, size) || legacy_begins(head, size) ||
           (size >= WEIGHT_HEAD && memcmp(head, WEIGHT_H5_MAGIC, WEIGHT_HEAD) == 0) ||
           is_safetensors(head, size);
}

status weight_read(const char *path, const uint8_t *bytes, uint64_t size, const char *state,
                   struct tensor_table *out)
{
    if (is_zip(bytes, size))
        return pth_read_zip(bytes, size, state, out);
    if (legacy_begins(bytes, size))
        return pth_read_legacy(bytes, size, state, out);
    if (!weight_is_container(bytes, size))
        return foreign_file(bytes, size);
    if (state && *state)
        return FAIL(ERR_USAGE, "has no state dicts, only tensors; leave out state (--state=%s)", state);
    return is_safetensors(bytes, size) ? safetensors_read(bytes, size, out)
                                       : weight_h5_read(path, bytes, size, out);
}
