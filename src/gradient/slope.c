/* src/gradient/slope.c: pieces of a backward pass that inference and training share. */
#include <math.h>

#include "plan.h"

/* Of x s(x): s + x s'. */
static float gelu_slope(int approximate, float x, float s)
{
    const double root = 0.797884560802865356; /* sqrt(2 / pi) */
    double v = (double)x, square = v * v;

    if (approximate)
        return s + x * (s * (1.0f - s)) * (float)(2 * root * (1 + 3 * 0.044715 * square));
    return s + (float)(v * root / 2 * math_exp(-square / 2));
}

void slope_layernorm(const float *x, const float *scale, const float *g, int channels, float eps, float *to)
{
    double mean = 0, variance = 0, sum = 0, product = 0, r, n = channels;

    for (int c = 0; c < channels; c++)
        mean += (double)x[c] / n;
    for (int c = 0; c < channels; c++)
        variance += ((double)x[c] - mean) * ((double)x[c] - mean) / n;
    r = 1 / sqrt(variance + (double)eps);
    for (int c = 0; c < channels; c++) {
        sum += (double)g[c] * (double)scale[c] / n;
        product += (double)g[c] * (double)scale[c] * ((double)x[c] - mean) * r / n;
    }
    for (int c = 0; c < channels; c++)
        to[c] = (float)(r * ((double)g[c] * (double)scale[c] - sum - ((double)x[c] - mean) * r * product));
}

void slope_activation(const struct model_node *n, const struct kernel_table *k, const float *x, float *work,
                      const float *g, int count, float *to)
{
    if (n->op == OP_SIGMOID || n->op == OP_SILU)
        k->sigmoid_f32(x, count, work, count, 1, count);
    if (n->op == OP_GELU)
        (n->approximate ? k->gelu_tanh_f32 : k->gelu_f32)(x, count, work, count, 1, count);
    for (int i = 0; i < count; i++) {
        float v = x[i], s = work[i];

        switch (n->op) {
        case OP_SIGMOID:
            to[i] = g[i] * (s * (1.0f - s));
            break;
        case OP_SILU:
            to[i] = g[i] * (s * (1.0f + v * (1.0f - s)));
            break;
        case OP_HARDSIGMOID:
            to[i] = v > -3.0f && v < 3.0f ? g[i] / 6.0f : 0.0f;
            break;
        case OP_TANH:
            s = (float)math_tanh((double)v);
            to[i] = g[i] * (1.0f - s * s);
            break;
        case OP_GELU:
            to[i] = g[i] * gelu_slope(n->approximate, v, v == 0 ? 0.5f : s / v);
            break;
        case OP_LEAKYRELU:
            to[i] = v > 0.0f ? g[i] : g[i] * (float)n->slope;
            break;
        default: /* hardswish */
            to[i] = v <= -3.0f ? 0.0f : v < 3.0f ? g[i] * (v / 3.0f + 0.5f) : g[i];
        }
    }
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

void slope_average(const struct model_node *n, const struct kernel_conv *window, const float *g, float *to)
{
    for (int y = 0; y < window->oh; y++)
        for (int x = 0; x < window->ow; x++, g += window->oc) {
            int first = y * window->stride - window->pad_y, left = x * window->stride - window->pad_x;
            int y0 = first > 0 ? first : 0, y1 = least(first + window->kh, window->ih);
            int x0 = left > 0 ? left : 0, x1 = least(left + window->kw, window->iw);
            int tall = n->counted ? least(first + window->kh, window->ih + n->end_y) - first : y1 - y0;
            int wide = n->counted ? least(left + window->kw, window->iw + n->end_x) - left : x1 - x0;
            float taps = (float)(tall * wide);

            for (int i = 0; i < (y1 - y0) * (x1 - x0); i++) {
                int iy = y0 + i / (x1 - x0), ix = x0 + i % (x1 - x0);
                float *at = to + (size_t)(iy * window->iw + ix) * (size_t)window->ic;

                for (int c = 0; c < window->ic; c++)
                    at[c] += g[c] / taps;
            }
        }
}

void slope_row(const float *g, const float *x, size_t pitch, int positions, int channels, float *to)
{
    for (size_t c = 0; c < (size_t)channels; c++) {
        double sum = 0.0;

        for (size_t i = 0; i < (size_t)positions; i++)
            sum += (double)g[i * (size_t)channels + c] * (double)x[i * pitch + c];
        to[c] = (float)sum;
    }
}
