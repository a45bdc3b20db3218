/* src/deploy/labels.c: a list of names in a zip archive at a file's end. What is not as it should be is no
 * list. */
#include "labels.h"

#include <string.h>

enum { END_SIZE = 22, ENTRY_SIZE = 46, LOCAL_SIZE = 30, LONGEST_COMMENT = 65535, LARGEST = 4 << 20 };

struct archive {
    const uint8_t *bytes;
    uint64_t size;
    uint64_t at;    /* of the next entry in the directory */
    uint64_t shift; /* of all places, where the archive was put behind the file as it was */
    int entries;    /* left */
};
struct part {
    const char *text;
    uint64_t size;
};

static uint64_t number(const uint8_t *p, int bytes)
{
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | p[bytes];
    return value;
}

static int has(const struct archive *a, uint64_t at, uint64_t size)
{
    return at <= a->size && size <= a->size - at;
}

/* The archive's end is a record near the file's. */
static int open_archive(const uint8_t *bytes, uint64_t size, struct archive *out)
{
    uint64_t directory, offset;

    *out = (struct archive){ .bytes = bytes, .size = size };
    for (uint64_t back = END_SIZE; back <= size && back <= END_SIZE + LONGEST_COMMENT; back++) {
        const uint8_t *end = bytes + size - back;

        if (memcmp(end, "PK\5\6", 4) != 0)
            continue;
        out->entries = (int)number(end + 10, 2);
        directory = number(end + 12, 4);
        offset = number(end + 16, 4);
        if (directory + offset > size - back)
            return 0;
        out->shift = size - back - directory - offset;
        out->at = offset + out->shift;
        return 1;
    }
    return 0;
}

/* The next entry; *text is NULL where it is no text that lies there as it is. 0: no more. */
static int next_text(struct archive *a, struct part *out)
{
    const uint8_t *entry = a->bytes + a->at, *local;
    uint64_t name, place;

    *out = (struct part){ 0 };
    if (a->entries-- == 0 || !has(a, a->at, ENTRY_SIZE) || memcmp(entry, "PK\1\2", 4) != 0)
        return 0;
    name = number(entry + 28, 2);
    a->at += ENTRY_SIZE + name + number(entry + 30, 2) + number(entry + 32, 2);
    place = number(entry + 42, 4) + a->shift;
    if (a->at > a->size || number(entry + 10, 2) != 0 ||
        !text_ends((const char *)entry + ENTRY_SIZE, name, ".txt") || !has(a, place, LOCAL_SIZE))
        return 1;
    local = a->bytes + place;
    place += LOCAL_SIZE + number(local + 26, 2) + number(local + 28, 2);
    out->size = number(entry + 24, 4);
    if (out->size <= LARGEST && has(a, place, out->size))
        out->text = (const char *)a->bytes + place;
    return 1;
}

/* The lines from number `first` on, each without blanks at its end; -1 where one is empty or not printable.
 */
static int read_lines(const struct part *p, int first, struct text *out)
{
    int lines = 0;

    out->size = 0;
    for (uint64_t at = 0; at < p->size; lines++) {
        const char *line = p->text + at, *end = memchr(line, '\n', p->size - at);
        size_t size = end ? (size_t)(end - line) : (size_t)(p->size - at);

        at += size + 1;
        while (size > 0 && (line[size - 1] == '\r' || line[size - 1] == ' '))
            size--;
        if (size == 0 || !text_is_printable(line, size))
            return -1;
        if (lines >= first && (text_add_bytes(out, line, size) != OK || text_add_bytes(out, "\n", 1) != OK))
            return -1;
    }
    return lines;
}

status labels_find(const uint8_t *bytes, uint64_t size, int classes, int skipped, struct text *out)
{
    struct archive a;
    struct part p;

    *out = (struct text){ .max = LARGEST + 1 };
    if (!open_archive(bytes, size, &a))
        return OK;
    while (next_text(&a, &p)) {
        if (p.text && read_lines(&p, 0, out) == classes)
            return OK;
        if (p.text && skipped > 0 && read_lines(&p, skipped, out) == classes + skipped)
            return OK;
    }
    text_free(out);
    return OK;
}
