/* src/train/draw.c: what is random in training, by key: nothing depends on who draws it or when (spec
 * saliency-and-training 2.8). */
#include "train_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PADDING = 4, OFFSETS = 2 * PADDING + 1 };

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

/* ---- crop and flip --------------------------------------------------------------------------------------
 */

struct draw_shift draw_shift(uint64_t seed, int epoch, uint32_t sample, int crop, int flip)
{
    uint64_t stream = random_stream(RANDOM_CROP, epoch, sample);
    struct draw_shift s = { 0 };

    if (flip)
        s.mirror = random_u64(seed, stream, 0) >> 63 != 0;
    if (crop) {
        s.x = (int)((unsigned __int128)random_u64(seed, stream, 1) * OFFSETS >> 64) - PADDING;
        s.y = (int)((unsigned __int128)random_u64(seed, stream, 2) * OFFSETS >> 64) - PADDING;
    }
    return s;
}

void draw_shifted(const uint8_t *in, int h, int w, int c, struct draw_shift s, uint8_t *out)
{
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int from_y = y + s.y, from_x = x + s.x;
            uint8_t *to = out + ((size_t)y * (size_t)w + (size_t)x) * (size_t)c;

            if (from_y < 0 || from_y >= h || from_x < 0 || from_x >= w) {
                memset(to, 0, (size_t)c);
                continue;
            }
            from_x = s.mirror ? w - 1 - from_x : from_x;
            memcpy(to, in + ((size_t)from_y * (size_t)w + (size_t)from_x) * (size_t)c, (size_t)c);
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
