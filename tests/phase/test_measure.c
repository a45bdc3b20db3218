/* Rows of measures against values worked out by hand, or with numpy where a comment says so. */
#include "made.h"

#include "metric.h"
#include "phase/measure.h"

#include <math.h>

/* (pixel, channel) of a layer of 2 x 2; a value is 0.5 (code - 2). The fourth of a pixel is nobody's. */
static const uint8_t codes[16] = { 2, 4, 6, 99, 2, 2, 10, 99, 4, 2, 6, 99, 0, 4, 2, 99 };
static const float real[12] = { 0, 1, 2, 0, 0, 4, 1, 0, 2, -1, 1, 0 };

static double value(struct store_rows *rows, const char *path)
{
    return *(float *)store_rows_field(rows, path);
}

static void check(struct store_rows *rows, const char *path, double expected)
{
    CHECK_MSG(fabs(value(rows, path) - expected) < 2e-6 * (1 + fabs(expected)), "%s: %.9g, not %.9g", path,
              value(rows, path), expected);
}

/* Sparsity: one code is 0, five values are. Entropy and deviation: numpy's exp, log2 and std. */
static void test_activation(struct store_rows *rows)
{
    static const float mean[3] = { 0, 0.5f, 2 }; /* of the real values of each channel */
    static const uint8_t kept[12] = { 2, 2, 4, 0, 4, 2, 2, 4, 6, 10, 6, 2 };
    static const float kept_real[12] = { 0, 0, 1, -1, 1, 0, 0, 1, 2, 4, 2, 0 };
    struct engine_map map = {
        .c = 3, .h = 2, .w = 2, .pitch = 4, .codes = codes, .q = { .scale = 0.5, .zero_point = 2 }
    };
    uint8_t out[13] = { [12] = 77 };
    float out_real[13] = { [12] = 77 };

    measure_activation(rows, "int8", &map, real, STORE_ACTIVATIONS_MEAN);
    check(rows, "int8/entropy_int", 0.4794100275796068);
    check(rows, "int8/std_int", 2.560381915956203);
    check(rows, "int8/sparsity_int", 100.0 / 12);
    check(rows, "int8/entropy_real", 0.9646257304328368);
    check(rows, "int8/std_real", 1.2801909579781012);
    check(rows, "int8/sparsity_real", 500.0 / 12);
    CHECK(memcmp(store_rows_field(rows, "int8/activation_mean"), mean, sizeof mean) == 0);
    measure_keep(&map, out);
    CHECK(memcmp(out, kept, sizeof kept) == 0 && out[12] == 77);
    map = (struct engine_map){ .c = 3, .h = 2, .w = 2, .pitch = 3, .real = real };
    measure_activation(rows, "fp32", &map, real, STORE_ACTIVATIONS_MEAN);
    check(rows, "fp32/entropy_real", 0.9646257304328368);
    check(rows, "fp32/std_real", 1.2801909579781012);
    check(rows, "fp32/sparsity_real", 500.0 / 12);
    CHECK(memcmp(store_rows_field(rows, "fp32/activation_mean"), mean, sizeof mean) == 0);
    measure_keep(&map, out_real);
    CHECK(memcmp(out_real, kept_real, sizeof kept_real) == 0 && out_real[12] == 77);
}

static void boxes(struct store_rows *rows, const int32_t fp32[4], const int32_t int8[4])
{
    memcpy(store_rows_field(rows, "fp32/wsol/box"), fp32, 4 * sizeof *fp32);
    memcpy(store_rows_field(rows, "int8/wsol/box"), int8, 4 * sizeof *int8);
}

/* Projections: ranks 4 1 2 3 against 1 2 3 4, 1 - 6 * 12 / 60; their peaks lie a cell of 4 x 4 pixels apart
 * in both directions. Maps: cosine 8.5 / 12.5; the largest tenths, 0 to 5 and 3 to 8, share 3 of 9 pixels.
 * ssim: numpy, from the definition in include/metric.h. */
static void test_pair(const struct made *m, struct store_rows *rows)
{
    static const float a[4] = { 4, -1, 2, 3 }, b[4] = { -1, 2, 3, 4 };
    static const int32_t left[4] = { 0, 0, 3, 3 }, right[4] = { 2, 2, 5, 5 }, apart[4] = { 6, 0, 7, 7 };
    static const int32_t none[4] = { -1, -1, -1, -1 };
    float map[2][MADE_EDGE * MADE_EDGE] = { { 0 } };
    struct compare_side first = { a, map[0] }, other = { b, map[1] };

    for (int i = 0; i < 64; i++) {
        map[0][i] = i < 6 ? 1 : i < 32 ? 0.5f : 0;
        map[1][i] = i >= 3 && i < 9 ? 1 : i >= 16 && i < 42 ? 0.5f : 0;
    }
    boxes(rows, left, right);
    measure_pair(rows, "int8", &first, &other, &m->run, 0);
    check(rows, "int8/vs_fp32/spearman", -0.2);
    check(rows, "int8/vs_fp32/peak_distance", sqrt(32));
    check(rows, "int8/vs_fp32/cosine", 8.5 / 12.5);
    check(rows, "int8/vs_fp32/top_iou", 3.0 / 9);
    check(rows, "int8/vs_fp32/ssim", 0.3802113646584367);
    check(rows, "int8/vs_fp32/box_iou", 4.0 / 28); /* 4 of 16 pixels each are shared */
    boxes(rows, left, apart);
    measure_pair(rows, "int8", &first, &other, &m->run, 0);
    check(rows, "int8/vs_fp32/box_iou", 0);
    boxes(rows, right, right);
    measure_pair(rows, "int8", &first, &other, &m->run, 0);
    check(rows, "int8/vs_fp32/box_iou", 1);
    boxes(rows, none, none);
    measure_pair(rows, "int8", &first, &other, &m->run, 0);
    check(rows, "int8/vs_fp32/box_iou", 1);
    boxes(rows, none, left);
    measure_pair(rows, "int8", &first, &other, &m->run, 0);
    check(rows, "int8/vs_fp32/box_iou", 0);
}

/* Means over sets of images: 0 and 3; none; all but the bad ones. Columns as made.h fills them. */
static void test_reduce(const struct made *m)
{
    uint32_t member[MADE_N];
    double ssim[4], entropy[4];

    for (int i = 0; i < MADE_N; i++)
        member[i] = (uint32_t)((i == 0 || i == 3) | (i != MADE_BAD_A && i != MADE_BAD_B) << 2);
    if (m->c.rank == 0)
        CHECK(measure_reduce(&m->run, 0, member, 1 + m->run.layout.selections) == OK);
    comm_wait(&m->c);
    if (m->c.rank != 0 || !made_fetch_ok(m, "/summary/comparison/int8/ssim", 1, ssim) ||
        !made_fetch_ok(m, "/summary/activation/fp32/entropy_real", 1, entropy))
        return;
    CHECK(ssim[0] == 1.5 / 32 && ssim[1] == 0 && ssim[3] == 0);
    CHECK(fabs(ssim[2] - (190 - 12) / 18.0 / 32) < 1e-15); /* 0 + ... + 19 less 5 and 7 */
    CHECK(entropy[0] == 8 && entropy[1] == 0 && entropy[2] == 8);
}

int main(void)
{
    struct made *m = mem_alloc(1, sizeof *m);
    struct store_rows *rows = NULL;
    int code;

    CHECK(made_begin(m, "measure") == OK);
    if (!check_failed) {
        CHECK(store_rows_create(m->run.store, STORE_ROWS_MODEL, 0, 2, &rows) == OK);
        test_activation(rows);
        test_pair(m, rows);
        store_rows_free(rows);
        test_reduce(m);
    }
    made_end(m, &code, "measure");
    mem_free(m);
    return code;
}
