/* src/saliency/finegrained.c: centre-surround differences of a grey picture in six sizes, apart for brighter
 * and darker centres (Montabone & Soto 2010), in integers as OpenCV's StaticSaliencyFineGrained has them. */
#include <string.h>

#include "methods.h"

struct work {
    int width, height;
    uint8_t *grey, *row; /* (height, width) */
    int32_t *sum;        /* (height + 1, width + 1): of what lies above and left */
    int32_t *on, *off;   /* (height, width): over all sizes */
};

static status allocate(struct work *w, int width, int height)
{
    size_t count = (size_t)width * (size_t)height;

    *w = (struct work){ .width = width, .height = height };
    MEM_TRY(w->grey, count, 1);
    MEM_TRY(w->row, count, 1);
    MEM_TRY(w->sum, ((size_t)width + 1) * ((size_t)height + 1), sizeof *w->sum);
    MEM_TRY(w->on, count, sizeof *w->on);
    MEM_TRY(w->off, count, sizeof *w->off);
    return OK;
}

static void let_go(struct work *w)
{
    mem_free(w->grey);
    mem_free(w->row);
    mem_free(w->sum);
    mem_free(w->on);
    mem_free(w->off);
}

/* Twice 1 2 1 both ways, over 16, halves up: in bytes, as OpenCV's GaussianBlur of 3 x 3 is. */
static void blur(struct work *w)
{
    static const int weight[3] = { 1, 2, 1 };

    memcpy(w->row, w->grey, (size_t)w->width * (size_t)w->height);
    for (int y = 0; y < w->height; y++)
        for (int x = 0; x < w->width; x++) {
            int sum = 8;

            for (int dy = -1; dy <= 1; dy++)
                for (int dx = -1; dx <= 1; dx++)
                    sum +=
                        weight[dy + 1] * weight[dx + 1] *
                        w->row[plane_mirror(y + dy, w->height) * w->width + plane_mirror(x + dx, w->width)];
            w->grey[y * w->width + x] = (uint8_t)(sum >> 4);
        }
}

static void integrate(struct work *w)
{
    int pitch = w->width + 1;

    for (int y = 0; y < w->height; y++)
        for (int x = 0; x < w->width; x++)
            w->sum[(y + 1) * pitch + x + 1] = w->grey[y * w->width + x] + w->sum[y * pitch + x + 1] +
                                              w->sum[(y + 1) * pitch + x] - w->sum[y * pitch + x];
}

/* The centre against the mean of columns x - n + 1 .. x + n and such rows without it, cut at the picture. */
static void compare(struct work *w, int n)
{
    int pitch = w->width + 1;

    for (int y = 0; y < w->height; y++)
        for (int x = 0; x < w->width; x++) {
            int x0 = x - n + 1 > 0 ? x - n + 1 : 0, x1 = x + n + 1 < w->width ? x + n + 1 : w->width;
            int y0 = y - n + 1 > 0 ? y - n + 1 : 0, y1 = y + n + 1 < w->height ? y + n + 1 : w->height;
            int others = (x1 - x0) * (y1 - y0) - 1, at = y * w->width + x, centre = w->grey[at];
            int sum = w->sum[y1 * pitch + x1] + w->sum[y0 * pitch + x0] - w->sum[y1 * pitch + x0] -
                      w->sum[y0 * pitch + x1] - centre;
            int more = others > 0 ? centre * others - sum : 0;

            /* Whole greys, cut towards 0. */
            w->on[at] += more > 0 ? more / others : 0;
            w->off[at] += more < 0 ? -more / others : 0;
        }
}

/* Greys of 255 parts of the largest, cut towards 0; returns the largest. */
static int scale(int32_t *v, int count)
{
    int32_t most = 0;

    for (int i = 0; i < count; i++)
        most = v[i] > most ? v[i] : most;
    for (int i = 0; i < count && most > 0; i++)
        v[i] = 255 * v[i] / most;
    return most > 0 ? 255 : 0;
}

status finegrained(const struct image *frame, struct plane *out)
{
    static const int sizes[] = { 12, 24, 48, 28, 56, 112 };
    int count = frame->width * frame->height, most_on, most_off;
    struct work w;
    status result;

    *out = (struct plane){ 0 };
    TRY_OUT(allocate(&w, frame->width, frame->height));
    TRY_OUT(plane_alloc(frame->width, frame->height, out));
    for (int i = 0; i < count; i++)
        w.grey[i] = (uint8_t)plane_grey_of(frame->rgb + 3 * i);
    blur(&w);
    blur(&w);
    integrate(&w);
    for (size_t k = 0; k < COUNT_OF(sizes); k++)
        compare(&w, sizes[k]);
    most_on = scale(w.on, count);
    most_off = scale(w.off, count);
    for (int i = 0; i < count && most_on + most_off > 0; i++)
        out->v[i] = (double)(w.on[i] + w.off[i]) / (most_on > most_off ? most_on : most_off);
out:
    let_go(&w);
    return result;
}
