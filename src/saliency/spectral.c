/* src/saliency/spectral.c: the spectral residual (Hou & Zhang 2007): of the logarithm of a small picture's
 * spectrum what its local mean does not say, brought back with the picture's phases. */
#include <math.h>
#include <stdlib.h>

#include "methods.h"

enum { EDGE = 64, COUNT = EDGE * EDGE };

struct spectrum {
    double re[COUNT], im[COUNT];
    double line_re[EDGE], line_im[EDGE];
    double cosine[EDGE], sine[EDGE]; /* of k / EDGE turns */
    double residual[COUNT];
};

/* One line of EDGE values that lie `step` apart, in place: direct sums, ascending. */
static void transform_line(struct spectrum *s, double *re, double *im, int step, int direction)
{
    for (int i = 0; i < EDGE; i++) {
        s->line_re[i] = re[i * step];
        s->line_im[i] = im[i * step];
    }
    for (int k = 0; k < EDGE; k++) {
        double sum_re = 0.0, sum_im = 0.0;

        for (int i = 0; i < EDGE; i++) {
            double c = s->cosine[k * i % EDGE], d = -direction * s->sine[k * i % EDGE];

            sum_re += s->line_re[i] * c - s->line_im[i] * d;
            sum_im += s->line_re[i] * d + s->line_im[i] * c;
        }
        re[k * step] = sum_re;
        im[k * step] = sum_im;
    }
}

/* direction 1: forward, -1: back, not divided by the number of values. Rows, then columns. */
static void transform(struct spectrum *s, int direction)
{
    for (int y = 0; y < EDGE; y++)
        transform_line(s, s->re + y * EDGE, s->im + y * EDGE, 1, direction);
    for (int x = 0; x < EDGE; x++)
        transform_line(s, s->re + x, s->im + x, EDGE, direction);
}

static double modulus(double re, double im)
{
    return sqrt(re * re + im * im);
}

/* Beyond the edge: OpenCV mirrors, Hou and Zhang's filter repeats the edge. */
static int neighbour(int at, int opencv)
{
    return opencv ? plane_mirror(at, EDGE) : at < 0 ? 0 : at >= EDGE ? EDGE - 1 : at;
}

/* ln |F| less the mean of the 3 x 3 about it, in the order of the index. */
static void find_residual(struct spectrum *s, const double *log_f, int opencv)
{
    for (int y = 0; y < EDGE; y++)
        for (int x = 0; x < EDGE; x++) {
            double sum = 0.0;

            for (int dy = -1; dy <= 1; dy++)
                for (int dx = -1; dx <= 1; dx++)
                    sum += log_f[neighbour(y + dy, opencv) * EDGE + neighbour(x + dx, opencv)];
            s->residual[y * EDGE + x] = log_f[y * EDGE + x] - sum / 9;
        }
}

/* The small picture v becomes the modulus of what its residual, with its phases, is the spectrum of. */
static status bring_back(double *v, int opencv)
{
    struct spectrum *s;

    MEM_TRY(s, 1, sizeof *s);
    for (int k = 0; k < EDGE; k++) {
        s->cosine[k] = math_cos_turns((double)k / EDGE);
        s->sine[k] = math_cos_turns((double)k / EDGE - 0.25);
    }
    for (int i = 0; i < COUNT; i++)
        s->re[i] = v[i];
    transform(s, 1);
    for (int i = 0; i < COUNT; i++)
        v[i] = math_log(modulus(s->re[i], s->im[i]) + 1e-12);
    find_residual(s, v, opencv);
    for (int i = 0; i < COUNT; i++) {
        double length = modulus(s->re[i], s->im[i]), grown = math_exp(s->residual[i]);

        s->re[i] = length > 0 ? grown * (s->re[i] / length) : grown;
        s->im[i] = length > 0 ? grown * (s->im[i] / length) : 0.0;
    }
    transform(s, -1);
    for (int i = 0; i < COUNT; i++)
        v[i] = modulus(s->re[i], s->im[i]);
    mem_free(s);
    return OK;
}

static void square(struct plane *p)
{
    for (int i = 0; i < COUNT; i++)
        p->v[i] *= p->v[i];
}

/* OpenCV squares behind its blur, which is nearly a box; the paper before its own. */
static status smooth(struct plane *p, int opencv)
{
    const int radius = opencv ? 2 : 8;
    double tap[17], most;

    plane_gaussian(opencv ? 8 : 2.5, radius, tap);
    if (!opencv)
        square(p);
    TRY(plane_blur(p, tap, radius, PLANE_MIRROR));
    if (opencv)
        square(p);
    most = plane_max(p);
    for (int i = 0; i < COUNT && most > 0; i++)
        p->v[i] /= most;
    return OK;
}

status spectral_residual(const struct image *picture, int opencv, int width, int height, struct plane *out)
{
    struct plane grey = { 0 }, small = { 0 };
    status result;

    *out = (struct plane){ 0 };
    TRY_OUT(plane_grey(picture, &grey));
    TRY_OUT((opencv ? plane_resize : plane_mean)(&grey, EDGE, EDGE, &small));
    TRY_OUT(bring_back(small.v, opencv));
    TRY_OUT(smooth(&small, opencv));
    TRY_OUT(plane_resize(&small, width, height, out));
out:
    plane_free(&grey);
    plane_free(&small);
    return result;
}
