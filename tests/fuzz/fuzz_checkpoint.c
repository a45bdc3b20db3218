/* weight_load: a file of any container, known by its content; an index finds two shards beside it. What is
 * allocated: as the container's reader, and HDF5's own. The HDF5 form is sealed by a check sum, which is not
 * set right here: fuzz_h5 does. */
#include "fuzz.h"
#include "table.h"
#include "weights.h"

static const char *const seeds[] = {
    "tests/fixtures/tiny/*.pth", "tests/fuzz/seeds/safetensors/*", WEIGHTS_SEED, "tests/fuzz/seeds/legacy/*",
    "tests/fuzz/seeds/zip/*",    "tests/fuzz/seeds/shards/*.json", NULL
};
static const char *const words[] = { "\"weight_map\": {",
                                     "\"shard_1\"",
                                     "\"../shard_1\"",
                                     "TFL3",
                                     "GGUF",
                                     "<html>",
                                     "PK\3\4",
                                     "\x80\2\x8a\n",
                                     "\x89HDF\r\n\x1a\n",
                                     "ustar",
                                     "quantcam weights 1",
                                     NULL };

/* Beside the case: what the seeds' indexes name. */
static void make_beside(void)
{
    static const char *const shards[] = { "shard_1", "shard_2" };
    char path[128], *bytes;
    size_t size;

    weights_make();
    for (size_t i = 0; i < COUNT_OF(shards); i++) {
        snprintf(path, sizeof path, "tests/fuzz/seeds/shards/%s", shards[i]);
        if (text_read_file(path, 1 << 16, &bytes, &size) != OK)
            fuzz_fail("%s", error_last()->text);
        snprintf(path, sizeof path, "%s/%s", fuzz_folder(), shards[i]);
        fuzz_write(path, (const uint8_t *)bytes, size);
        mem_free(bytes);
    }
}

const struct fuzz_target fuzz_target = { .name = "checkpoint",
                                         .seeds = seeds,
                                         .words = words,
                                         .most = 128 << 10,
                                         .bound = (size_t)256 << 20,
                                         .start = make_beside };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct tensor_table t = { 0 };

    judge_table(weight_load(fuzz_file(bytes, size), NULL, &t), &t);
    return 0;
}
