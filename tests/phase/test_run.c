/* A whole job: which phases it had and how long, when it fails though all is written, when nothing is to do.
 */
#include "tiny_job.h"

#include "store_verify.h"

static int exists(const struct tiny_job *t, const char *end)
{
    char path[600];

    snprintf(path, sizeof path, "%.500s%s", t->job.out, end);
    return access(path, F_OK) == 0;
}

/* Every phase in order, each with a time; what a rank did not compute in is a part of it (phase_s is rank
 * 0's, the parts are means over the ranks, which begin and end a little apart). */
static void test_times(const struct tiny_job *t, double wall)
{
    enum { PHASES = 8 };
    static const char *const phase[PHASES] = { "plan",    "evaluate", "select", "explain",
                                               "average", "time",     "reduce", "finish" };
    static const char *const part[3] = { "/timing/io_s", "/timing/message_s", "/timing/wait_s" };
    double took[PHASES], spent[PHASES], predicted[PHASES], all = 0, io = 0;
    struct store_reader *r = NULL;
    char text[64];
    int64_t ranks;

    if (store_open_read(t->job.out, 1, &r) != OK ||
        !tiny_read(r, "/timing/phase_s", STORE_F64, PHASES, took, sizeof took)) {
        CHECK(0);
        return;
    }
    for (int i = 0; i < PHASES; i++) {
        CHECK(store_read_string(r, "/timing/phase", i, text, sizeof text) == OK && !strcmp(text, phase[i]));
        /* finish is written while its clock runs: 0 */
        CHECK_MSG(i == PHASES - 1 ? took[i] == 0 : took[i] > 0, "%s %g", phase[i], took[i]);
        all += took[i];
    }
    CHECK_MSG(all <= wall && all > 0.2 * wall, "phases of %g s in %g s", all, wall);
    for (int k = 0; k < 3 && tiny_read(r, part[k], STORE_F64, PHASES, spent, sizeof spent); k++)
        for (int i = 0; i < PHASES; i++) {
            CHECK_MSG(spent[i] >= 0 && spent[i] <= took[i] + 0.05, "%s of %s: %g of %g s", part[k], phase[i],
                      spent[i], took[i]);
            io += k == 0 ? spent[i] : 0;
            /* Rows are read or written in these alone. */
            CHECK_MSG(k || i == 0 || i == 5 || i == PHASES - 1 || spent[i] > 0, "%s %g", phase[i], spent[i]);
        }
    CHECK(io > 0);
    if (tiny_read(r, "/timing/predicted_s", STORE_F64, PHASES, predicted, sizeof predicted))
        for (int i = 0; i < PHASES; i++)
            CHECK(predicted[i] == 0);
    CHECK(tiny_read(r, "/timing/ranks", STORE_S64, 1, &ranks, sizeof ranks) && ranks == t->c.size);
    CHECK(store_read_string(r, "/timing/command", 0, text, sizeof text) == OK && !strcmp(text, "test tiny"));
    CHECK(store_read_string(r, "/timing/finished", 0, text, sizeof text) == OK && strlen(text) == 20 &&
          text[10] == 'T' && text[19] == 'Z');
    store_close_read(r);
}

/* Runs timed alone: every network's quartiles in order, inference and map parts of the whole. */
static void test_alone(const struct tiny_job *t, int64_t runs)
{
    static const char *const precision[2] = { "fp32", "int8" };
    static const char *const part[3] = { "inference_s", "cam_s", "total_s" };
    double mean[3] = { 0 }, q[STORE_STATISTICS]; /* median, q1, q3, mean */
    struct store_reader *r = NULL;
    char path[STORE_PATH];
    int64_t images;

    if (store_open_read(t->job.out, 1, &r) != OK) {
        CHECK(0);
        return;
    }
    for (int p = 0; p < 2; p++) {
        for (int k = 0; k < 3; k++) {
            snprintf(path, sizeof path, "/timing/alone/%s/%s", precision[p], part[k]);
            if (!tiny_read(r, path, STORE_F64, 1, q, sizeof q))
                continue;
            CHECK_MSG(q[1] > 0 && q[1] <= q[0] && q[0] <= q[2] && q[3] > 0, "%s %g %g %g", path, q[1], q[0],
                      q[2]);
            mean[k] = q[3];
        }
        CHECK_MSG(fabs(mean[0] + mean[1] - mean[2]) < 1e-6, "%g + %g = %g", mean[0], mean[1], mean[2]);
        snprintf(path, sizeof path, "/timing/alone/%s/images", precision[p]);
        CHECK(tiny_read(r, path, STORE_S64, 1, &images, sizeof images) && images == runs);
    }
    store_close_read(r);
}

int main(void)
{
    struct tiny_job *t = mem_alloc(1, sizeof *t);
    struct stat first, second;
    char before[2 * HASH_SIZE + 1] = "", after[2 * HASH_SIZE + 1] = "";
    double start;
    int code;

    tiny_job_begin(t);
    t->job.dry_run = 1;
    CHECK(phase_run(&t->c, &t->job, &tiny_start) == OK);
    comm_wait(&t->c);
    CHECK(!exists(t, "") && !exists(t, ".part") && !exists(t, ".lock"));
    comm_wait(&t->c);
    t->job.dry_run = 0;
    start = clock_s();
    CHECK_MSG(phase_run(&t->c, &t->job, &tiny_start) == OK, "%s", error_last()->text);
    if (t->c.rank == 0) {
        CHECK(exists(t, "") && exists(t, ".log.jsonl") && !exists(t, ".part") && !exists(t, ".lock") &&
              !exists(t, ".progress.json"));
        test_times(t, clock_s() - start);
        CHECK(stat(t->job.out, &first) == 0 && digest_file(t->job.out, before) == OK);
    }
    comm_wait(&t->c);
    /* There already: another schedule is the same job. */
    t->job.schedule = JOB_DYNAMIC;
    CHECK(phase_run(&t->c, &t->job, &tiny_start) == OK);
    if (t->c.rank == 0)
        CHECK(stat(t->job.out, &second) == 0 && first.st_mtime == second.st_mtime &&
              first.st_ino == second.st_ino);
    comm_wait(&t->c);
    /* Another job on the same file is refused; in a file of its own it has another digest. */
    snprintf(t->job.fraction, sizeof t->job.fraction, "0.8");
    CHECK(phase_run(&t->c, &t->job, &tiny_start) == ERR_MISMATCH);
    CHECK(t->c.rank != 0 || strstr(error_last()->text, "subset.fraction is '0.4' there, '0.8' here"));
    comm_wait(&t->c);
    /* One of five is bad: 20 % is not more than 20 %, and more than 19 %; complete all the same. */
    snprintf(t->job.out, OPTION_SIZE, "%s/second.h5", t->folder);
    t->job.max_bad = 19;
    CHECK(phase_run(&t->c, &t->job, &tiny_start) == ERR_FORMAT);
    if (t->c.rank == 0) {
        CHECK_MSG(strstr(error_last()->text, "1 of 5 images are bad (20 %), more than data.max_bad = 19 %"),
                  "%s", error_last()->text);
        CHECK(digest_file(t->job.out, after) == OK && strcmp(before, after) != 0);
    }
    comm_wait(&t->c);
    snprintf(t->job.out, OPTION_SIZE, "%s/third.h5", t->folder);
    snprintf(t->job.fraction, sizeof t->job.fraction, "0.4");
    t->job.max_bad = 20;
    t->job.time_runs = 7;
    CHECK(phase_run(&t->c, &t->job, &tiny_start) == OK);
    if (t->c.rank == 0) {
        CHECK(digest_file(t->job.out, after) == OK && strcmp(before, after) == 0);
        test_alone(t, 7);
    }
    code = tiny_job_end(t, "run");
    mem_free(t);
    return code;
}
