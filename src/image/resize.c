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

static status axis_fill(struct axis *a, struct mem_set *m, int in, int out, enum image_filter filter,
                        int first, int count)
{
    double scale = (double)in / out, filter_scale = scale < 1.0 ? 1.0 : scale, per = 1.0 / filter_scale;
    double support = (filter == IMAGE_BILINEAR ? 1.0 : 2.0) * filter_scale, *k;

    int longest = (int)ceil(support) * 2 + 1;

    MEM_TAKE(m, a->start, (size_t)count, sizeof *a->start);
    MEM_TAKE(m, a->taps, (size_t)count, sizeof *a->taps);
    MEM_TAKE(m, a->weight, (size_t)count * (size_t)longest, sizeof *a->weight);
    MEM_TAKE(m, k, (size_t)longest, sizeof *k);
    for (int i = 0; i < count; i++) {
        double centre = (first + i + 0.5) * scale, sum = 0.0;
        int x0 = (int)(centre - support + 0.5), x1 = (int)(centre + support + 0.5);

        x0 = x0 < 0 ? 0 : x0;
        x1 = x1 > in ? in : x1;
        for (int x = x0; x < x1; x++)
            sum += k[x - x0] = filter_value(filter, (x - centre + 0.5) * per);
        for (int x = x0; x < x1; x++) {
            double w = (sum != 0.0 ? k[x - x0] / sum : k[x - x0]) * (1 << KERNEL_RESAMPLE_BITS);
            a->weight[(size_t)i * (size_t)longest + (size_t)(x - x0)] = (int32_t)(w < 0 ? w - 0.5 : w + 0.5);
        }
        a->start[i] = x0;
        a->taps[i] = x1 - x0;
    }
    a->k = (struct kernel_resample){ count, longest, a->start, a->taps, a->weight };
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
