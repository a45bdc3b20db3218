/* src/metric/exp.c: e^x = 2^k e^r with abs(r) <= ln(2) / 2 and e^r by its Taylor polynomial. */
#include "exp.h"

#include <stdint.h>
#include <string.h>

double metric_exp(double x)
{
    /* ln 2 in two parts: k times the first is exact for abs(k) < 2^20 (fdlibm). */
    const double inverse = 1.44269504088896338700, high = 6.93147180369123816490e-01,
                 low = 1.90821492927058770002e-10;
    double r, sum = 1.0, power;
    int64_t bits;
    int k;

    if (x < -708.0)
        return 0.0;
    k = (int)(x * inverse - 0.5); /* x <= 0: truncation of this rounds x / ln 2 to the nearest */
    r = x - k * high - k * low;
    for (int n = 13; n >= 1; n--)
        sum = 1.0 + r / n * sum;
    bits = (int64_t)(k + 1023) << 52;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}
