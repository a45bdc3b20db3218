/* tests/fuzz/weights.h: the seed in our HDF5 form, made of a fixture. */
#ifndef QUANTCAM_TEST_FUZZ_WEIGHTS_H
#define QUANTCAM_TEST_FUZZ_WEIGHTS_H

#include "fuzz.h"
#include "weight.h"

#define WEIGHTS_SEED "build/fuzz-seeds/weights.h5"

static inline void weights_make(void)
{
    static const struct weight_note note = { "quantcam.engine", "fbgemm" };
    struct tensor_table t = { 0 };

    if (weight_load("tests/fixtures/tiny/per_channel.pth", NULL, &t) != OK ||
        weight_save(WEIGHTS_SEED, &t, &note, 1) != OK)
        fuzz_fail("%s", error_last()->text);
    table_free(&t);
}

#endif
