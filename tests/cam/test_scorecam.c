/* tests/cam/test_scorecam.c: masks and weights by hand. */
#include <math.h>
#include <string.h>

#include "cam_forward.h"
#include "check.h"

/* (2 x 2, 3): channel 0 rises, channel 1 is constant, channel 2 is negative and largest. */
static const float act[12] = { 0, 5, -8, 1, 5, 0, 2, 5, 0, 3, 5, 0 };

static void test_choose(void)
{
    double energy[4];
    int32_t chosen[4];

    CHECK(scorecam_choose(act, 4, 3, 0, energy, chosen) == 3 && chosen[0] == 0 && chosen[1] == 1 &&
          chosen[2] == 2);
    CHECK(energy[0] == 14 && energy[1] == 100 && energy[2] == 64);
    CHECK(scorecam_choose(act, 4, 3, 2, energy, chosen) == 2 && chosen[0] == 1 && chosen[1] == 2);
    CHECK(scorecam_choose(act, 4, 3, 9, energy, chosen) == 3);
    CHECK(scorecam_choose((const float[4]){ 1, 1, -1, 1 }, 1, 4, 2, energy, chosen) == 2 && chosen[0] == 0 &&
          chosen[1] == 1); /* equal energies: the lower channels */
}

static void test_mask(void)
{
    float mask[9];

    /* Corners stay corners: 0 1 2 3 to the corners of 3 x 3, halves between; largest 3. */
    scorecam_mask(act, 2, 2, 3, 0, 3, 3, mask);
    for (int i = 0; i < 9; i++)
        CHECK_MSG(fabsf(mask[i] - ((float)(i / 3) + (float)(i % 3) * 0.5f) / 3) < 1e-6f, "%d: %g", i,
                  mask[i]);
    CHECK(mask[0] == 0 && mask[8] == 1);
    scorecam_mask(act, 2, 2, 3, 1, 3, 3, mask); /* constant: no picture at all */
    for (int i = 0; i < 9; i++)
        CHECK(mask[i] == 0);
    scorecam_mask(act, 2, 2, 3, 2, 2, 2, mask);
    CHECK(mask[0] == 0 && mask[1] == 1 && mask[2] == 1 && mask[3] == 1);
    scorecam_mask(act, 1, 4, 3, 0, 1, 4, mask);
    CHECK(mask[0] == 0 && mask[3] == 1 && fabsf(mask[1] - 1 / 3.0f) < 1e-6f);
    scorecam_mask(act, 4, 1, 3, 0, 4, 1, mask);
    CHECK(mask[0] == 0 && mask[3] == 1 && fabsf(mask[2] - 2 / 3.0f) < 1e-6f);
}

static void test_map(void)
{
    const int32_t chosen[2] = { 0, 2 };
    double weight[2];
    float values[4];

    /* Weights 1 : e^ln3 = 1/4 and 3/4. */
    scorecam_map(act, 4, 3, chosen, 2, (const float[2]){ 7, 7 + 1.0986123f }, weight, values);
    CHECK(fabsf(values[0] + 6) < 1e-5f && fabsf(values[1] - 0.25f) < 1e-5f &&
          fabsf(values[2] - 0.5f) < 1e-5f && fabsf(values[3] - 0.75f) < 1e-5f);
    scorecam_map(act, 4, 3, chosen, 2, (const float[2]){ 3e38f, -3e38f }, weight, values);
    CHECK(values[0] == 0 && values[1] == 1 && values[3] == 3);
}

int main(void)
{
    test_choose();
    test_mask();
    test_map();
    return check_result("cam/scorecam");
}
