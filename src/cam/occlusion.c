/* src/cam/occlusion.c: a window that slides over the picture, and the map of what is answered without what it
 * covers. */
#include "cam_forward.h"

/* Windows along a side: the last one is the first that reaches the edge. */
static int along(const struct occlusion *o, int size)
{
    return size <= o->window ? 1 : 1 + (size - o->window + o->stride - 1) / o->stride;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

int occlusion_windows(const struct occlusion *o, int height, int width)
{
    BUG_IF(o->window < 1 || o->stride < 1 || o->stride > o->window);
    return along(o, height) * along(o, width);
}

void occlusion_window(const struct occlusion *o, int height, int width, int k, int32_t edge[4])
{
    int columns = along(o, width);

    edge[0] = k % columns * o->stride;
    edge[1] = k / columns * o->stride;
    edge[2] = smaller(edge[0] + o->window, width);
    edge[3] = smaller(edge[1] + o->window, height);
}

/* The first window along a side that covers pixel i, and the one behind the last. */
static void covering(const struct occlusion *o, int size, int i, int *first, int *behind)
{
    *first = i < o->window ? 0 : (i - o->window) / o->stride + 1;
    *behind = smaller(i / o->stride + 1, along(o, size));
}

void occlusion_map(const struct occlusion *o, int height, int width, float clean, const float *score,
                   float *values)
{
    int columns = along(o, width);

    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int top, bottom, left, right;
            double sum = 0;

            covering(o, height, y, &top, &bottom);
            covering(o, width, x, &left, &right);
            for (int r = top; r < bottom; r++)
                for (int c = left; c < right; c++)
                    sum += (double)clean - score[r * columns + c];
            values[(size_t)y * (size_t)width + (size_t)x] = (float)(sum / ((bottom - top) * (right - left)));
        }
}
