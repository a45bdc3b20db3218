/* tests/deploy/test_labels.c: archives behind a network, written by hand, sound and damaged. */
#include "deploy/labels.h"

#include <string.h>

#include "check.h"

static uint8_t file[4096];
static size_t used;

static void put(const void *bytes, size_t size)
{
    memcpy(file + used, bytes, size);
    used += size;
}
static void put_number(uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        file[used++] = (uint8_t)(value >> (8 * i));
}

/* A header's fields that both have: method, sizes. */
static void put_fields(const char *text, int method)
{
    put_number(method, 2);
    put_number(0, 8); /* time, date, sum: not looked at */
    put_number(strlen(text), 4);
    put_number(strlen(text), 4);
}

/* "network", then an archive of two entries; places are the file's own, or from the archive's begin on. */
static void write_file(const char *name, const char *text, int method, int from_begin)
{
    static const char *const first = "metadata.bin";
    const char *names[2] = { first, name }, *texts[2] = { "x", text };
    size_t begin, place[2], directory;

    used = 0;
    put("network", 7);
    begin = from_begin ? used : 0;
    for (int i = 0; i < 2; i++) {
        place[i] = used - begin;
        put("PK\3\4\12\0\0\0", 8);
        put_fields(texts[i], method);
        put_number(strlen(names[i]), 2);
        put_number(3, 2);
        put(names[i], strlen(names[i]));
        put("ext", 3);
        put(texts[i], strlen(texts[i]));
    }
    directory = used;
    for (int i = 0; i < 2; i++) {
        put("PK\1\2\12\0\12\0\0\0", 10);
        put_fields(texts[i], method);
        put_number(strlen(names[i]), 2);
        put_number(0, 12);
        put_number(place[i], 4);
        put(names[i], strlen(names[i]));
    }
    put("PK\5\6\0\0\0\0\2\0\2\0", 12);
    put_number(used - 12 - directory, 4);
    put_number(directory - begin, 4);
    put_number(4, 2);
    put("note", 4);
}

static void check_names(int classes, int skipped, const char *is)
{
    struct text out;

    CHECK(labels_find(file, used, classes, skipped, &out) == OK);
    CHECK_MSG(is ? out.data && strcmp(out.data, is) == 0 : !out.data, "'%s'", out.data ? out.data : "none");
    text_free(&out);
}

int main(void)
{
    static const char list[] = "background\r\ncat \ndog";

    for (int from_begin = 0; from_begin < 2; from_begin++) {
        write_file("labels.txt", list, 0, from_begin);
        check_names(3, 0, "background\ncat\ndog\n");
        check_names(3, 1, "background\ncat\ndog\n");
        check_names(2, 1, "cat\ndog\n");
        check_names(2, 0, NULL);
        check_names(4, 1, NULL);
    }
    write_file("labels.bin", list, 0, 0);
    check_names(3, 0, NULL);
    write_file("labels.txt", list, 8, 0); /* compressed */
    check_names(3, 0, NULL);
    write_file("labels.txt", "a\n\nb", 0, 0);
    check_names(3, 0, NULL);
    write_file("labels.txt", "a\n\033[2J\nb", 0, 0);
    check_names(3, 0, NULL);
    used = 0;
    check_names(3, 0, NULL);
    put("PK\5\6", 4);
    check_names(3, 0, NULL);
    /* Cut and changed everywhere: no read outside (a sanitizer's), and never a wrong count. */
    for (size_t at = 0; at < 600; at++) {
        struct text out;
        uint8_t *copy;
        size_t size;

        write_file("labels.txt", list, 0, 0);
        size = at < used ? at : used;
        copy = malloc(size + 1);
        memcpy(copy, file, size);
        if (at >= used && at < 2 * used)
            copy[at - used] ^= 0xff;
        CHECK(labels_find(copy, size, 3, 0, &out) == OK);
        text_free(&out);
        free(copy);
    }
    CHECK(mem_live() == 0);
    return check_result("deploy/labels");
}
