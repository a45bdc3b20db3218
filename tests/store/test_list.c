#include "store_fixture.h"
#include "store/store_internal.h"

#include <hdf5.h>

static void put(const char *path, hid_t type, hid_t space, hid_t list)
{
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t d = H5Dcreate2(file, "/x", type, space, H5P_DEFAULT, list, H5P_DEFAULT);

    CHECK(d >= 0);
    H5Dclose(d);
    H5Fclose(file);
}

/* Files of others: read where they are plain, refused where their data are elsewhere or of no fixed size. */
static void check_foreign(const struct fixture *f)
{
    hid_t vector = H5Screate_simple(1, (hsize_t[]){ 5 }, NULL), scalar = H5Screate(H5S_SCALAR),
          text = H5Tcopy(H5T_C_S1);
    hid_t huge = H5Screate_simple(2, (hsize_t[]){ 2, (hsize_t)1 << 40 }, NULL);
    hid_t endless = H5Screate_simple(2, (hsize_t[]){ (hsize_t)1 << 42, 64 }, NULL);
    hid_t outside = H5Pcreate(H5P_DATASET_CREATE), empty = H5Pcreate(H5P_DATASET_CREATE);
    struct store_reader *r = NULL;
    char path[700];
    int16_t five[5];
    FILE *file;

    snprintf(path, sizeof path, "%s/foreign.h5", f->folder);
    H5Tset_size(text, H5T_VARIABLE);
    put(path, H5T_STD_I32BE, vector, H5P_DEFAULT);
    CHECK(store_open_read(path, 1, &r) == OK);
    CHECK(r && store_reader_layout(r)->networks == 0 && store_reader_schema(r)->count == 1);
    CHECK(r && store_reader_find(r, "/x")->type == STORE_S32 && store_reader_find(r, "/x")->row_bytes == 4);
    CHECK(r && store_read(r, "/x", STORE_S32, 0, 5, five, sizeof five) == ERR_RANGE);
    store_close_read(r);
    put(path, text, vector, H5P_DEFAULT);
    CHECK(store_open_read(path, 0, &r) == ERR_FORMAT && !r);
    put(path, H5T_NATIVE_SHORT, vector, H5P_DEFAULT);
    CHECK(store_open_read(path, 0, &r) == ERR_FORMAT);
    put(path, H5T_NATIVE_INT, scalar, H5P_DEFAULT);
    CHECK(store_open_read(path, 0, &r) == ERR_FORMAT);
    put(path, H5T_NATIVE_INT, huge, H5P_DEFAULT);
    CHECK(store_open_read(path, 0, &r) == ERR_FORMAT);
    H5Pset_chunk(empty, 2, (hsize_t[]){ 1, 64 });
    put(path, H5T_NATIVE_INT, endless, empty); /* 2^50 bytes to read, none in the file */
    CHECK(store_open_read(path, 0, &r) == ERR_FORMAT);
    H5Pset_external(outside, "Makefile", 0, 20);
    put(path, H5T_NATIVE_INT, vector, outside);
    CHECK(store_open_read(path, 0, &r) == ERR_FORMAT);
    CHECK_MSG(strstr(error_last()->text, "/x is damaged") != NULL, "%s", error_last()->text);
    CHECK(store_open_read("Makefile", 0, &r) == ERR_IO && !r);
    file = fopen(path, "w");
    CHECK(file && fclose(file) == 0 && store_open_read(path, 0, &r) == ERR_IO);
    CHECK(store_open_read(f->folder, 0, &r) == ERR_IO);
    H5Sclose(vector);
    H5Sclose(scalar);
    H5Sclose(huge);
    H5Sclose(endless);
    H5Pclose(empty);
    H5Tclose(text);
    H5Pclose(outside);
}

/* Of our own file: everything, in path order, with the forms of the table. */
static void check_own(const struct fixture *f)
{
    struct store_schema found = { 0 }, expected;
    struct store_layout l = f->plan.layout;
    struct h5_file file;

    l.job_length = (int)strlen(f->plan.job);
    l.provenance_length = (int)(strlen(f->plan.provenance) + strlen("provenance.crc32 = 01234567\n"));
    CHECK(schema_expand(&l, &expected) == OK);
    CHECK(h5_open(f->part, f->part, H5_READ, &file) == OK);
    CHECK(store_list(&file, &found) == OK && found.count == expected.count);
    for (int i = 0; i < found.count; i++) {
        const struct store_dataset *d = &found.dataset[i], *e = schema_find(&expected, d->path);
        CHECK_MSG(e && e->type == d->type && e->element == d->element && e->row_bytes == d->row_bytes, "%s",
                  d->path);
        CHECK(i == 0 || strcmp(found.dataset[i - 1].path, d->path) != 0);
    }
    schema_free(&found);
    schema_free(&expected);
    CHECK(h5_close(&file, OK) == OK);
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };
    struct store *s = NULL;
    struct fixture f;

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    fixture_start(&c, &f);
    CHECK(store_begin(&c, f.out, &f.plan, &s) == OK);
    store_end(&s);
    FIXTURE_ON_ROOT(&c)
    {
        check_foreign(&f);
        check_own(&f);
    }
    CHECK(mem_live() == 0);
    fixture_end(&c, &f);
    comm_finish(&c);
    return check_result("test_list");
}
