/* src/base/math.c: functions whose bits libm does not decide. e^x = 2^k e^r with abs(r) <= ln(2) / 2 and e^r
 * by its Taylor polynomial; log2(2^k m) = k + 2 atanh((m - 1) / (m + 1)) / ln 2 with m within a factor sqrt 2
 * of 1; cosine by its Taylor polynomial on the first eighth of a turn, or by that of the sine. */
#include <math.h>
#include <string.h>

#include "base.h"

double math_exp(double x)
{
    /* ln 2 in two parts: k times the first is exact for abs(k) < 2^20 (fdlibm). */
    const double inverse = 1.44269504088896338700, high = 6.93147180369123816490e-01,
                 low = 1.90821492927058770002e-10;
    double r, sum = 1.0, power;
    int64_t bits;
    int k;

    if (x < -708.0)
        return 0.0;
    BUG_IF(!(x <= 709.0));
    k = (int)(x * inverse + (x <= 0.0 ? -0.5 : 0.5)); /* truncation of this rounds x / ln 2 to the nearest */
    r = x - k * high - k * low;
    for (int n = 13; n >= 1; n--)
        sum = 1.0 + r / n * sum;
    bits = (int64_t)(k + 1023) << 52;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

double math_log2(double x)
{
    static const double share[] = { 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11,
                                    1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3,  1.0 };
    const double inverse = 1.44269504088896338700, root = 1.41421356237309514547;
    double m, s, square, sum = 0.0;
    int64_t bits, above, mantissa;
    int k;

    memcpy(&above, &root, sizeof above);
    memcpy(&bits, &x, sizeof bits);
    mantissa = bits & 0xfffffffffffffll;
    /* 1 <= m < 2, halved where above the root: no branch, which half of all values would take. */
    above = (above & 0xfffffffffffffll) - mantissa < 0;
    k = (int)(bits >> 52) - 1023 + (int)above;
    bits = mantissa | (1023 - above) << 52;
    memcpy(&m, &bits, sizeof m);
    s = (m - 1.0) / (m + 1.0);
    square = s * s;
    for (size_t i = 0; i < COUNT_OF(share); i++)
        sum = sum * square + share[i];
    return k + 2.0 * inverse * s * sum;
}

double math_log(double x)
{
    return math_log2(x) * 0.69314718055994530942;
}

double math_tanh(double x)
{
    double e = x < -40 || x > 40 ? 0 : math_exp(x < 0 ? 2 * x : -2 * x), t = (1 - e) / (1 + e);

    return x < 0 ? -t : t;
}

/* 1 - x^2/2 + ..., or x - x^3/6 + ..., abs(x) <= pi / 4. */
static double polynomial(double x, int first)
{
    double square = x * x, sum = 1.0;

    for (int n = first + 16; n > first; n -= 2)
        sum = 1.0 - square / (n * (n - 1)) * sum;
    return first ? x * sum : sum;
}

double math_cos_turns(double turns)
{
    const double tau = 6.28318530717958647693;
    double quarters, rest;

    turns -= floor(turns); /* exact, as is what follows but for the polynomial's argument */
    quarters = floor(4.0 * turns + 0.5);
    rest = (turns - quarters * 0.25) * tau;
    switch ((int)quarters) {
    case 1:
        return -polynomial(rest, 1);
    case 2:
        return -polynomial(rest, 0);
    case 3:
        return polynomial(rest, 1);
    default:
        return polynomial(rest, 0);
    }
}
