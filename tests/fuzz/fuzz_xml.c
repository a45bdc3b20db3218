/* ILSVRC's XML annotations, by expat. Allocated: a file of 1 MiB, 4,096 boxes, what expat keeps. */
#include <sys/stat.h>

#include "image/annotation.h"
#include "list.h"

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
    char folder[96], path[112];

    snprintf(folder, sizeof folder, "%s/xml", fuzz_folder());
    snprintf(path, sizeof path, "%s/420.xml", folder);
    mkdir(folder, 0777);
    fuzz_write(path, bytes, size);
    list_read(&(struct image_source){
        .root = "tests/image/data", .labels = "tests/fuzz/seeds/labels/plain.csv", .boxes = folder });
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct image_box *box = NULL;
    int count = 0;
    status s = image_annotation_read(fuzz_file(bytes, size), &box, &count);

    fuzz_verdict(s);
    if (s == OK)
        list_look_at_boxes(box, count);
    mem_free(box);
    if (size % 4 == 0)
        read_folder(bytes, size);
    return 0;
}
