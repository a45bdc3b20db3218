/* src/metric/compare.c: how alike two maps of one picture are, beside their RMSE (explanations 6.3). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric.h"

enum { MAX_PROJECTION = 4096, MAX_EDGE = 4096, LANES = 8, EDGE = 7 /* of a window */ };

/* ---- ranks of the projections -------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Number of the sorted values below v, and of those not above it. */
static void count_below(const float *sorted, int n, float v, int *below, int *up_to)
{
    int low = 0, high = n;

    while (low < high) {
        int middle = (low + high) / 2;
        if (sorted[middle] < v)
            low = middle + 1;
        else
            high = middle;
    }
    *below = low;
    while (low < n && sorted[low] == v)
        low++;
    *up_to = low;
}

/* Twice the rank, so that the mean rank of equal values is a whole number; minus the mean. */
static void make_ranks(const float *x, int n, float *rank)
{
    float sorted[MAX_PROJECTION];

    memcpy(sorted, x, (size_t)n * sizeof *x);
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    for (int i = 0; i < n; i++) {
        int below, up_to;
        count_below(sorted, n, x[i], &below, &up_to);
        rank[i] = (float)(below + up_to - n);
    }
}

/* Ranks are whole numbers: the sums are exact. */
static double spearman(const float *a, const float *b, int n)
{
    float rank_a[MAX_PROJECTION], rank_b[MAX_PROJECTION];
    double aa = 0.0, bb = 0.0, ab = 0.0;

    make_ranks(a, n, rank_a);
    make_ranks(b, n, rank_b);
    for (int i = 0; i < n; i++) {
        aa += (double)rank_a[i] * rank_a[i];
        bb += (double)rank_b[i] * rank_b[i];
        ab += (double)rank_a[i] * rank_b[i];
    }
    return aa > 0.0 && bb > 0.0 ? ab / sqrt(aa * bb) : 0.0;
}

static int peak(const float *x, int n)
{
    int best = 0;

    for (int i = 1; i < n; i++)
        if (x[i] > x[best])
            best = i;
    return best;
}

static double peak_distance(const float *a, const float *b, int h, int w, int out_h, int out_w)
{
    int i = peak(a, h * w), j = peak(b, h * w);
    double dy = (double)(i / w - j / w) * out_h / h, dx = (double)(i % w - j % w) * out_w / w;

    return sqrt(dy * dy + dx * dx);
}

/* ---- finished maps ------------------------------------------------------------------------------------- */

/* Sums in eight lanes, then over the lanes: one order on every machine. */
HOT_LOOP static double cosine(const float *a, const float *b, int count)
{
    double aa[LANES] = { 0 }, bb[LANES] = { 0 }, ab[LANES] = { 0 };
    int i = 0;

    for (; i + LANES <= count; i += LANES)
        for (int k = 0; k < LANES; k++) {
            aa[k] += (double)a[i + k] * a[i + k];
            bb[k] += (double)b[i + k] * b[i + k];
            ab[k] += (double)a[i + k] * b[i + k];
        }
    for (; i < count; i++) {
        aa[0] += (double)a[i] * a[i];
        bb[0] += (double)b[i] * b[i];
        ab[0] += (double)a[i] * b[i];
    }
    for (int k = 1; k < LANES; k++) {
        aa[0] += aa[k];
        bb[0] += bb[k];
        ab[0] += ab[k];
    }
    if (aa[0] <= 0.0 || bb[0] <= 0.0)
        return aa[0] <= 0.0 && bb[0] <= 0.0;
    return fmin(ab[0] / sqrt(aa[0] * bb[0]), 1.0);
}

/* ---- the largest tenth --------------------------------------------------------------------------------- */

enum { DIGIT_BITS = 10, DIGITS = 3, BINS = 1 << DIGIT_BITS, BLOCK = 32 };

static uint32_t bits_of(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Is a pixel of low <= x < high among these? */
HOT_LOOP static int is_among(const float *x, float low, float high)
{
    int among = 0;

    for (int i = 0; i < BLOCK; i++)
        among |= (x[i] >= low) & (x[i] < high);
    return among;
}

/* Counts digits at `shift` of pixels low <= x < high; in two places, as neighbours mostly have one. */
static void count_digits(const float *x, int64_t count, float low, float high, int shift,
                         uint32_t bin[2][BINS])
{
    for (int64_t first = 0; first < count; first += BLOCK) {
        int64_t end = first + BLOCK < count ? first + BLOCK : count;
        if (end - first == BLOCK && !is_among(x + first, low, high))
            continue;
        for (int64_t i = first; i < end; i++)
            if (x[i] >= low && x[i] < high)
                bin[i % 2][bits_of(x[i]) >> shift & (BINS - 1)]++;
    }
}

/* The largest `most` of the positive pixels. */
struct top {
    float threshold; /* pixels above it, and the first `ties` that equal it */
    int64_t ties, count;
};

/* Floats from 0 to 1 are ordered as their bits, of which 30 are used: three digits, the high one first. */
static struct top find_top(const float *map, int64_t count, int64_t most)
{
    struct top top = { 0 };
    uint32_t prefix = 0, bin[2][BINS];
    int64_t left = most;

    for (int shift = (DIGITS - 1) * DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
        uint32_t from = prefix << DIGIT_BITS << shift, end = (prefix + 1) << DIGIT_BITS << shift,
                 at = BINS - 1;
        memset(bin, 0, sizeof bin);
        count_digits(map, count, float_of(from ? from : 1), float_of(end), shift, bin);
        for (; at > 0 && bin[0][at] + bin[1][at] < left; at--)
            left -= bin[0][at] + bin[1][at];
        prefix = prefix << DIGIT_BITS | at;
        top.ties = bin[0][at] + bin[1][at];
        top.ties = top.ties < left ? top.ties : left;
    }
    top.threshold = float_of(prefix);
    top.count = most - left + top.ties;
    return top;
}

double compare_top_iou(const float *a, const float *b, int64_t count)
{
    int64_t most = (count + 5) / 10 > 0 ? (count + 5) / 10 : 1, both = 0;
    struct top of_a = find_top(a, count, most), of_b = find_top(b, count, most);
    int64_t either = of_a.count + of_b.count;

    for (int64_t i = 0; i < count; i++) {
        if (a[i] < of_a.threshold && b[i] < of_b.threshold)
            continue;
        int in_a = a[i] > of_a.threshold || (a[i] == of_a.threshold && of_a.ties-- > 0);
        int in_b = b[i] > of_b.threshold || (b[i] == of_b.threshold && of_b.ties-- > 0);
        both += in_a & in_b;
    }
    return either > 0 ? (double)both / (double)(either - both) : 1.0;
}

/* ---- structural similarity ----------------------------------------------------------------------------- */

/* Sums of a column's `edge` rows: of a, b, a^2 + b^2, a b. */
struct columns {
    double sum[4][MAX_EDGE];
};

/* Eight pixels of a line, added or taken away; beyond the line's end nothing. */
static inline __attribute__((always_inline)) void add_block(struct columns *c, int x, const float *a,
                                                            const float *b, double sign)
{
    for (int k = 0; k < LANES; k++) {
        double u = a[k], v = b[k];
        c->sum[0][x + k] += sign * u;
        c->sum[1][x + k] += sign * v;
        c->sum[2][x + k] += sign * (u * u + v * v);
        c->sum[3][x + k] += sign * (u * v);
    }
}

static inline __attribute__((always_inline)) void add_line(struct columns *c, const float *a, const float *b,
                                                           int w, double sign)
{
    float rest_a[LANES] = { 0 }, rest_b[LANES] = { 0 };
    int x = 0;

    for (; x + LANES <= w; x += LANES)
        add_block(c, x, a + x, b + x, sign);
    if (x == w)
        return;
    memcpy(rest_a, a + x, (size_t)(w - x) * sizeof *a);
    memcpy(rest_b, b + x, (size_t)(w - x) * sizeof *b);
    add_block(c, x, rest_a, rest_b, sign);
}

/* Similarity of the windows whose left column is 0 .. count - 1. */
static inline __attribute__((always_inline)) void similar(const struct columns *c, int count, int edge,
                                                          double *restrict out)
{
    const double c1 = 0.01 * 0.01, c2 = 0.03 * 0.03, n = (double)edge * edge, more = n > 1 ? n / (n - 1) : 1;

    for (int x = 0; x < count; x++) {
        double s[4], a, b, ab, squares;

        for (int q = 0; q < 4; q++) {
            s[q] = c->sum[q][x];
            for (int e = 1; e < edge; e++)
                s[q] += c->sum[q][x + e];
        }
        a = s[0] * (1 / n);
        b = s[1] * (1 / n);
        ab = a * b;
        squares = a * a + b * b;
        out[x] = (2 * ab + c1) * (2 * more * (s[3] * (1 / n) - ab) + c2) /
                 ((squares + c1) * (more * (s[2] * (1 / n) - squares) + c2));
    }
}

HOT_LOOP static double ssim(const float *a, const float *b, int h, int w)
{
    struct columns c;
    double lane[LANES] = { 0 }, value[MAX_EDGE], sum = 0.0;
    int edge = h < w ? h : w, count;

    BUG_IF(h < 1 || w < 1 || w > MAX_EDGE - 2 * LANES);
    edge = edge < EDGE ? edge : EDGE;
    count = w - edge + 1;
    memset(&c, 0, sizeof c);
    memset(value, 0, sizeof value);
    for (int y = 0; y < h; y++) {
        add_line(&c, a + (size_t)y * w, b + (size_t)y * w, w, 1);
        if (y + 1 < edge)
            continue;
        if (edge == EDGE)
            similar(&c, count, EDGE, value);
        else
            similar(&c, count, edge, value);
        for (int x = 0; x < count; x += LANES)
            for (int k = 0; k < LANES; k++)
                lane[k] += value[x + k];
        add_line(&c, a + (size_t)(y + 1 - edge) * w, b + (size_t)(y + 1 - edge) * w, w, -1);
    }
    for (int k = 0; k < LANES; k++)
        sum += lane[k];
    return sum / ((double)(h - edge + 1) * (w - edge + 1));
}

double compare_ssim(const float *a, const float *b, int h, int w)
{
    return ssim(a, b, h, w);
}

void compare_pair(const struct compare_side *a, const struct compare_side *b, int h, int w, int out_h,
                  int out_w, struct comparison *out)
{
    BUG_IF(h < 1 || w < 1 || h * w > MAX_PROJECTION || out_h < 1 || out_w < 1 ||
           out_w > MAX_EDGE - 2 * LANES);
    out->spearman = (float)spearman(a->projection, b->projection, h * w);
    out->peak_distance = (float)peak_distance(a->projection, b->projection, h, w, out_h, out_w);
    out->cosine = (float)cosine(a->map, b->map, out_h * out_w);
    out->top_iou = (float)compare_top_iou(a->map, b->map, (int64_t)out_h * out_w);
    out->ssim = (float)compare_ssim(a->map, b->map, out_h, out_w);
}
