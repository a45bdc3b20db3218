#include "store_fixture.h"
#include "store/store_internal.h"

#include <fcntl.h>
#include <hdf5.h>

static void check_finished(const struct fixture *f)
{
    const struct store_layout *l;
    struct store_reader *r = NULL;
    double mean[24], wide[23];
    float logits[2][7];
    int32_t narrow[23];
    char text[64];
    int64_t count = 0;
    void *all = NULL;

    CHECK(store_open_read(f->out, 1, &r) == OK);
    if (!r)
        return;
    CHECK(store_reader_complete(r) && !store_reader_problem(r)[0] && !strcmp(store_reader_path(r), f->out));
    l = store_reader_layout(r);
    CHECK(l->images == 23 && l->subset == 6 && l->networks == 2 && l->precisions == 2 && l->selections == 3);
    CHECK(!strcmp(l->network[1].name, "mobilenet_v2") && l->network[1].classes == 7 && l->network[1].h == 3 &&
          l->network[1].w == 2);
    CHECK(!strcmp(l->precision[0].name, "fp32") && !strcmp(l->selection[0], "raw") && l->pictures == 2 &&
          l->subset_maps == 1 && l->steps == 4 && l->step_logits == 1 && l->cross == 1 &&
          l->activations == STORE_ACTIVATIONS_SUBSET && l->network[1].channels == 9);
    CHECK(l->network[0].input_h == 8 && l->network[0].input_w == 6 && l->network[1].input_h == 5 &&
          l->network[1].input_w == 7);
    CHECK(l->precision[0].form == PRECISION_REAL && l->precision[0].weight_bits == 32 &&
          l->precision[0].activation_bits == 32 && l->precision[1].form == PRECISION_CODES &&
          l->precision[1].weight_bits == 4 && l->precision[1].activation_bits == 8);
    CHECK(l->boxes == 2 && l->path_length == FIXTURE_PATH);

    CHECK(store_read(r, "/models/resnet18/int8/logits", STORE_F32, 1, 2, logits, sizeof logits) == OK);
    CHECK(logits[1][3] == fixture_value(0, 1, 2, 3));
    CHECK(store_read(r, "/models/resnet18/int8/logits", STORE_F32, 1, 2, logits, sizeof logits - 1) ==
          ERR_RANGE);
    CHECK(store_read(r, "/models/resnet18/int8/logits", STORE_F32, 22, 2, logits, sizeof logits) ==
          ERR_RANGE);
    CHECK(store_read(r, "/models/resnet18/int8/logits", STORE_F32, -1, 2, logits, sizeof logits) ==
          ERR_RANGE);
    CHECK(store_read(r, "/models/resnet18/int8/logits", STORE_STRING, 0, 1, logits, sizeof logits) ==
          ERR_MISMATCH);
    CHECK(store_read(r, "/models/resnet18/int4/logits", STORE_F32, 0, 1, logits, sizeof logits) ==
          ERR_MISSING);
    /* Other types than the stored one. */
    CHECK(store_read(r, "/image", STORE_S32, 0, 23, narrow, sizeof narrow) == OK && narrow[22] == 22);
    CHECK(store_read(r, "/image", STORE_F64, 0, 23, wide, sizeof wide) == OK && wide[22] == 22);
    CHECK(store_read(r, "/image", STORE_S64, 0, 3, narrow, sizeof narrow) ==
          OK); /* and the handle is as it was */
    CHECK(store_read(r, "/summary/wsol/int8/gt_known", STORE_F64, 0, 2, mean, sizeof mean) == OK &&
          mean[0] == 1.5);

    CHECK(store_read_all(r, "/images/width", STORE_S32, 92, &all, &count) == OK && count == 23 &&
          ((int32_t *)all)[22] == 122);
    mem_free(all);
    CHECK(store_read_all(r, "/images/width", STORE_S32, 91, &all, &count) == ERR_MEMORY && !all &&
          count == 0);
    CHECK(store_read_all(r, "/absent", STORE_S32, 91, &all, &count) == ERR_MISSING);
    CHECK(store_read_string(r, "/images/error", 4, text, sizeof text) == OK &&
          !strcmp(text, "image 4 is bad"));
    CHECK(store_read_string(r, "/images/error", 4, text, 6) == OK && !strcmp(text, "image"));
    CHECK(store_read_string(r, "/images/width", 4, text, sizeof text) == ERR_MISMATCH && !text[0]);
    CHECK(store_read_string(r, "/images/error", 23, text, sizeof text) == ERR_RANGE);
    store_close_read(r);
}

/* Where a dataset's bytes lie on the disk. */
static off_t place_of(const char *file, const char *path)
{
    struct store_reader *r = NULL;
    off_t at;

    CHECK(store_open_read(file, 0, &r) == OK);
    if (!r)
        return 0;
    at = (off_t)h5_set_place(&store_reader_view(r)->set[store_view_find(store_reader_view(r), path)]).at;
    store_close_read(r);
    return at;
}

static void overwrite_at(const char *file, off_t at, const void *bytes, size_t size)
{
    int fd = open(file, O_RDWR);

    CHECK(at > 0 && fd >= 0 && pwrite(fd, bytes, size, at) == (ssize_t)size);
    close(fd);
}

static void overwrite(const char *file, const char *path, int64_t from, const void *bytes, size_t size)
{
    overwrite_at(file, place_of(file, path) + from, bytes, size);
}

/* A name that would lead a report's files elsewhere. */
static void check_name(const struct fixture *f)
{
    struct store_reader *r = NULL;

    overwrite(f->out, "/network", STORE_NAME, "../../etc/up", sizeof "../../etc/up");
    CHECK(store_open_read(f->out, 0, &r) == ERR_FORMAT && !r);
    CHECK_MSG(strstr(error_last()->text, "'../../etc/up' in /network is no name") != NULL, "%s",
              error_last()->text);
}

/* What its numbers are cannot be told. */
static void check_form(const struct fixture *f)
{
    off_t form = place_of(f->out, "/precision_form") + STORE_NAME,
          bits = place_of(f->out, "/precision_bits") + 2 * (off_t)sizeof(int32_t);
    struct store_reader *r = NULL;

    overwrite_at(f->out, form, "cides", 6);
    CHECK(store_open_read(f->out, 0, &r) == ERR_FORMAT && !r);
    CHECK_MSG(strstr(error_last()->text, "'cides' in /precision_form is no form") != NULL, "%s",
              error_last()->text);
    overwrite_at(f->out, form, "codes", 6);
    overwrite_at(f->out, bits, &(int32_t){ 9 }, sizeof(int32_t));
    CHECK(store_open_read(f->out, 0, &r) == OK);
    if (r)
        CHECK_MSG(
            strstr(store_reader_problem(r), "precision 'int8': 9 bits of weights and 8 of outputs are not"),
            "%s", store_reader_problem(r));
    store_close_read(r);
    overwrite_at(f->out, bits, &(int32_t){ 4 }, sizeof(int32_t));
}

/* A result of another version is not called damaged. */
static void check_version(const struct fixture *f)
{
    struct store_verdict verdict;
    struct store_reader *r = NULL;
    int version = STORE_SCHEMA_VERSION + 7;
    hid_t file = H5Fopen(f->out, H5F_ACC_RDWR, H5P_DEFAULT), a = H5Aopen(file, "schema_version", H5P_DEFAULT);

    CHECK(H5Awrite(a, H5T_NATIVE_INT, &version) >= 0);
    H5Aclose(a);
    H5Fclose(file);
    CHECK(store_open_read(f->out, 1, &r) == ERR_FORMAT && !r);
    CHECK_MSG(strstr(error_last()->text, " has schema version 12, and this program reads version 5: ") !=
                  NULL,
              "%s", error_last()->text);
    store_verify(f->out, &verdict);
    CHECK(verdict.soundness == STORE_IS_OF_ANOTHER_VERSION && store_verdict_code(&verdict) == 3);
    CHECK_MSG(strncmp(verdict.text, "another version: ", 17) == 0 &&
                  strstr(verdict.text, " has schema version 12, and this program reads version 5: ") != NULL,
              "%s", verdict.text);
}

/* One bit of one dataset: only its readers are told, and only those who asked for checks. */
static void check_damage(const struct fixture *f)
{
    struct store_reader *r = NULL;
    int32_t width[23];

    overwrite(f->out, "/images/width", 8, &(uint8_t){ 102 ^ 1 }, 1);
    CHECK(store_open_read(f->out, 1, &r) == OK);
    CHECK(store_read(r, "/images/height", STORE_S32, 0, 23, width, sizeof width) == OK);
    CHECK(store_read(r, "/images/width", STORE_S32, 0, 1, width, sizeof width) == ERR_MISMATCH);
    CHECK_MSG(strstr(error_last()->text, "/images/width is damaged") != NULL, "%s", error_last()->text);
    store_close_read(r);
    CHECK(store_open_read(f->out, 0, &r) == OK);
    CHECK(store_read(r, "/images/width", STORE_S32, 0, 23, width, sizeof width) == OK &&
          width[2] == (102 ^ 1));
    store_close_read(r);
}

/* What a file says of a precision's own CAM layer is what its job said. */
static void check_own_layer(const struct comm *c, struct fixture *f)
{
    const struct store_layer own = { 11, 6, 5 };
    struct store_reader *r = NULL;
    struct store *s = NULL;
    char what[200];

    f->plan.layout.network[1].other[1] = own;
    snprintf(f->out, sizeof f->out, "%s/own.h5", f->folder);
    CHECK(store_begin(c, f->out, &f->plan, &s) == OK);
    CHECK(store_finish(s) == OK);
    store_end(&s);
    FIXTURE_ON_ROOT(c)
    {
        CHECK(store_open_read(f->out, 1, &r) == OK && !store_reader_problem(r)[0]);
        CHECK(!memcmp(&store_reader_layout(r)->network[1].other[1], &own, sizeof own) &&
              store_layers_alike(store_reader_layout(r), 0, 1, 0));
        CHECK_MSG(store_check_form(r, what, sizeof what) == OK && !what[0], "%s", what);
        store_close_read(r);
    }
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };
    struct fixture f;

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    fixture_start(&c, &f);
    CHECK(fixture_run(&c, &f, 4) == OK);
    FIXTURE_ON_ROOT(&c)
    {
        check_finished(&f);
        check_damage(&f);
        check_form(&f);
        check_name(&f);
        check_version(&f);
    }
    check_own_layer(&c, &f);
    CHECK(mem_live() == 0);
    fixture_end(&c, &f);
    comm_finish(&c);
    return check_result("test_read");
}
