/* src/saliency/plane.c: means, resizes and blurs of one channel in double, each in one order. */
#include "plane.h"

#include <math.h>
#include <string.h>

status plane_alloc(int width, int height, struct plane *out)
{
    *out = (struct plane){ 0 };
    MEM_TRY(out->v, (size_t)width * (size_t)height, sizeof *out->v);
    out->width = width;
    out->height = height;
    return OK;
}

void plane_free(struct plane *p)
{
    mem_free(p->v);
    *p = (struct plane){ 0 };
}

double plane_max(const struct plane *p)
{
    double most = p->v[0];

    for (int64_t i = 1; i < (int64_t)p->width * p->height; i++)
        most = p->v[i] > most ? p->v[i] : most;
    return most;
}

int plane_grey_of(const uint8_t rgb[3])
{
    return (9798 * rgb[0] + 19235 * rgb[1] + 3735 * rgb[2] + 16384) >> 15;
}

status plane_grey(const struct image *im, struct plane *out)
{
    TRY(plane_alloc(im->width, im->height, out));
    for (int64_t i = 0; i < (int64_t)im->width * im->height; i++)
        out->v[i] = plane_grey_of(im->rgb + 3 * i);
    return OK;
}

/* Means of `cells` equal shares of a line of n values that lie `step` apart. */
static void line_means(const double *in, int n, int64_t step, int cells, double *out, int64_t out_step)
{
    for (int i = 0; i < cells; i++) {
        double from = (double)i * n / cells, to = (double)(i + 1) * n / cells, sum = 0.0;

        for (int x = (int)from; x < n && x < to; x++) {
            double low = x > from ? x : from, high = x + 1 < to ? x + 1 : to;

            sum += (high - low) * in[x * step];
        }
        out[i * out_step] = sum / (to - from);
    }
}

status plane_mean(const struct plane *in, int width, int height, struct plane *out)
{
    struct plane wide;
    status result;

    *out = (struct plane){ 0 };
    TRY(plane_alloc(width, in->height, &wide));
    result = plane_alloc(width, height, out);
    for (int y = 0; y < in->height && result == OK; y++)
        line_means(in->v + (int64_t)y * in->width, in->width, 1, width, wide.v + (int64_t)y * width, 1);
    for (int x = 0; x < width && result == OK; x++)
        line_means(wide.v + x, in->height, width, height, out->v + x, width);
    plane_free(&wide);
    return result;
}

/* Where output i of `out` lies between two of `in` inputs: the first one, and the second one's share. */
static int between(int i, int in, int out, double *share)
{
    double at = (i + 0.5) * in / out - 0.5;
    int first;

    at = at < 0 ? 0 : at > in - 1 ? in - 1 : at;
    first = (int)at < in - 1 ? (int)at : in > 1 ? in - 2 : 0;
    *share = at - first;
    return first;
}

status plane_resize(const struct plane *in, int width, int height, struct plane *out)
{
    int below = in->height > 1 ? in->width : 0, right = in->width > 1;

    TRY(plane_alloc(width, height, out));
    for (int y = 0; y < height; y++) {
        double down;
        const double *line = in->v + (int64_t)between(y, in->height, height, &down) * in->width;

        for (int x = 0; x < width; x++) {
            double across;
            const double *p = line + between(x, in->width, width, &across);
            double upper = (1 - across) * p[0] + across * p[right],
                   lower = (1 - across) * p[below] + across * p[below + right];

            out->v[(int64_t)y * width + x] = (1 - down) * upper + down * lower;
        }
    }
    return OK;
}

int plane_mirror(int at, int n)
{
    if (n == 1)
        return 0;
    while (at < 0 || at >= n)
        at = at < 0 ? -at : 2 * (n - 1) - at;
    return at;
}

/* One tap of a line: `sum` has n values, `in` those that the tap meets. */
static void add_tap(double *sum, const double *in, double tap, int n)
{
    for (int x = 0; x < n; x++)
        sum[x] += tap * in[x];
}

/* A line of n values between what lies beyond its ends; `room` holds n + 2 radius. */
static void frame_line(const double *v, int n, int radius, enum plane_border border, double *room)
{
    for (int i = -radius; i < n + radius; i++) {
        int inside = i >= 0 && i < n;

        room[i + radius] = inside || border == PLANE_MIRROR ? v[plane_mirror(i, n)] : 0.0;
    }
}

static void blur_columns(const struct plane *in, const double *tap, int radius, enum plane_border border,
                         double *out)
{
    int w = in->width, h = in->height;

    memset(out, 0, (size_t)w * (size_t)h * sizeof *out);
    for (int y = 0; y < h; y++)
        for (int k = 0; k <= 2 * radius; k++) {
            int at = y + k - radius, inside = at >= 0 && at < h;

            if (inside || border == PLANE_MIRROR)
                add_tap(out + (int64_t)y * w, in->v + (int64_t)plane_mirror(at, h) * w, tap[k], w);
        }
}

status plane_blur(struct plane *p, const double *tap, int radius, enum plane_border border)
{
    struct plane across = { 0 };
    double *room;
    status result;

    MEM_TRY(room, (size_t)p->width + 2 * (size_t)radius, sizeof *room);
    TRY_OUT(plane_alloc(p->width, p->height, &across));
    for (int y = 0; y < p->height; y++) {
        frame_line(p->v + (int64_t)y * p->width, p->width, radius, border, room);
        for (int k = 0; k <= 2 * radius; k++)
            add_tap(across.v + (int64_t)y * p->width, room + k, tap[k], p->width);
    }
    blur_columns(&across, tap, radius, border, p->v);
out:
    plane_free(&across);
    mem_free(room);
    return result;
}

void plane_gaussian(double sigma, int radius, double *tap)
{
    double sum = 0.0;

    for (int k = 0; k <= 2 * radius; k++)
        sum += tap[k] = math_exp(-(double)(k - radius) * (k - radius) / (2 * sigma * sigma));
    for (int k = 0; k <= 2 * radius; k++)
        tap[k] /= sum;
}

status plane_finish(struct plane *p, struct saliency_map *out)
{
    int64_t count = (int64_t)p->width * p->height;

    out->value = mem_alloc((size_t)count, sizeof *out->value);
    if (!out->value) {
        plane_free(p);
        return FAIL(ERR_MEMORY, "no memory for a map of %lld values", (long long)count);
    }
    out->width = p->width;
    out->height = p->height;
    for (int64_t i = 0; i < count; i++)
        out->value[i] = (float)p->v[i];
    plane_free(p);
    return OK;
}
