#include "made.h"

#include <math.h>

/* The mean activation of a selection from stored rows: 3 channels of 2 x 2, int8's real value half of code
 * less 2. raw = {14, 17}, resolved = {6, 13}. */

enum { VALUES = 12, PLACES = 6 };

/* fp32's values are k + image / 16, int8's codes k + image: the means of raw are k + 31 / 32 and k + 15.5. */
static void fill_layer(int64_t image, float *real, uint8_t *codes)
{
    for (int k = 0; k < VALUES; k++) {
        real[k] = (float)k + (float)image / 16;
        codes[k] = (uint8_t)(k + image);
    }
}

/* store.activations = full: rows of all images. */
static void fill_image(struct store_rows *rows, int i)
{
    fill_layer(i, store_rows_field(rows, "fp32/activation"), store_rows_field(rows, "int8/activation"));
}

/* store.activations = subset: rows of the places; that of image 13 could not be explained. */
static status fill_places(struct made *m)
{
    static const char *const in[] = { "in_raw_int8", "in_resolved_int8", "in_control" };
    struct store_rows *rows = NULL;
    char path[64];
    status result = OK;

    TRY(store_rows_create(m->run.store, STORE_ROWS_SUBSET, 0, PLACES, &rows));
    for (int i = 0; i < PLACES; i++) {
        int64_t *image = store_rows_field(rows, "image");

        TRY_OUT(store_fetch(m->run.store, "/models/net/subset/image", i, 1, image));
        for (int s = 0; s < 3; s++) {
            snprintf(path, sizeof path, "/models/net/subset/%s", in[s]);
            TRY_OUT(store_fetch(m->run.store, path, i, 1, store_rows_field(rows, in[s])));
        }
        if (*image >= 0)
            fill_layer(*image, store_rows_field(rows, "fp32/activation"),
                       store_rows_field(rows, "int8/activation"));
        TRY_OUT(store_rows_add(rows, i,
                               *image < 0     ? STORE_UNUSED
                               : *image == 13 ? STORE_BAD_IMAGE
                                              : STORE_OK));
    }
    TRY_OUT(store_rows_commit(rows));
out:
    store_rows_free(rows);
    return result;
}

/* Twelve values at equal distances: a bin each, the same in both precisions. resolved's mean image is 9.5, or
 * 6 where 13 is bad. */
static void test_means(const struct made *m, int resolved_images, double resolved_image)
{
    int64_t images[4], own[4][256];
    double low[4], high[4], dice[4], other[4], other_high[4];

    if (!made_fetch_ok(m, "/summary/histogram/images", 1, images) ||
        !made_fetch_ok(m, "/summary/histogram/fp32/low", 1, low) ||
        !made_fetch_ok(m, "/summary/histogram/fp32/high", 1, high) ||
        !made_fetch_ok(m, "/summary/histogram/int8/low", 1, other) ||
        !made_fetch_ok(m, "/summary/histogram/int8/high", 1, other_high) ||
        !made_fetch_ok(m, "/summary/histogram/int8/own", 1, own) ||
        !made_fetch_ok(m, "/summary/histogram/int8/dice_own", 1, dice))
        return;
    CHECK(images[0] == 0 && images[1] == 2 && images[2] == resolved_images);
    CHECK(fabs(low[1] - 15.5 / 16) < 1e-9 && fabs(high[1] - low[1] - 11) < 1e-9);
    CHECK(other[1] == 0.5 * (15.5 - 2) && other_high[1] == other[1] + 5.5);
    CHECK(fabs(low[2] - resolved_image / 16) < 1e-9 && other[2] == 0.5 * (resolved_image - 2));
    CHECK(own[1][0] == 1 && own[1][255] == 1 && own[1][1] == 0 && dice[1] == 100);
}

static void run_once(struct made *m, int activations)
{
    int full = activations == STORE_ACTIVATIONS_FULL;

    m->activations = activations;
    CHECK(made_begin(m, "average") == OK);
    if (check_failed)
        return;
    CHECK(comm_agree(&m->c, m->c.rank == 0 && full ? made_rows(m, fill_image) : OK) == OK);
    CHECK(subset_select(&m->run) == OK);
    CHECK(comm_agree(&m->c, m->c.rank == 0 && !full ? fill_places(m) : OK) == OK);
    CHECK(average_activations(&m->run) == OK);
    test_means(m, full ? 2 : 1, full ? 9.5 : 6);
}

int main(void)
{
    struct made *m = mem_alloc(1, sizeof *m);
    int code;

    run_once(m, STORE_ACTIVATIONS_SUBSET);
    made_again(m);
    run_once(m, STORE_ACTIVATIONS_FULL);
    made_end(m, &code, "average");
    mem_free(m);
    return code;
}
