#include "store_fixture.h"
#include "store/store_internal.h"

#include <fcntl.h>

/* By hand: CRC-32 of eight bytes 01 00 .. 00 and the row's bytes is what zlib gives for the whole. */
static void check_crc(void)
{
    const uint8_t whole[11] = { 1, 0, 0, 0, 0, 0, 0, 0, 'a', 'b', 'c' };

    CHECK(hash_crc32(store_row_crc_start(1), "abc", 3) == hash_crc32(0, whole, sizeof whole));
    CHECK(store_row_crc_start(1) != store_row_crc_start(2));
}

/* Flips a bit of a dataset's row on the disk. */
static void flip(const char *file, const char *path, int64_t row, uint8_t bit)
{
    struct store_reader *r = NULL;
    uint8_t byte = 0;
    off_t at;
    int fd, d;

    CHECK(store_open_read(file, 0, &r) == OK);
    if (!r)
        return;
    d = store_view_find(store_reader_view(r), path);
    at = (off_t)h5_set_place(&store_reader_view(r)->set[d]).at +
         row * (off_t)store_reader_schema(r)->dataset[d].row_bytes;
    store_close_read(r);
    fd = open(file, O_RDWR);
    CHECK(fd >= 0 && pread(fd, &byte, 1, at) == 1);
    byte ^= bit;
    CHECK(pwrite(fd, &byte, 1, at) == 1);
    close(fd);
}

/* Damage in payload, CRC, status and in rows of another group: found, counted, computed again, and the end is
 * the same. */
static void check_repair(const struct comm *c)
{
    static const struct {
        const char *path;
        int64_t row;
        uint8_t bit;
    } wounds[] = {
        { "/models/resnet18/int8/logits", 7, 4 },
        { "/models/resnet18/crc", 9, 4 },
        { "/models/resnet18/status", 11, 4 },
        { "/models/resnet18/status", 12, 2 },   /* OK becomes UNUSED, which no image is */
        { "/models/resnet18/fp32/cam", 14, 4 }, /* a bad image's zeros */
    };
    char good[2 * HASH_SIZE + 1], repaired[2 * HASH_SIZE + 1];
    uint8_t missing[FIXTURE_IMAGES];
    struct store *s = NULL;
    struct fixture f;
    int64_t wrote, damaged = 0, done, all;
    uint64_t sum;

    fixture_start(c, &f);
    CHECK(fixture_run(c, &f, 5) == OK);
    CHECK(digest_file(f.out, good) == OK);
    FIXTURE_ON_ROOT(c)
    {
        CHECK(remove(f.out) == 0);
    }
    CHECK(store_begin(c, f.out, &f.plan, &s) == OK && fixture_fill(c, &f, s, 5, &wrote) == OK);
    store_end(&s);
    FIXTURE_ON_ROOT(c)
    {
        for (size_t i = 0; i < COUNT_OF(wounds); i++)
            flip(f.part, wounds[i].path, wounds[i].row, wounds[i].bit);
        flip(f.part, "/models/mobilenet_v2/subset/int8/cam_u8", 2, 4);
        flip(f.part, "/models/mobilenet_v2/subset/image", 5, 4); /* an unused place */
        flip(f.part, "/images/error", 4, 4);
    }
    CHECK(store_begin(c, f.out, &f.plan, &s) == OK && store_outcome(s) == STORE_RESUMED);
    CHECK(store_missing(s, STORE_ROWS_MODEL, 0, 0, missing, &damaged) == OK);
    for (int i = 0; i < FIXTURE_IMAGES; i++)
        CHECK_MSG(missing[i] == (i == 7 || i == 9 || i == 11 || i == 12 || i == 14), "row %d", i);
    CHECK_MSG(damaged == 5, "%lld", (long long)damaged);
    CHECK(store_missing(s, STORE_ROWS_MODEL, 1, 0, missing, &damaged) == OK && damaged == 0);
    CHECK(store_count_rows(s, &done, &all) == OK && done == all - 4 - 7);
    CHECK(fixture_fill(c, &f, s, 5, &wrote) == OK);
    sum = (uint64_t)wrote;
    comm_sum_u64(c, &sum, 1);
    CHECK(sum == 8);
    store_end(&s);
    CHECK(fixture_run(c, &f, 5) == OK);
    CHECK(digest_file(f.out, repaired) == OK && !strcmp(good, repaired));
    fixture_end(c, &f);
}

static void flip_on_root(const struct comm *c, const struct fixture *f, const char *path, int64_t row)
{
    FIXTURE_ON_ROOT(c)
    {
        flip(f->part, path, row, 4);
    }
}

/* What was counted is not read again, and what is written again unchanged changes nothing; once anybody
 * writes something else to the group it is read. */
static void check_once(const struct comm *c)
{
    static const char data[] = "/models/resnet18/subset/int8/cam_u8";
    uint8_t missing[FIXTURE_IMAGES];
    int64_t wrote, damaged = 0, done, all, image[FIXTURE_PLACES];
    struct store *s = NULL;
    struct fixture f;

    fixture_start(c, &f);
    CHECK(store_begin(c, f.out, &f.plan, &s) == OK && fixture_fill(c, &f, s, 5, &wrote) == OK);
    CHECK(store_count_rows(s, &done, &all) == OK);
    flip_on_root(c, &f, "/models/resnet18/crc", 6);
    CHECK(store_missing(s, STORE_ROWS_MODEL, 0, 1, missing, &damaged) == OK && damaged == 0);
    for (int i = 0; i < FIXTURE_IMAGES; i++)
        CHECK_MSG(missing[i] == (i % 5 == 4), "row %d", i); /* bad ones are wanted once more */
    CHECK(store_missing(s, STORE_ROWS_MODEL, 0, 0, missing, &damaged) == OK && damaged == 1 && missing[6]);

    CHECK(store_count_rows(s, &done, &all) == OK && done == all - 4 - 1);
    flip_on_root(c, &f, data, 1);
    CHECK(store_fetch(s, "/models/resnet18/subset/image", 0, FIXTURE_PLACES, image) == OK);
    if (c->rank == 0)
        CHECK(store_write(s, "/models/resnet18/subset/image", 0, FIXTURE_PLACES, image) == OK);
    CHECK(store_missing(s, STORE_ROWS_SUBSET, 0, 0, missing, &damaged) == OK && damaged == 0 && !missing[1]);

    flip_on_root(c, &f, data, 1);
    CHECK(store_count_rows(s, &done, &all) == OK && done == all - 4 - 1);
    flip_on_root(c, &f, data, 1);
    image[3]++;
    if (c->rank == 0)
        CHECK(store_write(s, "/models/resnet18/subset/image", 0, FIXTURE_PLACES, image) == OK);
    CHECK(store_missing(s, STORE_ROWS_SUBSET, 0, 0, missing, &damaged) == OK && damaged == 2);
    CHECK(!missing[0] && missing[1] && !missing[2] && missing[3]);
    store_end(&s);
    fixture_end(c, &f);
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    check_crc();
    check_repair(&c);
    check_once(&c);
    CHECK(mem_live() == 0);
    comm_finish(&c);
    return check_result("test_check");
}
