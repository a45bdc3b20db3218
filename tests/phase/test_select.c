#include "check.h"
#include "phase.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 1000 };

static float value[N];
static uint8_t usable[N];

/* The oracle: counts who stands before i by definition. */
static int in_largest(int i, int k)
{
    int before = 0;

    if (!usable[i])
        return 0;
    for (int j = 0; j < N; j++)
        before += usable[j] && (value[j] > value[i] || (value[j] == value[i] && j < i));
    return before < k;
}

static void compare(const struct comm *c, int k, const char *what)
{
    uint32_t key[N] = { 0 }, threshold = 0;
    uint8_t mine[N] = { 0 }, chosen[N] = { 0 };
    int64_t first, count;
    int wrong = 0, members = 0;
    float least = INFINITY;

    partition_range(N, c->rank, c->size, &first, &count);
    for (int64_t i = 0; i < count; i++) {
        key[i] = select_key(value[first + i]);
        mine[i] = usable[first + i];
    }
    CHECK(select_largest(c, key, mine, count, (uint64_t)k, chosen, &threshold) == OK);
    for (int64_t i = 0; i < count; i++)
        wrong += chosen[i] != in_largest((int)(first + i), k);
    CHECK_MSG(wrong == 0, "%s k=%d: %d wrong", what, k, wrong);
    for (int i = 0; i < N; i++)
        if (in_largest(i, k)) {
            members++;
            least = fminf(least, value[i]);
        }
    CHECK_MSG(members == k, "%s k=%d: %d", what, k, members);
    CHECK_MSG(k == 0 || select_value(threshold) == least, "%s k=%d: %g", what, k,
              (double)select_value(threshold));
}

static void fill(struct random *r, int kind)
{
    static const float odd[] = { 0.0f, -0.0f, INFINITY, -INFINITY, 1e-42f, -1e-42f, 1.5f, 255.0f };

    for (int i = 0; i < N; i++) {
        usable[i] = random_below(r, 8) != 0;
        value[i] = kind == 0   ? (float)(random_unit(r) * 255)
                   : kind == 1 ? (float)random_below(r, 4) /* heavy ties */
                   : kind == 2
                       ? odd[random_below(r, COUNT_OF(odd))] /* signs of zero, infinities, denormals */
                       : 7.25f;
    }
}

static void test_largest(const struct comm *c)
{
    static const char *const name[] = { "random", "ties", "odd", "equal" };

    for (int kind = 0; kind < 4; kind++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            struct random r = { .seed = seed, .stream = (uint64_t)kind };
            int ok = 0;
            fill(&r, kind);
            for (int i = 0; i < N; i++)
                ok += usable[i];
            compare(c, 0, name[kind]);
            compare(c, 1, name[kind]);
            compare(c, 50, name[kind]);
            compare(c, ok, name[kind]);
        }
}

static void test_keys(void)
{
    static const float rising[] = { -INFINITY, -2, -1e-42f, 0, 1e-42f, 1, 1.0000001f, INFINITY };

    for (size_t i = 0; i < COUNT_OF(rising); i++) {
        CHECK(select_value(select_key(rising[i])) == rising[i]);
        CHECK(i == 0 || select_key(rising[i - 1]) < select_key(rising[i]));
    }
    CHECK(select_key(-0.0f) == select_key(0.0f));
}

/* QUANTCAM_SELECT_VALUES=N: the 5 % largest of N made values, timed, and checked by counting. */
static void test_many(const struct comm *c, int64_t n)
{
    int64_t first, count, k = n / 20;
    uint64_t sum[3] = { 0 }; /* above the threshold, equal to it, chosen */
    uint32_t *key, threshold = 0;
    uint8_t *all, *chosen;
    double start;

    partition_range(n, c->rank, c->size, &first, &count);
    key = mem_alloc((size_t)count, sizeof *key);
    all = mem_alloc((size_t)count, 1);
    chosen = mem_alloc((size_t)count, 1);
    CHECK(key && all && chosen);
    for (int64_t i = 0; i < count && key && all && chosen; i++) { /* 24 bits: ties */
        key[i] = select_key((float)(random_u64(1, 2, (uint64_t)(first + i)) >> 40));
        all[i] = 1;
    }
    comm_wait(c);
    start = clock_s();
    CHECK(select_largest(c, key, all, count, (uint64_t)k, chosen, &threshold) == OK);
    start = clock_s() - start;
    for (int64_t i = 0; i < count; i++) {
        sum[0] += key[i] > threshold;
        sum[1] += key[i] == threshold;
        sum[2] += chosen[i];
        check_failed += key[i] > threshold ? !chosen[i] : key[i] < threshold && chosen[i];
    }
    comm_sum_u64(c, sum, 3);
    CHECK((int64_t)sum[0] < k && (int64_t)(sum[0] + sum[1]) >= k && (int64_t)sum[2] == k);
    if (c->rank == 0)
        printf("selected %lld of %lld values on %d ranks in %.2f s, %.0f MB a rank\n", (long long)k,
               (long long)n, c->size, start, (double)mem_peak_resident() / 1e6);
    mem_free(key);
    mem_free(all);
    mem_free(chosen);
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };
    int64_t many;
    int result;

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    test_keys();
    test_largest(&c);
    if (text_parse_int(getenv("QUANTCAM_SELECT_VALUES") ? getenv("QUANTCAM_SELECT_VALUES") : "100000", 20,
                       INT64_C(1) << 40, &many))
        test_many(&c, many);
    result = comm_agree(&c, check_failed ? FAIL(ERR_RANGE, "a check failed") : OK) != OK;
    if (c.rank == 0)
        result |= check_result("select");
    comm_finish(&c);
    return result;
}
