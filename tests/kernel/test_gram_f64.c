/* tests/kernel/test_gram_f64.c: the Gram matrix by hand, by a written loop, and equal on every instruction
 * set. */
#include "kernel_test.h"

static double *run(const struct kernel_table *k, const float *act, int pixels, int channels, int pitch)
{
    double *g = test_memory(((size_t)pixels * pixels + 1) * sizeof *g);
    void *scratch = test_memory(k->gram_f64_scratch_bytes(pixels, channels));

    for (int i = 0; i <= pixels * pixels; i++)
        g[i] = 777;
    k->gram_f64(act, pixels, channels, pitch, g, scratch);
    CHECK_MSG(g[pixels * pixels] == 777, "%s wrote beyond %d x %d", k->isa, pixels, pixels);
    free(scratch);
    return g;
}

static void test_hand(void)
{
    /* Two pixels, two channels: channel means 2 and 5; centred (-1, -3) and (1, 3). */
    const float act[] = { 1, 2, 3, 8 };
    double *g = run(kernel_select("ref"), act, 2, 2, 2);

    CHECK(g[0] == 10 && g[1] == -10 && g[2] == -10 && g[3] == 10);
    free(g);
}

static void test_size(const struct kernel_table *k, int pixels, int channels, int pitch)
{
    /* Exactly its size: a sanitizer sees what is read beyond it. */
    size_t values = (size_t)(pixels - 1) * pitch + channels;
    float *act = malloc(values * sizeof *act);
    double *mean = test_memory((size_t)channels * sizeof *mean), *g;
    int wrong = 0;

    if (!act)
        abort();
    test_fill_f32(act, values, 0);
    for (int c = 0; c < channels; c++) {
        for (int i = 0; i < pixels; i++)
            mean[c] += act[(size_t)i * pitch + c];
        mean[c] /= pixels;
    }
    g = run(k, act, pixels, channels, pitch);
    for (int i = 0; i < pixels; i++)
        for (int j = 0; j < pixels; j++) {
            double acc = 0;

            for (int c = 0; c < channels; c++)
                acc = fma(act[(size_t)i * pitch + c] - mean[c], act[(size_t)j * pitch + c] - mean[c], acc);
            wrong += g[i * pixels + j] != acc;
        }
    CHECK_MSG(!wrong, "%s: %d pixels, %d channels, pitch %d: %d wrong", k->isa, pixels, channels, pitch,
              wrong);
    free(act);
    free(mean);
    free(g);
}

static void test_table(const struct kernel_table *ref, const struct kernel_table *k)
{
    (void)ref;
    for (int pixels = 1; pixels <= 21; pixels++)
        for (int channels = 1; channels <= 19; channels += 1 + channels / 6)
            test_size(k, pixels, channels, channels + pixels % 3);
    test_size(k, 49, 320, 320);
    test_size(k, 64, 33, 40);
}

int main(void)
{
    test_hand();
    test_table(NULL, kernel_select("ref"));
    test_every_isa(test_table);
    return check_result("kernel/gram_f64");
}
