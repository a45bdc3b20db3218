/* tests/kernel/test_activation_f32.c: sigmoid, silu, gelu, batch normalisation alone and layer normalisation:
 * `ref` against the truth and by hand, and equal on every instruction set, with pitches and canaries. */
#include "kernel_test.h"

enum { SIGMOID, SILU, GELU, GELU_TANH, AFFINE, LAYERNORM, OPERATIONS };

struct maps {
    float *in, *out, *scale, *shift, high;
    int in_pitch, out_pitch, pixels, channels;
};

static void run(const struct kernel_table *k, int operation, const struct maps *m, float *out)
{
    if (operation == AFFINE)
        k->affine_f32(m->in, m->in_pitch, out, m->out_pitch, m->pixels, m->channels, m->scale, m->shift, 0,
                      m->high);
    else if (operation == LAYERNORM)
        k->layernorm_f32(m->in, m->in_pitch, out, m->out_pitch, m->pixels, m->channels, m->scale, m->shift,
                         1e-6f);
    else
        (operation == SILU   ? k->silu_f32
         : operation == GELU ? k->gelu_f32
         : operation == GELU_TANH
             ? k->gelu_tanh_f32
             : k->sigmoid_f32)(m->in, m->in_pitch, out, m->out_pitch, m->pixels, m->channels);
}

/* Values far out for the exponential, too. */
static void fill(float *x, size_t n, int adversarial)
{
    test_fill_f32(x, n, adversarial);
    for (size_t i = 0; i < n; i += 3)
        x[i] *= 30;
}

static void test_operation(const struct kernel_table *ref, const struct kernel_table *k, int operation,
                           int channels, int adversarial)
{
    struct maps m = { .channels = channels,
                      .pixels = test_between(1, 9),
                      .in_pitch = channels + test_between(0, 3),
                      .out_pitch = channels + test_between(0, 3),
                      .high = test_between(0, 1) ? 6 : INFINITY };
    size_t n = (size_t)m.pixels * m.in_pitch, count = (size_t)m.pixels * m.out_pitch + 16;
    float *should = test_memory(count * sizeof *should);

    m.in = test_memory((n + 16) * sizeof *m.in);
    m.out = test_memory(count * sizeof *m.out);
    m.scale = test_memory((size_t)channels * sizeof *m.scale);
    m.shift = test_memory((size_t)channels * sizeof *m.shift);
    fill(m.in, n, adversarial);
    test_fill_f32(m.scale, (size_t)channels, 0);
    test_fill_f32(m.shift, (size_t)channels, 0);
    for (size_t i = 0; i < count; i++)
        m.out[i] = should[i] = 12345;
    run(k, operation, &m, m.out);
    run(ref, operation, &m, should);
    test_one_nan(m.out, count);
    test_one_nan(should, count);
    CHECK_MSG(test_differs_f32(m.out, should, count) < 0, "%s: operation %d, %d pixels of %d channels",
              k->isa, operation, m.pixels, channels);
    for (size_t i = 0; i < count; i++) /* nothing else is written */
        if ((int)(i % (size_t)m.out_pitch) >= channels || i >= count - 16)
            CHECK(m.out[i] == 12345);
    free(m.in);
    free(m.out);
    free(m.scale);
    free(m.shift);
    free(should);
}

/* Within a few units of the last place, and what lies beyond the exponential's range. */
static void test_exp(void)
{
    static const float odd[] = { 0, 1e30f, -1e30f, INFINITY, -INFINITY, NAN, -0.0f };
    const struct kernel_table *k = kernel_select("ref");
    double worst = 0;
    float out[7];

    for (int i = -880000; i <= 880000; i++) {
        float x = (float)i * 1e-4f, gate, product;
        double truth = 1 / (1 + exp(-(double)x));

        k->sigmoid_f32(&x, 1, &gate, 1, 1, 1);
        k->silu_f32(&x, 1, &product, 1, 1, 1);
        worst = fmax(worst, fabs((double)gate / truth - 1));
        worst = fmax(worst, x == 0 ? fabs((double)product) : fabs((double)product / (truth * (double)x) - 1));
    }
    CHECK_MSG(worst < 4e-7, "%g", worst);
    k->sigmoid_f32(odd, 7, out, 7, 1, 7);
    CHECK(out[0] == 0.5f && out[1] == 1 && out[2] == 0 && out[3] == 1 && out[4] == 0 && isnan(out[5]) &&
          out[6] == 0.5f);
    k->silu_f32(odd, 7, out, 7, 1, 7);
    CHECK(out[0] == 0 && out[1] == 1e30f && out[2] == 0 && out[3] == INFINITY && isnan(out[4]) &&
          isnan(out[5]) && out[6] == 0);
}

/* Beside the truth of either form, and far out. */
static void test_gelu(void)
{
    static const float odd[] = { 0, 30, -30, INFINITY, NAN, -0.0f };
    const struct kernel_table *k = kernel_select("ref");
    double worst = 0, worst_tanh = 0;
    float out[6];

    for (int i = -120000; i <= 120000; i++) {
        float x = (float)i * 1e-4f, exact, by_tanh;
        double v = (double)x, u = sqrt(2 / acos(-1)) * (v + 0.044715 * v * v * v);

        k->gelu_f32(&x, 1, &exact, 1, 1, 1);
        k->gelu_tanh_f32(&x, 1, &by_tanh, 1, 1, 1);
        worst = fmax(worst, fabs((double)exact - 0.5 * v * erfc(-v / sqrt(2))) / fmax(1, fabs(v)));
        worst_tanh = fmax(worst_tanh, fabs((double)by_tanh - 0.5 * v * (1 + tanh(u))) / fmax(1, fabs(v)));
    }
    CHECK_MSG(worst < 2e-7 && worst_tanh < 2e-7, "%g %g", worst, worst_tanh);
    k->gelu_f32(odd, 6, out, 6, 1, 6);
    CHECK(out[0] == 0 && out[1] == 30 && out[2] <= 0 && out[2] > -1e-30f && out[3] == INFINITY &&
          isnan(out[4]) && out[5] == 0);
    k->gelu_tanh_f32(odd, 6, out, 6, 1, 6);
    CHECK(out[0] == 0 && out[1] == 30 && out[2] == 0 && out[3] == INFINITY && isnan(out[4]) && out[5] == 0);
}

/* 1 and 7 have the mean 4 and the variance 9; a pixel of one value has none. */
static void test_layernorm(void)
{
    const float in[] = { 1, 7, 5, 5 }, scale[] = { 2, 3 }, shift[] = { 0.5f, -1 };
    float out[4];

    kernel_select("ref")->layernorm_f32(in, 2, out, 2, 2, 2, scale, shift, 7);
    CHECK(out[0] == -1 && out[1] == 1.25f && out[2] == 0.5f && out[3] == -1);
}

static void test_affine(void)
{
    const struct kernel_table *k = kernel_select("ref");
    const float in[] = { -4, -1, 1, 4, 7, NAN };
    float out[6] = { 0 };

    k->affine_f32(in, 3, out, 3, 2, 2, (float[]){ 2, -1 }, (float[]){ 1, 0.5f }, -INFINITY, 6);
    CHECK(out[0] == -7 && out[1] == 1.5f && out[2] == 0 && out[3] == 6 && out[4] == -6.5f);
    k->affine_f32(in + 5, 1, out, 1, 1, 1, (float[]){ 2 }, (float[]){ 1 }, 0, 6);
    CHECK(isnan(out[0]));
}

static void test_table(const struct kernel_table *ref, const struct kernel_table *k)
{
    for (int operation = 0; operation < OPERATIONS; operation++)
        for (int c = 1; c <= 70; c++)
            test_operation(ref, k, operation, c, c % 2);
}

int main(void)
{
    test_exp();
    test_gelu();
    test_affine();
    test_layernorm();
    test_table(kernel_select("ref"), kernel_select("ref"));
    test_every_isa(test_table);
    return check_result("kernel/activation_f32");
}
