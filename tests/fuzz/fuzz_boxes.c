/* Box lists: path,x0,y0,x1,y1 lines, LOC_val_solution.csv. Allocated: the list. */
#include <string.h>

#include "fuzz.h"
#include "image.h"

static const char *const seeds[] = { "tests/fuzz/seeds/boxes/*", NULL };
static const char *const words[] = { "ImageId,PredictionString\n",
                                     "n01440764 1 2 3 4",
                                     ",1,2,3,4\n",
                                     "../",
                                     "/etc/passwd",
                                     "\\",
                                     "\"",
                                     ",",
                                     ",,",
                                     "\n",
                                     "\r\n",
                                     "\t",
                                     "\033[2J",
                                     "\xc2\x9b",
                                     "\xff",
                                     "\xe2\x80\xae",
                                     "-1",
                                     "2147483648",
                                     "100000",
                                     "420.jpg",
                                     NULL };
const struct fuzz_target fuzz_target = {
    .name = "boxes", .seeds = seeds, .words = words, .most = 64 << 10, .bound = (size_t)64 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct image_source source = { .root = "tests/image/data",
                                   .labels = "tests/fuzz/seeds/labels/plain.csv",
                                   .boxes = fuzz_file(bytes, size) };
    struct image_manifest m = { 0 };
    status s = image_manifest_read(&source, &m);

    fuzz_verdict(s);
    for (int i = 0; s == OK && i < m.count; i++)
        if (!fuzz_is_printable(m.entry[i].path, strlen(m.entry[i].path)) || strstr(m.entry[i].path, "/../") ||
            strncmp(m.entry[i].path, "../", 3) == 0 || m.entry[i].path[0] == '/' ||
            m.entry[i].class_index < -1 || m.entry[i].class_index >= m.classes)
            fuzz_fail("entry %d: %s, class %d of %d", i, m.entry[i].path, m.entry[i].class_index, m.classes);
    for (int i = 0; s == OK && i < m.boxes; i++)
        if (m.box[i].x0 < 0 || m.box[i].y0 < 0 || m.box[i].x1 < m.box[i].x0 || m.box[i].y1 < m.box[i].y0)
            fuzz_fail("box %d is %d %d %d %d", i, m.box[i].x0, m.box[i].y0, m.box[i].x1, m.box[i].y1);
    image_manifest_free(&m);
    return 0;
}
