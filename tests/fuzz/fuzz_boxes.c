/* Box lists: path,x0,y0,x1,y1 lines, LOC_val_solution.csv. Allocated: the list. */
#include "list.h"

static const char *const seeds[] = { "tests/fuzz/seeds/boxes/*", NULL };
static const char *const words[] = { "ImageId,PredictionString\n",
                                     "n01440764 1 2 3 4",
                                     ",1,2,3,4\n",
                                     "x,y,width,height,path\n",
                                     "xmin,xmax",
                                     ".5",
                                     "1e3",
                                     ";",
                                     LIST_WORDS,
                                     NULL };
const struct fuzz_target fuzz_target = {
    .name = "boxes", .seeds = seeds, .words = words, .most = 64 << 10, .bound = (size_t)64 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    list_read(&(struct image_source){ .root = "tests/image/data",
                                      .labels = "tests/fuzz/seeds/labels/plain.csv",
                                      .boxes = fuzz_file(bytes, size) });
    return 0;
}
