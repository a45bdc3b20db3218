/* src/phase/select.c: the k largest of values that lie on all ranks, exactly (spec parallel-store 6). */
#include "phase.h"

#include <string.h>

enum { BINS = 1 << 16 };

uint32_t select_key(float value)
{
    uint32_t bits;

    value += 0.0f; /* -0 becomes 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}

float select_value(uint32_t key)
{
    uint32_t bits = key >> 31 ? key & 0x7FFFFFFFu : ~key;
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Walks down from the top to the bin that holds the `*k`-th largest; *k becomes its place within that bin. */
static uint32_t find_bin(const uint64_t *histogram, uint64_t *k)
{
    for (uint32_t bin = BINS; bin-- > 0;) {
        if (histogram[bin] >= *k)
            return bin;
        *k -= histogram[bin];
    }
    BUG_IF(1); /* k is at most the number of usable values */
}

status select_largest(const struct comm *c, const uint32_t *key, const uint8_t *usable, int64_t n, uint64_t k,
                      uint8_t *chosen, uint32_t *threshold)
{
    uint64_t *histogram = mem_alloc(BINS, sizeof *histogram), equal = 0, before;
    uint32_t high, least;

    *threshold = 0;
    TRY(comm_agree(c, histogram ? OK : FAIL(ERR_MEMORY, "no memory for a histogram of %d bins", BINS)));
    memset(chosen, 0, (size_t)n);
    if (k == 0) {
        mem_free(histogram);
        return OK;
    }
    for (int64_t i = 0; i < n; i++)
        histogram[key[i] >> 16] += usable[i] != 0;
    comm_sum_u64(c, histogram, BINS);
    high = find_bin(histogram, &k);
    memset(histogram, 0, BINS * sizeof *histogram);
    for (int64_t i = 0; i < n; i++)
        histogram[key[i] & 0xFFFF] += usable[i] && key[i] >> 16 == high;
    comm_sum_u64(c, histogram, BINS);
    least = high << 16 | find_bin(histogram, &k);
    mem_free(histogram);
    /* k of the values equal to the threshold are in: the first ones. */
    for (int64_t i = 0; i < n; i++)
        equal += usable[i] && key[i] == least;
    before = comm_exscan_u64(c, equal);
    for (int64_t i = 0; i < n; i++) {
        if (!usable[i] || key[i] < least)
            continue;
        chosen[i] = key[i] > least || before++ < k;
    }
    *threshold = least;
    return OK;
}
