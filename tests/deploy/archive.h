/* tests/deploy/archive.h: a zip archive behind other bytes, stored or said to be compressed. */
#ifndef QUANTCAM_TEST_ARCHIVE_H
#define QUANTCAM_TEST_ARCHIVE_H

#include <stdint.h>
#include <string.h>

static uint8_t archive[1 << 16];
static size_t archive_size;

static inline void archive_put(const void *bytes, size_t size)
{
    memcpy(archive + archive_size, bytes, size);
    archive_size += size;
}
static inline void archive_number(uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        archive[archive_size++] = (uint8_t)(i < 8 ? value >> (8 * i) : 0);
}

/* A header's fields that both have: method, sizes. */
static inline void archive_fields(const char *text, int method)
{
    archive_number(method, 2);
    archive_number(0, 8); /* time, date, sum: not looked at */
    archive_number(strlen(text), 4);
    archive_number(strlen(text), 4);
}

/* `before`, then an archive of two entries; places are the file's own, or from the archive's begin on. */
static inline void archive_write(const void *before, size_t size, const char *name, const char *text,
                                 int method, int from_begin)
{
    static const char *const first = "metadata.bin";
    const char *names[2] = { first, name }, *texts[2] = { "x", text };
    size_t begin, place[2], directory;

    archive_size = 0;
    archive_put(before, size);
    begin = from_begin ? archive_size : 0;
    for (int i = 0; i < 2; i++) {
        place[i] = archive_size - begin;
        archive_put("PK\3\4\12\0\0\0", 8);
        archive_fields(texts[i], method);
        archive_number(strlen(names[i]), 2);
        archive_number(3, 2);
        archive_put(names[i], strlen(names[i]));
        archive_put("ext", 3);
        archive_put(texts[i], strlen(texts[i]));
    }
    directory = archive_size;
    for (int i = 0; i < 2; i++) {
        archive_put("PK\1\2\12\0\12\0\0\0", 10);
        archive_fields(texts[i], method);
        archive_number(strlen(names[i]), 2);
        archive_number(0, 12);
        archive_number(place[i], 4);
        archive_put(names[i], strlen(names[i]));
    }
    archive_put("PK\5\6\0\0\0\0\2\0\2\0", 12);
    archive_number(archive_size - 12 - directory, 4);
    archive_number(directory - begin, 4);
    archive_number(4, 2);
    archive_put("note", 4);
}

#endif
