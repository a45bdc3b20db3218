#include "made.h"

#include "phase/locate.h"

enum { EDGE = 8 };

/* A row whose map falls from one corner of 2 x 2 cells; its negative from the opposite one. */
static void fill(struct store_rows *rows, int sign)
{
    float *cam = store_rows_field(rows, "fp32/cam");

    cam[0] = 1;
    cam[1] = cam[2] = -0.2f;
    cam[3] = -1;
    *(int8_t *)store_rows_field(rows, "fp32/raw_sign") = (int8_t)sign;
}

static void check_row(struct locate *l, struct store_rows *rows, int sign, int boxes,
                      const struct image_info *info)
{
    const float *iou, *iou_raw;
    const int32_t *box, *box_raw;
    const uint8_t *right, *right_raw;

    fill(rows, sign);
    locate_row(l, rows, 0, "fp32", boxes ? 1 : 0, info);
    iou = store_rows_field(rows, "fp32/wsol/iou");
    iou_raw = store_rows_field(rows, "fp32/wsol/iou_raw");
    box = store_rows_field(rows, "fp32/wsol/box");
    box_raw = store_rows_field(rows, "fp32/wsol/box_raw");
    right = store_rows_field(rows, "fp32/wsol/right");
    right_raw = store_rows_field(rows, "fp32/wsol/right_raw");
    CHECK(box[0] == 0 && box[1] == 0 && box[2] == 4 && box[3] == 4);
    if (sign < 0) {
        CHECK(box_raw[2] == EDGE - 1 && box_raw[3] == EDGE - 1 && box_raw[0] > 0);
    } else {
        CHECK(memcmp(box, box_raw, 4 * sizeof *box) == 0 &&
              memcmp(right, right_raw, (size_t)WSOL_MASKS * WSOL_MASK_BYTES) == 0);
        CHECK(memcmp(iou, iou_raw, WSOL_RULES * sizeof *iou) == 0);
    }
    if (!boxes) {
        CHECK(iou[0] == -1 && iou[WSOL_BEST] == -1 && iou_raw[WSOL_BEST] == -1 && right[0] == 0);
        return;
    }
    /* The true box is the upper left quarter of the crop; the map's weights fall 1 1 .875 .625 .375 .125 0 0:
     * above 0.2 are 5 of them, above 0.5 4, above 0 6. wsolevaluation's box has one more. */
    CHECK(iou[WSOL_T20] == 0.64f && iou[WSOL_T50] == 1 && iou[WSOL_BEST] == 1);
    CHECK((right[0] & 1) == 0 && (right[WSOL_MASK_BYTES] & 1) == 1 && (right[50 / 8] >> 50 % 8 & 1) == 1);
    CHECK((sign < 0) == (iou_raw[WSOL_T20] < 0.3f));
}

int main(void)
{
    struct made *m = mem_alloc(1, sizeof *m);
    struct image_box box[2] = { { 4, 4, 20, 20 }, { 30, 30, 39, 39 } };
    struct image_info info = { 40, 40 };
    struct store_rows *rows = NULL;
    struct locate *l = NULL;
    struct wsol_box truth[2];
    int code;

    CHECK(made_begin(m, "locate") == OK);
    m->run.list.box = box;
    m->entry[1].boxes = 1;
    /* 40 x 40 becomes 10 x 10, of which the crop shows the middle 8 x 8. */
    m->run.pipeline = (struct image_pipeline){ .resize = 10, .height = EDGE, .width = EDGE, .channels = 3 };
    CHECK(locate_most_boxes(&m->run) == 1);
    CHECK(locate_truth(&m->run, 1, 40, 40, truth) == 1 && truth[0].x0 == 0 && truth[0].x1 == 4 &&
          truth[0].y1 == 4);
    CHECK(locate_truth(&m->run, 0, 40, 40, truth) == 0 && locate_truth(&m->run, 1, 0, 0, truth) == 0);
    m->job.wsol_frame = JOB_FRAME_FULL;
    m->entry[2] = (struct image_entry){ .path = m->name[2], .class_index = 1, .box_first = 1, .boxes = 1 };
    CHECK(locate_truth(&m->run, 2, 40, 40, truth) == 1 && truth[0].x1 == 8.75);
    m->job.wsol_frame = JOB_FRAME_CROP;
    CHECK(locate_truth(&m->run, 2, 40, 40, truth) == 1 && truth[0].x1 == EDGE);
    if (!check_failed && store_rows_create(m->run.store, STORE_ROWS_MODEL, 0, 4, &rows) == OK &&
        locate_create(&m->run, &l) == OK) {
        check_row(l, rows, 1, 1, &info);
        check_row(l, rows, 0, 1, &info);
        check_row(l, rows, -1, 1, &info);
        check_row(l, rows, 1, 0, &info);
    }
    locate_free(l);
    store_rows_free(rows);
    made_end(m, &code, "locate");
    mem_free(m);
    return code;
}
