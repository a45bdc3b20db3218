/* Curves of hand-made rows through the whole reduction: mean curves (reduce.c), areas (reduce_measures.c), on
 * either network. */
#include "made.h"

#include <math.h>

enum { STEPS = 4 };

/* Straight lines: deletion from 1 to c, insertion from 0 to c, c = (image + 1) / 32 and half of it in
 * LAPACK's sign; the row of the first image that raw holds is bad. */
static float level(int64_t image, int kind)
{
    return (float)(image + 1) / (kind < 2 ? 32 : 64);
}

/* Each map on the other network: level, image / (32, 64, 128, 256). */
static const char *const crossed[] = { "int8/deletion_curve_on_fp32", "int8/insertion_curve_on_fp32",
                                       "fp32/deletion_curve_on_int8", "fp32/insertion_curve_on_int8" };

static status fill(struct made *m)
{
    static const char *const name[] = { "deletion_curve", "insertion_curve", "deletion_curve_raw",
                                        "insertion_curve_raw" };
    struct store_rows *rows = NULL;
    int64_t image[6];
    uint8_t in[3][6];
    static const char *const set[] = { "in_raw_int8", "in_resolved_int8", "in_control" };
    int bad = -1;
    char path[64];
    status result = OK;

    TRY(store_fetch(m->run.store, "/models/net/subset/image", 0, 6, image));
    for (int s = 0; s < 3; s++) {
        snprintf(path, sizeof path, "/models/net/subset/%s", set[s]);
        TRY(store_fetch(m->run.store, path, 0, 6, in[s]));
    }
    TRY(store_rows_create(m->run.store, STORE_ROWS_SUBSET, 0, 6, &rows));
    for (int i = 0; i < 6; i++) {
        *(int64_t *)store_rows_field(rows, "image") = image[i];
        for (int s = 0; s < 3; s++)
            *(uint8_t *)store_rows_field(rows, set[s]) = in[s][i];
        for (int p = 0; p < 2 && image[i] >= 0; p++)
            for (int k = 0; k < 4; k++) {
                snprintf(path, sizeof path, "%s/%s", made_precision[p], name[k]);
                float *curve = store_rows_field(rows, path);
                for (int t = 0; t <= STEPS; t++)
                    curve[t] =
                        (k % 2 ? 0 : (float)(STEPS - t)) / STEPS + level(image[i], k) * (float)t / STEPS;
            }
        for (int k = 0; k < 4 && image[i] >= 0; k++) {
            float *curve = store_rows_field(rows, crossed[k]);
            for (int t = 0; t <= STEPS; t++)
                curve[t] = (float)image[i] / (float)(32 << k);
        }
        if (bad < 0 && in[0][i])
            bad = i;
        TRY_OUT(store_rows_add(rows, i, image[i] < 0 ? STORE_UNUSED : i == bad ? STORE_BAD_IMAGE : STORE_OK));
    }
    TRY_OUT(store_rows_commit(rows));
out:
    store_rows_free(rows);
    return result;
}

/* raw = {14 (bad), 17}, resolved = {6, 13}: c = 18 / 32; (7 + 14) / 64. */
static void test_areas(const struct made *m)
{
    static const char *const name[] = { "deletion", "insertion", "deletion_raw", "insertion_raw" };
    double area[4], curve[4][STEPS + 1];
    int64_t images[4];
    char path[64];

    for (int p = 0; p < 2; p++) {
        snprintf(path, sizeof path, "/summary/curves/%s/images", made_precision[p]);
        if (!made_fetch_ok(m, path, 1, images))
            return;
        CHECK(images[0] == 0 && images[1] == 1 && images[2] == 2);
        for (int k = 0; k < 4; k++) {
            double part = k < 2 ? 1 : 0.5;
            snprintf(path, sizeof path, "/summary/measures/%s/%s/mean", made_precision[p], name[k]);
            if (!made_fetch_ok(m, path, 1, area))
                return;
            snprintf(path, sizeof path, "/summary/measures/%s/%s/images", made_precision[p], name[k]);
            if (!made_fetch_ok(m, path, 1, images))
                return;
            CHECK(area[0] == 0 && images[0] == 0 && images[1] == 1 && images[2] == 2);
            CHECK(fabs(area[1] - ((k % 2 ? 0 : 1) + part * 18 / 32) / 2) < 1e-7);
            CHECK(fabs(area[2] - ((k % 2 ? 0 : 1) + part * 21 / 64) / 2) < 1e-7);
        }
        snprintf(path, sizeof path, "/summary/curves/%s/deletion_curve", made_precision[p]);
        if (!made_fetch_ok(m, path, 1, curve))
            return;
        CHECK(curve[2][0] == 1 && fabs(curve[2][STEPS] - 21.0 / 64) < 1e-7 && curve[0][0] == 0);
        CHECK(fabs(curve[1][2] - (0.5 + 9.0 / 32)) < 1e-7);
    }
}

/* raw = {17}, resolved = {6, 13}. */
static void test_cross(const struct made *m)
{
    static const char *const name[] = { "int8/deletion_on_fp32", "int8/insertion_on_fp32",
                                        "fp32/deletion_on_int8", "fp32/insertion_on_int8" };
    double area[4];
    char path[64];

    for (int k = 0; k < 4; k++) {
        snprintf(path, sizeof path, "/summary/measures/%s/mean", name[k]);
        if (!made_fetch_ok(m, path, 1, area))
            return;
        CHECK(area[0] == 0 && fabs(area[1] - 17.0 / (32 << k)) < 1e-7);
        CHECK(fabs(area[2] - 9.5 / (32 << k)) < 1e-7);
    }
}

int main(void)
{
    struct made *m = mem_alloc(1, sizeof *m);
    int code;

    m->steps = STEPS;
    m->cross = 1;
    CHECK(made_begin(m, "reduce_curves") == OK);
    if (!check_failed) {
        CHECK(subset_select(&m->run) == OK);
        CHECK(comm_agree(&m->c, m->c.rank == 0 ? fill(m) : OK) == OK);
        CHECK(run_phase[RUN_REDUCE].run(&m->run) == OK);
        test_areas(m);
        test_cross(m);
    }
    made_end(m, &code, "reduce_curves");
    mem_free(m);
    return code;
}
