/* tests/phase/tiny_job.h: a whole job: the four pictures whose logits PyTorch has written into
 * tests/fixtures/tiny/logits.bin, as PNG files, and a fifth that is none, in a folder of its own. */
#ifndef TESTS_PHASE_TINY_JOB_H
#define TESTS_PHASE_TINY_JOB_H

#include "check.h"
#include "phase.h"

#include <ftw.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TINY_FILES "tests/fixtures/tiny/"
enum { TINY_GOOD = 4, TINY_ALL = 5, TINY_EDGE = 8, TINY_CLASSES = 3, TINY_STEPS = 4 };

static const char *const tiny_precision[2] = { "fp32", "int8" };

struct tiny_job {
    struct comm c;
    char folder[512];
    struct job job;
    uint8_t pixels[TINY_GOOD][TINY_EDGE * TINY_EDGE * 3];
    float logits[2][TINY_GOOD][TINY_CLASSES]; /* PyTorch's: fp32, int8 per channel */
};

/* True classes: the third of three is every network's answer, then the first. */
static const int tiny_class[TINY_ALL] = { 2, 0, 1, -1, 2 };

static const struct phase_start tiny_start = { .command = "test tiny", .version = "0", .libraries = "none" };

static inline void tiny_job_files(struct tiny_job *t)
{
    struct text labels = { .max = 1000 };
    char path[700];

    for (int i = 0; i < TINY_ALL; i++) {
        snprintf(path, sizeof path, "%s/p%d.png", t->folder, i);
        if (i < TINY_GOOD)
            CHECK(image_write_png(path, &(struct image){ TINY_EDGE, TINY_EDGE, t->pixels[i] }) == OK);
        else
            CHECK(text_write_file(path, "no picture", 10) == OK);
        CHECK(text_add(&labels, "p%d.png,%d\n", i, tiny_class[i]) == OK);
    }
    CHECK(text_write_file(t->job.labels, labels.data, labels.size) == OK);
    text_free(&labels);
}

static inline void tiny_job_precision(struct tiny_job *t, const char *name, const char *from)
{
    struct job_precision_of *of = &t->job.network[0].precision[t->job.network[0].precisions++];

    snprintf(of->name, OPTION_NAME, "%s", name);
    snprintf(of->from, OPTION_SIZE, "%s", from);
}

/* Collective. The job's result: FOLDER.h5 beside the folder of pictures. */
static inline void tiny_job_begin(struct tiny_job *t)
{
    const char *place = getenv("TMPDIR");
    size_t size = 0;
    char *bytes = NULL, *at;

    memset(t, 0, sizeof *t);
    if (comm_init(NULL, NULL, &t->c) != OK)
        exit(1);
    log_init(LOG_QUIET, t->c.rank, t->c.host);
    CHECK(text_read_file(TINY_FILES "logits.bin", 1 << 16, &bytes, &size) == OK);
    if (!bytes)
        exit(1);
    memcpy(t->pixels, bytes, sizeof t->pixels);
    at = bytes + sizeof t->pixels;
    memcpy(t->logits, at, sizeof t->logits); /* in the file's order fp32, per_channel come first */
    mem_free(bytes);
    if (t->c.rank == 0) {
        snprintf(t->folder, sizeof t->folder, "%s/quantcam-tiny-XXXXXX", place ? place : P_tmpdir);
        if (!mkdtemp(t->folder))
            exit(1);
    }
    comm_broadcast(&t->c, t->folder, sizeof t->folder);
    job_defaults(&t->job);
    snprintf(t->job.images, OPTION_SIZE, "%s", t->folder);
    snprintf(t->job.labels, OPTION_SIZE, "%s/labels.csv", t->folder);
    snprintf(t->job.out, OPTION_SIZE, "%s/out.h5", t->folder);
    snprintf(t->job.fraction, sizeof t->job.fraction, "0.4");
    t->job.max_bad = 50;
    t->job.explain_steps = TINY_STEPS;
    t->job.explain_logits = 1;
    t->job.activations = STORE_ACTIVATIONS_FULL;
    t->job.time_runs = 0;
    t->job.log = LOG_QUIET;
    t->job.networks = 1;
    snprintf(t->job.network[0].name, OPTION_NAME, "tiny");
    snprintf(t->job.network[0].model, OPTION_SIZE, TINY_FILES "tiny.model");
    tiny_job_precision(t, tiny_precision[0], TINY_FILES "fp32.pth");
    tiny_job_precision(t, tiny_precision[1], TINY_FILES "per_channel.pth");
    if (job_settle(&t->job) != OK)
        exit(1);
    if (t->c.rank == 0)
        tiny_job_files(t);
    comm_wait(&t->c);
}

static inline int tiny_job_remove_one(const char *path, const struct stat *s, int kind, struct FTW *at)
{
    return remove(path);
}

/* Collective. The test's exit code. */
static inline int tiny_job_end(struct tiny_job *t, const char *test)
{
    int code;

    comm_wait(&t->c);
    if (t->c.rank == 0)
        nftw(t->folder, tiny_job_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    code = comm_agree(&t->c, check_failed ? FAIL(ERR_RANGE, "a check failed") : OK) != OK;
    if (t->c.rank == 0)
        code |= check_result(test);
    comm_finish(&t->c);
    return code;
}

/* A whole dataset, or rows of it, as the type; 0 where that failed. */
static inline int tiny_read(struct store_reader *r, const char *path, enum store_type type, int64_t rows,
                            void *out, size_t bytes)
{
    status s = store_read(r, path, type, 0, rows, out, bytes);

    CHECK_MSG(s == OK, "%s: %s", path, error_last()->text);
    return s == OK;
}

static inline int tiny_near(double a, double b, double error)
{
    return fabs(a - b) <= error;
}

#endif
