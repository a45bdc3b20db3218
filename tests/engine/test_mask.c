/* Sets of positions against one byte a position. */
#include <string.h>

#include "base.h"
#include "check.h"
#include "engine/mask.h"

enum { SIDE = 300, WORDS = SIDE * ((SIDE + 63) / 64) };

static uint8_t plain[SIDE * SIDE], expected[SIDE * SIDE];
static uint64_t in[WORDS], out[WORDS], work[2 * (4 * SIDE / 64 + 2)];

static int has(const uint64_t *mask, int w, int y, int x)
{
    return (int)(mask[(size_t)y * (size_t)mask_words(w) + (size_t)(x / 64)] >> x % 64 & 1);
}

static void fill(struct random *r, int h, int w, int one_in)
{
    memset(plain, 0, sizeof plain);
    mask_clear(in, h, w);
    for (int i = 0; i < h * w; i++)
        if (random_below(r, (uint32_t)one_in) == 0) {
            plain[i] = 1;
            mask_set(in, w, i);
        }
}

static void test_window(struct random *r, struct kernel_conv s)
{
    int wrong = 0, spare = mask_words(s.ow) * 64 - s.ow;

    fill(r, s.ih, s.iw, 40);
    mask_clear(out, s.oh, s.ow);
    for (int y = 0; y < s.oh; y++)
        for (int x = 0; x < s.ow; x++) {
            uint8_t *e = &expected[y * s.ow + x];

            *e = 0;
            for (int iy = y * s.stride - s.pad_y; iy < y * s.stride - s.pad_y + s.kh; iy++)
                for (int ix = x * s.stride - s.pad_x; ix < x * s.stride - s.pad_x + s.kw; ix++)
                    if (iy >= 0 && iy < s.ih && ix >= 0 && ix < s.iw)
                        *e |= plain[iy * s.iw + ix];
        }
    mask_window(&s, in, out, work);
    for (int y = 0; y < s.oh; y++) {
        for (int x = 0; x < s.ow; x++)
            wrong += has(out, s.ow, y, x) != expected[y * s.ow + x];
        if (spare)
            CHECK(out[(size_t)(y + 1) * (size_t)mask_words(s.ow) - 1] >> (64 - spare) == 0);
    }
    CHECK_MSG(wrong == 0, "%d x %d, kernel %d x %d stride %d pad %d %d: %d wrong", s.ih, s.iw, s.kh, s.kw,
              s.stride, s.pad_y, s.pad_x, wrong);
}

/* Tiles of side x side over (h, w), the last ones cut off. */
static void test_tiles(struct random *r, int side, int h, int w)
{
    int th = (h + side - 1) / side, tw = (w + side - 1) / side, wrong = 0;

    fill(r, th, tw, 3);
    mask_clear(out, h, w);
    mask_tiles(in, side, out, h, w);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            wrong += has(out, w, y, x) != plain[y / side * tw + x / side];
    CHECK_MSG(wrong == 0 && mask_count(out, h, w) <= h * w, "%d x %d by %d: %d wrong", h, w, side, wrong);
}

static void test_windows(struct random *r)
{
    for (int i = 0; i < 400; i++) {
        struct kernel_conv s = { .ih = 1 + (int)random_below(r, 120),
                                 .iw = 1 + (int)random_below(r, SIDE),
                                 .kh = 1 + (int)random_below(r, 7),
                                 .kw = 1 + (int)random_below(r, 7),
                                 .stride = 1 + (int)random_below(r, 4),
                                 .pad_y = (int)random_below(r, 4),
                                 .pad_x = (int)random_below(r, i % 4 ? 9 : 65) };
        int height = s.ih + s.pad_y + (int)random_below(r, 9),
            width = s.iw + s.pad_x + (int)random_below(r, 20) * (int)random_below(r, 10);

        if (height < s.kh || width < s.kw)
            continue;
        s.oh = (height - s.kh) / s.stride + 1;
        s.ow = (width - s.kw) / s.stride + 1;
        if (s.ow <= SIDE && s.oh <= SIDE)
            test_window(r, s);
    }
}

static void test_search(struct random *r)
{
    for (int w = 1; w <= SIDE; w += 7) {
        int count = 0;

        fill(r, 2, w, 3);
        for (int x = 0; x <= w; x++) {
            int next = x, end = x;

            while (next < w && !plain[w + next])
                next++;
            while (end < w && plain[w + end])
                end++;
            CHECK(mask_next(in + mask_words(w), w, x) == next);
            CHECK(mask_end(in + mask_words(w), w, x) == end);
        }
        for (int i = 0; i < 2 * w; i++)
            count += plain[i];
        CHECK(mask_count(in, 2, w) == count);
        mask_fill(out, 2, w);
        CHECK(mask_count(out, 2, w) == 2 * w);
        mask_clear(out, 2, w);
        mask_join(out, in, 2, w);
        CHECK(memcmp(in, out, mask_size(2, w) * sizeof *in) == 0);
    }
}

int main(void)
{
    struct random r = { .seed = 5 };
    /* By hand: position 3 of a row of 8 under a kernel of 3, pad 1, is read by 2, 3 and 4; with stride 2 by
     * output 1 (2 .. 4 minus pad: positions 1, 2, 3) and 2. */
    struct kernel_conv s = { .ih = 1, .iw = 8, .oh = 1, .ow = 8, .kh = 1, .kw = 3, .stride = 1 };

    s.kh = 3;
    s.pad_y = s.pad_x = 1;
    in[0] = 1 << 3;
    mask_window(&s, in, out, work);
    CHECK(out[0] == (1 << 2 | 1 << 3 | 1 << 4));
    s.stride = 2;
    s.ow = 4;
    out[0] = 1 << 3; /* another input's */
    mask_window(&s, in, out, work);
    CHECK(out[0] == (1 << 1 | 1 << 2 | 1 << 3));
    test_windows(&r);
    test_search(&r);
    for (int i = 0; i < 60; i++)
        test_tiles(&r, i % 2 ? 4 : 2, 1 + (int)random_below(&r, 120), 1 + (int)random_below(&r, SIDE));
    return check_result("engine/mask");
}
