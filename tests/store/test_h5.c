#include "store_fixture.h"
#include "store/store_internal.h"

static void check_types(void)
{
    for (int t = STORE_U8; t <= STORE_STATUS; t++) {
        hid_t file = store_h5_file_type((enum store_type)t, 7),
              memory = store_h5_memory_type((enum store_type)t, 7);
        size_t size = t == STORE_STRING ? 7 : schema_type_size((enum store_type)t);
        CHECK(H5Tget_size(file) == size && H5Tget_size(memory) == size);
        CHECK(t == STORE_STRING || t == STORE_U8 || t == STORE_S8 || H5Tget_order(file) == H5T_ORDER_LE ||
              size == 1);
        H5Tclose(file);
        H5Tclose(memory);
    }
}

/* The sentence has our words, HDF5's outermost reason and its innermost one, and the stack is empty
 * afterwards. */
static void check_error(void)
{
    hid_t file = H5Fopen("absent/file.h5", H5F_ACC_RDONLY, H5P_DEFAULT);

    CHECK(file < 0);
    CHECK(FAIL_H5("%s cannot be opened", "file.h5") == ERR_IO);
    CHECK_MSG(strstr(error_last()->text, "file.h5 cannot be opened: HDF5: ") == error_last()->text &&
                  strstr(error_last()->text, "No such file or directory"),
              "%s", error_last()->text);
    CHECK(H5Eget_num(H5E_DEFAULT) == 0);
    CHECK(FAIL_H5("nothing") == ERR_IO && !strcmp(error_last()->text, "nothing: HDF5: failed"));
}

static status add_rows(void *user, int64_t first, int64_t count, const void *data)
{
    int64_t *next = user;

    CHECK(first == *next);
    *next += count;
    return OK;
}

/* Rows out of range are refused, the pieces of a scan cover all rows, and a hash is the hash of the data. */
static void check_view(const struct comm *c)
{
    uint8_t expected[HASH_SIZE], found[HASH_SIZE];
    int64_t next = 0, image[FIXTURE_IMAGES];
    struct store_reader *r = NULL;
    struct fixture f;
    char logits[7 * 4 * 2];

    fixture_start(c, &f);
    CHECK(fixture_run(c, &f, 3) == OK);
    CHECK(store_open_read(f.out, 0, &r) == OK);
    if (r) {
        const struct store_view *view = store_reader_view(r);
        int d = store_view_find(view, "/models/resnet18/fp32/logits");
        CHECK(store_view_find(view, "/absent") == -1);
        CHECK(store_view_read(view, d, 22, 2, logits) == ERR_RANGE);
        CHECK(store_view_read(view, d, -1, 1, logits) == ERR_RANGE);
        CHECK(store_view_read(view, d, 0, INT64_MAX, logits) == ERR_RANGE);
        CHECK(store_view_read(view, d, 21, 2, logits) == OK);
        CHECK(store_view_read(view, d, 23, 0, logits) == OK);
        CHECK(store_view_scan(view, d, add_rows, &next) == OK && next == FIXTURE_IMAGES);
        for (int i = 0; i < FIXTURE_IMAGES; i++)
            image[i] = i;
        hash_bytes(image, sizeof image, expected);
        CHECK(store_view_hash(view, store_view_find(view, "/image"), found) == OK &&
              !memcmp(expected, found, HASH_SIZE));
        CHECK(store_view_write(view, d, 0, 1, logits) == ERR_IO); /* open for reading */
    }
    store_close_read(r);
    fixture_end(c, &f);
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    store_h5_start();
    check_types();
    check_error();
    check_view(&c);
    CHECK(mem_live() == 0);
    comm_finish(&c);
    return check_result("test_h5");
}
