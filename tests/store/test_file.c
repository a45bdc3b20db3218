#include "store_fixture.h"
#include "store_verify.h"

/* Created, filled, finished; then the same job is told that it is done, and another is refused. */
static void check_whole(const struct comm *c)
{
    struct fixture f;
    struct store *s = NULL;
    struct store_verdict v;
    int64_t wrote = 0, done, all, damaged = -1;
    uint64_t sum;
    uint8_t missing[FIXTURE_IMAGES];
    char lock[700];

    fixture_start(c, &f);
    if (store_begin(c, f.out, &f.plan, &s) != OK) {
        CHECK_MSG(0, "%s", error_last()->text);
        return;
    }
    CHECK(s && store_outcome(s) == STORE_CREATED && store_schema(s)->count > 100);
    CHECK(store_missing(s, STORE_ROWS_MODEL, 1, 1, missing, &damaged) == OK && damaged == 0);
    for (int i = 0; i < FIXTURE_IMAGES; i++)
        CHECK(missing[i] == 1);
    CHECK(store_count_rows(s, &done, &all) == OK && done == 0 &&
          all == 3 * FIXTURE_IMAGES + 2 * FIXTURE_PLACES);
    CHECK(fixture_fill(c, &f, s, 4, &wrote) == OK);
    sum = (uint64_t)wrote;
    comm_sum_u64(c, &sum, 1);
    CHECK(sum == (uint64_t)all);
    /* The unused places are no rows done. */
    CHECK(store_count_rows(s, &done, &all) == OK && done == all - 4);
    store_end(&s);
    snprintf(lock, sizeof lock, "%s.lock", f.out);
    FIXTURE_ON_ROOT(c)
    {
        CHECK(!s && fixture_exists(f.part) && !fixture_exists(f.out) && !fixture_exists(lock));
    }

    CHECK(store_begin(c, f.out, &f.plan, &s) == OK && store_outcome(s) == STORE_RESUMED);
    CHECK(store_missing(s, STORE_ROWS_MODEL, 0, 1, missing, NULL) == OK);
    for (int i = 0; i < FIXTURE_IMAGES; i++)
        CHECK(missing[i] == (i % 5 == 4)); /* bad ones are tried again ... */
    CHECK(store_missing(s, STORE_ROWS_MODEL, 0, 0, missing, NULL) == OK);
    for (int i = 0; i < FIXTURE_IMAGES; i++)
        CHECK(missing[i] == 0); /* ... unless they are to be kept */
    CHECK(fixture_fill(c, &f, s, 4, &wrote) == OK && wrote == 0);
    CHECK(store_finish(s) == OK && store_outcome(s) == STORE_FINISHED);
    store_end(&s);
    FIXTURE_ON_ROOT(c)
    {
        CHECK(!fixture_exists(f.part) && fixture_exists(f.out) && !fixture_exists(lock));
        store_verify(f.out, &v);
        CHECK(v.soundness == STORE_IS_COMPLETE);
        CHECK_MSG(!strcmp(v.text, "complete"), "%s", v.text);
    }

    CHECK(store_begin(c, f.out, &f.plan, &s) == OK && store_outcome(s) == STORE_FINISHED);
    store_end(&s);
    f.plan.job = "subset.fraction = 0.10\nmodels.resnet18 = 1234\n";
    CHECK(store_begin(c, f.out, &f.plan, &s) == ERR_MISMATCH && !s);
    CHECK_MSG(strstr(error_last()->text, "subset.fraction is '0.05' there, '0.10' here"), "%s",
              error_last()->text);
    CHECK(error_last()->rank == 0);
    fixture_end(c, &f);
}

/* A folder that is not there, a result that is no HDF5 file, a truncated one: one sentence, and nothing is
 * overwritten. */
static void check_refusals(const struct comm *c)
{
    struct fixture f;
    struct store *s = NULL;
    struct stat before, after;

    fixture_start(c, &f);
    snprintf(f.out, sizeof f.out, "%s/absent/x.h5", f.folder);
    CHECK(store_begin(c, f.out, &f.plan, &s) == ERR_MISSING && !s);
    CHECK_MSG(strstr(error_last()->text, "does not exist") != NULL, "%s", error_last()->text);

    snprintf(f.out, sizeof f.out, "%s/x.h5", f.folder);
    CHECK(store_begin(c, f.out, &f.plan, &s) == OK);
    store_end(&s);
    FIXTURE_ON_ROOT(c)
    {
        CHECK(stat(f.part, &before) == 0 && truncate(f.part, before.st_size / 2) == 0);
    }
    CHECK(store_begin(c, f.out, &f.plan, &s) == ERR_IO && !s);
    CHECK_MSG(strstr(error_last()->text, "x.h5.part") && strstr(error_last()->text, "truncated"), "%s",
              error_last()->text);
    FIXTURE_ON_ROOT(c)
    {
        CHECK(stat(f.part, &after) == 0 && after.st_size == before.st_size / 2);
    }
    fixture_end(c, &f);
}

/* A file of the schema before: only its own program goes on with it, reads it and judges it. */
static void check_older(const struct comm *c)
{
    struct fixture f;
    struct store *s = NULL;
    struct store_verdict v;

    fixture_start(c, &f);
    f.plan.layout.version = STORE_SCHEMA_VERSION - 1;
    CHECK(store_begin(c, f.out, &f.plan, &s) == OK && store_outcome(s) == STORE_CREATED);
    store_end(&s);
    f.plan.layout.version = 0;
    CHECK(store_begin(c, f.out, &f.plan, &s) != OK && !s);
    CHECK_MSG(strstr(error_last()->text, ".part has schema version 4, and this program reads version 5: "),
              "%s", error_last()->text);
    FIXTURE_ON_ROOT(c)
    {
        store_verify(f.out, &v);
        CHECK_MSG(!strncmp(v.text, "another version: ", 17) &&
                      strstr(v.text, " has schema version 4, and ") && store_verdict_code(&v) == 3,
                  "%s", v.text);
    }
    fixture_end(c, &f);
}

/* OUT that is a link: its files lie beside the target, and the lock is one. Without a lock nothing is locked.
 */
static void check_links(const struct comm *c)
{
    struct fixture f;
    struct store *s = NULL, *again = NULL;
    char link[700], target[700], lock[710];

    fixture_start(c, &f);
    snprintf(link, sizeof link, "%s/link.h5", f.folder);
    snprintf(target, sizeof target, "%s/real.h5", f.folder);
    snprintf(lock, sizeof lock, "%s.lock", target);
    FIXTURE_ON_ROOT(c)
    {
        CHECK(symlink("real.h5", link) == 0);
    }
    CHECK(store_begin(c, link, &f.plan, &s) == OK && !strcmp(store_out(s), target));
    CHECK(store_begin(c, target, &f.plan, &again) == ERR_BUSY && !again);
    FIXTURE_ON_ROOT(c)
    {
        CHECK(fixture_exists(lock) && unlink(lock) == 0);
    }
    store_end(&s);
    f.plan.unlocked = 1;
    CHECK(store_begin(c, target, &f.plan, &s) == OK && store_outcome(s) == STORE_RESUMED);
    FIXTURE_ON_ROOT(c)
    {
        CHECK(!fixture_exists(lock));
    }
    store_end(&s);
    FIXTURE_ON_ROOT(c)
    {
        char part[710];
        snprintf(part, sizeof part, "%s.part", target);
        CHECK(unlink(part) == 0 && unlink(link) == 0);
    }
    fixture_end(c, &f);
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    check_whole(&c);
    check_refusals(&c);
    check_older(&c);
    check_links(&c);
    CHECK_MSG(mem_live() == 0, "%ld blocks", mem_live());
    comm_finish(&c);
    return check_result("test_file");
}
