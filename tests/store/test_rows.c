#include "store_fixture.h"
#include "store/store_internal.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

/* However the rows are gathered, in whatever order they come: the same file. */
static void check_orders(const struct comm *c)
{
    static const int capacities[] = { 1, 4, 64 };
    char digest[COUNT_OF(capacities)][2 * HASH_SIZE + 1];
    struct fixture f;

    for (size_t i = 0; i < COUNT_OF(capacities); i++) {
        fixture_start(c, &f);
        CHECK(fixture_run(c, &f, capacities[i]) == OK);
        CHECK(digest_file(f.out, digest[i]) == OK);
        CHECK(!strcmp(digest[i], digest[0]));
        fixture_end(c, &f);
    }
}

/* Rank 0 alone writes rows 20, 21, 5, 4, 3, 22: read back through another handle, place by place. */
static void check_values(const struct comm *c)
{
    static const int order[] = { 20, 21, 5, 4, 3, 22 };
    struct store *s = NULL;
    struct store_rows *rows = NULL;
    struct store_reader *r = NULL;
    float logits[FIXTURE_IMAGES][7];
    uint8_t state[FIXTURE_IMAGES];
    int8_t sign[FIXTURE_IMAGES];
    double spent;
    struct fixture f;

    fixture_start(c, &f);
    CHECK(store_begin(c, f.out, &f.plan, &s) == OK);
    FIXTURE_ON_ROOT(c)
    {
        CHECK(store_rows_create(s, STORE_ROWS_MODEL, 1, 100, &rows) == OK);
        for (size_t i = 0; i < COUNT_OF(order); i++)
            CHECK(fixture_model_row(&f, rows, 1, order[i]) == OK);
        CHECK(store_fetch(s, "/models/mobilenet_v2/status", 0, FIXTURE_IMAGES, state) == OK);
        CHECK(state[20] == STORE_MISSING); /* nothing is done before the commit */
        CHECK(store_rows_committed(s) == 0);
        spent = store_io_s();
        CHECK(store_rows_commit(rows) == OK && store_rows_commit(rows) == OK);
        CHECK(store_io_s() > spent && store_io_s() < spent + 60);
        CHECK(store_rows_committed(s) == COUNT_OF(order));
        CHECK(*(float *)store_rows_field(rows, "int8/logits") == 0); /* the next row in hand is zeroed */
        CHECK(store_rows_at(rows, store_rows_handle(rows, "int8/logits")) ==
              store_rows_field(rows, "int8/logits"));
        store_rows_free(rows);
        CHECK(store_open_read(f.part, 0, &r) == OK);
        CHECK(store_read(r, "/models/mobilenet_v2/int8/logits", STORE_F32, 0, 23, logits, sizeof logits) ==
              OK);
        CHECK(store_read(r, "/models/mobilenet_v2/int8/raw_sign", STORE_S8, 0, 23, sign, sizeof sign) == OK);
        CHECK(store_read(r, "/models/mobilenet_v2/status", STORE_U8, 0, 23, state, sizeof state) == OK);
        for (int i = 0; i < FIXTURE_IMAGES; i++) {
            int there = i == 20 || i == 21 || i == 5 || i == 3 || i == 22; /* 4 is bad: zeros */
            CHECK(state[i] == (i == 4 ? STORE_BAD_IMAGE : there ? STORE_OK : STORE_MISSING));
            CHECK(sign[i] == (there ? (i % 2 ? 1 : -1) : 0));
            for (int k = 0; k < 7; k++)
                CHECK(logits[i][k] == (there ? fixture_value(1, 1, i, k) : 0));
        }
        store_close_read(r);
    }
    store_end(&s);
    fixture_end(c, &f);
}

/* Times go with their rows, of which some have none; nothing of them is there before the commit. */
static void check_beside(const struct comm *c)
{
    static const char path[] = "/timing/loaded/resnet18/int8/cam_s", other[] = "/timing/loaded/decode_s";
    struct store_rows *rows = NULL;
    struct store *s = NULL;
    float cam[FIXTURE_IMAGES], decode[FIXTURE_IMAGES];
    int cam_at, decode_at;
    struct fixture f;

    fixture_start(c, &f);
    CHECK(store_begin(c, f.out, &f.plan, &s) == OK);
    FIXTURE_ON_ROOT(c)
    {
        CHECK(store_rows_create(s, STORE_ROWS_MODEL, 0, 4, &rows) == OK);
        CHECK(store_rows_beside(rows, path, &cam_at) == OK &&
              store_rows_beside(rows, other, &decode_at) == OK);
        CHECK(store_rows_at(rows, store_rows_handle(rows, "int8/cam")) == store_rows_field(rows, "int8/cam"));
        for (int i = 0; i < 4; i++) { /* rows 9, 8, 7, 6: the fourth commits; 8 has no CAM time */
            if (i != 1)
                *(float *)store_rows_at(rows, cam_at) = 0.25f + (float)i;
            *(float *)store_rows_at(rows, decode_at) = 0.5f;
            CHECK(store_fetch(s, path, 0, FIXTURE_IMAGES, cam) == OK && cam[9] == 0);
            CHECK(fixture_model_row(&f, rows, 0, 9 - i) == OK);
        }
        CHECK(fixture_model_row(&f, rows, 0, 10) == OK && store_rows_commit(rows) == OK);
        CHECK(store_fetch(s, path, 0, FIXTURE_IMAGES, cam) == OK);
        CHECK(store_fetch(s, other, 0, FIXTURE_IMAGES, decode) == OK);
        CHECK(cam[9] == 0.25f && cam[8] == 0 && cam[7] == 2.25f && cam[6] == 3.25f && cam[10] == 0);
        CHECK(decode[9] == 0.5f && decode[6] == 0.5f && decode[5] == 0 && decode[10] == 0);
        store_rows_free(rows);
    }
    store_end(&s);
    fixture_end(c, &f);
}

/* A bad image's row done again as a good one, the disk failing between payload and status, as at a kill:
 * the row is missing then, not a bad one with a good one's payload. */
static void check_outcome(const struct comm *c)
{
    struct store_rows *rows = NULL;
    struct store *s = NULL;
    uint8_t missing[FIXTURE_IMAGES];
    struct fixture f;

    fixture_start(c, &f);
    CHECK(store_begin(c, f.out, &f.plan, &s) == OK);
    FIXTURE_ON_ROOT(c)
    {
        CHECK(store_rows_create(s, STORE_ROWS_MODEL, 0, 1, &rows) == OK);
        CHECK(store_rows_add(rows, 6, STORE_BAD_IMAGE) == OK && store_rows_add(rows, 7, STORE_OK) == OK);
        int fd = s->fd;
        s->fd = -1;
        CHECK(fixture_model_row(&f, rows, 0, 6) == ERR_IO);
        store_rows_free(rows);
        s->fd = fd;
    }
    CHECK(store_missing(s, STORE_ROWS_MODEL, 0, 0, missing, NULL) == OK);
    CHECK(missing[6] == 1 && missing[7] == 0);
    store_end(&s);
    fixture_end(c, &f);
}

static void check_fixed(const struct comm *c)
{
    struct store *s = NULL;
    int64_t images[2][4] = { { 5, 1, 1, 1 }, { 6, 2, 2, 2 } }, back[2][4];
    struct fixture f;

    fixture_start(c, &f);
    CHECK(store_begin(c, f.out, &f.plan, &s) == OK);
    FIXTURE_ON_ROOT(c)
    {
        CHECK(store_write(s, "/summary/accuracy/int8/images", 0, 2, images) == OK && store_sync(s) == OK);
        CHECK(store_fetch(s, "/summary/accuracy/int8/images", 0, 2, back) == OK &&
              !memcmp(images, back, sizeof back));
        CHECK(store_fetch(s, "/summary/accuracy/int8/images", 1, 1, back) == OK && back[0][0] == 6);
        CHECK(store_write(s, "/summary/accuracy/int16/images", 0, 2, images) == ERR_MISSING);
        CHECK(store_write(s, "/summary/accuracy/int8/images", 1, 2, images) == ERR_RANGE);
    }
    store_end(&s);
    fixture_end(c, &f);
}

/* ---- kill -9 --------------------------------------------------------------------------------------- */

/* A job of one rank in a process of its own, slow enough to be killed in the middle: after `most` rows it
 * waits for that, so that it is killed on a machine of any speed. */
static status slow_job(const struct comm *c, const struct fixture *f, int most)
{
    const double mean[2][4][2] = { { { 1.5 } } }; /* as fixture_run */
    struct store_rows *rows = NULL;
    struct store *s = NULL;
    int64_t wrote = 0;
    status result = OK;

    TRY(store_begin(c, f->out, &f->plan, &s));
    if (store_outcome(s) == STORE_FINISHED)
        goto out;
    for (int net = 0; net < 2; net++)
        for (int round = 0; round < FIXTURE_IMAGES; round++) {
            uint8_t missing[FIXTURE_IMAGES];
            TRY_OUT(store_missing(s, STORE_ROWS_MODEL, net, 0, missing, NULL));
            if (!missing[round])
                continue;
            TRY_OUT(store_rows_create(s, STORE_ROWS_MODEL, net, 1, &rows));
            TRY_OUT(fixture_model_row(f, rows, net, round));
            store_rows_free(rows);
            rows = NULL;
            usleep(10000);
            if (--most == 0)
                sleep(300);
        }
    TRY_OUT(fixture_fill(c, f, s, 3, &wrote));
    TRY_OUT(store_write(s, "/summary/wsol/int8/gt_known", 0, 2, mean));
    TRY_OUT(store_finish(s));
out:
    store_rows_free(rows);
    store_end(&s);
    return result;
}

static int victim(const char *folder, const char *most)
{
    struct comm c = { 0 };
    struct fixture f;
    status result;

    if (comm_init(NULL, NULL, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    fixture_start(&c, &f);
    fixture_end(&c, &f);
    snprintf(f.out, sizeof f.out, "%s/x.h5", folder);
    result = slow_job(&c, &f, atoi(most));
    if (result != OK)
        log_error("%s", error_last()->text);
    comm_finish(&c);
    return error_exit_code(result);
}

/* The victim must not take itself for a rank of this job: it gets no launcher's variables. */
static pid_t start_victim(char *self, char *folder, int most)
{
    char number[16], *argv[] = { self, "victim", folder, number, NULL }, *clean[512];
    pid_t child = -1;
    int n = 0;

    for (char **e = environ; *e && n < 511; e++)
        if (strncmp(*e, "OMPI_", 5) && strncmp(*e, "PMIX_", 5) && strncmp(*e, "PRTE_", 5))
            clean[n++] = *e;
    clean[n] = NULL;
    snprintf(number, sizeof number, "%d", most);
    return posix_spawn(&child, self, NULL, NULL, argv, clean) == 0 ? child : -1;
}

static void check_kills(const struct comm *c, char *self)
{
    char expected[2 * HASH_SIZE + 1], found[2 * HASH_SIZE + 1];
    int kills = 0, code = -1;
    int64_t before = 0;
    struct store_verdict v;
    struct fixture f;

    fixture_start(c, &f);
    CHECK(fixture_run(c, &f, 8) == OK && digest_file(f.out, expected) == OK);
    fixture_end(c, &f);
    fixture_start(c, &f);
    for (int start = 0; start < 30 && code != 0; start++) {
        pid_t child = start_victim(self, f.folder, start < 6 ? 3 + start : 0), over = 0;
        CHECK(child > 0);
        /* Wait for the file, then kill at another point of the work each time, maybe within the next row; the
         * last starts may end by themselves. */
        for (int turn = 0; turn < 60000 && over == 0 && start < 6; turn++) {
            usleep(1000);
            over = waitpid(child, &code, WNOHANG);
            store_verify(f.out, &v);
            if (v.soundness == STORE_IS_RESUMABLE && v.rows > before + 1 + start)
                break;
        }
        if (start < 6 && over == 0)
            kill(child, SIGKILL);
        if (over == 0)
            waitpid(child, &code, 0);
        if (code == 0)
            break;
        kills++;
        store_verify(f.out, &v);
        CHECK_MSG(v.soundness == STORE_IS_RESUMABLE && v.damaged_rows == 0 && v.rows >= before,
                  "%s, %lld damaged", v.text, (long long)v.damaged_rows);
        before = v.rows;
    }
    CHECK(code == 0 && kills >= 3);
    CHECK_MSG(digest_file(f.out, found) == OK && !strcmp(expected, found), "after %d kills", kills);
    fixture_end(c, &f);
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };

    if (argc == 4 && !strcmp(argv[1], "victim"))
        return victim(argv[2], argv[3]);
    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    check_orders(&c);
    check_values(&c);
    check_beside(&c);
    check_outcome(&c);
    check_fixed(&c);
    if (c.size == 1)
        check_kills(&c, argv[0]);
    CHECK(mem_live() == 0);
    comm_finish(&c);
    return check_result("test_rows");
}
