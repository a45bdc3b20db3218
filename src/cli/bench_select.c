/* src/cli/bench_select.c: the selection among up to 10^9 values, timed and checked against what they must
 * give. */
#include "bench.h"

#include <stdio.h>

#include "launch.h"
#include "phase.h"

enum { SEED = 6, VALUE_STREAM = 1, PLACE_STREAM = 2 };

struct part {
    int64_t first, count;
    uint32_t *key;
    uint8_t *usable, *chosen;
};

/* 2^24 different values in 0 .. 255, so that 10^8 of them have ties; one of 256 is of a bad image. */
static status make_part(const struct comm *c, int64_t values, struct part *p)
{
    partition_range(values, c->rank, c->size, &p->first, &p->count);
    MEM_TRY(p->key, (size_t)p->count, sizeof *p->key);
    MEM_TRY(p->usable, (size_t)p->count, 1);
    MEM_TRY(p->chosen, (size_t)p->count, 1);
    for (int64_t i = 0; i < p->count; i++) {
        uint64_t u = random_u64(SEED, VALUE_STREAM, (uint64_t)(p->first + i));
        p->key[i] = select_key((float)(u >> 40) * (255.0f / 16777216.0f));
        p->usable[i] = (u & 255) != 0;
    }
    return OK;
}

static void clear_part(struct part *p)
{
    mem_free(p->key);
    mem_free(p->usable);
    mem_free(p->chosen);
}

/* Counts of all ranks: chosen places, and the sum of a random number of each. */
static void sum_chosen(const struct comm *c, const struct part *p, uint64_t sum[2])
{
    sum[0] = sum[1] = 0;
    for (int64_t i = 0; i < p->count; i++)
        if (p->chosen[i]) {
            sum[0]++;
            sum[1] += random_u64(SEED, PLACE_STREAM, (uint64_t)(p->first + i));
        }
    comm_sum_u64(c, sum, 2);
}

static status select_values(const struct comm *c, int64_t values)
{
    struct part p = { 0 };
    uint64_t usable = 0, sum[2], k, peak;
    char count[32], chosen[32];
    uint32_t threshold;
    double start;
    status result = OK;

    TRY_OUT(comm_agree(c, make_part(c, values, &p)));
    for (int64_t i = 0; i < p.count; i++)
        usable += p.usable[i];
    comm_sum_u64(c, &usable, 1);
    k = (uint64_t)job_subset_size("0.05", (int64_t)usable);
    comm_wait(c);
    start = clock_s();
    TRY_OUT(select_largest(c, p.key, p.usable, p.count, k, p.chosen, &threshold));
    comm_wait(c);
    start = clock_s() - start;
    sum_chosen(c, &p, sum);
    peak = mem_peak_resident();
    comm_max_u64(c, &peak, 1);
    if (sum[0] != k)
        result = FAIL(ERR_NUMERIC, "%llu of %llu values were chosen", (unsigned long long)sum[0],
                      (unsigned long long)k);
    else if (c->rank == 0)
        printf(
            "select  %s of %s values on %d rank%s  %.2f s  %.0f MB a rank  threshold %.6f  places %016llx\n",
            text_thousands((int64_t)k, chosen, sizeof chosen), text_thousands(values, count, sizeof count),
            c->size, c->size == 1 ? "" : "s", start, (double)peak / 1e6, (double)select_value(threshold),
            (unsigned long long)sum[1]);
out:
    clear_part(&p);
    return result;
}

static status run(struct comm *c, void *self)
{
    return select_values(c, *(const int64_t *)self);
}

int bench_select(int64_t values)
{
    return launch_command(&(struct launch){ 0 }, 0, NULL, run, &values);
}
