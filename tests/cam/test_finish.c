#include "fixtures.h"

static float out[4096];

/* The widest projection onto the widest map: the middle of 0, 255, 0, 255 ... at every joint of 16 pixels. */
static void widest(void)
{
    static float line[CAM_MAX_EDGE];

    for (int i = 0; i < CAM_MAX_EDGE; i++)
        line[i] = (float)(i % 2);
    cam_resize(line, 1, CAM_MAX_EDGE, 1, CAM_MAX_OUT, out);
    CHECK(out[0] == 0 && out[CAM_MAX_OUT - 1] == 1);
    for (int i = 0; i + 1 < CAM_MAX_EDGE; i++) /* the joint lies between pixels 16 i + 15 and 16 i + 16 */
        CHECK(fabsf(out[16 * i + 15] + out[16 * i + 16] - 1) < 1e-6f);
    cam_resize(line, CAM_MAX_EDGE, 1, CAM_MAX_OUT, 1, out);
    CHECK(out[0] == 0 && out[CAM_MAX_OUT - 1] == 1 && fabsf(out[15] + out[16] - 1) < 1e-6f);
}

static void by_hand(void)
{
    uint8_t bytes[4];
    static const float line[2] = { 0, 4 }, mixed[4] = { -8, 1, 2, -1 }, negative[2] = { -3, -3 };

    /* Half-pixel centres: outputs at -.25 .25 .75 1.25 of the input, edges replicated. */
    cam_resize(line, 1, 2, 1, 4, out);
    CHECK(out[0] == 0 && out[1] == 1 && out[2] == 3 && out[3] == 4);
    cam_resize(line, 2, 1, 4, 1, out);
    CHECK(out[0] == 0 && out[1] == 1 && out[2] == 3 && out[3] == 4);
    /* Every output is 16/4: the two middle inputs' mean where the grid is halved. */
    cam_resize((const float[4]){ 0, 2, 6, 20 }, 1, 4, 1, 2, out);
    CHECK(out[0] == 1 && out[1] == 13);
    cam_resize(mixed, 2, 2, 2, 2, out);
    CHECK(memcmp(out, mixed, sizeof mixed) == 0);
    cam_finish(mixed, 2, 2, 2, 2, out); /* 0 1 2 0 over its largest, twice */
    CHECK(out[0] == 0 && fabsf(out[1] - 0.5f) < 1e-6f && fabsf(out[2] - 1) < 1e-6f && out[2] <= 1 &&
          out[3] == 0);
    cam_bytes((const float[4]){ 0, 1, 0.5f, 100 / 255.0f }, 4, bytes); /* 127.5 goes to the even 128 */
    CHECK(bytes[0] == 0 && bytes[1] == 255 && bytes[2] == 128 && bytes[3] == 100);
    cam_finish(negative, 1, 2, 3, 3, out);
    for (int i = 0; i < 9; i++)
        CHECK(out[i] == 0);
    cam_finish((const float[2]){ 5, 5 }, 1, 2, 2, 2, out); /* constant */
    CHECK(out[0] == 0 && out[3] == 0);
    cam_finish((const float[1]){ 0 }, 1, 1, 2, 2, out);
    CHECK(out[0] == 0 && out[3] == 0);
}

/* Of values that have the map's size: however small, the largest becomes 1. */
static void scaled(void)
{
    cam_scale((const float[4]){ -8, 1e-20f, 3e-20f, 2e-20f }, 4, out);
    CHECK(out[0] == 0 && fabsf(out[1] - 1 / 3.0f) < 1e-6f && out[2] == 1 && fabsf(out[3] - 2 / 3.0f) < 1e-6f);
    cam_scale((const float[3]){ 5, 6, 7 }, 3, out);
    CHECK(out[0] == 0 && out[1] == 0.5f && out[2] == 1);
    cam_scale((const float[3]){ -5, -6, -7 }, 3, out);
    CHECK(out[0] == 0 && out[1] == 0 && out[2] == 0);
    cam_scale((const float[2]){ 5, 5 }, 2, out);
    CHECK(out[0] == 0 && out[1] == 0);
}

/* pytorch-grad-cam's own maps, by OpenCV's resize. */
static void against_reference(void)
{
    struct cam_fixture x;
    FILE *file = NULL;

    while (cam_fixture_next(&file, &x)) {
        cam_finish(x.projection, x.h, x.w, x.out_h, x.out_w, out);
        CHECK_MSG(cam_distance(out, 1, x.map, x.out_h * x.out_w) < 2e-6, "%d x %d to %d x %d: %g", x.h, x.w,
                  x.out_h, x.out_w, cam_distance(out, 1, x.map, x.out_h * x.out_w));
        cam_fixture_free(&x);
    }
}

static void aligned(void)
{
    static const float first[2] = { 1, 2 };
    float with[2] = { -1, 1 }, against[2] = { 1, -1 }, beside[2] = { 2, -1 }; /* products 1, -1, 0 */

    CHECK(cam_align(first, with, 2) == 1 && with[0] == -1 && with[1] == 1);
    CHECK(cam_align(first, against, 2) == -1 && against[0] == -1 && against[1] == 1);
    CHECK(cam_align(first, beside, 2) == 1 && beside[0] == 2 && beside[1] == -1);
}

int main(void)
{
    by_hand();
    aligned();
    scaled();
    widest();
    against_reference();
    CHECK(mem_live() == 0);
    return check_result("cam/finish");
}
