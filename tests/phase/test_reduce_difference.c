#include "made.h"

#include <math.h>

#include "metric_test.h"

/* Sets: all, raw = {14, 17}, resolved = {6, 13}, control. Class 0's image has no label; 5 and 7 are bad. */

struct measure {
    int64_t images[4];
    double difference[4], low[4], high[4];
};

static int fetch(const struct made *m, const char *name, struct measure *out)
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

static void test_answers(const struct made *m)
{
    struct measure top1;
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
    struct measure entropy, iou;
    double low[4][3], high[4][3], mean[4][3];

    if (!fetch(m, "entropy", &entropy) || !fetch(m, "iou", &iou) ||
        !made_fetch_ok(m, "/summary/rmse/int8/mean", 1, mean) ||
        !made_fetch_ok(m, "/summary/rmse/int8/mean_low", 1, low) ||
        !made_fetch_ok(m, "/summary/rmse/int8/mean_high", 1, high))
        return;
    CHECK(entropy.images[0] == 18 && entropy.difference[0] == -8 && entropy.low[0] == -8 &&
          entropy.high[3] == -8);
    CHECK(iou.images[0] == 17 && iou.difference[0] == 0.25 && iou.low[0] == 0.25 && iou.high[0] == 0.25);
    CHECK(low[1][0] == 18 && high[1][0] == 19 && low[0][2] == 1 && high[0][2] == 1);
    CHECK(low[0][0] < mean[0][0] && mean[0][0] < high[0][0] && low[0][0] > 0 && high[0][0] < 19);
    /* Values 0 .. 19 less two, 18 of them: a standard error of about 5.8 / sqrt(18). */
    CHECK(fabs(high[0][0] - low[0][0] - 2 * 1.96 * 5.8 / sqrt(18)) < 1);
}

/* Curves of two points: int8's areas are fp32's less 1/4 in deletion, more by the place in insertion. */
static void test_curves(const struct made *m)
{
    struct measure deletion, raw;

    if (!fetch(m, "deletion", &deletion) || !fetch(m, "insertion_raw", &raw))
        return;
    CHECK(deletion.images[0] == 0 && deletion.difference[0] == 0 && deletion.images[1] == 2);
    CHECK(deletion.difference[1] == -0.25 && deletion.low[1] == -0.25 && deletion.high[2] == -0.25);
    CHECK(raw.difference[1] == 0 && raw.high[1] == 0);
}

/* On fp32's network int8's map has 1/8 more deletion than fp32's own, on int8's 1/2 less: 0.5 less 1. */
static void test_cross(const struct made *m)
{
    struct measure first, second, insertion;

    if (!fetch(m, "deletion_on_fp32", &first) || !fetch(m, "deletion_on_int8", &second) ||
        !fetch(m, "insertion_on_int8", &insertion))
        return;
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
    CHECK(made_begin(m, "reduce_difference") == OK);
    if (!check_failed) {
        CHECK(subset_select(&m->run) == OK);
        CHECK(comm_agree(&m->c, m->c.rank == 0 ? explain(m) : OK) == OK);
        CHECK(reduce_summary(&m->run) == OK);
        test_answers(m);
        test_maps(m);
        test_curves(m);
        test_cross(m);
    }
    made_end(m, &code, "reduce_difference");
    mem_free(m);
    return code;
}
