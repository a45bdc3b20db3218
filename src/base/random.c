/* src/base/random.c: random numbers that are counted, not remembered: the same for any number of ranks. */
#include "base.h"

#include <math.h>

/* Steele, Lea and Flood's SplitMix64 finalizer (variant 13 of Stafford's mixers). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

static const uint64_t golden = 0x9E3779B97F4A7C15u;

uint64_t random_state(uint64_t seed, uint64_t stream)
{
    return mix(mix(seed + golden) + stream * golden + golden);
}

uint64_t random_u64(uint64_t seed, uint64_t stream, uint64_t counter)
{
    return mix(random_state(seed, stream) + counter * golden + golden);
}

uint64_t random_stream(enum random_purpose purpose, int a, uint32_t b)
{
    BUG_IF(a < 0 || a >= 1 << 24);
    return (uint64_t)purpose << 56 | (uint64_t)a << 32 | b;
}

uint64_t random_next(struct random *r)
{
    return random_u64(r->seed, r->stream, r->counter++);
}

uint32_t random_below(struct random *r, uint32_t bound)
{
    uint64_t product, threshold;

    BUG_IF(bound == 0);
    /* Lemire's multiply-shift; the rejected low products are what makes it unbiased. */
    threshold = (uint64_t)(-bound % bound);
    do
        product = (random_next(r) >> 32) * bound;
    while ((product & 0xFFFFFFFFu) < threshold);
    return (uint32_t)(product >> 32);
}

double random_unit(struct random *r)
{
    return (double)(random_next(r) >> 11) * 0x1p-53;
}

void random_sample(struct random *r, int count, int keep, int *place)
{
    int kept = 0;

    for (int i = 0; kept < keep; i++)
        if ((int)random_below(r, (uint32_t)(count - i)) < keep - kept)
            place[kept++] = i;
}

/* Box and Muller's cosine; the sine is let go, so that a number's place in the sequence says all. */
double random_normal(struct random *r)
{
    double above_zero = 1.0 - random_unit(r), turns = random_unit(r);

    return sqrt(-2.0 * math_log(above_zero)) * math_cos_turns(turns);
}
