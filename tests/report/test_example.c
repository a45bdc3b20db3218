#include "image.h"
#include "report/example.h"

#include "report_fixture.h"

/* Figure 3 of a small result whose IoUs are set by hand. The fixture's places 0..3 hold the images 0, 3, 6, 9
 * (9 is bad); its int8 maps of place p are p + 1, its fp32 maps 0. */

/* What the networks see: 8 x 10 and 6 x 12 pixels. */
enum { N = FIXTURE_IMAGES, RULES = STORE_RULES, T20 = 1, H = 8, W = 10, SECOND_H = 6, SECOND_W = 12 };

static void lay_out(struct fixture *f)
{
    f->plan.layout.network[0].input_w = W;
    f->plan.layout.network[1].input_h = SECOND_H;
    f->plan.layout.network[1].input_w = SECOND_W;
    f->plan.provenance =
        "data.images = /nonexistent\n"
        "network.resnet18.pipeline = resize squash bilinear size 8 10 channels 3 pillow 13\n"
        "network.mobilenet_v2.pipeline = resize squash bilinear size 6 12 channels 3 pillow 13\n";
}

static status put(struct store *s, int64_t rows, const void *data, const char *format, const char *name)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/resnet18/%s/%s", format, name);
    return store_write(s, path, 0, rows, data);
}

static status fill(struct store *s)
{
    float fp32[N][RULES] = { { 0 } }, int8[N][RULES] = { { 0 } }, none[N][RULES];
    int32_t box[N][4], empty[N][4];
    uint8_t member[FIXTURE_PLACES] = { 0, 1, 1, 1 };

    /* Image 0 differs most but is not in the selection, 9 is bad: 3 and 6 differ alike, so 3. */
    fp32[0][T20] = 1;
    fp32[3][T20] = 0.75f;
    int8[3][T20] = 0.25f;
    fp32[6][T20] = 0.125f;
    int8[6][T20] = 0.625f;
    fp32[9][T20] = 1;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < RULES; k++)
            none[i][k] = -1;
    for (int i = 0; i < N; i++)
        for (int e = 0; e < 4; e++) {
            box[i][e] = e < 2 ? 1 : 6;
            empty[i][e] = -1;
        }
    TRY(put(s, N, fp32, "fp32/wsol", "iou"));
    TRY(put(s, N, int8, "int8/wsol", "iou"));
    TRY(put(s, N, box, "fp32/wsol", "box"));
    TRY(put(s, N, empty, "int8/wsol", "box"));
    TRY(put(s, FIXTURE_PLACES, member, "subset", "in_aligned"));
    TRY(store_write(s, "/models/mobilenet_v2/fp32/wsol/iou", 0, N, none)); /* no true box anywhere */
    return store_write(s, "/models/mobilenet_v2/subset/in_aligned", 0, FIXTURE_PLACES, member);
}

static void check_caption(const struct example *e)
{
    struct text out = { .max = 1 << 16 };

    CHECK(example_markdown(e, &out) == OK);
    HAS(out.data, "(figure_3.png)");
    HAS(out.data, "- resnet18: fp32 IoU 0.750 (green), ");
    HAS(out.data, "int8 IoU 0.250 (no foreground, no box), `c3/i003.jpg`");
    HAS(out.data, "- mobilenet_v2: no image of its selection has a true box in the frame");
    text_free(&out);
}

static void check_picture(const char *folder)
{
    char path[700];
    struct image im = { 0 };

    snprintf(path, sizeof path, "%s/figure_3.png", folder);
    CHECK_MSG(image_read(path, &im) == OK, "%s", error_last()->text);
    CHECK(im.width == 3 * SECOND_W + 2 * 4 && im.height == H + 4 + SECOND_H); /* the wider row's width */
#define PIXEL(x, y, c) im.rgb[((y)*im.width + (x)) * 3 + (c)]
    if (im.rgb) {
        int left = W + 4;

        CHECK(PIXEL(0, 0, 0) == 255); /* the picture's file is not there */
        CHECK(PIXEL(left + 1, 1, 1) == 220 && PIXEL(left + 1, 1, 0) == 0); /* fp32's box, green */
        CHECK(PIXEL(left + 6, 4, 1) == 220 && PIXEL(left + 0, 0, 1) == 0); /* and its rim */
        for (int y = 0; y < H; y++) /* no box: the map alone, blended with white, nowhere a frame's rim */
            CHECK(PIXEL(2 * left + y, y, 0) >= 127 && PIXEL(2 * left + y, y, 1) >= 127);
        CHECK(PIXEL(0, H + 6, 0) == 255 && PIXEL(2 * left, H + 6, 0) == 255);
    }
    image_free(&im);
}

static void check_example(struct store_reader *r, const char *folder)
{
    struct report_options options = { .folder = folder };
    struct panel_missing missing = { 0 };
    static struct example e;

    CHECK_MSG(example_write(r, &options, &missing, &e) == OK, "%s", error_last()->text);
    CHECK(e.rows == 2 && !e.why && missing.count == 1);
    CHECK(e.row[0].image == 3 && e.row[1].image == -1);
    CHECK(example_better(&e, 0, 0) && !example_better(&e, 0, 1));
    e.row[0].iou[1] = 0.75f;
    CHECK(example_better(&e, 0, 0) && example_better(&e, 0, 1)); /* equal: both green */
    e.row[0].iou[1] = 0.25f;
    check_caption(&e);
    check_picture(folder);
}

int main(int argc, char **argv)
{
    return report_fixture_run(argc, argv,
                              &(struct report_test){ "test_example", lay_out, fill, check_example });
}
