/* tests/deploy/test_labels.c: archives behind a network, written by hand, sound and damaged. */
#include "deploy/labels.h"

#include <string.h>

#include "check.h"
#include "deploy/archive.h"

static void check_names(int classes, int skipped, const char *is)
{
    struct text out;

    CHECK(labels_find(archive, archive_size, classes, skipped, &out) == OK);
    CHECK_MSG(is ? out.data && strcmp(out.data, is) == 0 : !out.data, "'%s'", out.data ? out.data : "none");
    text_free(&out);
}

int main(void)
{
    static const char list[] = "background\r\ncat \ndog";

    for (int from_begin = 0; from_begin < 2; from_begin++) {
        archive_write("network", 7, "labels.txt", list, 0, from_begin);
        check_names(3, 0, "background\ncat\ndog\n");
        check_names(3, 1, "background\ncat\ndog\n");
        check_names(2, 1, "cat\ndog\n");
        check_names(2, 0, NULL);
        check_names(4, 1, NULL);
    }
    archive_write("network", 7, "labels.bin", list, 0, 0);
    check_names(3, 0, NULL);
    archive_write("network", 7, "labels.txt", list, 8, 0); /* compressed */
    check_names(3, 0, NULL);
    archive_write("network", 7, "labels.txt", "a\n\nb", 0, 0);
    check_names(3, 0, NULL);
    archive_write("network", 7, "labels.txt", "a\n\033[2J\nb", 0, 0);
    check_names(3, 0, NULL);
    archive_size = 0;
    check_names(3, 0, NULL);
    archive_put("PK\5\6", 4);
    check_names(3, 0, NULL);
    /* Cut and changed everywhere: no read outside (a sanitizer's), and never a wrong count. */
    for (size_t at = 0; at < 600; at++) {
        struct text out;
        uint8_t *copy;
        size_t size;

        archive_write("network", 7, "labels.txt", list, 0, 0);
        size = at < archive_size ? at : archive_size;
        copy = malloc(size + 1);
        memcpy(copy, archive, size);
        if (at >= archive_size && at < 2 * archive_size)
            copy[at - archive_size] ^= 0xff;
        CHECK(labels_find(copy, size, 3, 0, &out) == OK);
        text_free(&out);
        free(copy);
    }
    CHECK(mem_live() == 0);
    return check_result("deploy/labels");
}
