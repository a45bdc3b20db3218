/* tests/cli/test_infer.c: what `infer` writes of a network whose values are worked out by hand, alone and in
 * several precisions; what it refuses, and that it then leaves nothing. */
#include "cli/infer.h"

#include "hand.h"

static struct hand hand;
static char pixels[96], out[96];

/* Two pictures: hand.h's, and one of ones: layer 3 3 / 3 3 and 0, logits 3.5 and -6. */
static void write_pixels(int width)
{
    const int64_t dim[4] = { 2, 2, width, 1 };
    const uint8_t ones[HAND_CELLS] = { 255, 255, 255, 255 };
    struct h5_file file;

    hand_must(h5_create(pixels, pixels, &(struct h5_form){ 0 }, &file));
    hand_must(h5_add(&file, "pixels", H5_U8, 0, 4, dim));
    if (width == 2) {
        hand_must(h5_put(&file, "pixels", 0, hand_pixels));
        hand_must(h5_put(&file, "pixels", 1, ones));
    }
    hand_must(h5_close(&file, OK));
}

static status run(int precisions, const struct infer_how *how, int *undefined)
{
    struct infer_pictures pictures = { .pixels = pixels };
    struct infer r = { 0 };
    status result;

    hand_open(&hand, precisions, 1u << how->cam, how->tap, &r.set);
    hand_must(infer_open(&r, how));
    result = infer_open_pixels(&r, &pictures);
    if (result == OK)
        result = infer_write(&r, &pictures, out);
    *undefined = r.undefined[0];
    result = h5_close(&pictures.file, result);
    infer_free(&r);
    return result;
}

static void check_floats(const struct h5_file *file, const char *name, int row, const float *expected,
                         int count)
{
    float is[16] = { 0 };

    hand_must(h5_get(file, name, H5_F32, row, is));
    for (int i = 0; i < count; i++)
        CHECK_MSG(is[i] == expected[i], "%s, row %d, value %d: %g, not %g", name, row, i, (double)is[i],
                  (double)expected[i]);
}

/* `in`: the group of a precision, "real/", or "". cam of the first answer's class: 3 1 1 3 + 2 (0 1 1 0). */
static void check_precision(const struct h5_file *file, const char *in, int codes)
{
    static const float flat[HAND_CHANNELS * HAND_CELLS] = { 3, 3, 3, 3 }, map[HAND_CELLS] = { 3, 3, 3, 3 };
    static const float second[HAND_CLASSES] = { 3.5f, -4 };
    uint8_t stored[HAND_CHANNELS * HAND_CELLS];
    char name[64];

    snprintf(name, sizeof name, "%slogits", in);
    check_floats(file, name, 0, hand_logits, HAND_CLASSES);
    check_floats(file, name, 1, codes ? second : (const float[]){ 3.5f, -6 }, HAND_CLASSES);
    snprintf(name, sizeof name, "%slast_conv", in);
    check_floats(file, name, 0, hand_layer, HAND_CHANNELS * HAND_CELLS);
    check_floats(file, name, 1, flat, HAND_CHANNELS * HAND_CELLS);
    snprintf(name, sizeof name, "%scam", in);
    check_floats(file, name, 0, map, HAND_CELLS);
    snprintf(name, sizeof name, "%slast_conv_int", in);
    if (codes) {
        hand_must(h5_get(file, name, H5_U8, 0, stored));
        CHECK(memcmp(stored, hand_codes, sizeof stored) == 0);
    }
}

static void test_alone(void)
{
    struct h5_file file;
    char text[128];
    int undefined;
    struct h5_set root;

    hand_must(run(1, &(struct infer_how){ .cam = CAM_CAM }, &undefined));
    CHECK(undefined == 0);
    hand_must(h5_open(out, out, H5_READ, &file));
    check_precision(&file, "", 0);
    root = h5_root(&file);
    hand_must(h5_attribute_text(&root, "precision", text, sizeof text));
    CHECK(strcmp(text, "real") == 0 && !h5_has(&root, "engine"));
    hand_must(h5_close(&file, OK));
}

static void test_several(void)
{
    static const uint8_t input[HAND_CELLS] = { 1, 0, 0, 1 }, logits[HAND_CLASSES] = { 15, 8 };
    uint8_t codes[HAND_CELLS];
    struct h5_file file;
    int undefined;

    hand_must(run(2, &(struct infer_how){ .cam = CAM_CAM, .tap = 1 }, &undefined));
    hand_must(h5_open(out, out, H5_READ, &file));
    check_precision(&file, "real/", 0);
    check_precision(&file, "codes/", 1);
    hand_must(h5_get(&file, "codes/codes/image", H5_U8, -1, codes));
    CHECK(memcmp(codes, input, sizeof input) == 0);
    hand_must(h5_get(&file, "codes/codes/f", H5_U8, -1, codes));
    CHECK(memcmp(codes, logits, sizeof logits) == 0);
    CHECK(h5_get(&file, "real/codes/image", H5_U8, -1, codes) != OK);
    hand_must(h5_close(&file, OK));
}

/* EigenCAM of 3 1 1 3, 0 1 1 0: centred 1 -1 -1 1 and -1/2 1/2 1/2 -1/2, so the first component is (2, -1) by
 * sqrt(5), and the projection sqrt(5) / 2 with that pattern, in either sign; of a flat layer 0, without a
 * sign. */
static void test_eigen(void)
{
    const float length = 1.1180340f;
    float cam[HAND_CELLS];
    struct h5_file file;
    int undefined;

    hand_must(run(1, &(struct infer_how){ .cam = CAM_EIGEN }, &undefined));
    CHECK(undefined == 1);
    hand_must(h5_open(out, out, H5_READ, &file));
    hand_must(h5_get(&file, "cam", H5_F32, 0, cam));
    for (int i = 0; i < HAND_CELLS; i++) {
        float expected = (i == 0 || i == 3 ? length : -length) * (cam[0] > 0 ? 1.0f : -1.0f);

        CHECK_MSG(cam[i] > expected - 1e-6f && cam[i] < expected + 1e-6f, "%g", (double)cam[i]);
    }
    check_floats(&file, "cam", 1, (const float[HAND_CELLS]){ 0 }, HAND_CELLS);
    hand_must(h5_close(&file, OK));
}

/* A file that was there stays, and nothing lies beside it. */
static void test_refused(void)
{
    static char *const none[] = { "/nonexistent/picture.png" };
    const struct infer_pictures pictures = { .count = 1, .path = none };
    struct infer r = { 0 };
    char part[128];
    int undefined;

    write_pixels(3);
    CHECK(run(1, &(struct infer_how){ .cam = CAM_EIGEN }, &undefined) == ERR_MISMATCH);
    CHECK(strstr(error_last()->text, "/pixels holds 2 x 3 x 1 pictures, the network takes 2 x 2 x 1"));
    hand_open(&hand, 1, 0, 0, &r.set);
    hand_must(infer_open(&r, &(struct infer_how){ .cam = CAM_EIGEN }));
    CHECK(infer_write(&r, &pictures, out) != OK && strstr(error_last()->text, none[0]));
    infer_free(&r);
    snprintf(part, sizeof part, "%s.part", out);
    CHECK(access(out, F_OK) == 0 && access(part, F_OK) != 0);
}

int main(void)
{
    hand_make(&hand);
    snprintf(pixels, sizeof pixels, "%s/pixels.h5", hand.folder);
    snprintf(out, sizeof out, "%s/out.h5", hand.folder);
    write_pixels(2);
    test_alone();
    test_several();
    test_eigen();
    test_refused();
    CHECK(unlink(pixels) == 0 && unlink(out) == 0);
    hand_remove(&hand);
    CHECK(mem_live() == 0);
    return check_result("cli/infer");
}
