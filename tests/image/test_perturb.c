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
                              picture, height, width, table, out) == OK);
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
    CHECK(image_substrate(IMAGE_SUBSTRATE_BLUR, picture, EDGE, EDGE, table, out) == OK);
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

    image_normalize_table(mean, std, table);
    image_normalize(pixels, 2, (const float (*)[256])table, picture);
    CHECK(picture[0] == table[0][0] && picture[1] == table[1][128] && picture[5] == table[2][128]);
    CHECK(image_substrate(IMAGE_SUBSTRATE_ZERO, picture, 1, 2, (const float (*)[256])table, out) == OK);
    for (int i = 0; i < 6; i++)
        CHECK(out[i] == 0);
    CHECK(image_substrate(IMAGE_SUBSTRATE_BLACK, picture, 1, 2, (const float (*)[256])table, out) == OK);
    for (int i = 0; i < 6; i++)
        CHECK(out[i] == table[i % 3][0]);
    CHECK(image_substrate(IMAGE_SUBSTRATE_MEAN, picture, 1, 2, (const float (*)[256])table, out) == OK);
    for (int i = 0; i < 6; i++)
        CHECK(out[i] == (float)(((double)picture[i % 3] + (double)picture[i % 3 + 3]) / 2));
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
    image_replace(picture, substrate, place, 2);
    for (int i = 0; i < 12; i++)
        CHECK(picture[i] == (float)(i / 3 % 2 ? 100 + i : i));
    image_replace(picture, substrate, place, 0);
    CHECK(picture[0] == 0);
}

int main(void)
{
    test_fixtures();
    test_kernel();
    test_colours();
    test_replace();
    CHECK(mem_live() == 0);
    return check_result("image/perturb");
}
