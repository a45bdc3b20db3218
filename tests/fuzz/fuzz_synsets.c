/* LOC_synset_mapping.txt, beside a LOC_val_solution.csv. Allocated: the list. */
#include "list.h"

static const char *const seeds[] = { "tests/fuzz/seeds/synsets/*", NULL };
static const char *const words[] = { "n01440764 ", "n01491361 ", LIST_WORDS, NULL };
const struct fuzz_target fuzz_target = {
    .name = "synsets", .seeds = seeds, .words = words, .most = 64 << 10, .bound = (size_t)64 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    list_read(&(struct image_source){ .root = "tests/image/data",
                                      .labels = "tests/fuzz/seeds/labels/loc.csv",
                                      .synsets = fuzz_file(bytes, size) });
    return 0;
}
