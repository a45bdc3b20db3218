#include "store_fixture.h"
#include "store/store_internal.h"

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
    check_view(&c);
    CHECK(mem_live() == 0);
    comm_finish(&c);
    return check_result("test_view");
}
