/* src/metric/mcnemar.c: McNemar's test in its exact, binomial form (Psychometrika 12, 1947). */
#include "metric_test.h"

double mcnemar_exact(int64_t a, int64_t b)
{
    int64_t n = a + b, most = a < b ? a : b, halvings = n;
    double tail = 1.0, term = 1.0, p = 1.0;

    BUG_IF(a < 0 || b < 0);
    if (a == b)
        return 1.0;
    /* The tail in units of its largest term, C(n, most): C(n, k - 1) / C(n, k) = k / (n - k + 1). */
    for (int64_t k = most; k > 0; k--) {
        term *= (double)k / (double)(n - k + 1);
        tail += term;
    }
    /* C(n, most) / 2^n with halvings, which are exact, between the factors, so that nothing overflows. */
    for (int64_t i = 1; i <= most; i++) {
        p *= (double)(n - most + i) / (double)i;
        for (; p > 1.0 && halvings > 0; halvings--)
            p *= 0.5;
    }
    for (; halvings > 0 && p > 0.0; halvings--)
        p *= 0.5;
    p *= 2.0 * tail;
    return p < 1e-300 ? 0.0 : p < 1.0 ? p : 1.0;
}
