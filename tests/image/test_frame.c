#include "check.h"
#include "image.h"
#include "metric_wsol.h"

#include <string.h>
#include <zlib.h>

static const struct image_pipeline usual = { .resize = 256, .height = 224, .width = 224, .channels = 3 };

static int is(struct image_box box, int w, int h, int full, double x0, double y0, double x1, double y1)
{
    double e[4];

    return image_box_in_frame(&box, w, h, &usual, full, e) && e[0] == x0 && e[1] == y0 && e[2] == x1 &&
           e[3] == y1;
}

static void by_hand(void)
{
    double e[4];
    struct image_pipeline squashed = { .resize = IMAGE_SQUASH, .height = 112, .width = 224, .channels = 3 };
    struct image_pipeline padded = { .resize = 10, .height = 20, .width = 20, .channels = 3 };

    /* 512 x 512 -> 256 x 256, crop from 16. */
    CHECK(is((struct image_box){ 100, 200, 300, 400 }, 512, 512, 0, 34, 84, 134, 184));
    CHECK(is((struct image_box){ 0, 0, 511, 511 }, 512, 512, 0, 0, 0, 224, 224));
    CHECK(is((struct image_box){ 0, 0, 511, 511 }, 512, 512, 1, -16, -16, 239.5, 239.5));
    CHECK(is((struct image_box){ 0, 40, 600, 100 }, 512, 512, 1, -16, 4, 239.5, 34)); /* clamped first */
    /* Wholly in the strip that the crop leaves out, outside the picture, of no width: nothing left. */
    CHECK(!image_box_in_frame(&(struct image_box){ 0, 0, 30, 500 }, 512, 512, &usual, 0, e));
    CHECK(image_box_in_frame(&(struct image_box){ 0, 0, 30, 500 }, 512, 512, &usual, 1, e));
    CHECK(!image_box_in_frame(&(struct image_box){ 600, 0, 700, 500 }, 512, 512, &usual, 1, e));
    CHECK(!image_box_in_frame(&(struct image_box){ 300, 100, 300, 200 }, 512, 512, &usual, 0, e));
    CHECK(!image_box_in_frame(&(struct image_box){ 1, 1, 2, 2 }, 0, 0, &usual, 0, e)); /* not decoded */
    /* A squash scales each axis by its own factor, and nothing lies outside of it: 200 x 400 -> 224 x 112. */
    CHECK(image_box_in_frame(&(struct image_box){ 50, 100, 199, 399 }, 200, 400, &squashed, 0, e) &&
          e[0] == 56 && e[1] == 28 && e[2] == 199 * 224.0 / 200 && e[3] == 399 * 112.0 / 400);
    /* A crop larger than the picture: 5 pixels of padding before it. */
    CHECK(image_box_in_frame(&(struct image_box){ 0, 0, 5, 9 }, 10, 10, &padded, 0, e) && e[0] == 5 &&
          e[1] == 5 && e[2] == 10 && e[3] == 14);
}

/* ---- all of ILSVRC2012's validation set (explanations 4.2, 4.3) ---------------------------------------- */

enum { IMAGES = 50000, FRAMES = 2 };

static gzFile open_list(const char *shared, const char *name)
{
    char path[4200];

    snprintf(path, sizeof path, "%s/data/imagenet-val-boxes/%s", shared, name);
    return gzopen(path, "rb");
}

static int number_of(const char *line)
{
    const char *end = strchr(line, ',');

    return end && end - line > 13 ? atoi(end - 13) - 1 : -1; /* ..._00000001.JPEG, */
}

static void all_boxes(const char *shared)
{
    static int size[IMAGES][2], boxes[IMAGES];
    static double best[FRAMES][IMAGES];
    const struct wsol_box frame[FRAMES] = { { 0, 0, 224, 224 }, { 22, 22, 202, 202 } };
    gzFile f = open_list(shared, "val_image_sizes.txt.gz");
    char line[200];
    int all = 0, several = 0, most = 0, at_zero = 0, outside = 0, left_without = 0, right[FRAMES] = { 0 };
    double sum[FRAMES] = { 0 };

    while (f && gzgets(f, line, sizeof line)) {
        int i = number_of(line);
        if (i >= 0 && i < IMAGES)
            sscanf(strchr(line, ','), ",%d,%d", &size[i][0], &size[i][1]);
    }
    if (f)
        gzclose(f);
    f = open_list(shared, "val_localization.txt.gz");
    for (int i = 0; i < IMAGES; i++)
        best[0][i] = best[1][i] = -1;
    while (f && gzgets(f, line, sizeof line)) {
        int i = number_of(line);
        struct image_box b = { 0 };
        double e[4];
        if (i < 0 || i >= IMAGES ||
            sscanf(strchr(line, ','), ",%d,%d,%d,%d", &b.x0, &b.y0, &b.x1, &b.y1) != 4)
            continue;
        all++;
        boxes[i]++;
        at_zero += b.x0 == 0;
        if (!image_box_in_frame(&b, size[i][0], size[i][1], &usual, 0, e)) {
            outside++;
            continue;
        }
        for (int k = 0; k < FRAMES; k++) {
            double iou = wsol_iou(&frame[k], &(struct wsol_box){ e[0], e[1], e[2], e[3] });
            best[k][i] = iou > best[k][i] ? iou : best[k][i];
        }
    }
    if (f)
        gzclose(f);
    for (int i = 0; i < IMAGES; i++) {
        several += boxes[i] > 1;
        most = boxes[i] > most ? boxes[i] : most;
        left_without += best[0][i] < 0;
        for (int k = 0; k < FRAMES; k++) {
            sum[k] += best[k][i] > 0 ? best[k][i] : 0;
            right[k] += best[k][i] >= 0.5;
        }
    }
    CHECK_MSG(all == 80477 && at_zero == 7388 && most == 20, "%d boxes, %d, %d", all, at_zero, most);
    CHECK_MSG(several / 500.0 > 23.35 && several / 500.0 < 23.45, "%d with several", several);
    CHECK_MSG(left_without == 180 && outside * 100.0 / all > 4.25 && outside * 100.0 / all < 4.35, "%d, %d",
              left_without, outside);
    CHECK_MSG(sum[0] / IMAGES > 0.5660 && sum[0] / IMAGES < 0.5675, "%.4f", sum[0] / IMAGES);
    CHECK_MSG(right[0] / 500.0 > 56.85 && right[0] / 500.0 < 56.95, "%.2f", right[0] / 500.0);
    CHECK_MSG(sum[1] / IMAGES > 0.5015 && sum[1] / IMAGES < 0.5025, "%.4f", sum[1] / IMAGES);
    CHECK_MSG(right[1] / 500.0 > 60.35 && right[1] / 500.0 < 60.45, "%.2f", right[1] / 500.0);
    printf("frame: 50,000 images, %d boxes, %d of them outside the crop, %d images left without one; "
           "the whole frame: mean IoU %.4f, %.2f %% at 0.5; centred 180 x 180: %.4f, %.2f %%\n",
           all, outside, left_without, sum[0] / IMAGES, right[0] / 500.0, sum[1] / IMAGES, right[1] / 500.0);
}

int main(void)
{
    const char *shared = check_shared();
    gzFile f = shared ? open_list(shared, "val_localization.txt.gz") : NULL;

    by_hand();
    if (f) {
        gzclose(f);
        all_boxes(shared);
    } else {
        check_skip("the boxes of 50,000 images", "no shared data");
    }
    return check_result("frame");
}
