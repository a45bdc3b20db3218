/* src/kernel/ref/gram_f64.c: the centred Gram matrix of an activation, in double, the definition. */
#include "ref.h"

/* The centred activation, (channels, pixels). */
static size_t scratch_bytes(int pixels, int channels)
{
    return (size_t)pixels * channels * sizeof(double);
}

REF_HOT("fma") static void row(const double *m, int i, int pixels, int channels, double *restrict g)
{
    for (int j = i; j < pixels; j++)
        g[j] = 0.0;
    for (int c = 0; c < channels; c++, m += pixels)
        for (int j = i; j < pixels; j++)
            g[j] = fma(m[i], m[j], g[j]);
}

static void gram_f64(const float *act, int pixels, int channels, int pitch, double *g, void *scratch)
{
    double *m = scratch;

    for (int c = 0; c < channels; c++) {
        double mean = 0.0;

        for (int i = 0; i < pixels; i++)
            mean += act[(size_t)i * pitch + c];
        mean /= pixels;
        for (int i = 0; i < pixels; i++)
            m[(size_t)c * pixels + i] = act[(size_t)i * pitch + c] - mean;
    }
    for (int i = 0; i < pixels; i++)
        row(m, i, pixels, channels, g + (size_t)i * pixels);
    for (int i = 0; i < pixels; i++)
        for (int j = 0; j < i; j++)
            g[(size_t)i * pixels + j] = g[(size_t)j * pixels + i];
}

void gram_f64_fill_ref(struct kernel_table *t)
{
    t->gram_f64_scratch_bytes = scratch_bytes;
    t->gram_f64 = gram_f64;
}
