/* tests/phase/test_from.c: a job that takes from the result of another: what is taken and what is said of it,
 * and the same digest as from nothing. */
#include "phase/from.h"
#include "tiny_job.h"

#include "store_verify.h"

enum { NET = 0, FP32 = 1, OWN = 2, INT8 = 4 }; /* bits of the second job's precisions */

/* The second job: a precision between the two, and the pictures in another order without the first. */
static void make_second(struct tiny_job *t)
{
    static const char list[] = "p4.png,2\np3.png,-1\np2.png,1\np1.png,0\n";
    struct job_network *n = &t->job.network[0];

    tiny_job_precision(t, "own", TINY_FILES "per_tensor.pth");
    n->precision[2] = n->precision[1];
    snprintf(n->precision[1].name, OPTION_NAME, "own");
    snprintf(n->precision[1].from, OPTION_SIZE, TINY_FILES "per_tensor.pth");
    CHECK(job_settle(&t->job) == OK);
    snprintf(t->job.labels, OPTION_SIZE, "%s/second.csv", t->folder);
    if (t->c.rank == 0)
        CHECK(text_write_file(t->job.labels, list, strlen(list)) == OK);
    comm_wait(&t->c);
}

/* Collective. The digest of the job's result, made in FOLDER/NAME. */
static void run_to(struct tiny_job *t, const char *name, const char *from, char digest[2 * HASH_SIZE + 1])
{
    status s;

    snprintf(t->job.out, OPTION_SIZE, "%s/%s", t->folder, name);
    if (from)
        snprintf(t->job.from, OPTION_SIZE, "%s/%s", t->folder, from);
    else
        t->job.from[0] = '\0';
    s = phase_run(&t->c, &t->job, &tiny_start);
    CHECK_MSG(s == OK, "%s: %s", name, error_last()->text);
    CHECK(digest_file(t->job.out, digest) == OK);
}

/* Rows whose inference was timed: those that this job computed. */
static int timed(const char *out, const char *precision)
{
    struct store_reader *r = NULL;
    float seconds[TINY_ALL] = { 0 };
    char path[80];
    int n = 0;

    snprintf(path, sizeof path, "/timing/loaded/tiny/%s/inference_s", precision);
    if (store_open_read(out, 1, &r) != OK)
        return -1;
    (void)tiny_read(r, path, STORE_F32, TINY_GOOD, seconds, sizeof seconds);
    store_close_read(r);
    for (int i = 0; i < TINY_ALL; i++)
        n += seconds[i] > 0;
    return n;
}

/* Collective. What the job would take from FOLDER/first.h5. */
static void decided(struct tiny_job *t, unsigned rows, unsigned explained, int64_t places, const char *said)
{
    struct run *r = mem_alloc(1, sizeof *r);
    int64_t found = 0;

    *r = (struct run){ .c = &t->c, .job = &t->job, .start = &tiny_start };
    snprintf(t->job.out, OPTION_SIZE, "%s/nowhere.h5", t->folder);
    snprintf(t->job.from, OPTION_SIZE, "%s/first.h5", t->folder);
    CHECK(from_open(r) == OK && plan_make(r) == OK && begin_layout(r) == OK);
    CHECK_MSG(from_decide(r) == OK && r->from, "%s", error_last()->text);
    if (r->from) {
        CHECK_MSG(r->from->rows[NET] == rows && r->from->explained[NET] == explained, "%u %u: %s",
                  r->from->rows[NET], r->from->explained[NET], said);
        CHECK_MSG(strcmp(r->from->said.data, said) == 0, "[%s]", r->from->said.data);
        for (int i = 0; i < r->list.count; i++)
            found += from_place(r, NET, i) >= 0;
        CHECK_MSG(found == places, "%lld places: %s", (long long)found, said);
    }
    from_close(r);
    plan_free(r);
    mem_free(r);
}

#define TAKEN "fp32, int8 taken; own computed: not there"

/* The first result explained two places of five pictures; this list has all but p0. */
static void test_decided(struct tiny_job *t, int64_t places)
{
    struct job kept = t->job;

    decided(t, FP32 | INT8, FP32 | INT8, places,
            "3 of 4 pictures are there; tiny: " TAKEN "; explained pictures too");
    t->job.explain_steps = 2;
    decided(t, FP32 | INT8, 0, 0,
            "3 of 4 pictures are there; tiny: " TAKEN
            "; of explained pictures nothing taken: explain.steps is '4' there, '2' here");
    t->job = kept;
    t->job.explain_cross = 1;
    decided(t, FP32 | INT8, 0, 0,
            "3 of 4 pictures are there; tiny: " TAKEN
            "; of explained pictures nothing taken: explain.cross has them computed whole");
    t->job = kept;
    t->job.wsol_frame = JOB_FRAME_FULL;
    decided(t, 0, FP32 | INT8, places,
            "3 of 4 pictures are there; tiny: nothing taken: wsol.frame is 'crop' there, 'full' here; of "
            "explained pictures " TAKEN);
    t->job = kept;
    t->job.sign = CAM_MEANACT;
    decided(t, 0, 0, 0,
            "3 of 4 pictures are there; tiny: nothing taken: cam.sign is 'absmax' there, 'meanact' here");
    t->job = kept;
    t->job.methods |= 1u << CAM_CAM;
    decided(t, 0, FP32 | INT8, places,
            "3 of 4 pictures are there; tiny: nothing taken: /models/tiny/fp32/cam_cam is not there; of "
            "explained pictures " TAKEN);
    t->job = kept;
    snprintf(t->job.network[0].precision[2].from, OPTION_SIZE, TINY_FILES "per_tensor.pth");
    decided(t, FP32, FP32, places,
            "3 of 4 pictures are there; tiny: fp32 taken; own computed: not there; int8 computed: its "
            "checkpoint is another; explained pictures too");
    t->job = kept;
    /* Another file of the first: int8's signs and pairs are by the old one's maps. */
    snprintf(t->job.network[0].precision[0].from, OPTION_SIZE, TINY_FILES "fp32.safetensors");
    decided(t, 0, 0, 0, "3 of 4 pictures are there; tiny: nothing taken: its checkpoint is another");
    t->job = kept;
}

/* p1 has another class, and p2 a box, that the first result did not know. */
static void test_truth(struct tiny_job *t, int64_t places)
{
    static const char list[] = "p4.png,2\np3.png,-1\np2.png,1\np1.png,1\n", boxes[] = "p2.png,1,1,5,5\n";
    struct job kept = t->job;
    struct run *r;

    snprintf(t->job.labels, OPTION_SIZE, "%s/third.csv", t->folder);
    snprintf(t->job.boxes, OPTION_SIZE, "%s/boxes.csv", t->folder);
    if (t->c.rank == 0) {
        CHECK(text_write_file(t->job.labels, list, strlen(list)) == OK);
        CHECK(text_write_file(t->job.boxes, boxes, strlen(boxes)) == OK);
    }
    comm_wait(&t->c);
    decided(t, FP32 | INT8, FP32 | INT8, places,
            "3 of 4 pictures are there (1 with other boxes, whose rows are computed); tiny: " TAKEN
            "; explained pictures too");
    r = mem_alloc(1, sizeof *r);
    *r = (struct run){ .c = &t->c, .job = &t->job, .start = &tiny_start };
    CHECK(from_open(r) == OK && plan_make(r) == OK && begin_layout(r) == OK && from_decide(r) == OK);
    if (r->from) {
        static const char *const name[] = { "p4.png", "p3.png", "p2.png", "p1.png" };
        static const int row[] = { -1, 3, -1, 1 };
        uint8_t content[HASH_SIZE], other[HASH_SIZE] = { 0 };
        char path[700];

        for (int i = 0; i < 4; i++) {
            CHECK(strcmp(r->list.entry[i].path, name[i]) == 0);
            snprintf(path, sizeof path, "%s/%s", t->folder, name[i]);
            CHECK(hash_file(path, content) == OK);
            CHECK_MSG(from_row(r, NET, i, content) == row[i], "%s", name[i]);
            CHECK(from_row(r, NET, i, other) == -1); /* the file has changed since */
        }
        CHECK(!(r->from->same[3] & FROM_CLASS) && (r->from->same[1] & FROM_CLASS));
        t->job.explain_class = JOB_CLASS_TRUE;
        CHECK(from_place(r, NET, 3) == -1);
    }
    from_close(r);
    plan_free(r);
    mem_free(r);
    t->job = kept;
}

static void refused(struct tiny_job *t, const char *out, const char *from, status expected, const char *words)
{
    status s;

    snprintf(t->job.out, OPTION_SIZE, "%s/%s", t->folder, out);
    snprintf(t->job.from, OPTION_SIZE, "%s/%s", t->folder, from);
    s = phase_run(&t->c, &t->job, &tiny_start);
    CHECK_MSG(s == expected && strstr(error_last()->text, words), "%d [%s]", (int)s, error_last()->text);
}

int main(void)
{
    struct tiny_job *t = mem_alloc(1, sizeof *t);
    char first[2 * HASH_SIZE + 1], whole[2 * HASH_SIZE + 1], taken[2 * HASH_SIZE + 1];
    struct store_reader *r = NULL;
    int64_t image[TINY_ALL], places = 0;
    char out[700];
    int code;

    tiny_job_begin(t);
    run_to(t, "first.h5", NULL, first);
    if (store_open_read(t->job.out, 1, &r) == OK) {
        int64_t n = store_reader_layout(r)->subset;

        if (tiny_read(r, "/models/tiny/subset/image", STORE_S64, n, image, sizeof image))
            for (int64_t k = 0; k < n; k++)
                places += image[k] > 0; /* all but p0, which the second list does not have */
        store_close_read(r);
    }
    CHECK(places > 0);
    make_second(t);
    run_to(t, "whole.h5", NULL, whole);
    run_to(t, "taken.h5", "first.h5", taken);
    CHECK(strcmp(whole, taken) == 0 && strcmp(whole, first) != 0);
    snprintf(out, sizeof out, "%s/taken.h5", t->folder);
    CHECK(timed(out, "fp32") == 0 && timed(out, "int8") == 0 && timed(out, "own") == TINY_GOOD - 1);
    /* From a result that took: all three precisions. */
    run_to(t, "again.h5", "taken.h5", taken);
    CHECK(strcmp(whole, taken) == 0);
    snprintf(out, sizeof out, "%s/again.h5", t->folder);
    CHECK(timed(out, "own") == 0);
    test_decided(t, places);
    test_truth(t, places);
    refused(t, "first.h5", "first.h5", ERR_USAGE, "store.from and store.out are the same file");
    refused(t, "new.h5", "no.h5", ERR_MISSING, "no.h5");
    refused(t, "new.h5", "p0.png", ERR_IO, "store.from: ");
    CHECK_MSG(mem_live() == 1, "%ld blocks", (long)mem_live()); /* t */
    code = tiny_job_end(t, "from");
    mem_free(t);
    return code;
}
