#include <string.h>

#include "fixtures.h"

static float table[3][256];

/* The same drawing as in make_perturb_fixtures.py. */
static float *draw(int width, int height)
{
    float *out = mem_alloc((size_t)width * (size_t)height, 3 * sizeof *out);

    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                out[(y * width + x) * 3 + c] = (float)((x * 7 + y * 13 + c * 29 + x * y) % 64) / 16.0f - 2.0f;
    return out;
}

/* numpy's and scipy's substrates, every bit. */
static void test_fixtures(void)
{
    struct fixture_list list = { 0 };
    int count = 0;

    while (fixture_next(&list, "substrates.txt")) {
        char kind[8];
        unsigned crc, found;
        int width, height;
        float *picture, *out;
        size_t values;

        CHECK(sscanf(list.line, "%7s %d %d %x", kind, &width, &height, &crc) == 4);
        values = (size_t)width * (size_t)height * 3;
        picture = draw(width, height);
        out = mem_alloc(values, sizeof *out);
        CHECK(image_substrate(strcmp(kind, "blur") == 0 ? IMAGE_SUBSTRATE_BLUR : IMAGE_SUBSTRATE_MEAN,
                              picture, height, width, 3, table, out) == OK);
        found = hash_crc32(0, out, values * sizeof *out);
        CHECK_MSG(found == crc, "%s %d x %d: %08x, not %08x", kind, width, height, found, crc);
        mem_free(picture);
        mem_free(out);
        count++;
    }
    CHECK(count == 10);
}

/* A white pixel far from the edges becomes the kernel: its centre^2 and corner^2 are spec explanations 3.1's.
 */
static void test_kernel(void)
{
    enum { EDGE = 21, AT = 10 };
    static float picture[EDGE * EDGE * 3], out[EDGE * EDGE * 3];
    double sum = 0;

    for (int c = 0; c < 3; c++)
        picture[(AT * EDGE + AT) * 3 + c] = 1;
    CHECK(image_substrate(IMAGE_SUBSTRATE_BLUR, picture, EDGE, EDGE, 3, table, out) == OK);
    for (int i = 0; i < EDGE * EDGE; i++)
        sum += (double)out[3 * i];
    CHECK(sum > 1 - 1e-6 && sum < 1 + 1e-6);
    CHECK((int)(1e5f * out[(AT * EDGE + AT) * 3] + 0.5f) == 883);
    CHECK((int)(1e5f * out[((AT - 5) * EDGE + AT + 5) * 3] + 0.5f) == 774);
    CHECK(out[((AT - 6) * EDGE + AT) * 3] == 0);
}

static void test_colours(void)
{
    const double mean[3] = { 0.485, 0.456, 0.406 }, std[3] = { 0.229, 0.224, 0.225 };
    const uint8_t pixels[] = { 0, 128, 255, 255, 0, 128 };
    float picture[6], out[6];

    image_normalize_table(mean, std, 3, table);
    image_normalize(pixels, 2, 3, (const float (*)[256])table, picture);
    CHECK(picture[0] == table[0][0] && picture[1] == table[1][128] && picture[5] == table[2][128]);
    CHECK(image_substrate(IMAGE_SUBSTRATE_ZERO, picture, 1, 2, 3, (const float (*)[256])table, out) == OK);
    for (int i = 0; i < 6; i++)
        CHECK(out[i] == 0);
    CHECK(image_substrate(IMAGE_SUBSTRATE_BLACK, picture, 1, 2, 3, (const float (*)[256])table, out) == OK);
    for (int i = 0; i < 6; i++)
        CHECK(out[i] == table[i % 3][0]);
    CHECK(image_substrate(IMAGE_SUBSTRATE_MEAN, picture, 1, 2, 3, (const float (*)[256])table, out) == OK);
    for (int i = 0; i < 6; i++)
        CHECK(out[i] == (float)(((double)picture[i % 3] + (double)picture[i % 3 + 3]) / 2));
    CHECK(image_substrate(IMAGE_SUBSTRATE_CORNER, picture, 1, 2, 3, (const float (*)[256])table, out) == OK);
    for (int i = 0; i < 6; i++)
        CHECK(out[i] == picture[i % 3]);
}

/* One channel is each of three equal ones. */
static void test_grey(void)
{
    enum { SIDE = 13 };
    const double mean[3] = { 0.5, 0.5, 0.5 }, std[3] = { 0.25, 0.25, 0.25 };
    static uint8_t grey[SIDE * SIDE], rgb[SIDE * SIDE * 3];
    static float one[SIDE * SIDE], three[SIDE * SIDE * 3], out1[SIDE * SIDE], out3[SIDE * SIDE * 3];
    const int32_t place[] = { 5 };

    for (int i = 0; i < SIDE * SIDE; i++) {
        grey[i] = (uint8_t)(i * i);
        memset(rgb + 3 * i, grey[i], 3);
    }
    image_normalize_table(mean, std, 3, table);
    image_normalize(grey, SIDE * SIDE, 1, (const float (*)[256])table, one);
    image_normalize(rgb, SIDE * SIDE, 3, (const float (*)[256])table, three);
    for (int kind = IMAGE_SUBSTRATE_ZERO; kind <= IMAGE_SUBSTRATE_CORNER; kind++) {
        CHECK(image_substrate((enum image_substrate)kind, one, SIDE, SIDE, 1, (const float (*)[256])table,
                              out1) == OK);
        CHECK(image_substrate((enum image_substrate)kind, three, SIDE, SIDE, 3, (const float (*)[256])table,
                              out3) == OK);
        for (int i = 0; i < SIDE * SIDE; i++)
            CHECK(out1[i] == out3[3 * i] && out1[i] == out3[3 * i + 2]);
    }
    image_replace(one, out1, 1, place, 1);
    CHECK(one[5] == out1[5] && one[4] == table[0][16] && one[6] == table[0][36]);
}

/* All three channels of a pixel change together, and no other. */
static void test_replace(void)
{
    float picture[12], substrate[12];
    const int32_t place[] = { 3, 1 };

    for (int i = 0; i < 12; i++) {
        picture[i] = (float)i;
        substrate[i] = (float)(100 + i);
    }
    image_replace(picture, substrate, 3, place, 2);
    for (int i = 0; i < 12; i++)
        CHECK(picture[i] == (float)(i / 3 % 2 ? 100 + i : i));
    image_replace(picture, substrate, 3, place, 0);
    CHECK(picture[0] == 0);
}

int main(void)
{
    test_fixtures();
    test_kernel();
    test_colours();
    test_grey();
    test_replace();
    CHECK(mem_live() == 0);
    return check_result("image/perturb");
}
