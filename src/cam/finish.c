/* src/cam/finish.c: from a projection to a map (explanations 1.1, steps 6-9). */
#include <math.h>

#include "cam.h"

int cam_align(const float *first, float *values, int count)
{
    double product = 0.0;

    for (int i = 0; i < count; i++)
        product += (double)first[i] * values[i];
    if (product >= 0.0)
        return 1;
    for (int i = 0; i < count; i++)
        values[i] = -values[i];
    return -1;
}

/* As pytorch-grad-cam's scale_cam_image: (x - low) / (1e-7 + largest). */
struct scaling {
    float low, divisor;
};

static float relu(float v)
{
    return v < 0.0f ? 0.0f : v;
}

/* Of values that pass a ReLU. */
static struct scaling scaling_of(const float *x, int count)
{
    float low, high;

    tensor_range(x, count, &low, &high);
    return (struct scaling){ relu(low), 1e-7f + (relu(high) - relu(low)) };
}

/* Half-pixel centres, edges replicated: output i is (1 - part) * in[from] + part * in[from + 1]; OpenCV's
 * INTER_LINEAR. */
static void place(int i, int in, int out, int *from, float *part)
{
    float at = (float)((i + 0.5) * ((double)in / out) - 0.5);

    *from = (int)floorf(at);
    *part = at - (float)*from;
    if (*from < 0) {
        *from = 0;
        *part = 0.0f;
    }
    if (*from >= in - 1) {
        *from = in - 1;
        *part = 0.0f;
    }
}

struct columns {
    int count;
    int from[CAM_MAX_OUT];
    float part[CAM_MAX_OUT];
};

/* One line of the source, scaled if asked, stretched to the output's width. */
static void stretch(const float *line, int w, const struct columns *c, const struct scaling *s, float *out)
{
    float in[CAM_MAX_EDGE + 1];

    for (int x = 0; x < w; x++)
        in[x] = s ? (relu(line[x]) - s->low) / s->divisor : line[x];
    in[w] = 0.0f; /* read with the weight 0 */
    for (int x = 0; x < c->count; x++)
        out[x] = in[c->from[x]] * (1.0f - c->part[x]) + in[c->from[x] + 1] * c->part[x];
}

static void blend(const float *a, const float *b, float part, int count, float *out)
{
    enum { BLOCK = 8 };
    float rest = 1.0f - part;
    int x = 0;

    for (; x + BLOCK <= count; x += BLOCK)
        for (int i = 0; i < BLOCK; i++)
            out[x + i] = a[x + i] * rest + b[x + i] * part;
    for (; x < count; x++)
        out[x] = a[x] * rest + b[x] * part;
}

static void resize(const float *values, int h, int w, int out_h, int out_w, const struct scaling *s,
                   float *out)
{
    struct columns c = { .count = out_w };
    float line[2][CAM_MAX_OUT];
    int have[2] = { -1, -1 };

    BUG_IF(h < 1 || w < 1 || h > CAM_MAX_EDGE || w > CAM_MAX_EDGE);
    BUG_IF(out_h < 1 || out_w < 1 || out_h > CAM_MAX_OUT || out_w > CAM_MAX_OUT);
    for (int x = 0; x < out_w; x++)
        place(x, w, out_w, &c.from[x], &c.part[x]);
    for (int y = 0; y < out_h; y++) {
        int from, need[2];
        float part;

        place(y, h, out_h, &from, &part);
        need[0] = from;
        need[1] = from + 1 < h ? from + 1 : from;
        for (int i = 0; i < 2; i++) { /* an even line lies in line[0], an odd one in line[1] */
            int slot = need[i] & 1;

            if (have[slot] != need[i])
                stretch(values + need[i] * w, w, &c, s, line[slot]);
            have[slot] = need[i];
        }
        blend(line[need[0] & 1], line[need[1] & 1], part, out_w, out + y * out_w);
    }
}

void cam_resize(const float *values, int h, int w, int out_h, int out_w, float *out)
{
    resize(values, h, w, out_h, out_w, NULL, out);
}

void cam_finish(const float *values, int h, int w, int out_h, int out_w, float *map)
{
    enum { BLOCK = 8 };
    struct scaling s = scaling_of(values, h * w);
    int count = out_h * out_w, i = 0;

    resize(values, h, w, out_h, out_w, &s, map);
    s = scaling_of(map, count); /* not negative by now */
    for (; i + BLOCK <= count; i += BLOCK)
        for (int k = 0; k < BLOCK; k++)
            map[i + k] = (map[i + k] - s.low) / s.divisor;
    for (; i < count; i++)
        map[i] = (map[i] - s.low) / s.divisor;
}

void cam_scale(const float *values, int count, float *map)
{
    float low, high;

    for (int i = 0; i < count; i++)
        map[i] = relu(values[i]);
    tensor_range(map, count, &low, &high);
    for (int i = 0; i < count; i++)
        map[i] = high > low ? (map[i] - low) / (high - low) : 0.0f;
}

void cam_bytes(const float *map, int count, uint8_t *out)
{
    for (int i = 0; i < count; i++)
        out[i] = (uint8_t)lrintf(255.0f * map[i]);
}
