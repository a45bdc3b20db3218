/* What tests of train share: small data sets that they write themselves. */
#ifndef TRAIN_FILES_H
#define TRAIN_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static inline void put_u32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f) != 0)
        abort();
}

static inline void write_gzip(const char *path, const char *mode, const void *bytes, size_t size)
{
    gzFile f = gzopen(path, mode);

    if (!f || gzwrite(f, bytes, (unsigned)size) != (int)size || gzclose(f) != Z_OK)
        abort();
}

/* Pictures of `classes` kinds that differ in where they are bright, with noise keyed by the picture. */
static inline void write_idx(const char *pictures, const char *labels, int count, int side, int classes)
{
    size_t each = (size_t)(side * side);
    uint8_t *p = calloc((size_t)count * each + 16, 1), *l = calloc((size_t)count + 8, 1);

    if (!p || !l)
        abort();
    put_u32(p, 0x803);
    put_u32(p + 4, (uint32_t)count);
    put_u32(p + 8, (uint32_t)side);
    put_u32(p + 12, (uint32_t)side);
    put_u32(l, 0x801);
    put_u32(l + 4, (uint32_t)count);
    for (int i = 0; i < count; i++) {
        int kind = (int)(random_u64(9, 1, (uint64_t)i) % (uint64_t)classes);

        l[8 + i] = (uint8_t)kind;
        for (size_t k = 0; k < each; k++)
            p[16 + (size_t)i * each + k] = (uint8_t)((random_u64(9, 2, (uint64_t)i * each + k) & 127) +
                                                     ((int)k / side * classes / side == kind ? 128 : 0));
    }
    write_bytes(pictures, p, (size_t)count * each + 16);
    write_bytes(labels, l, (size_t)count + 8);
    free(p);
    free(l);
}

#endif
