/* What true boxes say of the maps of a set, by hand. */
#include "made.h"

#include "phase/local.h"

#include <math.h>

/* 20 images of 40 x 40, of which the crop shows the middle 8 x 8 of 10 x 10. The sets: all, raw, resolved,
 * control. */

enum { SETS = 4, WITHOUT_BOX = 3, CONSTANT = 8 };

static float made_iou(int p, int sign, int i)
{
    return i == WITHOUT_BOX ? -1 : i == CONSTANT ? 0 : (float)((i * 5 + 3 * p + 7 * sign) % 16) / 16;
}

static status fill_rows(struct made *m)
{
    static float iou[STORE_MAX_PRECISIONS][STORE_SIGNS][MADE_N][WSOL_RULES];
    static uint8_t right[MADE_N][WSOL_MASKS][WSOL_MASK_BYTES];
    int32_t box[MADE_N][4] = { { 0 } }, size[MADE_N];

    box[CONSTANT][0] = -1;
    for (int i = 0; i < MADE_N; i++) {
        size[i] = 40;
        for (int p = 0; p < 2; p++)
            for (int s = 0; s < STORE_SIGNS; s++)
                for (int rule = 0; rule < WSOL_RULES; rule++)
                    iou[p][s][i][rule] = made_iou(p, s, i);
        /* At t = 0.01 every second image is right, at 0.02 every third; V2: all, every second, none. */
        right[i][0][0] = (uint8_t)((i % 2 == 0) << 1 | (i % 3 == 0) << 2);
        right[i][1][12] = 8;
        right[i][2][3] = i % 2 == 0;
        if (i == WITHOUT_BOX)
            right[i][0][0] = 255; /* never read */
    }
    TRY(store_write(m->run.store, "/images/width", 0, MADE_N, size));
    TRY(store_write(m->run.store, "/images/height", 0, MADE_N, size));
    for (int p = 0; p < 2; p++)
        for (int s = 0; s < STORE_SIGNS; s++) {
            char path[80];
            snprintf(path, sizeof path, "/models/net/%s/wsol/iou%s", made_precision[p], s ? "_raw" : "");
            TRY(store_write(m->run.store, path, 0, MADE_N, iou[p][s]));
            snprintf(path, sizeof path, "/models/net/%s/wsol/box%s", made_precision[p], s ? "_raw" : "");
            TRY(store_write(m->run.store, path, 0, MADE_N, box));
            snprintf(path, sizeof path, "/models/net/%s/wsol/right%s", made_precision[p], s ? "_raw" : "");
            TRY(store_write(m->run.store, path, 0, MADE_N, right));
        }
    return OK;
}

/* Set 0: all but image 19, set 1: images 2, 3 and 8; set 2: image 3, which has no box; set 3: nobody. */
static int in_set(int i, int set)
{
    return set == 0 ? i != 19 : set == 1 ? i == 2 || i == 3 || i == 8 : set == 2 && i == 3;
}

static int near(double a, double b)
{
    return fabs(a - b) < 1e-9 * (1 + fabs(b));
}

static void check_tables(const struct made *m, int p)
{
    int64_t images[SETS], without[SETS], none[SETS];
    double mean[SETS][STORE_SIGNS][WSOL_RULES], sd[SETS][STORE_SIGNS][WSOL_RULES], known[SETS][STORE_SIGNS],
        most[SETS][STORE_SIGNS], at[SETS][STORE_SIGNS], v2[SETS][STORE_SIGNS], top1[SETS][STORE_SIGNS];
    static const char *const name[] = { "images",         "without_box", "no_foreground", "iou_mean",
                                        "iou_sd",         "gt_known",    "max_box_acc",   "max_box_acc_at",
                                        "max_box_acc_v2", "top1_loc" };
    void *const into[] = { images, without, none, mean, sd, known, most, at, v2, top1 };

    for (size_t k = 0; k < COUNT_OF(name); k++) {
        char path[80];
        snprintf(path, sizeof path, "/summary/wsol/%s/%s", made_precision[p], name[k]);
        if (!made_fetch_ok(m, path, 1, into[k]))
            return;
    }
    CHECK(images[0] == 18 && without[0] == 1 && none[0] == 1);
    CHECK(images[1] == 2 && without[1] == 1 && images[2] == 0 && without[2] == 1 && images[3] == 0);
    for (int s = 0; s < STORE_SIGNS; s++) {
        double sum = 0, a = (double)made_iou(p, s, 2) / 2;
        int right = 0, first = 0;
        for (int i = 0; i < MADE_N; i++) {
            if (!in_set(i, 0) || i == WITHOUT_BOX)
                continue;
            sum += (double)made_iou(p, s, i);
            right += made_iou(p, s, i) >= 0.5f;
            first += made_iou(p, s, i) >= 0.5f && made_class(i) == made_first(p, i);
        }
        CHECK(near(mean[0][s][WSOL_OTSU], sum / 18) && near(known[0][s], 100.0 * right / 18) &&
              near(top1[0][s], 100.0 * first / 18));
        CHECK(near(mean[1][s][WSOL_T20], a) && near(sd[1][s][WSOL_T20], sqrt(2) * a)); /* image 8 has 0 */
        CHECK(mean[2][s][0] == 0 && sd[3][s][0] == 0 && known[2][s] == 0);
        /* Even images 0 .. 18: 10 of 18; V2: all, 10 of 18, none. */
        CHECK(near(most[0][s], 1000.0 / 18) && at[0][s] == 0.01 && near(v2[0][s], (100 + 1000.0 / 18) / 3));
        CHECK(near(most[1][s], 100) && most[2][s] == 0);
    }
}

static void check_trivial(const struct made *m)
{
    double mean[SETS][STORE_TRIVIALS], acc[SETS][STORE_TRIVIALS], most[SETS][STORE_TRIVIALS];

    if (!made_fetch_ok(m, "/summary/wsol_trivial/iou_mean", 1, mean) ||
        !made_fetch_ok(m, "/summary/wsol_trivial/box_acc", 1, acc) ||
        !made_fetch_ok(m, "/summary/wsol_trivial/max_box_acc", 1, most))
        return;
    /* Every true box is 4 of 8 pixels wide in a corner, image 2's is the whole crop: the frame has 1 / 4
     * and 1. */
    CHECK(near(mean[0][0], (17 * 0.25 + 1) / 18) && near(acc[0][0], 100.0 / 18) &&
          near(most[0][0], 100.0 / 18));
    CHECK(near(mean[1][0], 0.625) && acc[1][0] == 50 && mean[2][0] == 0);
    CHECK(mean[0][2] > 0 && mean[0][2] < 1);
}

int main(void)
{
    struct made *m = mem_alloc(1, sizeof *m);
    struct image_box box[2] = { { 4, 4, 20, 20 }, { 0, 0, 39, 39 } };
    uint32_t member[MADE_N] = { 0 };
    int32_t class_index[MADE_N], top[2][MADE_N * RUN_TOP];
    struct reduce_rows rows = {
        .sets = SETS, .n = MADE_N, .member = member, .class_index = class_index, .top5 = { top[0], top[1] }
    };
    int code;

    CHECK(made_begin(m, "reduce_boxes") == OK);
    m->run.list.box = box;
    for (int i = 0; i < MADE_N; i++) {
        m->entry[i].boxes = i != WITHOUT_BOX;
        m->entry[i].box_first = i == 2;
        class_index[i] = made_class(i);
        for (int s = 0; s < SETS; s++)
            member[i] |= (uint32_t)(in_set(i, s) << s);
        for (int p = 0; p < 2; p++)
            for (int k = 0; k < RUN_TOP; k++)
                top[p][i * RUN_TOP + k] = (made_first(p, i) + k) % MADE_CLASSES;
    }
    if (!check_failed && m->c.rank == 0) {
        CHECK(fill_rows(m) == OK);
        CHECK_MSG(reduce_boxes(&m->run, 0, &rows) == OK, "%s", error_last()->text);
        check_tables(m, 0);
        check_tables(m, 1);
        check_trivial(m);
    }
    made_end(m, &code, "reduce_boxes");
    mem_free(m);
    return code;
}
