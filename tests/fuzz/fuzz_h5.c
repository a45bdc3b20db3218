/* Our HDF5 form of a checkpoint, its seal and the check sums of its metadata set right, as only somebody who
 * means harm would: the HDF5 library gets to see what was changed. Allocated: the names, and HDF5's own. */
#include <string.h>

#include "hdf5.h"
#include "table.h"
#include "weight/weight_parts.h"
#include "weights.h"

static const char *const seeds[] = { WEIGHTS_SEED, NULL };
static const char *const words[] = { FUZZ_HDF5_MARKS, "scale", "zero_point", "axis", NULL };
static const char *const marks[] = { FUZZ_HDF5_MARKS, "scale", "zero_point", NULL };

static void repair(uint8_t *bytes, size_t size)
{
    uint8_t sum[HASH_SIZE];

    if (size <= WEIGHT_H5_SEAL)
        return;
    hdf5_repair(bytes, size, WEIGHT_H5_SEAL);
    hash_bytes(bytes + WEIGHT_H5_SEAL, size - WEIGHT_H5_SEAL, sum);
    weight_h5_seal(sum, (char *)bytes);
}

const struct fuzz_target fuzz_target = { .name = "h5",
                                         .seeds = seeds,
                                         .words = words,
                                         .marks = marks,
                                         .most = 256 << 10,
                                         .bound = (size_t)256 << 20,
                                         .repair = repair,
                                         .library = "libhdf5",
                                         .start = weights_make };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct tensor_table t = { 0 };

    judge_table(weight_load(fuzz_file(bytes, size), NULL, &t), &t);
    return 0;
}
