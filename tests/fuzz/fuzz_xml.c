/* ILSVRC's XML annotations, by expat. Allocated: a file of 1 MiB, 4,096 boxes, what expat keeps. */
#include <sys/stat.h>

#include "fuzz.h"
#include "image/annotation.h"

static const char *const seeds[] = { "tests/fuzz/seeds/xml/*", NULL };
static const char *const words[] = { "<annotation>",
                                     "</annotation>",
                                     "<object>",
                                     "</object>",
                                     "<bndbox>",
                                     "</bndbox>",
                                     "<xmin>1</xmin>",
                                     "<xmax>",
                                     "<!DOCTYPE a [<!ENTITY b \"c\">]>",
                                     "<!ENTITY lol \"&lol;&lol;\">",
                                     "&lol;",
                                     "&#0;",
                                     "&#x9b;",
                                     "&#27;",
                                     "<![CDATA[",
                                     "]]>",
                                     "<!--",
                                     "-->",
                                     "<?xml version=\"1.0\" encoding=\"UTF-16\"?>",
                                     "<a b='",
                                     "<a><a><a><a><a><a><a><a>",
                                     "xmlns:",
                                     "\xff\xfe",
                                     NULL };
const struct fuzz_target fuzz_target = {
    .name = "xml", .seeds = seeds, .words = words, .most = 64 << 10, .bound = (size_t)32 << 20
};

/* As the one annotation in a folder: through the list of pictures. */
static void read_folder(const uint8_t *bytes, size_t size)
{
    struct image_source source = { .root = "tests/image/data",
                                   .labels = "tests/fuzz/seeds/labels/plain.csv" };
    struct image_manifest m = { 0 };
    char folder[96], path[112];

    snprintf(folder, sizeof folder, "%s/xml", fuzz_folder());
    snprintf(path, sizeof path, "%s/420.xml", folder);
    mkdir(folder, 0777);
    fuzz_write(path, bytes, size);
    source.boxes = folder;
    fuzz_verdict(image_manifest_read(&source, &m));
    image_manifest_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct image_box *box = NULL;
    int count = 0;
    status s = image_annotation_read(fuzz_file(bytes, size), &box, &count);

    fuzz_verdict(s);
    for (int i = 0; s == OK && i < count; i++)
        if (box[i].x0 < 0 || box[i].y0 < 0 || box[i].x1 < box[i].x0 || box[i].y1 < box[i].y0)
            fuzz_fail("box %d is %d %d %d %d", i, box[i].x0, box[i].y0, box[i].x1, box[i].y1);
    mem_free(box);
    if (size % 4 == 0)
        read_folder(bytes, size);
    return 0;
}
