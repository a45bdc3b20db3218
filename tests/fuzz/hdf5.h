/* tests/fuzz/hdf5.h: sets the check sums in HDF5 metadata right (superblock 2 and 3, object headers 2,
 * fractal heaps, B-trees 2), so that a mutated file gets past them. Source: HDF5 File Format
 * Specification 3.0; Jenkins's lookup3. */
#ifndef QUANTCAM_TEST_FUZZ_HDF5_H
#define QUANTCAM_TEST_FUZZ_HDF5_H

#include <string.h>

#include "fuzz.h"

#define FUZZ_HDF5_MARKS                                                                                      \
    "\x89HDF", "OHDR", "OCHK", "TREE", "SNOD", "HEAP", "FRHP", "FHDB", "FHIB", "BTHD", "BTLF", "GCOL"

static inline uint64_t hdf5_get(const uint8_t *p, size_t bytes)
{
    uint64_t v = 0;

    for (size_t i = bytes; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

static inline uint32_t hdf5_turn(uint32_t v, int by)
{
    return v << by | v >> (32 - by);
}

static inline uint32_t hdf5_sum(const uint8_t *p, size_t size)
{
    uint32_t a = 0xdeadbeef + (uint32_t)size, b = a, c = a;

    for (; size > 12; p += 12, size -= 12) {
        a += (uint32_t)hdf5_get(p, 4);
        b += (uint32_t)hdf5_get(p + 4, 4);
        c += (uint32_t)hdf5_get(p + 8, 4);
        a = (a - c) ^ hdf5_turn(c, 4), c += b;
        b = (b - a) ^ hdf5_turn(a, 6), a += c;
        c = (c - b) ^ hdf5_turn(b, 8), b += a;
        a = (a - c) ^ hdf5_turn(c, 16), c += b;
        b = (b - a) ^ hdf5_turn(a, 19), a += c;
        c = (c - b) ^ hdf5_turn(b, 4), b += a;
    }
    if (size == 0)
        return c;
    a += (uint32_t)hdf5_get(p, size < 4 ? size : 4);
    b += size > 4 ? (uint32_t)hdf5_get(p + 4, size < 8 ? size - 4 : 4) : 0;
    c += size > 8 ? (uint32_t)hdf5_get(p + 8, size - 8) : 0;
    c = (c ^ b) - hdf5_turn(b, 14), a = (a ^ c) - hdf5_turn(c, 11), b = (b ^ a) - hdf5_turn(a, 25);
    c = (c ^ b) - hdf5_turn(b, 16), a = (a ^ c) - hdf5_turn(c, 4), b = (b ^ a) - hdf5_turn(a, 14);
    return (c ^ b) - hdf5_turn(b, 24);
}

/* The sum of [from, at) to `at`, if all of it is there. */
static inline void hdf5_set(uint8_t *bytes, size_t size, size_t from, size_t at)
{
    if (at < from || at > size || size - at < 4)
        return;
    for (uint32_t i = 0, sum = hdf5_sum(bytes + from, at - from); i < 4; i++)
        bytes[at + i] = (uint8_t)(sum >> 8 * i);
}

/* Object header chunk 0 at `at`, and the blocks that its continuation messages (type 16) name. */
static inline void hdf5_header(uint8_t *bytes, size_t size, size_t at, size_t base)
{
    uint8_t flags = bytes[at + 5];
    size_t width = (size_t)1 << (flags & 3), first = at + 6 + (flags & 32 ? 16 : 0) + (flags & 16 ? 4 : 0),
           end;
    size_t head = flags & 4 ? 6 : 4;

    if (first + width > size)
        return;
    end = first + width + hdf5_get(bytes + first, width);
    for (size_t m = first + width; end <= size && m + head + 16 <= end;) {
        size_t length = hdf5_get(bytes + m + 1, 2);

        if (bytes[m] == 16) {
            uint64_t block = hdf5_get(bytes + m + head, 8) + base, count = hdf5_get(bytes + m + head + 8, 8);
            if (block < size && count > 8 && count <= size - block)
                hdf5_set(bytes, size, block, block + count - 4);
        }
        m += head + length;
    }
    hdf5_set(bytes, size, at, end);
}

/* Its one leaf's sum is behind the records. */
static inline void hdf5_tree(uint8_t *bytes, size_t size, size_t at, size_t base)
{
    uint64_t root, records;

    if (size - at < 38)
        return;
    root = hdf5_get(bytes + at + 16, 8) + base;
    records = hdf5_get(bytes + at + 24, 2) * hdf5_get(bytes + at + 10, 2);
    if (root < size && size - root >= 6 && memcmp(bytes + root, "BTLF", 4) == 0)
        hdf5_set(bytes, size, root, root + 6 + records);
    hdf5_set(bytes, size, at, at + 34);
}

/* A direct block's sum counts itself as 0 and lies behind the offset in the heap (4 bytes here). */
static inline void hdf5_block(uint8_t *bytes, size_t size, size_t at, size_t base)
{
    uint64_t heap = size - at < 32 ? size : hdf5_get(bytes + at + 5, 8) + base, length;
    size_t sum = at + 13 + 4;

    if (heap >= size || size - heap < 146 || memcmp(bytes + heap, "FRHP", 4) != 0)
        return;
    length = hdf5_get(bytes + heap + 112, 8);
    if (length < 32 || length > size - at)
        return;
    memset(bytes + sum, 0, 4);
    for (uint32_t i = 0, v = hdf5_sum(bytes + at, length); i < 4; i++)
        bytes[sum + i] = (uint8_t)(v >> 8 * i);
}

/* The file begins `base` bytes into `bytes` (a user block lies before it). */
static inline void hdf5_repair(uint8_t *bytes, size_t size, size_t base)
{
    for (size_t at = base; at + 16 < size; at++) {
        if (bytes[at] != 'O' && bytes[at] != 'F' && bytes[at] != 'B' && bytes[at] != 0x89)
            continue;
        if (memcmp(bytes + at, "OHDR\2", 5) == 0)
            hdf5_header(bytes, size, at, base);
        else if (memcmp(bytes + at, "FRHP", 4) == 0)
            hdf5_set(bytes, size, at, at + 142);
        else if (memcmp(bytes + at, "BTHD", 4) == 0)
            hdf5_tree(bytes, size, at, base);
        else if (memcmp(bytes + at, "FHDB", 4) == 0)
            hdf5_block(bytes, size, at, base);
        else if (memcmp(bytes + at, "\x89HDF\r\n\x1a\n", 8) == 0 &&
                 (bytes[at + 8] == 2 || bytes[at + 8] == 3))
            hdf5_set(bytes, size, at, at + 44);
    }
}

#endif
