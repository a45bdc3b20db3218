/* src/metric/draws.c: the pixels that a fixation's pixel is compared with, drawn by counted random numbers:
 * nothing depends on the order of work. */
#include <stdlib.h>
#include <string.h>

#include "metric_saliency.h"

static uint64_t draw(uint64_t seed, enum random_purpose purpose, int a, int b, uint64_t counter)
{
    return random_u64(seed, random_stream(purpose, a, (uint32_t)b), counter);
}

static status alloc(int splits, int each, struct draws *out)
{
    *out = (struct draws){ .splits = splits, .each = each };
    MEM_TRY(out->pixel, (size_t)splits * (size_t)each, sizeof *out->pixel);
    return OK;
}

void draws_free(struct draws *d)
{
    mem_free(d->pixel);
    *d = (struct draws){ 0 };
}

status draws_uniform(uint64_t seed, int picture, int64_t count, int each, struct draws *out)
{
    TRY(alloc(DRAWS_SPLITS, each, out));
    for (int split = 0; split < DRAWS_SPLITS; split++)
        for (int k = 0; k < each; k++) {
            uint64_t u = draw(seed, RANDOM_UNIFORM, split, picture, (uint64_t)k);

            /* The high word of a product of 128 bits. */
            out->pixel[split * each + k] = (int32_t)((unsigned __int128)u * (uint64_t)count >> 64);
        }
    return OK;
}

struct lot {
    uint64_t number;
    int32_t what;
};

static int by_number(const void *a, const void *b)
{
    const struct lot *x = a, *y = b;

    return x->number != y->number ? (x->number > y->number) - (x->number < y->number)
                                  : (x->what > y->what) - (x->what < y->what);
}

status draws_pooled(uint64_t seed, int picture, const int32_t *pool, int pooled, int each, struct draws *out)
{
    struct lot *lots;

    each = each < pooled ? each : pooled;
    MEM_TRY(lots, (size_t)pooled, sizeof *lots);
    if (alloc(DRAWS_SPLITS, each, out) != OK) {
        mem_free(lots);
        return ERR_MEMORY;
    }
    for (int split = 0; split < DRAWS_SPLITS; split++) {
        for (int k = 0; k < pooled; k++)
            lots[k] = (struct lot){ draw(seed, RANDOM_POOLED, split, picture, (uint64_t)pool[k]), pool[k] };
        qsort(lots, (size_t)pooled, sizeof *lots, by_number);
        for (int k = 0; k < each; k++)
            out->pixel[split * each + k] = lots[k].what;
    }
    mem_free(lots);
    return OK;
}

int draws_others(uint64_t seed, int picture, const uint8_t *usable, int pictures, int other[DRAWS_OTHERS])
{
    struct lot best[DRAWS_OTHERS];
    int count = 0;

    for (int i = 0; i < pictures; i++) {
        struct lot lot = { draw(seed, RANDOM_OTHERS, 0, picture, (uint64_t)i), i };
        int at = count;

        if (i == picture || !usable[i])
            continue;
        for (; at > 0 && by_number(&lot, &best[at - 1]) < 0; at--)
            if (at < DRAWS_OTHERS)
                best[at] = best[at - 1];
        if (at < DRAWS_OTHERS)
            best[at] = lot;
        count += count < DRAWS_OTHERS;
    }
    for (int k = 0; k < count; k++)
        other[k] = best[k].what;
    return count;
}
