/* src/engine/mask.c: sets of positions, 64 a word: 112 x 112 positions are two hundred words. */
#include <string.h>

#include "mask.h"

void mask_clear(uint64_t *mask, int h, int w)
{
    memset(mask, 0, mask_size(h, w) * sizeof *mask);
}

void mask_fill(uint64_t *mask, int h, int w)
{
    for (int y = 0; y < h; y++, mask += mask_words(w))
        for (int i = 0; i < mask_words(w); i++)
            mask[i] = w - i * 64 >= 64 ? ~0ull : (1ull << (w - i * 64)) - 1;
}

void mask_join(uint64_t *to, const uint64_t *from, int h, int w)
{
    size_t n = mask_size(h, w);

    for (size_t i = 0; i < n; i++)
        to[i] |= from[i];
}

int mask_count(const uint64_t *mask, int h, int w)
{
    size_t n = mask_size(h, w);
    int count = 0;

    for (size_t i = 0; i < n; i++)
        count += __builtin_popcountll(mask[i]);
    return count;
}

/* The first position from x on whose bit, xored with `flip`, is 1. */
static int find(const uint64_t *row, int w, int x, uint64_t flip)
{
    while (x < w) {
        uint64_t left = (row[x / 64] ^ flip) >> x % 64;

        if (left) {
            x += __builtin_ctzll(left);
            return x < w ? x : w;
        }
        x = (x / 64 + 1) * 64;
    }
    return w;
}

int mask_next(const uint64_t *row, int w, int x)
{
    return find(row, w, x, 0);
}

int mask_end(const uint64_t *row, int w, int x)
{
    return find(row, w, x, ~0ull);
}

/* to |= from moved by `by` positions towards 0 (or away from it, by < 0). */
static void join_moved(uint64_t *to, const uint64_t *from, int words, int by)
{
    int whole = by >= 0 ? by / 64 : -((63 - by) / 64), bits = by - whole * 64;

    for (int i = 0; i < words; i++) {
        int j = i + whole;

        if (j >= 0 && j < words)
            to[i] |= from[j] >> bits;
        if (bits > 0 && j + 1 >= 0 && j + 1 < words)
            to[i] |= from[j + 1] << (64 - bits);
    }
}

/* The even bits of v, side by side. */
static uint64_t even_bits(uint64_t v)
{
    v &= 0x5555555555555555ull;
    v = (v | v >> 1) & 0x3333333333333333ull;
    v = (v | v >> 2) & 0x0F0F0F0F0F0F0F0Full;
    v = (v | v >> 4) & 0x00FF00FF00FF00FFull;
    v = (v | v >> 8) & 0x0000FFFF0000FFFFull;
    return (v | v >> 16) & 0x00000000FFFFFFFFull;
}

/* to |= every stride-th position of `from` (words long), count of them. */
static void take_strided(const uint64_t *from, int words, int stride, int count, uint64_t *to)
{
    for (int i = 0; i < mask_words(count); i++) {
        uint64_t taken = 0;

        if (i * stride >= words)
            break;
        if (stride == 1) {
            taken = from[i];
        } else if (stride == 2) {
            taken = even_bits(from[2 * i]);
            if (2 * i + 1 < words)
                taken |= even_bits(from[2 * i + 1]) << 32;
        } else {
            for (int x = i * 64; x < i * 64 + 64 && x < count && x * stride < words * 64; x++)
                taken |= (from[x * stride / 64] >> x * stride % 64 & 1) << x % 64;
        }
        if (count - i * 64 < 64)
            taken &= (1ull << count % 64) - 1;
        to[i] |= taken;
    }
}

void mask_window(const struct kernel_conv *s, const uint64_t *in, uint64_t *out, uint64_t *work)
{
    int words = mask_words(s->iw), wide = (int)mask_work(s) / 2;
    uint64_t *rows = work, *columns = work + wide;

    if (kernel_is_direct(s) && s->oh == s->ih && s->ow == s->iw) {
        mask_join(out, in, s->ih, s->iw);
        return;
    }
    for (int y = 0; y < s->oh; y++, out += mask_words(s->ow)) {
        int first = y * s->stride - s->pad_y;
        uint64_t any = 0;

        memset(work, 0, 2 * (size_t)wide * sizeof *work);
        for (int iy = first < 0 ? 0 : first; iy < first + s->kh && iy < s->ih; iy++)
            for (int i = 0; i < words; i++)
                any |= rows[i] |= in[(size_t)iy * (size_t)words + (size_t)i];
        if (!any)
            continue;
        for (int t = 0; t < s->kw; t++)
            join_moved(columns, rows, wide, t - s->pad_x);
        take_strided(columns, wide, s->stride, s->ow, out);
    }
}

void mask_tiles(const uint64_t *tiles, int side, uint64_t *to, int h, int w)
{
    int across = (w + side - 1) / side;

    for (int y = 0; y < h; y++) {
        const uint64_t *row = tiles + (size_t)(y / side) * (size_t)mask_words(across);

        for (int x = mask_next(row, across, 0); x < across; x = mask_next(row, across, x + 1))
            for (int i = x * side; i < x * side + side && i < w; i++)
                mask_set(to, w, y * w + i);
    }
}
