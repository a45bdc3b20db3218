#include "store_fixture.h"
#include "store_verify.h"

/* Rank 0 as a job of its own, on a communicator of one. */
static void alone(const struct comm *c, struct comm *one)
{
    *one = *c;
    one->rank = 0;
    one->size = 1;
    MPI_Comm_split(c->mpi, c->rank, 0, &one->mpi);
    one->side = one->mpi;
}

/* One rank and all ranks, two runs, another folder, another command line: one digest. */
static void check_ranks(const struct comm *c, char digest[2 * HASH_SIZE + 1])
{
    char other[2 * HASH_SIZE + 1];
    struct fixture f;
    struct comm one;

    alone(c, &one);
    fixture_start(c, &f);
    CHECK(fixture_run(c, &f, 4) == OK && digest_file(f.out, digest) == OK && strlen(digest) == 64);
    fixture_end(c, &f);
    fixture_start(c, &f);
    f.plan.provenance = "root = elsewhere\n";
    if (c->rank == 0)
        CHECK(fixture_run(&one, &f, 4) == OK);
    comm_wait(c);
    CHECK(digest_file(f.out, other) == OK);
    CHECK_MSG(!strcmp(digest, other), "%s %s", digest, other);
    fixture_end(c, &f);
    MPI_Comm_free(&one.mpi);
}

static void write_command(struct store *s, int64_t ranks)
{
    char command[STORE_COMMAND] = "quantcam run";

    CHECK(store_write(s, "/timing/ranks", 0, 1, &ranks) == OK);
    CHECK(store_write(s, "/timing/command", 0, 1, command) == OK);
}

/* Times do not count; one value of one row does. */
static void check_sensitive(const struct comm *c, const char *digest)
{
    char other[2 * HASH_SIZE + 1];
    const double mean[2][4][2] = { { { 1.5 } } };
    const float pair = 0.5f;

    for (int round = 0; round < 2; round++) {
        struct store *s = NULL;
        struct fixture f;
        int64_t wrote;
        fixture_start(c, &f);
        CHECK(store_begin(c, f.out, &f.plan, &s) == OK && fixture_fill(c, &f, s, 4, &wrote) == OK);
        if (c->rank == 0) {
            CHECK(store_write(s, "/summary/wsol/int8/gt_known", 0, 2, mean) == OK);
            write_command(s, 99);
            if (round == 1)
                CHECK(store_write(s, "/models/resnet18/int8/vs_fp32/correlation", 3, 1, &pair) == OK);
        }
        CHECK(digest_file(f.part, other) == ERR_MISMATCH && !other[0]); /* not finished */
        CHECK(store_finish(s) == OK);
        store_end(&s);
        CHECK(digest_file(f.out, other) == OK);
        CHECK((round == 0) == !strcmp(digest, other));
        fixture_end(c, &f);
    }
}

/* A copy in chunks and compressed has another form and the same digest. */
static void check_repacked(const struct comm *c, const char *digest)
{
    char command[2048], other[2 * HASH_SIZE + 1], packed[700];
    struct fixture f;

    fixture_start(c, &f);
    CHECK(fixture_run(c, &f, 4) == OK);
    snprintf(packed, sizeof packed, "%s/packed.h5", f.folder);
    snprintf(command, sizeof command, "h5repack -f GZIP=1 '%s' '%s' > /dev/null 2>&1", f.out, packed);
    FIXTURE_ON_ROOT(c)
    {
        if (system("h5repack --version > /dev/null 2>&1") != 0)
            check_skip("a repacked copy", "h5repack is not installed");
        else {
            struct store_verdict v;
            CHECK(system(command) == 0);
            CHECK(digest_file(packed, other) == OK);
            CHECK_MSG(!strcmp(digest, other), "%s %s", digest, other);
            store_verify(packed, &v);
            CHECK(v.soundness == STORE_IS_COMPLETE);
        }
    }
    fixture_end(c, &f);
}

int main(int argc, char **argv)
{
    char digest[2 * HASH_SIZE + 1] = "";
    struct comm c = { 0 };

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    check_ranks(&c, digest);
    check_sensitive(&c, digest);
    check_repacked(&c, digest);
    CHECK(mem_live() == 0);
    comm_finish(&c);
    return check_result("test_digest");
}
