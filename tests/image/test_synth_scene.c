/* Scenes: frozen pixels, sizes, places, balance. */
#include "image_synth.h"
#include "check.h"

#include <string.h>

/* SHA-256 of the drawn bytes, before JPEG. Not an oracle but a seal: the demo networks were trained on these
 * pixels, and any machine and compiler must draw them. */
static void test_frozen(void)
{
    static const struct {
        uint64_t seed;
        int index, width, height;
        struct image_box box;
        const char *sha256;
    } rows[] = {
        { 1, 0, 375, 500, { 130, 283, 284, 437 },
          "44ea6eca76034059855dfd3893f01910a98ce0c6d4bb24631fb5a263637b808d" },
        { 1, 1, 375, 500, { 111, 229, 327, 439 },
          "c2d6c7c9a1503c030af57171fcbfc64c7cf7142d622f0df458efdaa36cdae23a" },
        { 77, 7, 333, 500, { 148, 119, 288, 256 },
          "f867222e001dba25f3a989b6c272d7b059c620c96ccd3e7b0cee13eed84179a0" },
        { 77, 31, 500, 375, { 150, 127, 313, 295 },
          "537eb2330d1724eb6438b8a4d7876cbf73c331f77ba80dc69f2de81bad1487f2" },
        { 1, 400, 500, 333, { 61, 50, 267, 310 },
          "219888d3a265b2f367dc59151b44f873125e7a5a8aaca8aae56b6b432740eea4" },
        { UINT64_MAX, 15999, 375, 500, { 209, 150, 348, 294 },
          "65d33c1c00d78bc15e0a666e3ed6fddd498b1c1b7ce35912dd535f8125cf7a6f" },
    };

    for (size_t k = 0; k < COUNT_OF(rows); k++) {
        struct synth_scene scene;
        uint8_t hash[HASH_SIZE];
        char hex[2 * HASH_SIZE + 1];

        CHECK(synth_scene_draw(rows[k].seed, rows[k].index, &scene) == OK);
        CHECK(scene.image.width == rows[k].width && scene.image.height == rows[k].height);
        CHECK(memcmp(&scene.box, &rows[k].box, sizeof scene.box) == 0);
        CHECK(scene.class_index == rows[k].index % SYNTH_CLASSES);
        hash_bytes(scene.image.rgb, 3 * (size_t)scene.image.width * (size_t)scene.image.height, hash);
        CHECK_MSG(strcmp(hash_hex(hash, hex), rows[k].sha256) == 0, "row %zu: %s", k, hex);
        image_free(&scene.image);
    }
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* The box: in the picture, 5 to 40 % of it, at least 60 % of it in the centred crop of 7/8 of the short
 * side. */
static void check_box(int index, const struct image *im, const struct image_box *box)
{
    int width = box->x1 - box->x0 + 1, height = box->y1 - box->y0 + 1;
    int crop = smaller(im->width, im->height) * 7 / 8;
    int left = (im->width - crop) / 2, top = (im->height - crop) / 2;
    int kept_x = smaller(box->x1 + 1, left + crop) - larger(box->x0, left);
    int kept_y = smaller(box->y1 + 1, top + crop) - larger(box->y0, top);
    int frame = im->width * im->height;

    CHECK_MSG(box->x0 >= 0 && box->y0 >= 0, "picture %d", index);
    CHECK_MSG(box->x1 < im->width && box->y1 < im->height, "picture %d", index);
    CHECK_MSG(20 * width * height >= frame && 10 * width * height <= 4 * frame, "picture %d", index);
    CHECK_MSG(kept_x > 0 && kept_y > 0 && 10 * kept_x * kept_y >= 6 * width * height, "picture %d", index);
}

static void test_many(void)
{
    int count[SYNTH_CLASSES] = { 0 }, grey = 0, usual = 0, high = 0;
    enum { PICTURES = 160 };

    for (int i = 0; i < PICTURES; i++) {
        struct synth_scene scene;
        int coloured = 0;

        CHECK(synth_scene_draw(1234, i, &scene) == OK);
        check_box(i, &scene.image, &scene.box);
        count[scene.class_index]++;
        grey += scene.grey;
        usual += scene.image.width == 500 && scene.image.height == 375;
        high += scene.image.height > scene.image.width;
        for (int p = 0; p < scene.image.width * scene.image.height; p++)
            coloured |= scene.image.rgb[3 * p] != scene.image.rgb[3 * p + 1];
        CHECK(coloured == !scene.grey);
        image_free(&scene.image);
    }
    for (int k = 0; k < SYNTH_CLASSES; k++)
        CHECK(count[k] == PICTURES / SYNTH_CLASSES);
    CHECK_MSG(grey >= 2 && grey <= 15, "%d grey", grey);
    CHECK_MSG(usual > PICTURES * 45 / 100 && usual < PICTURES * 65 / 100, "%d of 500 x 375", usual);
    CHECK_MSG(high > PICTURES / 10 && high < PICTURES * 3 / 10, "%d upright", high);
}

static void test_names(void)
{
    for (int k = 1; k < SYNTH_CLASSES; k++)
        CHECK(strcmp(synth_class_name(k - 1), synth_class_name(k)) < 0);
    /* The shape's by the class's row, the texture's by its column, the scheme's by their sum. */
    for (int k = 0; k < SYNTH_CLASSES; k++) {
        static const char *const shape[] = { "ring", "star", "cross", "triangle" };
        static const char *const texture[] = { "stripe", "check", "dot", "circle" };
        static const char *const scheme[] = { "ember", "beach", "lagoon", "melon" };
        char name[64];

        snprintf(name, sizeof name, "n%02d_%s_%s_%s", k, shape[k / 4], texture[k % 4],
                 scheme[(k / 4 + k % 4) % 4]);
        CHECK_MSG(strcmp(name, synth_class_name(k)) == 0, "%s", name);
    }
}

static void test_refused(void)
{
    struct synth_scene scene;

    CHECK(synth_scene_draw(1, -1, &scene) == ERR_RANGE);
    CHECK(scene.image.rgb == NULL);
    image_free(&scene.image);
}

int main(void)
{
    test_frozen();
    test_many();
    test_names();
    test_refused();
    CHECK(mem_live() == 0);
    return check_result("synth_scene");
}
