/* Label lists: path,class_index lines in all their forms, LOC_val_solution.csv. Allocated: the list. */
#include "list.h"

static const char *const seeds[] = { "tests/fuzz/seeds/labels/*", NULL };
static const char *const words[] = { "ImageId,PredictionString\n", "n01440764 1 2 3 4", LIST_WORDS, NULL };
const struct fuzz_target fuzz_target = {
    .name = "labels", .seeds = seeds, .words = words, .most = 64 << 10, .bound = (size_t)64 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    list_read(&(struct image_source){ .root = "tests/image/data", .labels = fuzz_file(bytes, size) });
    return 0;
}
