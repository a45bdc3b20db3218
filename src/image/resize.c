/* src/image/resize.c: Pillow's 8-bit resampling (Resample.c), bit for bit, both pass orders (numerics 5).
 * Each axis is resampled by integer weights of 22 fractional bits; what lies between the two passes is
 * rounded to 8 bits. */
#include <math.h>
#include <string.h>

#include "codec.h"
#include "resize.h"

/* Weights of outputs first .. first + count - 1 along one axis. */
struct axis {
    struct kernel_resample k;
    int *start, *taps;
    int32_t *weight;
};

static double filter_value(enum image_filter filter, double x)
{
    const double a = -0.5;

    x = x < 0.0 ? -x : x;
    if (filter == IMAGE_BILINEAR)
        return x < 1.0 ? 1.0 - x : 0.0;
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0)
        return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

/* What output `i` of `out` reads of `in` values: *start and how many, weights whose sum is 1. */
struct reach {
    double scale, per, support;
    int in, longest;
};

static struct reach reach_of(int in, int out, enum image_filter filter)
{
    double scale = (double)in / out, filter_scale = scale < 1.0 ? 1.0 : scale;
    double support = (filter == IMAGE_BILINEAR ? 1.0 : 2.0) * filter_scale;

    return (struct reach){ scale, 1.0 / filter_scale, support, in, (int)ceil(support) * 2 + 1 };
}

static int weigh(const struct reach *r, enum image_filter filter, int i, int *start, double *k)
{
    double centre = (i + 0.5) * r->scale, sum = 0.0;
    int x0 = (int)(centre - r->support + 0.5), x1 = (int)(centre + r->support + 0.5);

    x0 = x0 < 0 ? 0 : x0;
    x1 = x1 > r->in ? r->in : x1;
    for (int x = x0; x < x1; x++)
        sum += k[x - x0] = filter_value(filter, (x - centre + 0.5) * r->per);
    for (int x = 0; x < x1 - x0 && sum != 0.0; x++)
        k[x] /= sum;
    *start = x0;
    return x1 - x0;
}

static status axis_fill(struct axis *a, struct mem_set *m, int in, int out, enum image_filter filter,
                        int first, int count)
{
    struct reach reach = reach_of(in, out, filter);
    double *k;

    MEM_TAKE(m, a->start, (size_t)count, sizeof *a->start);
    MEM_TAKE(m, a->taps, (size_t)count, sizeof *a->taps);
    MEM_TAKE(m, a->weight, (size_t)count * (size_t)reach.longest, sizeof *a->weight);
    MEM_TAKE(m, k, (size_t)reach.longest, sizeof *k);
    for (int i = 0; i < count; i++) {
        a->taps[i] = weigh(&reach, filter, first + i, &a->start[i], k);
        for (int x = 0; x < a->taps[i]; x++) {
            double w = k[x] * (1 << KERNEL_RESAMPLE_BITS);
            a->weight[(size_t)i * (size_t)reach.longest + (size_t)x] = (int32_t)(w < 0 ? w - 0.5 : w + 0.5);
        }
    }
    a->k = (struct kernel_resample){ count, reach.longest, a->start, a->taps, a->weight };
    return OK;
}

/* Inputs [*low, *high) are all that the axis reads. */
static void axis_reach(const struct axis *a, int *low, int *high)
{
    *low = a->start[0];
    *high = a->start[a->k.count - 1] + a->taps[a->k.count - 1];
}

/* Horizontal, then vertical: only the lines that the vertical pass will read. */
static void horizontal_first(const struct kernel_table *k, const struct image *in, const struct axis *h,
                             const struct axis *v, uint8_t *middle, uint8_t *rgb, size_t pitch)
{
    size_t in_pitch = (size_t)3 * (size_t)in->width, bytes = (size_t)3 * (size_t)h->k.count;
    int low, high;

    axis_reach(v, &low, &high);
    k->resample_horizontal(&h->k, in->rgb + in_pitch * (size_t)low, in_pitch, high - low, middle, bytes);
    for (int i = 0; i < v->k.count; i++)
        v->start[i] -= low;
    k->resample_vertical(&v->k, middle, bytes, bytes, rgb, pitch);
}

/* Vertical, then horizontal: only the columns that the horizontal pass will read. */
static void vertical_first(const struct kernel_table *k, const struct image *in, const struct axis *h,
                           const struct axis *v, uint8_t *middle, uint8_t *rgb, size_t pitch)
{
    size_t in_pitch = (size_t)3 * (size_t)in->width, bytes;
    int low, high;

    axis_reach(h, &low, &high);
    bytes = (size_t)3 * (size_t)(high - low);
    k->resample_vertical(&v->k, in->rgb + (size_t)3 * (size_t)low, in_pitch, bytes, middle, bytes);
    for (int i = 0; i < h->k.count; i++)
        h->start[i] -= low;
    k->resample_horizontal(&h->k, middle, bytes, v->k.count, rgb, pitch);
}

/* Pillow 13: vertical first where that shrinks the picture by more (found by experiment; Pillow PR #9549). */
static int is_vertical_first(const struct image *in, int width, int height, enum image_order order)
{
    return order == IMAGE_ORDER_PILLOW13 && in->height > height &&
           in->height - height > 2 * ((int64_t)in->width - width);
}

status image_resize_window(const struct image *in, int width, int height, const struct image_pipeline *p,
                           struct image_window window, uint8_t *rgb, size_t pitch)
{
    const struct kernel_table *k = p->kernels ? p->kernels : kernel_select("ref");
    status result = OK;
    struct axis h = { 0 }, v = { 0 };
    struct mem_set m = { 0 };
    uint8_t *middle = NULL;
    size_t in_pitch = (size_t)3 * (size_t)in->width;
    const uint8_t *corner = in->rgb + in_pitch * (size_t)window.y0 + (size_t)3 * (size_t)window.x0;
    int low, high;

    BUG_IF(window.x0 < 0 || window.y0 < 0 || window.width < 1 || window.height < 1);
    BUG_IF(window.width > width - window.x0 || window.height > height - window.y0);
    if (width != in->width)
        TRY_OUT(axis_fill(&h, &m, in->width, width, p->filter, window.x0, window.width));
    if (height != in->height)
        TRY_OUT(axis_fill(&v, &m, in->height, height, p->filter, window.y0, window.height));
    if (h.k.count && v.k.count) {
        int vertical = is_vertical_first(in, width, height, p->order);
        axis_reach(vertical ? &h : &v, &low, &high);
        MEM_TRY_OUT(middle, (size_t)(high - low) * (size_t)(vertical ? v.k.count : h.k.count), 3);
        (vertical ? vertical_first : horizontal_first)(k, in, &h, &v, middle, rgb, pitch);
    } else if (h.k.count) {
        k->resample_horizontal(&h.k, in->rgb + in_pitch * (size_t)window.y0, in_pitch, window.height, rgb,
                               pitch);
    } else if (v.k.count) {
        k->resample_vertical(&v.k, in->rgb + (size_t)3 * (size_t)window.x0, in_pitch,
                             (size_t)3 * (size_t)window.width, rgb, pitch);
    } else {
        for (size_t y = 0; y < (size_t)window.height; y++)
            memcpy(rgb + pitch * y, corner + in_pitch * y, (size_t)3 * (size_t)window.width);
    }
out:
    mem_drop(&m);
    mem_free(middle);
    return result;
}

status image_resize(const struct image *in, int width, int height, enum image_filter filter,
                    enum image_order order, struct image *out)
{
    const struct image_pipeline p = { .filter = filter, .order = order };
    status result;

    TRY(image_alloc("the resized picture", (uint64_t)(width < 0 ? 0 : width),
                    (uint64_t)(height < 0 ? 0 : height), out));
    result = image_resize_window(in, width, height, &p, (struct image_window){ 0, 0, width, height },
                                 out->rgb, (size_t)3 * (size_t)width);
    if (result != OK)
        image_free(out);
    return result;
}

/* ---- pictures of floats -------------------------------------------------------------------------------- */

/* A line of sums over `taps` lines that lie one behind the other. */
static void blend_lines(const float *in, int width, const double *weight, int taps, float *out)
{
    enum { BLOCK = 8 };
    int x = 0;

    for (; x + BLOCK <= width; x += BLOCK) {
        double sum[BLOCK] = { 0 };

        for (int t = 0; t < taps; t++)
            for (int i = 0; i < BLOCK; i++)
                sum[i] += (double)in[(size_t)t * (size_t)width + (size_t)(x + i)] * weight[t];
        for (int i = 0; i < BLOCK; i++)
            out[x + i] = (float)sum[i];
    }
    for (; x < width; x++) {
        double sum = 0.0;

        for (int t = 0; t < taps; t++)
            sum += (double)in[(size_t)t * (size_t)width + (size_t)x] * weight[t];
        out[x] = (float)sum;
    }
}

status image_resize_values(const float *in, int width, int height, int to_width, int to_height,
                           enum image_filter filter, float *out)
{
    struct reach h = reach_of(width, to_width, filter), v = reach_of(height, to_height, filter);
    int longest = h.longest > v.longest ? h.longest : v.longest, start;
    status result = OK;
    float *middle = NULL;
    double *k = NULL;

    BUG_IF(width < 1 || height < 1 || to_width < 1 || to_height < 1);
    MEM_TRY_OUT(middle, (size_t)to_width * (size_t)height, sizeof *middle);
    MEM_TRY_OUT(k, (size_t)longest, sizeof *k);
    for (int x = 0; x < to_width; x++) {
        int taps = weigh(&h, filter, x, &start, k);

        for (int y = 0; y < height; y++) {
            const float *line = in + (size_t)y * (size_t)width + start;
            double sum = 0.0;

            for (int t = 0; t < taps; t++)
                sum += (double)line[t] * k[t];
            middle[(size_t)y * (size_t)to_width + (size_t)x] = (float)sum;
        }
    }
    for (int y = 0; y < to_height; y++) {
        int taps = weigh(&v, filter, y, &start, k);

        blend_lines(middle + (size_t)start * (size_t)to_width, to_width, k, taps,
                    out + (size_t)y * (size_t)to_width);
    }
out:
    mem_free(middle);
    mem_free(k);
    return result;
}
