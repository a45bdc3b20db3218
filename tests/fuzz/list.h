/* tests/fuzz/list.h: what a list of pictures must be, whichever of its files the bytes stood in for. */
#ifndef QUANTCAM_TEST_FUZZ_LIST_H
#define QUANTCAM_TEST_FUZZ_LIST_H

#include <string.h>

#include "fuzz.h"
#include "image.h"

/* Bytes that mean something in every one of its files. */
#define LIST_WORDS                                                                                           \
    "../", "/etc/passwd", "\\", "\"", ",", ",,", "\n", "\r\n", "\t", "\033[2J", "\xc2\x9b", "\xff",          \
        "\xe2\x80\xae", "-1", "2147483648", "100000", "420.jpg"

static inline void list_look_at_boxes(const struct image_box *box, int count)
{
    for (int i = 0; i < count; i++)
        if (box[i].x0 < 0 || box[i].y0 < 0 || box[i].x1 < box[i].x0 || box[i].y1 < box[i].y0)
            fuzz_fail("box %d is %d %d %d %d", i, box[i].x0, box[i].y0, box[i].x1, box[i].y1);
}

/* No name leads out of the folder, no class or box is out of range. */
static inline void list_read(const struct image_source *source)
{
    struct image_manifest m = { 0 };
    status s = image_manifest_read(source, &m);

    fuzz_verdict(s);
    for (int i = 0; s == OK && i < m.count; i++)
        if (!fuzz_is_printable(m.entry[i].path, strlen(m.entry[i].path)) || strstr(m.entry[i].path, "/../") ||
            strncmp(m.entry[i].path, "../", 3) == 0 || m.entry[i].path[0] == '/' ||
            m.entry[i].class_index < -1 || m.entry[i].class_index >= m.classes)
            fuzz_fail("entry %d: %s, class %d of %d", i, m.entry[i].path, m.entry[i].class_index, m.classes);
    if (s == OK)
        list_look_at_boxes(m.box, m.boxes);
    image_manifest_free(&m);
}

#endif
