/* tests/store/test_take.c: rows of one result into another whose images stand in the opposite order; what is
 * refused. */
#include "store_fixture.h"
#include "store/store_internal.h"

#include <fcntl.h>

enum { FEWER = 11 };

static void refused(const struct comm *c, const char *path, status expected, const char *words)
{
    struct store_reader *r = NULL;
    uint8_t id[HASH_SIZE];
    status s = store_open_finished(c, path, id, &r);

    CHECK((s == OK) == (r != NULL));
    if (s == OK)
        s = store_check_finished(c, r);
    CHECK_MSG(s == expected, "%s: %d", path, (int)s);
    CHECK_MSG(strstr(error_last()->text, words), "[%s]", error_last()->text);
    store_close_read(r);
}

/* Row i is the other result's row 2 i. */
static status fill(struct store *s, struct store_reader *from, const char *prefix)
{
    struct store_rows *rows = NULL;
    struct store_take *take = NULL;
    status result = OK;

    TRY_OUT(store_rows_create(s, STORE_ROWS_MODEL, 1, 3, &rows));
    TRY_OUT(store_take_create(rows, prefix, from, &take));
    for (int64_t i = FEWER - 1; i >= 0; i--) {
        TRY_OUT(store_take_row(take, 2 * i));
        *(int32_t *)store_rows_field(rows, "fp32/top5") = 77;
        TRY_OUT(store_rows_add(rows, i, STORE_OK));
    }
    TRY_OUT(store_rows_commit(rows));
out:
    store_take_free(take);
    store_rows_free(rows);
    return result;
}

static void check_row(struct store *s, int64_t i)
{
    float logits[7], rmse, cam[6];
    int32_t top[5], other[5];
    int8_t sign;

    CHECK(store_fetch(s, "/models/mobilenet_v2/int8/logits", i, 1, logits) == OK);
    CHECK(store_fetch(s, "/models/mobilenet_v2/int8/cam", i, 1, cam) == OK);
    CHECK(store_fetch(s, "/models/mobilenet_v2/int8/top5", i, 1, top) == OK);
    CHECK(store_fetch(s, "/models/mobilenet_v2/fp32/top5", i, 1, other) == OK);
    CHECK(store_fetch(s, "/models/mobilenet_v2/int8/raw_sign", i, 1, &sign) == OK);
    CHECK(store_fetch(s, "/models/mobilenet_v2/int8/vs_fp32/rmse_aligned", i, 1, &rmse) == OK);
    for (int k = 0; k < 7; k++)
        CHECK(logits[k] == fixture_value(1, 1, 2 * i, k));
    for (int k = 0; k < 6; k++)
        CHECK(cam[k] == -fixture_value(1, 1, 2 * i, k));
    CHECK(top[4] == 2 * i && sign == -1 && rmse == (float)(2 * i));
    CHECK(other[0] == 77 && other[4] == 0); /* what was not taken is the caller's */
}

/* Images 4, 14 are bad there: their rows are zeros, which store_rows_add has seen to. */
static void check_taken(const struct comm *c, struct fixture *f, struct store_reader *from)
{
    struct store *s = NULL;

    f->plan.layout.images = FEWER;
    strcat(f->out, ".other");
    if (store_begin(c, f->out, &f->plan, &s) != OK) {
        CHECK_MSG(0, "%s", error_last()->text);
        return;
    }
    CHECK(!store_take_lacks(store_schema(s), STORE_ROWS_MODEL, 1, "int8/", from));
    CHECK(!store_take_lacks(store_schema(s), STORE_ROWS_SUBSET, 0, "fp32/", from));
    if (c->rank == 0)
        CHECK_MSG(fill(s, from, "int8/") == OK, "%s", error_last()->text);
    comm_wait(c);
    for (int64_t i = 0; i < FEWER; i++)
        if (2 * i % 5 != 4)
            check_row(s, i);
    store_end(&s);
}

static const char *lacks(const struct store_layout *l, enum store_group group, const char *prefix,
                         const struct store_reader *from, struct store_schema *schema)
{
    CHECK(schema_expand(l, schema) == OK);
    return store_take_lacks(schema, group, 1, prefix, from);
}

/* A field more, another type, another extent; rows may be more or fewer. */
static void check_lacks(const struct fixture *f, const struct store_reader *from)
{
    struct store_layout l = f->plan.layout;
    struct store_schema schema;
    const char *path;

    l.images = 1000;
    CHECK(!lacks(&l, STORE_ROWS_MODEL, "int8/", from, &schema));
    schema_free(&schema);
    snprintf(l.method[l.methods++], STORE_NAME, "layercam");
    path = lacks(&l, STORE_ROWS_MODEL, "int8/", from, &schema);
    CHECK(path && !strcmp(path, "/models/mobilenet_v2/int8/cam_layercam"));
    schema_free(&schema);
    l.methods = 0;
    l.network[1].channels++;
    path = lacks(&l, STORE_ROWS_MODEL, "fp32/", from, &schema);
    CHECK(path && !strcmp(path, "/models/mobilenet_v2/fp32/activation_mean"));
    schema_free(&schema);
    l.network[1].channels--;
    l.precision[1].form = PRECISION_ROUNDED;
    path = lacks(&l, STORE_ROWS_SUBSET, "int8/", from, &schema);
    CHECK(path && !strcmp(path, "/models/mobilenet_v2/subset/int8/activation"));
    schema_free(&schema);
    snprintf(l.network[1].name, STORE_NAME, "other");
    CHECK(lacks(&l, STORE_ROWS_MODEL, "fp32/", from, &schema) != NULL);
    schema_free(&schema);
}

/* One bit of a dataset's data. */
static void flip(const char *path, const char *dataset)
{
    struct store_reader *r = NULL;
    uint64_t at;
    uint8_t byte;
    int fd;

    CHECK(store_open_read(path, 0, &r) == OK);
    at = h5_set_place(&store_reader_view(r)->set[store_view_find(store_reader_view(r), dataset)]).at;
    store_close_read(r);
    fd = open(path, O_RDWR);
    CHECK(pread(fd, &byte, 1, (off_t)at) == 1);
    byte ^= 4;
    CHECK(pwrite(fd, &byte, 1, (off_t)at) == 1);
    close(fd);
}

static void check_refused(const struct comm *c, const struct fixture *f)
{
    static const char *const damaged[] = { "/models/resnet18/fp32/cam", "/images/boxes",
                                           "/models/mobilenet_v2/subset/int8/class" };
    char path[700];

    for (size_t i = 0; i < COUNT_OF(damaged); i++) {
        FIXTURE_ON_ROOT(c) flip(f->out, damaged[i]);
        snprintf(path, sizeof path, "%s is damaged: its checksum does not fit", damaged[i]);
        refused(c, f->out, ERR_MISMATCH, path);
        FIXTURE_ON_ROOT(c) flip(f->out, damaged[i]);
    }
    FIXTURE_ON_ROOT(c) flip(f->out, "/summary/wsol/int8/gt_known"); /* nothing is taken from there */
    snprintf(path, sizeof path, "%s/no.h5", f->folder);
    refused(c, path, ERR_MISSING, "no.h5");
    FIXTURE_ON_ROOT(c) flip(f->out, "/complete");
    refused(c, f->out, ERR_MISMATCH, "is not finished: the command that began it goes on");
    FIXTURE_ON_ROOT(c) flip(f->out, "/complete");
}

int main(void)
{
    struct comm c = { 0 };
    struct fixture f;
    struct store_reader *from = NULL;
    uint8_t id[HASH_SIZE], again[HASH_SIZE] = { 0 };
    int code;

    if (comm_init(NULL, NULL, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    fixture_start(&c, &f);
    CHECK(fixture_run(&c, &f, 4) == OK);
    check_refused(&c, &f);
    CHECK_MSG(store_open_finished(&c, f.out, id, &from) == OK, "%s", error_last()->text);
    if (from) {
        CHECK_MSG(store_check_finished(&c, from) == OK, "%s", error_last()->text);
        CHECK(store_view_hash(store_reader_view(from), store_view_find(store_reader_view(from), "/checksums"),
                              again) == OK &&
              memcmp(id, again, HASH_SIZE) == 0);
        check_lacks(&f, from);
        check_taken(&c, &f, from);
        store_close_read(from);
    }
    fixture_end(&c, &f);
    CHECK_MSG(mem_live() == 0, "%ld blocks", (long)mem_live());
    code = comm_agree(&c, check_failed ? FAIL(ERR_RANGE, "a check failed") : OK) != OK;
    if (c.rank == 0)
        code |= check_result("store/take");
    comm_finish(&c);
    return code;
}
