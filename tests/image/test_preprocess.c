#include "fixtures.h"

static void geometry(void)
{
    static const struct {
        int width, height, resize, crop, w, h, left, top;
    } row[] = {
        { 500, 375, 256, 224, 341, 256, 58, 16 }, /* (341 - 224) / 2 = 58.5: half to even */
        { 375, 500, 256, 224, 256, 341, 16, 58 }, { 500, 333, 256, 224, 384, 256, 80, 16 },
        { 256, 256, 256, 224, 256, 256, 16, 16 }, { 1, 3, 10, 4, 10, 30, 3, 13 },
        { 100, 100, 100, 97, 100, 100, 2, 2 }, /* 1.5 -> 2 */
        { 100, 100, 100, 99, 100, 100, 0, 0 }, /* 0.5 -> 0 */
        { 10, 10, 10, 13, 10, 10, -1, -1 },    /* 3 missing: 1 before, 2 behind */
        { 40, 10, 10, 20, 40, 10, 10, -5 },
    };

    for (size_t i = 0; i < COUNT_OF(row); i++) {
        struct image_pipeline p = {
            .resize = row[i].resize, .height = row[i].crop, .width = row[i].crop, .channels = 3
        };
        int w, h, left, top;

        image_geometry(row[i].width, row[i].height, &p, &w, &h, &left, &top);
        CHECK_MSG(w == row[i].w && h == row[i].h && left == row[i].left && top == row[i].top,
                  "row %zu: %d x %d at %d, %d", i, w, h, left, top);
    }
}

static void squash(void)
{
    const struct image_pipeline p = { .resize = IMAGE_SQUASH, .height = 96, .width = 160, .channels = 3 };
    int w, h, left, top;

    image_geometry(500, 375, &p, &w, &h, &left, &top);
    CHECK(w == 160 && h == 96 && left == 0 && top == 0);
    image_geometry(3, 1000, &p, &w, &h, &left, &top);
    CHECK(w == 160 && h == 96 && left == 0 && top == 0);
}

static void padding(void)
{
    struct image white = { 2, 4, mem_alloc(8, 3) };
    struct image_pipeline p = { .resize = 2, .height = 5, .width = 5, .channels = 3 };
    uint8_t pixels[5 * 5 * 3];

    memset(white.rgb, 255, 24);
    memset(pixels, 77, sizeof pixels);
    CHECK(image_preprocess(&white, &p, pixels) == OK);
    for (int y = 0; y < 5; y++) /* 3 columns missing: 1 left, 2 right; 1 row missing: below */
        for (int x = 0; x < 5; x++)
            CHECK(pixels[(y * 5 + x) * 3] == (x >= 1 && x < 3 && y < 4 ? 255 : 0));
    image_free(&white);
}

static void normalise(void)
{
    static const double mean[3] = { 0.485, 0.456, 0.406 }, std[3] = { 0.229, 0.224, 0.225 };
    static float table[3][256];

    image_normalize_table(mean, std, 3, table);
    CHECK(table[0][0] == (0.0f - 0.485f) / 0.229f);
    CHECK(table[1][255] == (1.0f - 0.456f) / 0.224f);
    /* torch 2.15: transforms.Normalize of 128/255 in the third channel */
    CHECK(table[2][128] == (128.0f / 255.0f - 0.406f) / 0.225f);
    CHECK(table[2][128] > 0.42649f && table[2][128] < 0.42650f);
}

static void patterns(void)
{
    struct fixture_list list = { 0 };
    static uint8_t pixels[256 * 256 * 3];

    while (fixture_next(&list, "patterns.txt")) {
        int width, height, resize, crop, filter;
        struct image_pipeline p = { 0 };
        struct image im;
        unsigned crc;

        CHECK(sscanf(list.line, "%d %d %d %d %d %x", &width, &height, &resize, &crop, &filter, &crc) == 6);
        p.resize = resize;
        p.height = p.width = crop;
        p.channels = 3;
        p.filter = (enum image_filter)filter;
        im = fixture_pattern(width, height);
        CHECK(image_preprocess(&im, &p, pixels) == OK);
        CHECK_MSG(hash_crc32(0, pixels, (size_t)crop * (size_t)crop * 3) == crc, "%s", list.line);
        image_free(&im);
    }
}

static void files(void)
{
    struct fixture_list list = { 0 };
    static uint8_t pixels[256 * 256 * 3];
    struct image_info info;

    while (fixture_next(&list, "transforms.txt")) {
        char name[128], path[256];
        int resize, crop, filter;
        struct image_pipeline p = { 0 };
        unsigned crc;

        CHECK(sscanf(list.line, "%127s %d %d %d %x", name, &resize, &crop, &filter, &crc) == 5);
        p.resize = resize;
        p.height = p.width = crop;
        p.channels = 3;
        p.filter = (enum image_filter)filter;
        snprintf(path, sizeof path, FIXTURES "%s", name);
        CHECK(image_load(path, &p, pixels, &info) == OK && info.width > 0 && info.height > 0);
        CHECK_MSG(hash_crc32(0, pixels, (size_t)crop * (size_t)crop * 3) == crc, "%s", list.line);
    }
    CHECK(image_load(FIXTURES "empty.jpg",
                     &(struct image_pipeline){ .resize = 8, .height = 8, .width = 8, .channels = 3 }, pixels,
                     &info) == ERR_FORMAT);
    CHECK(info.width == 0);
}

/* Squashed pictures, frames that are not square, one channel. */
static void others(void)
{
    struct fixture_list list = { 0 };
    static uint8_t pixels[224 * 224 * 3];

    while (fixture_next(&list, "others.txt")) {
        struct image_pipeline p = { 0 };
        int width, height, filter;
        struct image im;
        unsigned crc;

        CHECK(sscanf(list.line, "%d %d %d %d %d %d %d %x", &width, &height, &p.resize, &p.height, &p.width,
                     &filter, &p.channels, &crc) == 8);
        p.filter = (enum image_filter)filter;
        im = fixture_pattern(width, height);
        memset(pixels, 77, sizeof pixels);
        CHECK(image_preprocess(&im, &p, pixels) == OK);
        CHECK_MSG(hash_crc32(0, pixels, image_pipeline_bytes(&p)) == crc, "%s", list.line);
        image_free(&im);
    }
}

/* A squash to a picture's own size is the grey picture itself. */
static void greys(void)
{
    struct fixture_list list = { 0 };

    while (fixture_next(&list, "greys.txt")) {
        char name[128], path[256];
        struct image im;
        uint8_t *grey;
        unsigned crc;

        CHECK(sscanf(list.line, "%127s %x", name, &crc) == 2);
        snprintf(path, sizeof path, FIXTURES "%s", name);
        CHECK(image_read(path, &im) == OK);
        if (im.width <= 16384 && im.height <= 16384) {
            const struct image_pipeline p = { .height = im.height, .width = im.width, .channels = 1 };

            grey = mem_alloc(image_pipeline_bytes(&p), 1);
            CHECK(image_preprocess(&im, &p, grey) == OK);
            CHECK_MSG(hash_crc32(0, grey, image_pipeline_bytes(&p)) == crc, "%s", name);
            mem_free(grey);
        }
        image_free(&im);
    }
}

static void check_text(const struct image_pipeline *p, const char *expected)
{
    char text[IMAGE_PIPELINE_TEXT];
    struct image_pipeline again;

    CHECK_MSG(strcmp(image_pipeline_write(p, text), expected) == 0, "%s", text);
    CHECK(image_pipeline_read(text, &again) == OK && image_pipeline_equal(p, &again));
}

static void texts(void)
{
    static const char *const bad[] = { "",
                                       "resize 256 bilinear crop 224 224 channels 3",
                                       "resize 256 bilinear crop 224 224 channels 2 pillow 13",
                                       "resize 0 bilinear crop 224 224 channels 3 pillow 13",
                                       "resize 256 bilinear size 224 224 channels 3 pillow 13",
                                       "resize 256 nearest crop 224 224 channels 3 pillow 13",
                                       "resize 256 bilinear crop 224 0 channels 3 pillow 13",
                                       "resize 256 bilinear crop 224 224 channels 3 pillow 13 " };
    const struct image_pipeline usual = { .resize = 256, .height = 224, .width = 224, .channels = 3 };
    struct image_pipeline p = usual;

    check_text(&usual, "resize 256 bilinear crop 224 224 channels 3 pillow 13");
    p = (struct image_pipeline){ .height = 96,
                                 .width = 160,
                                 .channels = 1,
                                 .filter = IMAGE_BICUBIC,
                                 .order = IMAGE_ORDER_HORIZONTAL_FIRST };
    check_text(&p, "resize squash bicubic size 96 160 channels 1 pillow 12");
    CHECK(!image_pipeline_equal(&p, &usual));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK_MSG(image_pipeline_read(bad[i], &p) == ERR_FORMAT && p.height == 0, "%s", bad[i]);
}

/* 224 of 256 and 192 of 219 are one part of a picture; 224 of 224, 160 of 192 or a squash are not. */
static void parts(void)
{
    const struct image_pipeline usual = { .resize = 256, .height = 224, .width = 224, .channels = 3 },
                                squash = { .height = 224, .width = 224, .channels = 3 };
    static const struct {
        int resize, height, width, one;
    } other[] = { { 219, 192, 192, 1 }, { 146, 128, 128, 1 }, { 224, 224, 224, 0 },
                  { 192, 160, 160, 0 }, { 256, 224, 200, 0 }, { 232, 224, 224, 0 } };

    for (size_t i = 0; i < COUNT_OF(other); i++) {
        struct image_pipeline p = { .resize = other[i].resize,
                                    .height = other[i].height,
                                    .width = other[i].width };

        CHECK_MSG(image_pipeline_one_part(&usual, &p) == other[i].one, "%zu", i);
        CHECK(image_pipeline_one_part(&p, &usual) == other[i].one && !image_pipeline_one_part(&p, &squash));
    }
    CHECK(image_pipeline_one_part(&squash, &(struct image_pipeline){ .height = 96, .width = 128 }));
}

static void changes(void)
{
    const struct image_pipeline usual = { .resize = 256, .height = 224, .width = 224, .channels = 3 };
    struct image_pipeline p = usual;

    CHECK(image_pipeline_change(&p, "model", 0, 0) == OK && image_pipeline_equal(&p, &usual));
    CHECK(image_pipeline_change(&p, "232", 2, 1) == OK);
    CHECK(p.resize == 232 && p.filter == IMAGE_BICUBIC && p.order == IMAGE_ORDER_HORIZONTAL_FIRST);
    CHECK(image_pipeline_change(&p, "squash", 1, 0) == OK);
    CHECK(p.resize == IMAGE_SQUASH && p.filter == IMAGE_BILINEAR && p.height == 224 && p.width == 224);
    CHECK(image_pipeline_change(&p, "0", 0, 0) == ERR_USAGE);
    CHECK(image_pipeline_change(&p, "", 0, 0) == ERR_USAGE);
    CHECK(image_pipeline_change(&p, "16385", 0, 0) == ERR_USAGE && p.resize == IMAGE_SQUASH);
    CHECK(strstr(error_last()->text, "model, squash or a short side of 1 to 16384 pixels"));
}

/* 297 photographs: the decoded bytes and the whole transform. */
static void photographs(const char *shared)
{
    const struct image_pipeline p = { .resize = 256, .height = 224, .width = 224, .channels = 3 };
    struct fixture_list list = { 0 };
    static uint8_t pixels[224 * 224 * 3];

    while (fixture_next(&list, "photographs.txt")) {
        char name[200], path[4600];
        unsigned decoded, transformed;
        struct image im;

        CHECK(sscanf(list.line, "%199s %x %x", name, &decoded, &transformed) == 3);
        snprintf(path, sizeof path, "%s/data/imagenet-sample/%s", shared, name);
        CHECK_MSG(image_read(path, &im) == OK, "%s", error_last()->text);
        if (!im.rgb)
            continue;
        CHECK_MSG(crc_of(&im) == decoded, "%s", name);
        CHECK(image_preprocess(&im, &p, pixels) == OK);
        CHECK_MSG(hash_crc32(0, pixels, sizeof pixels) == transformed, "%s", name);
        image_free(&im);
    }
}

int main(void)
{
    geometry();
    squash();
    padding();
    normalise();
    patterns();
    files();
    others();
    greys();
    texts();
    parts();
    changes();
    if (check_shared())
        photographs(check_shared());
    else
        check_skip("image/preprocess: 297 photographs", "no shared data");
    CHECK(mem_live() == 0);
    return check_result("image/preprocess");
}
