/* weight_load: a file of any container, known by its content. What is allocated: as the container's reader,
 * and HDF5's own. The HDF5 form is sealed by a check sum, which is not set right here: fuzz_h5 does. */
#include "fuzz.h"
#include "table.h"
#include "weights.h"

static const char *const seeds[] = {
    "tests/fixtures/tiny/*.pth", "tests/fuzz/seeds/safetensors/*", WEIGHTS_SEED,
    "tests/fuzz/seeds/legacy/*", "tests/fuzz/seeds/zip/*",         NULL
};
static const char *const words[] = { "PK\3\4", "\x80\2\x8a\n",       "\x89HDF\r\n\x1a\n",
                                     "ustar",  "quantcam weights 1", NULL };
const struct fuzz_target fuzz_target = { .name = "checkpoint",
                                         .seeds = seeds,
                                         .words = words,
                                         .most = 128 << 10,
                                         .bound = (size_t)256 << 20,
                                         .start = weights_make };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct tensor_table t = { 0 };

    judge_table(weight_load(fuzz_file(bytes, size), NULL, &t), &t);
    return 0;
}
