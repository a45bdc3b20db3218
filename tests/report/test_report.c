#include "image.h"
#include "report.h"

#include "store/store_fixture.h"

/* A small result with known figures in its summary: what show and report must print. The file is store's, its
 * numbers are made here by hand. */

static status put(struct store *s, const char *path, const void *data)
{
    return store_write(s, path, 0, 2, data);
}

static status fill_summary(struct store *s)
{
    const double top1[2][4] = { { 91.25, 50, 60, 70 }, { 12.5, 0, 0, 0 } }, low[2][4] = { { 80.1 } },
                 high[2][4] = { { 99.9 } };
    const double mean[2][4][3] = { { { 10.5, 5.25, 4.125 }, { 140.0, 1, 1 }, { 1, 33.5, 1 } } };
    const int64_t labelled[2][4] = { { 18, 2, 2, 2 }, { 0, 0, 0, 0 } }, flipped[2][4] = { { 9, 2, 0, 0 } };
    const int64_t count[2][4] = { { 18, 2, 2, 2 }, { 18, 2, 2, 2 } }, bytes[2] = { 3 << 19, 1 << 20 };
    const int64_t same[2][4] = { { 17 } }, total = 23, ok = 18, bad = 5, images[2] = { 50, 0 };
    const double seconds[2][4] = { { 0.00125, 0.001, 0.002, 0.0015 } };

    TRY(put(s, "/summary/accuracy/fp32/top1", top1));
    TRY(put(s, "/summary/accuracy/fp32/top1_low", low));
    TRY(put(s, "/summary/accuracy/fp32/top1_high", high));
    TRY(put(s, "/summary/accuracy/fp32/labelled", labelled));
    TRY(put(s, "/summary/accuracy/fp32/weights_bytes", bytes));
    TRY(put(s, "/summary/rmse/int8/mean", mean));
    TRY(put(s, "/summary/rmse/int8/sign_flipped", flipped));
    TRY(put(s, "/summary/subset/count", count));
    TRY(put(s, "/summary/agreement/int8/images", count));
    TRY(put(s, "/summary/agreement/int8/same_top1", same));
    TRY(put(s, "/timing/alone/int8/inference_s", seconds));
    TRY(put(s, "/timing/alone/int8/images", images));
    TRY(store_write(s, "/summary/images/total", 0, 1, &total));
    TRY(store_write(s, "/summary/images/ok", 0, 1, &ok));
    return store_write(s, "/summary/images/bad", 0, 1, &bad);
}

static status make_result(const struct comm *c, struct fixture *f)
{
    struct store *s = NULL;
    int64_t wrote;
    status result = OK;

    f->plan.layout.input_w = f->plan.layout.input_h; /* pictures of the report are square */
    snprintf(f->path[21], FIXTURE_PATH, "../outside.png");
    snprintf(f->plan.layout.network[1].name, STORE_NAME, "18.");
    f->plan.provenance = "data.images = /nonexistent\npreprocess.resize = 9\npreprocess.filter = bilinear\n";
    TRY(store_begin(c, f->out, &f->plan, &s));
    TRY_OUT(fixture_fill(c, f, s, 7, &wrote));
    TRY_OUT(fill_summary(s));
    TRY_OUT(store_finish(s));
out:
    store_end(&s);
    return result;
}

#define HAS(text, piece) CHECK_MSG(strstr((text), (piece)) != NULL, "no \"%s\"", (piece))

static void check_show(struct store_reader *r)
{
    struct text out = { .max = 1 << 20 };

    CHECK(report_show(r, &out) == OK);
    HAS(out.data, "23 images, 18 good, 5 bad; 2 networks; fp32 int8");
    HAS(out.data, "Table 1. Accuracy and file size, whole set, fp32");
    HAS(out.data, "91.250");
    HAS(out.data, "80.10-99.90");
    HAS(out.data, "1.500");     /* 3 << 19 bytes in MiB */
    HAS(out.data, "69.758");    /* published, ResNet18 */
    HAS(out.data, "no labels"); /* mobilenet_v2 has none: no invented zero */
    HAS(out.data, "Table 3. RMSE between the fp32 and the int8 map");
    HAS(out.data, "50.00");  /* 9 of 18 flipped */
    HAS(out.data, "100.00"); /* 2 of 2 of the raw subset */
    HAS(out.data, "33.500"); /* the resolved subset by its own reading */
    HAS(out.data, "1.250");  /* ms */
    HAS(out.data, "not timed");
    HAS(out.data, "94.444"); /* 17 of 18 agree */
    HAS(out.data, "image 4 is bad");
    text_free(&out);
}

static void check_file(const char *folder, const char *name, const char *piece)
{
    char path[700], *text = NULL;
    size_t size = 0;

    CHECK(text_path(path, sizeof path, folder, name) == OK);
    CHECK_MSG(text_read_file(path, 1 << 20, &text, &size) == OK, "%s", error_last()->text);
    if (text)
        HAS(text, piece);
    mem_free(text);
}

static void check_written(struct store_reader *r, const char *folder)
{
    char out[620], other[620], picture[700];
    uint8_t rgb[12] = { 0 };
    const struct image grey = { 2, 2, rgb };
    struct report_options options = { .folder = out, .pictures = 16 };
    struct report_summary summary;
    struct image png = { 0 };

    snprintf(out, sizeof out, "%s/report", folder);
    CHECK_MSG(report_write(r, &options, &summary) == OK, "%s", error_last()->text);
    CHECK(summary.tables == 8);
    CHECK(summary.pictures == 4 &&
          summary.missing == 4); /* 2 a network; their files do not exist: maps alone */
    HAS(summary.first_missing, "/nonexistent");
    check_file(out, "table_1.csv", "resnet18,91.250,80.10-99.90,0.000,1.500,69.758,89.078,44.661");
    check_file(out, "report.md", "| resnet18 | 10.500 | 5.250 | 4.125 | 50.00 |");
    check_file(out, "report.md", "4 pictures could not be read");
    check_file(out, "report.json", "\"total\":\t23");
    check_file(out, "report.json", "91.250");
    check_file(out, "report.json", "\"no labels\"");
    check_file(out, "bad_images.csv", "image 9 is bad");
    /* Bad rows are not ranked: of 0..22 the largest RMSE that is good is image 22, then 21. */
    check_file(out, "report.json", "c1/i022.jpg");
    check_file(out, "report.json", "\"18.\""); /* a network may be called so: no number of JSON's */
    snprintf(picture, sizeof picture, "%s/gallery/resnet18_top01.png", out);
    CHECK(image_read(picture, &png) == OK && png.height == 8 && png.width == 8 + 2 * 12);
    image_free(&png);

    /* A picture outside the folder is not looked at, even where the result names one that is there. */
    snprintf(out, sizeof out, "%s/pictures", folder);
    snprintf(picture, sizeof picture, "%s/outside.png", folder);
    options.images = out;
    options.folder = other;
    snprintf(other, sizeof other, "%s/report", folder);
    CHECK(mkdir(out, 0777) == 0 && image_write_png(picture, &grey) == OK);
    CHECK(report_write(r, &options, &summary) == OK && summary.missing == 4);
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };
    struct fixture f;
    struct store_reader *r = NULL;

    CHECK(comm_init(&argc, &argv, &c) == OK);
    fixture_start(&c, &f);
    CHECK_MSG(make_result(&c, &f) == OK, "%s", error_last()->text);
    CHECK_MSG(store_open_read(f.out, 1, &r) == OK, "%s", error_last()->text);
    if (r) {
        check_show(r);
        check_written(r, f.folder);
    }
    store_close_read(r);
    fixture_end(&c, &f);
    comm_finish(&c);
    CHECK(mem_live() == 0);
    return check_result("test_report");
}
