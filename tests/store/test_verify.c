#include "store_fixture.h"
#include "store_verify.h"

#include <fcntl.h>
#include <hdf5.h>

static void expect(const struct fixture *f, int code, const char *text)
{
    struct store_verdict v;

    store_verify(f->out, &v);
    CHECK_MSG(store_verdict_code(&v) == code && strstr(v.text, text) == v.text, "%d %s",
              store_verdict_code(&v), v.text);
}

/* Changes a bit of the byte there, and says what the byte was. */
static uint8_t flip(int fd, off_t at, uint64_t bit)
{
    uint8_t byte = 0, bad;

    CHECK(pread(fd, &byte, 1, at) == 1);
    bad = (uint8_t)(byte ^ 1 << bit % 8);
    CHECK(pwrite(fd, &bad, 1, at) == 1);
    return byte;
}

/* One bit anywhere in a finished file: never called complete, unless it hit what nobody reads (padding
 * between objects). */
static void check_flips(const struct fixture *f)
{
    struct store_verdict v;
    struct stat there;
    int damaged = 0, silent = 0, fd = open(f->out, O_RDWR);
    char before[2 * HASH_SIZE + 1], after[2 * HASH_SIZE + 1];

    CHECK(fd >= 0 && fstat(fd, &there) == 0 && digest_file(f->out, before) == OK);
    for (uint64_t i = 0; i < 150; i++) {
        off_t at = (off_t)(random_u64(7, 1, i) % (uint64_t)there.st_size);
        uint8_t byte = flip(fd, at, random_u64(7, 2, i));
        store_verify(f->out, &v);
        if (v.soundness == STORE_IS_DAMAGED)
            damaged++;
        else if (v.soundness == STORE_IS_COMPLETE && digest_file(f->out, after) == OK &&
                 !strcmp(before, after))
            silent++;
        else
            CHECK_MSG(0, "byte %lld: %s", (long long)at, v.text);
        CHECK(pwrite(fd, &byte, 1, at) == 1);
    }
    close(fd);
    CHECK_MSG(damaged + silent == 150 && damaged > 40, "%d damaged, %d silent", damaged, silent);
    expect(f, 0, "complete");
}

/* A bit of every fifth of the first bytes of a dataset: each is noticed. */
static void check_bytes(const struct fixture *f, const char *path, const char *dataset, int bytes)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), data = H5Dopen2(file, dataset, H5P_DEFAULT);
    off_t at = (off_t)H5Dget_offset(data);
    int fd;

    CHECK(H5Dclose(data) >= 0 && H5Fclose(file) >= 0);
    fd = open(path, O_RDWR);
    for (int i = 0; i < bytes; i += 5, at += 5) {
        uint8_t byte = flip(fd, at, (uint64_t)i);
        expect(f, 1, "damaged: ");
        CHECK(pwrite(fd, &byte, 1, at) == 1);
    }
    close(fd);
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };
    struct store *s = NULL;
    struct fixture f;
    struct stat there;
    int64_t wrote;

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    fixture_start(&c, &f);
    expect(&f, 3, "cannot look: neither ");
    CHECK(store_begin(&c, f.out, &f.plan, &s) == OK);
    comm_wait(&c);
    expect(&f, 75, "resumable 0 of 81 rows"); /* 23 images, 2 x 23 rows, 2 x 6 places */
    comm_wait(&c);
    CHECK(fixture_fill_group(&c, &f, s, STORE_ROWS_MODEL, 1, 4, &wrote) == OK);
    comm_wait(&c);
    expect(&f, 75, "resumable 23 of 81 rows");
    comm_wait(&c);
    CHECK(fixture_fill(&c, &f, s, 4, &wrote) == OK);
    CHECK(store_finish(s) == OK);
    store_end(&s);
    expect(&f, 0, "complete");
    FIXTURE_ON_ROOT(&c)
    {
        check_flips(&f);
        /* A line of /checksums: hash, blanks, path, and the room behind it. */
        check_bytes(&f, f.out, "/checksums", 2 * HASH_SIZE + 2 + STORE_PATH);
        /* Complete by its name only. */
        CHECK(rename(f.out, f.part) == 0);
        expect(&f, 75, "resumable 77 of 81 rows");
        check_bytes(&f, f.part, "/provenance", (int)strlen("root = pictures\nprovenance.crc32 = 01234567\n"));
        CHECK(stat(f.part, &there) == 0 && truncate(f.part, there.st_size - 1) == 0);
        expect(&f, 1, "damaged: ");
        CHECK(truncate(f.part, 0) == 0);
        expect(&f, 1, "damaged: ");
        CHECK(rename(f.part, f.out) == 0);
        expect(&f, 1, "damaged: ");
    }
    fixture_end(&c, &f);
    /* OUT that was renamed before it was complete. */
    fixture_start(&c, &f);
    CHECK(store_begin(&c, f.out, &f.plan, &s) == OK);
    store_end(&s);
    FIXTURE_ON_ROOT(&c)
    {
        CHECK(rename(f.part, f.out) == 0);
        expect(&f, 1, "damaged: ");
    }
    fixture_end(&c, &f);
    CHECK(mem_live() == 0);
    comm_finish(&c);
    return check_result("test_verify");
}
