/* tests/kernel/kernel_test.h: inputs, canaries and the loop over instruction sets that the kernel tests
 * share. */
#ifndef KERNEL_TEST_H
#define KERNEL_TEST_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "kernel.h"

static uint64_t test_state = 88172645463325252u;

static inline uint32_t test_random(void)
{
    test_state ^= test_state << 13;
    test_state ^= test_state >> 7;
    test_state ^= test_state << 17;
    return (uint32_t)(test_state >> 32);
}

/* low..high, both included. */
static inline int test_between(int low, int high)
{
    return low + (int)(test_random() % (uint32_t)(high - low + 1));
}

static inline float test_real(void)
{
    return (float)test_random() / 2147483648.0f - 1.0f;
}

/* Zeroed, aligned to 64 bytes; the caller frees. */
static inline void *test_memory(size_t bytes)
{
    size_t rounded = (bytes + 127) / 64 * 64;
    void *p = aligned_alloc(64, rounded);

    if (!p)
        abort();
    return memset(p, 0, rounded);
}

/* Ordinary values; adversarial: also infinities, NaN, both zeros, tiny and huge values. */
static inline void test_fill_f32(float *p, size_t n, int adversarial)
{
    static const float odd[] = { INFINITY, -INFINITY, NAN,    0.0f, -0.0f, 1e-42f,
                                 -1e-42f,  3e38f,     -3e38f, 6.0f, -3.0f, 3.0f };

    for (size_t i = 0; i < n; i++)
        p[i] = adversarial && test_random() % 16 == 0 ? odd[test_random() % 12] : test_real() * 4;
}

/* kind 0: any byte; 1: at most 127; 2: all 255; 3: mostly 0 and 255. */
static inline void test_fill_u8(uint8_t *p, size_t n, int kind)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t r = test_random();

        p[i] = (uint8_t)(kind == 0   ? r
                         : kind == 1 ? r & 127
                         : kind == 2 ? 255
                         : r & 1     ? 255
                         : r & 2     ? 0
                                     : r >> 8);
    }
}

/* kind 0: any; 1: all -128; 2: all 127; 3: the ends only. */
static inline void test_fill_s8(int8_t *p, size_t n, int kind)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t r = test_random();

        p[i] = (int8_t)(kind == 0   ? (int)(r & 255) - 128
                        : kind == 1 ? -128
                        : kind == 2 ? 127
                        : r & 1     ? 127
                                    : -128);
    }
}

/* Which of several NaNs comes out is not part of a kernel's contract: all become one. */
static inline void test_one_nan(float *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != p[i])
            p[i] = NAN;
}

/* The index of the first differing element, or -1. */
static inline long test_differs_f32(const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof *a))
            return (long)i;
    return -1;
}

static inline long test_differs_u8(const uint8_t *a, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return (long)i;
    return -1;
}

/* Positions of the rectangle whose windows lie inside the picture, the last first, at most `most`: how many.
 */
static inline int test_inside(const struct kernel_conv *s, struct kernel_rect r, int *place, int most)
{
    int count = 0;

    for (int y = r.y1 - 1; y >= r.y0; y--)
        for (int x = r.x1 - 1; x >= r.x0; x--) {
            int iy = y * s->stride - s->pad_y, ix = x * s->stride - s->pad_x;

            if (iy >= 0 && ix >= 0 && iy + s->kh <= s->ih && ix + s->kw <= s->iw && count < most)
                place[count++] = y * s->ow + x;
        }
    return count;
}

/* Elements from the map's start to the first tap of an output position's window. */
static inline size_t test_first_tap(const struct kernel_conv *s, int place)
{
    int iy = place / s->ow * s->stride - s->pad_y, ix = place % s->ow * s->stride - s->pad_x;

    return ((size_t)iy * s->iw + ix) * s->in_pitch;
}

/* Padding on one side of a window's axis; by the way more than the window reaches. */
static inline int test_pad(int kernel)
{
    return test_between(0, 3)   ? kernel / 2
           : test_between(0, 3) ? test_between(0, kernel - 1)
                                : test_between(0, kernel + 2);
}

/* A valid random geometry; depthwise: ic = oc. Each side has its own padding. */
static inline struct kernel_conv test_shape(int depthwise)
{
    static const int kernels[] = { 1, 1, 1, 2, 3, 3, 3, 5, 5, 7 };
    static const int channels[] = { 1,  2,  3,  4,  5,  7,  8,  9,  12, 15, 16, 17, 23,  24, 31,
                                    32, 33, 40, 47, 48, 49, 58, 63, 64, 65, 72, 96, 116, 130 };
    struct kernel_conv s = { 0 };
    int bottom, right;

    for (;;) {
        s.kh = kernels[test_between(0, 9)];
        s.kw = test_between(0, 7) ? s.kh : kernels[test_between(0, 9)];
        s.stride = test_between(1, 2) + (test_between(0, 9) == 0);
        s.pad_y = test_pad(s.kh);
        s.pad_x = test_pad(s.kw);
        s.ih = test_between(1, 12);
        s.iw = test_between(1, 30);
        bottom = test_pad(s.kh);
        right = test_pad(s.kw);
        s.oh = (s.ih + s.pad_y + bottom - s.kh) / s.stride + 1;
        s.ow = (s.iw + s.pad_x + right - s.kw) / s.stride + 1;
        if (s.ih + s.pad_y + bottom >= s.kh && s.iw + s.pad_x + right >= s.kw)
            break;
    }
    s.oc = channels[test_between(0, 28)];
    s.ic = depthwise ? s.oc : channels[test_between(0, 28)];
    s.in_pitch = s.ic + (test_between(0, 2) ? 0 : test_between(1, 20));
    s.out_pitch = s.oc + (test_between(0, 2) ? 0 : test_between(1, 20));
    s.zero_point_in = test_between(0, 3) ? test_between(0, 255) : 0;
    return s;
}

static inline struct kernel_rect test_rect(const struct kernel_conv *s)
{
    struct kernel_rect r = { 0, s->oh, 0, s->ow };

    if (test_between(0, 1)) {
        r.y0 = test_between(0, s->oh - 1);
        r.y1 = test_between(r.y0, s->oh);
        r.x0 = test_between(0, s->ow - 1);
        r.x1 = test_between(r.x0, s->ow);
    }
    return r;
}

static inline const char *test_shape_text(const struct kernel_conv *s, const struct kernel_rect *r)
{
    static char text[256];

    snprintf(text, sizeof text,
             "in %dx%dx%d/%d out %dx%dx%d/%d kernel %dx%d stride %d pad %d %d zero %d rect %d..%d %d..%d",
             s->ih, s->iw, s->ic, s->in_pitch, s->oh, s->ow, s->oc, s->out_pitch, s->kh, s->kw, s->stride,
             s->pad_y, s->pad_x, s->zero_point_in, r->y0, r->y1, r->x0, r->x1);
    return text;
}

/* Calls test(ref, table) for every instruction set of the build but ref; those not usable here are skipped,
 * saying so. */
static inline void test_every_isa(void (*test)(const struct kernel_table *ref,
                                               const struct kernel_table *isa))
{
    const char *names[8];
    int usable[8], n = kernel_list(names, usable);

    for (int i = 1; i < n; i++)
        if (usable[i])
            test(kernel_select("ref"), kernel_select(names[i]));
        else
            check_skip(names[i], "this machine cannot run it");
}

#endif
