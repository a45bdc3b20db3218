/* tests/fuzz/fuzz.h: what a fuzz target and its driver share. A target is one file, fuzz_<reader>.c, for one
 * reader of outside bytes: it defines fuzz_target and LLVMFuzzerTestOneInput, so that libFuzzer and AFL can
 * drive it too (tests/fuzz/README.md); driver.c is our own, deterministic one.
 *
 *     int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
 *     {
 *         struct image im;
 *         fuzz_verdict(image_decode("case", bytes, size, &im));    // OK, or one clear sentence
 *         image_free(&im);
 *         return 0;
 *     }
 */
#ifndef QUANTCAM_TEST_FUZZ_H
#define QUANTCAM_TEST_FUZZ_H

#include "base.h"

enum { FUZZ_MAX_REPAIRED = 4 << 20 };

struct fuzz_target {
    const char *name;
    const char *const *seeds; /* glob patterns of files, NULL-ended */
    const char *const *words; /* inserted and written over, NULL-ended; or NULL */
    const char *const *marks; /* mutations gather after these bytes of a seed, NULL-ended; or NULL */
    size_t most;              /* bytes of an input */
    size_t bound;             /* bytes that a case may have allocated at once */
    int cost;                 /* 0, or how many cases of others one takes: so many fewer are run */
    /* Sets check sums and lengths right after a mutation, so that it gets past the first test; or NULL. */
    void (*repair)(uint8_t *bytes, size_t size);
    /* NULL, or "libhdf5": a crash inside this library is counted apart. The program reads such files in a
     * process of its own and turns its end into a sentence (src/cli/guard.c). */
    const char *library;
    /* Once, before the seeds are read: makes some of them; or NULL. */
    void (*start)(void);
};
extern const struct fuzz_target fuzz_target;
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Counts a case; aborts, saying why, unless a failure left one sentence that a terminal can show: one line,
 * UTF-8 without control characters. */
void fuzz_verdict(status s);
/* Aborts with the sentence. */
_Noreturn void fuzz_fail(const char *format, ...) PRINTF_LIKE(1, 2);
/* A file that holds the bytes, for readers that want a path; the same path at every call. */
const char *fuzz_file(const uint8_t *bytes, size_t size);
/* Of this process and the ones it starts; the driver removes it. */
const char *fuzz_folder(void);
/* Not synchronized with any disk. */
void fuzz_write(const char *path, const uint8_t *bytes, size_t size);
/* One line, UTF-8 without control characters? */
int fuzz_is_printable(const char *text, size_t size);

#endif
