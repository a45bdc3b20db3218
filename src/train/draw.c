/* src/train/draw.c: what is random in training, by key: nothing depends on who draws it or when (spec
 * saliency-and-training 2.8). */
#include "train_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- order --------------------------------------------------------------------------------------------- */

struct lot {
    uint64_t drawn;
    uint32_t i;
};

static int by_lot(const void *a, const void *b)
{
    const struct lot *x = a, *y = b;

    if (x->drawn != y->drawn)
        return x->drawn < y->drawn ? -1 : 1;
    return x->i < y->i ? -1 : x->i > y->i;
}

/* The samples by ascending u64 of a stream, counter the sample; ties by the sample. */
static status sort_by_lot(uint64_t seed, uint64_t stream, const uint32_t *sample, int count, uint32_t *out)
{
    struct lot *lot;

    MEM_TRY(lot, (size_t)count, sizeof *lot);
    for (int i = 0; i < count; i++)
        lot[i] = (struct lot){ random_u64(seed, stream, sample[i]), sample[i] };
    qsort(lot, (size_t)count, sizeof *lot, by_lot);
    for (int i = 0; i < count; i++)
        out[i] = lot[i].i;
    mem_free(lot);
    return OK;
}

status draw_order(uint64_t seed, int epoch, const uint32_t *sample, int count, uint32_t *out)
{
    return sort_by_lot(seed, random_stream(RANDOM_ORDER, epoch, 0), sample, count, out);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

status draw_holdout(uint64_t seed, int count, int held, uint32_t *sample)
{
    status result;

    for (int i = 0; i < count; i++)
        sample[i] = (uint32_t)i;
    result = held ? sort_by_lot(seed, random_stream(RANDOM_HOLDOUT, 0, 0), sample, count, sample) : OK;
    qsort(sample, (size_t)held, sizeof *sample, by_number);
    qsort(sample + held, (size_t)(count - held), sizeof *sample, by_number);
    return result;
}

/* ---- crop, flip and turn --------------------------------------------------------------------------------
 */

static int draw_below(uint64_t seed, uint64_t stream, uint64_t counter, int bound)
{
    return (int)((unsigned __int128)random_u64(seed, stream, counter) * (unsigned)bound >> 64);
}

struct draw_shift draw_shift(const struct draw_moves *how, uint64_t seed, int epoch, uint32_t sample)
{
    uint64_t stream = random_stream(RANDOM_CROP, epoch, sample);
    struct draw_shift s = { 0 };

    if (how->flip)
        s.mirror = draw_below(seed, stream, 0, 2);
    if (how->reach > 0) {
        s.x = draw_below(seed, stream, 1, 2 * how->reach + 1) - how->reach;
        s.y = draw_below(seed, stream, 2, 2 * how->reach + 1) - how->reach;
    }
    if (how->turn)
        s.turns = draw_below(seed, stream, 3, 4);
    return s;
}

void draw_shifted(const uint8_t *in, int h, int w, int c, int margin, struct draw_shift s, uint8_t *out)
{
    int in_h = h + 2 * margin, in_w = w + 2 * margin;

    BUG_IF(s.turns > 0 && h != w);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++, out += c) {
            int from_y = y, from_x = x;

            for (int k = 0; k < s.turns; k++) {
                int was = from_y;

                from_y = from_x;
                from_x = w - 1 - was;
            }
            from_y += margin + s.y;
            from_x += margin + s.x;
            if (from_y < 0 || from_y >= in_h || from_x < 0 || from_x >= in_w) {
                memset(out, 0, (size_t)c);
                continue;
            }
            from_x = s.mirror ? in_w - 1 - from_x : from_x;
            memcpy(out, in + ((size_t)from_y * (size_t)in_w + (size_t)from_x) * (size_t)c, (size_t)c);
        }
}

/* ---- fill -----------------------------------------------------------------------------------------------
 */

void draw_fill(uint64_t seed, int epoch, uint32_t sample, enum draw_filling how, const uint8_t *masked,
               int pixels, int channels, float *x)
{
    uint64_t stream = random_stream(RANDOM_FILL, epoch, sample);

    for (int c = 0; c < channels; c++) {
        float low = x[c], high = x[c];
        double sum = 0.0;

        for (int p = 0; p < pixels; p++) {
            float v = x[(size_t)p * (size_t)channels + (size_t)c];

            low = v < low ? v : low;
            high = v > high ? v : high;
            sum += (double)v;
        }
        for (int p = 0; p < pixels; p++) {
            double value = sum / pixels;

            if (!masked[p])
                continue;
            if (how == DRAW_FILL_UNIFORM) {
                struct random r = { seed, stream, (uint64_t)c * (uint64_t)pixels + (uint64_t)p };

                value = (double)low + ((double)high - (double)low) * random_unit(&r);
            }
            x[(size_t)p * (size_t)channels + (size_t)c] = (float)value;
        }
    }
}

/* ---- initial weights ------------------------------------------------------------------------------------
 */

void draw_initial(uint64_t seed, uint32_t tensor, enum draw_initial how, int fan_in, int64_t count,
                  float *out)
{
    uint64_t stream = random_stream(RANDOM_INITIAL, 0, tensor);
    double bound = 1.0 / sqrt((double)fan_in), deviation = sqrt(2.0 / (double)fan_in);

    for (int64_t j = 0; j < count; j++) {
        struct random r = { seed, stream, 2 * (uint64_t)j };

        out[j] = how == DRAW_NORMAL ? (float)(random_normal(&r) * deviation)
                                    : (float)((2.0 * random_unit(&r) - 1.0) * bound);
    }
}
