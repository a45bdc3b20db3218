/* Label lists: path,class_index lines in all their forms, LOC_val_solution.csv. Allocated: the list. */
#include "list.h"

static const char *const seeds[] = { "tests/fuzz/seeds/labels/*", NULL };
static const char *const words[] = {
    "ImageId,PredictionString\n", "n01440764 1 2 3 4", "n01440764", "path,label\n", ";", LIST_WORDS, NULL
};
const struct fuzz_target fuzz_target = {
    .name = "labels", .seeds = seeds, .words = words, .most = 64 << 10, .bound = (size_t)64 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct image_source source = { .root = "tests/image/data", .labels = fuzz_file(bytes, size) };

    list_read(&source);
    source.synsets = "tests/fuzz/seeds/synsets/mapping.txt";
    source.classes = 3;
    source.network = "net";
    list_read(&source);
    return 0;
}
