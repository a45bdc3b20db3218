/* Ranges and parameters, worked out by hand. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "quant/quant_parts.h"

static uint64_t count(const struct quant_histogram *h)
{
    uint64_t sum = 0;

    for (int i = 0; i < QUANT_BINS; i++)
        sum += h->bin[i];
    return sum;
}

/* Bins are 1 wide; two channels of a map with three. */
static void counting(struct quant_histogram *h)
{
    const float x[6] = { -96, 4000, 77, 0.5f, 3.99f, 77 };

    memset(h, 0, sizeof *h);
    h->low = -96;
    h->high = QUANT_BINS - 96;
    quant_histogram_add(h, x, 2, 2, 3);
    CHECK(count(h) == 4 && h->bin[0] == 1 && h->bin[96] == 1 && h->bin[99] == 1);
    CHECK(h->bin[QUANT_BINS - 1] == 1); /* the largest value lies in the last bin */
}

/* 1,000 values in bin 0 (real 0 .. 1), 1,000 in bin 99, 1 in the last: the last is outside at 99.9 %. */
static void percentile(struct quant_histogram *h)
{
    float low, high;

    memset(h, 0, sizeof *h);
    h->high = QUANT_BINS;
    h->bin[0] = h->bin[99] = 1000;
    h->bin[QUANT_BINS - 1] = 1;
    quant_range_percentile(h, 99.9, &low, &high);
    CHECK_MSG(low == 0 && high == 100, "%g %g", low, high);
    quant_range_percentile(h, 100, &low, &high);
    CHECK(low == 0 && high == QUANT_BINS);
    quant_range_percentile(h, 99.96, &low, &high); /* not even one value may be outside */
    CHECK(high == QUANT_BINS);
}

/* All but one of a million values lie below 64: one step of 4096 / 255 for their sake would cost each of them
 * more than cutting the one costs. Evenly spread values are not cut. */
static void least_error(struct quant_histogram *h)
{
    float low = 9, high = 9;

    memset(h, 0, sizeof *h);
    h->high = QUANT_BINS;
    for (int i = 0; i < 64; i++)
        h->bin[i] = 1000000;
    h->bin[QUANT_BINS - 1] = 1;
    quant_range_mse(h, 255, &low, &high);
    CHECK_MSG(low == 0 && high == 64, "%g %g", low, high);
    for (int i = 0; i < QUANT_BINS; i++)
        h->bin[i] = 10;
    quant_range_mse(h, 255, &low, &high);
    CHECK_MSG(low == 0 && high >= QUANT_BINS * 63 / 64, "%g %g", low, high);
    /* Two ends: what lies left of zero is as rare as what lies right. */
    h->low = -QUANT_BINS / 2;
    h->high = QUANT_BINS / 2;
    memset(h->bin, 0, sizeof h->bin);
    for (int i = -32; i < 32; i++)
        h->bin[QUANT_BINS / 2 + i] = 1000000;
    h->bin[0] = h->bin[QUANT_BINS - 1] = 1;
    quant_range_mse(h, 255, &low, &high);
    CHECK_MSG(low <= -32 && low >= -128 && high >= 32 && high <= 128, "%g %g", low, high);
}

int main(void)
{
    struct quant_histogram *h = mem_alloc(1, sizeof *h);

    counting(h);
    percentile(h);
    least_error(h);
    mem_free(h);
    CHECK(mem_live() == 0);
    return check_result("quant_observer");
}
