#include "check.h"
#include "tensor.h"

#include <math.h>

int main(void)
{
    float inverse = quantize_inverse(0.5);

    CHECK(inverse == 2.0f);
    CHECK(quantize_value(1.0f, inverse, 10, 0, 255) == 12);
    /* Ties go to the even number, before the zero point is added: 0.5 -> 0, 1.5 -> 2. */
    CHECK(quantize_value(0.25f, inverse, 3, 0, 255) == 3);
    CHECK(quantize_value(0.75f, inverse, 3, 0, 255) == 5);
    CHECK(quantize_value(-0.25f, inverse, 3, 0, 255) == 3);
    CHECK(quantize_value(-0.75f, inverse, 3, 0, 255) == 1);
    CHECK(quantize_value(-100.0f, inverse, 3, 0, 255) == 0);
    CHECK(quantize_value(100.0f, inverse, 100, 0, 255) == 255);
    CHECK(quantize_value(NAN, inverse, 3, 0, 255) == 255);
    CHECK(quantize_value(INFINITY, inverse, 3, 0, 255) == 255);
    CHECK(quantize_value(-INFINITY, inverse, 3, 0, 255) == 0);
    CHECK(quantize_value(3e38f, inverse, 3, -128, 127) == 127);
    CHECK(quantize_value(-3e38f, inverse, 3, -128, 127) == -128);
    /* A multiplication by the rounded inverse: 1 / f32(0.1) is 10, and 0.25 * 10 and 0.45f * 10 are ties. */
    CHECK(quantize_inverse(0.1) == 10.0f);
    CHECK(quantize_value(0.25f, quantize_inverse(0.1), 0, 0, 255) == 2);
    CHECK(quantize_value(0.45f, quantize_inverse(0.1), 0, 0, 255) == 4);

    CHECK(dequantize_value(12, 0.5, 10) == 1.0f);
    CHECK(dequantize_value(0, 0.1, 3) == 0.1f * -3.0f);
    for (int q = 0; q < 256; q++)
        CHECK(quantize_value(dequantize_value(q, 0.0371, 77), quantize_inverse(0.0371), 77, 0, 255) == q);
    return check_result("tensor/quantize");
}
