/* Predictors by name, the centre by its formula, sr-center by its parts; other sizes. */
#include <math.h>
#include <string.h>

#include "pictures.h"

static void frames(void)
{
    CHECK(saliency_frame_height(640, 480) == 240 && saliency_frame_height(320, 1) == 1);
    CHECK(saliency_frame_height(640, 401) == 200 && saliency_frame_height(640, 403) == 202);
    CHECK(saliency_frame_height(1000, 1) == 1);
}

static void centre(void)
{
    struct saliency_map c;
    double worst = 0.0;

    CHECK(saliency_center(8, 4, &c) == OK && c.width == 8 && c.height == 4);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 8; x++)
            worst = fmax(worst, fabs(c.value[y * 8 + x] -
                                     exp(-(x - 3.5) * (x - 3.5) / 8) * exp(-(y - 1.5) * (y - 1.5) / 2)));
    CHECK_MSG(worst < 1e-7, "%g", worst);
    saliency_free(&c);
    saliency_free(&c);
}

/* Every predictor has the frame's size, is finite and not negative, and looks at its picture, but for the
 * centre. */
static void all(void)
{
    struct image im = noise(200, 150, 5), other = picture(200, 150, 40);
    struct saliency_map m[SALIENCY_METHODS], o;

    disc(&other, 60, 60, 20, 220, 60, 20);
    for (int k = 0; k < SALIENCY_METHODS; k++) {
        int same = 1;

        CHECK(saliency_predict((enum saliency_method)k, &im, &m[k]) == OK);
        CHECK(m[k].width == SALIENCY_FRAME && m[k].height == 240);
        CHECK(saliency_predict((enum saliency_method)k, &other, &o) == OK && o.height == 240);
        for (int i = 0; i < 320 * 240; i++) {
            CHECK(m[k].value[i] >= 0 && isfinite(m[k].value[i]));
            same &= m[k].value[i] == o.value[i];
        }
        CHECK(same == (k == SALIENCY_CENTER));
        saliency_free(&o);
    }
    for (int i = 0; i < 320 * 240; i++) {
        double product = (m[SALIENCY_SR].value[i] + 0.05) * m[SALIENCY_CENTER].value[i];

        CHECK(fabs(m[SALIENCY_SR_CENTER].value[i] - product) <= 1e-6 * product);
    }
    for (int k = 0; k < SALIENCY_METHODS; k++)
        saliency_free(&m[k]);
    image_free(&im);
    image_free(&other);
}

static void resize(void)
{
    static float v[2] = { 0, 1 };
    struct saliency_map in = { 2, 1, v }, out;

    CHECK(saliency_resize(&in, 4, 2, &out) == OK && out.width == 4 && out.height == 2);
    for (int y = 0; y < 2; y++)
        CHECK(out.value[4 * y] == 0 && out.value[4 * y + 1] == 0.25f && out.value[4 * y + 2] == 0.75f &&
              out.value[4 * y + 3] == 1);
    saliency_free(&out);
}

static void narrow(void)
{
    struct image im = picture(2, 103, 9);
    struct saliency_map m;

    CHECK(saliency_predict(SALIENCY_SR, &im, &m) == ERR_RANGE && !m.value);
    CHECK(strstr(error_last()->text, "a picture of 2 x 103 pixels is too narrow"));
    image_free(&im);
}

int main(void)
{
    frames();
    centre();
    all();
    resize();
    narrow();
    CHECK(mem_live() == 0);
    return check_result("saliency/saliency");
}
