#include "made.h"

#include <math.h>

#include "metric_test.h"

/* Every measure over every set, by hand: means, intervals, medians, deviations, paired differences, curves on
 * either network.
 *
 * Sets: all, raw = {14, 17}, resolved = {6, 13}, control. Class 0's image has no label; 5 and 7 are bad. */

struct compared {
    int64_t images[4];
    double difference[4], low[4], high[4];
};

static int fetch(const struct made *m, const char *name, struct compared *out)
{
    static const char *const field[] = { "images", "difference", "low", "high" };
    void *const into[] = { out->images, out->difference, out->low, out->high };
    char path[80];

    for (int k = 0; k < 4; k++) {
        snprintf(path, sizeof path, "/summary/difference/int8/%s/%s", name, field[k]);
        if (!made_fetch_ok(m, path, 1, into[k]))
            return 0;
    }
    return 1;
}

struct spread {
    int64_t images[4];
    double mean[4], low[4], high[4], median[4], sd[4];
};

static int fetch_spread(const struct made *m, const char *name, struct spread *out)
{
    static const char *const field[] = { "images", "mean", "low", "high", "median", "sd" };
    void *const into[] = { out->images, out->mean, out->low, out->high, out->median, out->sd };
    char path[96];

    for (int k = 0; k < 6; k++) {
        snprintf(path, sizeof path, "/summary/measures/%s/%s", name, field[k]);
        if (!made_fetch_ok(m, path, 1, into[k]))
            return 0;
    }
    return 1;
}

/* Rows 0 .. 19 less 5 and 7, times 1 / 32; 14 and 17; 6 and 13. The median lies between 10 and 11. */
static void test_spread(const struct made *m)
{
    struct spread ssim, std, entropy, flipped;
    double sum = 0, squares = 0, mean;

    if (!fetch_spread(m, "int8/vs_fp32/ssim", &ssim) || !fetch_spread(m, "int8/std_int", &std) ||
        !fetch_spread(m, "fp32/entropy_real", &entropy) ||
        !fetch_spread(m, "int8/vs_fp32/sign_flipped", &flipped))
        return;
    for (int i = 0; i < MADE_N; i++)
        sum += i == MADE_BAD_A || i == MADE_BAD_B ? 0 : i;
    mean = sum / 18;
    for (int i = 0; i < MADE_N; i++)
        squares += i == MADE_BAD_A || i == MADE_BAD_B ? 0 : (i - mean) * (i - mean);
    CHECK(ssim.images[0] == 18 && ssim.images[1] == 2);
    CHECK(fabs(ssim.mean[0] - mean / 32) < 1e-15 && ssim.median[0] == 10.5 / 32);
    CHECK(fabs(ssim.sd[0] - sqrt(squares / 17) / 32) < 1e-15 && ssim.low[0] < ssim.mean[0]);
    CHECK(ssim.mean[1] == 15.5 / 32 && ssim.median[1] == 15.5 / 32 && ssim.low[1] == 14.0 / 32 &&
          ssim.high[1] == 17.0 / 32 && fabs(ssim.sd[1] - sqrt(4.5) / 32) < 1e-15);
    CHECK(std.mean[2] == 9.5 && std.low[2] == 6 && std.high[2] == 13 && std.images[3] == 2);
    CHECK(entropy.mean[0] == 8 && entropy.low[0] == 8 && entropy.high[0] == 8 && entropy.sd[0] == 0);
    CHECK(fabs(flipped.mean[0] - 5.0 / 18) < 1e-15 && flipped.median[0] == 0 && flipped.mean[1] == 0.5);
    CHECK(fabs(flipped.low[1] - 0.5 +
               0.5 * 1.959963984540054 / sqrt(2 + 1.959963984540054 * 1.959963984540054)) < 1e-12);
}

/* Of a method's maps: rows 0 .. 19, and the signs of odd and even ones. */
static void write_method(const struct made *m)
{
    float rmse[MADE_N], correlation[MADE_N];

    for (int i = 0; i < MADE_N; i++) {
        rmse[i] = (float)i;
        correlation[i] = i % 2 ? 1 : -1;
    }
    CHECK(store_write(m->run.store, "/models/net/int8/vs_fp32/rmse_layercam", 0, MADE_N, rmse) == OK);
    CHECK(store_write(m->run.store, "/models/net/int8/vs_fp32/correlation_layercam", 0, MADE_N,
                      correlation) == OK);
}

static void test_method(const struct made *m)
{
    struct spread rmse, correlation;

    if (!fetch_spread(m, "int8/vs_fp32/rmse_layercam", &rmse) ||
        !fetch_spread(m, "int8/vs_fp32/correlation_layercam", &correlation))
        return;
    CHECK(rmse.mean[0] == (190.0 - MADE_BAD_A - MADE_BAD_B) / 18 && rmse.mean[1] == 15.5 &&
          rmse.mean[2] == 9.5 && rmse.median[1] == 15.5 && rmse.images[0] == 18);
    CHECK(fabs(correlation.mean[0] + 2.0 / 18) < 1e-15 && correlation.mean[1] == 0);
}

/* Truths: per cent of those with a label; IoU of those with a box. */
static void test_truths(const struct made *m)
{
    const double z = 1.959963984540054;
    struct spread fp32, int8, iou;
    int right[2] = { 0, 0 };

    if (!fetch_spread(m, "fp32/top1", &fp32) || !fetch_spread(m, "int8/top1", &int8) ||
        !fetch_spread(m, "int8/iou", &iou))
        return;
    for (int i = 1; i < MADE_N; i++)
        for (int p = 0; p < 2; p++)
            right[p] += i != MADE_BAD_A && i != MADE_BAD_B && made_first(p, i) == made_class(i);
    CHECK(fp32.images[0] == 17 && fabs(fp32.mean[0] - 100.0 * right[0] / 17) < 1e-12);
    CHECK(int8.images[0] == 17 && fabs(int8.mean[0] - 100.0 * right[1] / 17) < 1e-12);
    CHECK(int8.mean[1] == 100 && int8.mean[2] == 50);
    /* Wilson: all of 2, half of 2 */
    CHECK(fabs(int8.low[1] - 100 * 2 / (2 + z * z)) < 1e-9 && int8.high[1] == 100);
    CHECK(fabs(int8.low[2] - (50 - 50 * z / sqrt(2 + z * z))) < 1e-9 &&
          fabs(int8.high[2] - (50 + 50 * z / sqrt(2 + z * z))) < 1e-9);
    CHECK(iou.images[0] == 17 && iou.mean[0] == 0.5 && iou.sd[0] == 0);
}

static void test_answers(const struct made *m)
{
    struct compared top1;
    double p[4];
    int better = 0, worse = 0;

    if (!fetch(m, "top1", &top1) || !made_fetch_ok(m, "/summary/difference/int8/top1/p", 1, p))
        return;
    for (int i = 1; i < MADE_N; i++) {
        int fp32 = made_first(0, i) == made_class(i), int8 = made_first(1, i) == made_class(i);
        if (i == MADE_BAD_A || i == MADE_BAD_B)
            continue;
        better += int8 && !fp32;
        worse += fp32 && !int8;
    }
    CHECK(better == 3 && worse == 5); /* 4, 8, 16; 3, 6, 9, 15, 18 */
    CHECK(top1.images[0] == 17 && fabs(top1.difference[0] + 200.0 / 17) < 1e-12);
    CHECK(top1.low[0] < top1.difference[0] && top1.high[0] > top1.difference[0]);
    CHECK(fabs(p[0] - 186.0 / 256) < 1e-15); /* 2 (1 + 8 + 28 + 56) / 2^8 */
    CHECK(top1.difference[1] == 0 && top1.low[1] == 0 && p[1] == 1);
    /* Only 13 is right in both, 6 only in fp32: of two draws a quarter holds 6 alone. */
    CHECK(top1.images[2] == 2 && top1.difference[2] == -50 && top1.low[2] == -100 && top1.high[2] == 0);
    CHECK(p[2] == 1);
}

static void test_maps(const struct made *m)
{
    struct compared entropy, iou;
    struct spread raw, aligned;

    if (!fetch(m, "entropy_real", &entropy) || !fetch(m, "iou", &iou) ||
        !fetch_spread(m, "int8/vs_fp32/rmse_raw", &raw) ||
        !fetch_spread(m, "int8/vs_fp32/rmse_aligned", &aligned))
        return;
    CHECK(entropy.images[0] == 18 && entropy.difference[0] == -8 && entropy.low[0] == -8 &&
          entropy.high[3] == -8);
    CHECK(iou.images[0] == 17 && iou.difference[0] == 0.25 && iou.low[0] == 0.25 && iou.high[0] == 0.25);
    CHECK(raw.low[1] == 18 && raw.high[1] == 19 && aligned.low[0] == 1 && aligned.high[0] == 1);
    CHECK(raw.low[0] < raw.mean[0] && raw.mean[0] < raw.high[0] && raw.low[0] > 0 && raw.high[0] < 19);
    /* Values 0 .. 19 less two, 18 of them: a standard error of about 5.8 / sqrt(18). */
    CHECK(fabs(raw.high[0] - raw.low[0] - 2 * 1.96 * 5.8 / sqrt(18)) < 1);
}

/* Curves of two points: int8's areas are fp32's less 1/4 in deletion, more by the place in insertion. */
static void test_curves(const struct made *m)
{
    struct compared deletion, raw;
    struct spread area;

    if (!fetch(m, "deletion", &deletion) || !fetch(m, "insertion_raw", &raw) ||
        !fetch_spread(m, "fp32/deletion", &area))
        return;
    CHECK(area.images[0] == 0 && area.mean[0] == 0 && area.images[1] == 2 && area.mean[1] == 0.75);
    CHECK(deletion.images[0] == 0 && deletion.difference[0] == 0 && deletion.images[1] == 2);
    CHECK(deletion.difference[1] == -0.25 && deletion.low[1] == -0.25 && deletion.high[2] == -0.25);
    CHECK(raw.difference[1] == 0 && raw.high[1] == 0);
}

/* On fp32's network int8's map has 1/8 more deletion than fp32's own, on int8's 1/2 less: 0.5 less 1. */
static void test_cross(const struct made *m)
{
    struct compared first, second, insertion;
    struct spread guest, host;

    if (!fetch(m, "deletion_on_fp32", &first) || !fetch(m, "deletion_on_int8", &second) ||
        !fetch(m, "insertion_on_int8", &insertion) || !fetch_spread(m, "int8/deletion_on_fp32", &guest) ||
        !fetch_spread(m, "fp32/deletion_on_int8", &host))
        return;
    CHECK(guest.mean[1] == 0.875 && host.mean[1] == 1 && guest.images[2] == 2 && host.sd[1] == 0);
    CHECK(first.images[0] == 0 && first.images[1] == 2 && first.difference[1] == 0.125 &&
          first.low[2] == 0.125 && first.high[3] == 0.125);
    CHECK(second.images[2] == 2 && second.difference[1] == -0.5 && second.low[1] == -0.5);
    CHECK(insertion.images[1] == 2 && insertion.difference[1] == -0.25 && insertion.high[1] == -0.25);
}

static void set_curve(struct store_rows *rows, const char *path, float first, float last)
{
    float *curve = store_rows_field(rows, path);

    curve[0] = first;
    curve[1] = last;
}

static status explain(const struct made *m)
{
    const struct run *r = &m->run;
    struct store_rows *rows = NULL;
    status result = OK;
    char path[80];

    TRY(store_rows_create(r->store, STORE_ROWS_SUBSET, 0, 1, &rows));
    for (int64_t i = 0; i < r->layout.subset; i++) {
        int64_t image;
        TRY_OUT(store_fetch(r->store, "/models/net/subset/image", i, 1, &image));
        *(int64_t *)store_rows_field(rows, "image") = image;
        for (int s = 0; s < r->layout.selections; s++) {
            char name[STORE_NAME + 4];
            snprintf(path, sizeof path, "/models/net/subset/in_%s", r->layout.selection[s]);
            snprintf(name, sizeof name, "in_%s", r->layout.selection[s]);
            TRY_OUT(store_fetch(r->store, path, i, 1, store_rows_field(rows, name)));
        }
        set_curve(rows, "fp32/deletion_curve", 1, 0.5f);
        set_curve(rows, "int8/deletion_curve", 0.5f, 0.5f);
        set_curve(rows, "int8/deletion_curve_on_fp32", 1, 0.75f);
        set_curve(rows, "fp32/deletion_curve_on_int8", 1, 1);
        set_curve(rows, "fp32/insertion_curve_on_int8", 0, 0.5f);
        TRY_OUT(store_rows_add(rows, i, image < 0 ? STORE_UNUSED : STORE_OK));
    }
    TRY_OUT(store_rows_commit(rows));
out:
    store_rows_free(rows);
    return result;
}

int main(void)
{
    struct made *m = mem_alloc(1, sizeof *m);
    int code;

    m->steps = m->cross = 1;
    m->methods = 1u << CAM_LAYERCAM;
    CHECK(made_begin(m, "reduce_measures") == OK);
    if (!check_failed) {
        CHECK(subset_select(&m->run) == OK);
        CHECK(comm_agree(&m->c, m->c.rank == 0 ? explain(m) : OK) == OK);
        if (m->c.rank == 0)
            write_method(m);
        comm_wait(&m->c);
        CHECK(run_phase[RUN_REDUCE].run(&m->run) == OK);
        test_spread(m);
        test_truths(m);
        test_method(m);
        test_answers(m);
        test_maps(m);
        test_curves(m);
        test_cross(m);
    }
    made_end(m, &code, "reduce_measures");
    mem_free(m);
    return code;
}
