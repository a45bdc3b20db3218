/* tests/fuzz/driver.h: the parts of our driver. */
#ifndef QUANTCAM_TEST_FUZZ_DRIVER_H
#define QUANTCAM_TEST_FUZZ_DRIVER_H

#include "fuzz.h"

/* In memory that the process which runs the cases shares with the one that watches it. */
struct fuzz_count {
    int64_t at; /* the case being run */
    int64_t accepted, refused;
    int64_t in_library;  /* crashes of fuzz_target.library */
    uint64_t most_bytes; /* allocated at once, of all cases (sanitizer builds) */
    double slowest_s;    /* processor time of a case */
    int64_t slowest;
};
extern struct fuzz_count *fuzz_count; /* NULL under libFuzzer */

/* ---- mutate.c --------------------------------------------------------------------------------------- */

struct fuzz_seed {
    char path[256];
    uint8_t *bytes;
    size_t size;
    size_t *mark;
    int marks;
};
/* Input number `i` into out (fuzz_target.most bytes); the first ones are the seeds as they are. */
size_t fuzz_make(const struct fuzz_seed *seed, int seeds, uint64_t random_seed, int64_t i, uint8_t *out);

#endif
