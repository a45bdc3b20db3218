/* src/train/mask.c: which pixels of a picture are masked: those of the smallest gradients, exactly, ties to
 * the lower index, by a radix search of the threshold. */
#include "train_parts.h"

#include <math.h>
#include <string.h>

enum { DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS };

int mask_size(double share, int pixels)
{
    /* A share is a decimal number: 0.29 of 100 are 29, though the double lies below. */
    return (int)floor(share * pixels + 1e-9);
}

/* Floats in their order as u32; -0 as 0. */
static uint32_t key_of(float v)
{
    uint32_t bits;

    v += 0.0f;
    memcpy(&bits, &v, sizeof bits);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}

float mask_score(const float *g, int channels, enum mask_ranking ranking)
{
    float sum = 0.0f;

    for (int c = 0; c < channels; c++)
        sum += g[c];
    sum /= (float)channels;
    return ranking == MASK_SIGNED ? sum : fabsf(sum);
}

/* The key of place `n` (from 0) in ascending order; *below: how many are smaller. */
static uint32_t nth_key(const uint32_t *key, int count, int n, int *below)
{
    uint32_t prefix = 0, known = 0;

    *below = 0;
    for (int shift = 32 - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
        int bin[DIGITS] = { 0 }, digit = 0;

        for (int i = 0; i < count; i++)
            if ((key[i] & known) == prefix)
                bin[key[i] >> shift & (DIGITS - 1)]++;
        for (; *below + bin[digit] <= n; digit++)
            *below += bin[digit];
        prefix |= (uint32_t)digit << shift;
        known |= (uint32_t)(DIGITS - 1) << shift;
    }
    return prefix;
}

void mask_smallest(const float *g, int pixels, int channels, enum mask_ranking ranking, int n, uint32_t *key,
                   uint8_t *masked)
{
    int below = 0, ties;
    uint32_t threshold;

    BUG_IF(n < 0 || n > pixels);
    memset(masked, n == pixels, (size_t)pixels);
    if (n == 0 || n == pixels)
        return;
    for (int p = 0; p < pixels; p++)
        key[p] = key_of(mask_score(g + (size_t)p * (size_t)channels, channels, ranking));
    threshold = nth_key(key, pixels, n - 1, &below);
    ties = n - below;
    for (int p = 0; p < pixels; p++)
        masked[p] = key[p] < threshold || (key[p] == threshold && ties-- > 0);
}
