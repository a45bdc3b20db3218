/* PyTorch's fake quantization: ranges, parameters, and which values pass, worked out by hand. */
#include <math.h>

#include "base.h"
#include "check.h"
#include "quant_train.h"

static void parameters(void)
{
    /* numerics 1.6, step 4: -1 .. 4.1 in 255 steps of 0.02; zero at 50. */
    struct quant_params q = quant_params_of_range(-1, 4.1f, 255);

    CHECK(q.scale == (double)((4.1f + 1) / 255.0f) && q.zero_point == 50);
    /* Zero always lies in the range. */
    q = quant_params_of_range(2, 6, 255);
    CHECK(q.scale == (double)(6.0f / 255.0f) && q.zero_point == 0);
    q = quant_params_of_range(-6, -2, 255);
    CHECK(q.scale == (double)(6.0f / 255.0f) && q.zero_point == 255);
    /* 7 bits: codes 0 .. 127. */
    q = quant_params_of_range(-1.27f, 0, 127);
    CHECK(fabs(q.scale - 0.01) < 1e-9 && q.zero_point == 127 && q.low == 0 && q.high == 127);
    /* 4 bits: codes 0 .. 15. */
    q = quant_params_of_range(-1, 2, 15);
    CHECK(fabs(q.scale - 0.2) < 1e-7 && q.zero_point == 5 && q.low == 0 && q.high == 15);
    q = quant_params_of_range(0, 0, 255);
    CHECK(q.scale == 0x1p-23 && q.zero_point == 0);
}

/* The first range is taken; a second one moves it by a hundredth of the way. */
static void moving(void)
{
    float low = 1, high = -1;

    quant_range_move(&low, &high, (float[]){ -2, 3 }, (float)QUANT_AVERAGE);
    CHECK(low == -2 && high == 3);
    quant_range_move(&low, &high, (float[]){ -4, 2 }, (float)QUANT_AVERAGE);
    CHECK(low == -2 + 0.01f * -2 && high == 3 + 0.01f * -1);
    quant_range_move(&low, &high, (float[]){ 0, 0 }, 1);
    CHECK(low == 0 && high == 0);
}

/* Steps of 0.5 from code 10 on: -10.5 goes to the even -10, which is code 0; 245.5 to 246, which is 256. */
static void passing(void)
{
    struct quant_params q = { .scale = 0.5, .zero_point = 10, .low = 0, .high = 255 };
    struct random r = { .seed = 3 };
    float low, high;

    quant_range_inside(q, &low, &high);
    CHECK(low < -5.25f && nextafterf(low, 0) == -5.25f && high == 122.75f);
    /* 127.5 codes are none, -127.5 are -128. */
    q = (struct quant_params){ .scale = 1, .low = -128, .high = 127 };
    quant_range_inside(q, &low, &high);
    CHECK(high == 127.5f && nextafterf(low, 0) == -128.5f);
    for (int i = 0; i < 2000; i++) {
        float a = (float)(random_unit(&r) - 0.7), b = (float)(random_unit(&r) - 0.3), x;

        q = quant_params_of_range(a, b, 255);
        quant_range_inside(q, &low, &high);
        x = i % 2 ? a + (float)(random_unit(&r) * 2 - 0.5) * (b - a)
                  : nextafterf(i % 4 ? low : high, (float)(i % 3 - 1) * INFINITY);
        float code = rintf(x * quantize_inverse(q.scale)) + (float)q.zero_point;
        CHECK_MSG((low < x && x < high) == (code >= 0 && code <= 255), "%a of %a .. %a", (double)x, (double)a,
                  (double)b);
    }
    q = (struct quant_params){ .scale = 0x1p127, .low = -128, .high = 127 };
    quant_range_inside(q, &low, &high);
    CHECK(low == -INFINITY && high == INFINITY);
}

int main(void)
{
    parameters();
    moving();
    passing();
    CHECK(quant_scale_of_largest(1.275f, 8) == 1.275f / 127.5f && quant_scale_of_largest(0, 8) == 0x1p-23f);
    return check_result("quant/affine");
}
