/* src/cam/eigen.c: the leading eigenpair of a symmetric matrix, with one order of operations: LAPACK's own
 * order depends on the build. Householder reduction to tridiagonal form (Golub & Van Loan 8.3.1), bisection
 * by Sturm counts (8.4.1) and inverse iteration on the tridiagonal matrix. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "workspace.h"

/* What is left of the scratch after each step; n doubles each. */
struct tridiagonal {
    int n;
    double *d, *e, *beta; /* diagonal, side diagonal (n - 1), factors of the reflections */
    double *pivot, *upper, *second, *lower,
        *swap; /* LU of T - lambda I; the first two serve the reduction too */
    double norm;
};

static double dot(const double *a, const double *b, int n)
{
    double sum = 0.0;

    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Of a matrix whose largest element is about 1: far below its rounding errors, and far above what overflows
 * when it is inverted and squared. A matrix of low rank (an activation with few live channels) leaves
 * rounding errors of rounding errors here, down to nothing. */
static const double negligible = 1e-150;

/* Makes the reflection that maps x (m elements) to (alpha, 0, ...), leaves its vector in x and returns alpha.
 */
static double reflect(double *x, int m, double *beta)
{
    double tail = dot(x + 1, x + 1, m - 1), alpha = x[0];

    *beta = 0.0;
    if (tail < negligible)
        return alpha;
    alpha = x[0] < 0.0 ? sqrt(x[0] * x[0] + tail) : -sqrt(x[0] * x[0] + tail);
    x[0] -= alpha;
    *beta = 2.0 / (x[0] * x[0] + tail);
    return alpha;
}

/* w[i] = sum over j of v[j] g[j][i] for `count` i, which stay in registers; each sum in the order of j. */
static inline __attribute__((always_inline)) void columns(const double *restrict g, int n, int m, int count,
                                                          const double *restrict v, double *restrict w)
{
    double sum[24] = { 0.0 };

    for (int j = 0; j < m; j++)
        for (int k = 0; k < count; k++)
            sum[k] += v[j] * g[j * n + k];
    for (int k = 0; k < count; k++)
        w[k] = sum[k];
}

/* For all m of them: blocks of equal size, of which the last one may overlap the one before. */
HOT_LOOP static void multiply(const double *restrict g, int n, int m, const double *restrict v,
                              double *restrict w)
{
    enum { LONG = 24, SHORT = 8 };
    const int size = m >= LONG ? LONG : m >= SHORT ? SHORT : 1;

    for (int i = 0; i < m; i += size) {
        int at = i + size <= m ? i : m - size;

        if (size == LONG)
            columns(g + at, n, m, LONG, v, w + at);
        else if (size == SHORT)
            columns(g + at, n, m, SHORT, v, w + at);
        else
            columns(g + at, n, m, 1, v, w + at);
    }
}

/* g <- H g H for the trailing m x m block (row length n), H = I - beta v v'. */
HOT_LOOP static void reduce_block(double *restrict g, int n, int m, const double *restrict v, double beta,
                                  double *restrict w)
{
    double half;

    multiply(g, n, m, v, w);
    half = 0.5 * beta * beta * dot(v, w, m);
    for (int i = 0; i < m; i++)
        w[i] = beta * w[i] - half * v[i];
    for (int j = 0; j < m; j++) {
        double *row = g + j * n;

        for (int i = 0; i < m; i++)
            row[i] -= v[j] * w[i] + w[j] * v[i];
    }
}

/* Row k right of the diagonal keeps the vector of reflection k. */
static void reduce(double *g, struct tridiagonal *t)
{
    int n = t->n;

    for (int k = 0; k < n; k++) {
        double *row = g + k * n + k + 1;
        int m = n - k - 1;

        t->d[k] = g[k * n + k];
        t->beta[k] = 0.0;
        if (m == 1)
            t->e[k] = row[0];
        if (m < 2)
            continue;
        t->e[k] = reflect(row, m, &t->beta[k]);
        if (t->beta[k] != 0.0)
            reduce_block(g + (k + 1) * n + k + 1, n, m, row, t->beta[k], t->pivot);
    }
}

enum { POINTS = 8 };

/* The number of eigenvalues below each x: several at once, because one count is a chain of divisions. A pivot
 * below `smallest` counts as -smallest. Without `careful` there may be none: returns whether there was. */
static inline __attribute__((always_inline)) int count_pivots(const struct tridiagonal *t,
                                                              const double x[POINTS], double smallest,
                                                              int careful, int count[POINTS])
{
    double q[POINTS], least[POINTS], side = 0.0;
    int found = 0;

    for (int k = 0; k < POINTS; k++) {
        q[k] = 1.0;
        least[k] = DBL_MAX;
        count[k] = 0;
    }
    for (int i = 0; i < t->n; i++) {
        for (int k = 0; k < POINTS; k++) {
            double next = t->d[i] - x[k] - side / q[k];

            q[k] = careful && fabs(next) < smallest ? -smallest : next;
            least[k] = fabs(next) < least[k] ? fabs(next) : least[k];
            count[k] += q[k] < 0.0;
        }
        side = i + 1 < t->n ? t->e[i] * t->e[i] : 0.0;
    }
    for (int k = 0; k < POINTS; k++)
        found |= least[k] < smallest;
    return found;
}

HOT_LOOP static int count_usual(const struct tridiagonal *t, const double x[POINTS], double smallest,
                                int count[POINTS])
{
    return count_pivots(t, x, smallest, 0, count);
}

/* Looking at every pivot would lengthen the chain by a third. */
static void count_below(const struct tridiagonal *t, const double x[POINTS], double smallest,
                        int count[POINTS])
{
    if (count_usual(t, x, smallest, count))
        count_pivots(t, x, smallest, 1, count);
}

/* Eigenvalue number k from above, 0-based, to `tolerance` and a few units in the last place. */
static double bisect(const struct tridiagonal *t, int k, double low, double high, double tolerance)
{
    /* No side^2 / smallest overflows. */
    double smallest = DBL_MIN, side = 0.0;

    for (int i = 0; i + 1 < t->n; i++)
        side = fmax(side, t->e[i] * t->e[i]);
    smallest = fmax(smallest, side * DBL_MIN);
    while (high - low > tolerance + 4.0 * DBL_EPSILON * fmax(fabs(low), fabs(high))) {
        double step = (high - low) / (POINTS + 1), x[POINTS], start = low, last = high;
        int count[POINTS];

        for (int i = 0; i < POINTS; i++)
            x[i] = start + step * (i + 1);
        count_below(t, x, smallest, count);
        for (int i = 0; i < POINTS; i++) /* the counts rise with x */
            if (count[i] < t->n - k)
                low = x[i];
        for (int i = POINTS - 1; i >= 0 && count[i] >= t->n - k; i--)
            high = x[i];
        if (low == start && high == last)
            break;
    }
    return low + 0.5 * (high - low);
}

/* LU of T - lambda I with row exchanges; a zero pivot becomes a rounding error. */
static void factor(struct tridiagonal *t, double lambda)
{
    int n = t->n;
    double tiny = DBL_EPSILON * t->norm;

    for (int i = 0; i < n; i++) {
        t->pivot[i] = t->d[i] - lambda;
        t->upper[i] = i + 1 < n ? t->e[i] : 0.0;
        t->second[i] = 0.0;
    }
    for (int i = 0; i + 1 < n; i++) {
        double below = t->e[i];

        t->swap[i] = fabs(t->pivot[i]) < fabs(below);
        if (t->swap[i] == 0.0) {
            if (t->pivot[i] == 0.0)
                t->pivot[i] = tiny;
            t->lower[i] = below / t->pivot[i];
            t->pivot[i + 1] -= t->lower[i] * t->upper[i];
        } else {
            double up = t->upper[i];

            t->lower[i] = t->pivot[i] / below;
            t->pivot[i] = below;
            t->upper[i] = t->pivot[i + 1];
            t->second[i] = t->upper[i + 1];
            t->pivot[i + 1] = up - t->lower[i] * t->upper[i];
            t->upper[i + 1] = -t->lower[i] * t->second[i];
        }
    }
    if (t->pivot[n - 1] == 0.0)
        t->pivot[n - 1] = tiny;
}

static void solve(const struct tridiagonal *t, double *x)
{
    int n = t->n;

    for (int i = 0; i + 1 < n; i++) {
        if (t->swap[i] != 0.0) {
            double first = x[i];

            x[i] = x[i + 1];
            x[i + 1] = first;
        }
        x[i + 1] -= t->lower[i] * x[i];
    }
    for (int i = n - 1; i >= 0; i--) {
        if (i + 1 < n)
            x[i] -= t->upper[i] * x[i + 1];
        if (i + 2 < n)
            x[i] -= t->second[i] * x[i + 2];
        x[i] /= t->pivot[i];
    }
}

static void normalise(double *x, int n)
{
    double largest = 0.0, length;

    for (int i = 0; i < n; i++)
        largest = fmax(largest, fabs(x[i]));
    for (int i = 0; i < n; i++)
        x[i] /= largest;
    length = sqrt(dot(x, x, n));
    for (int i = 0; i < n; i++)
        x[i] /= length;
}

static void inverse_iteration(struct tridiagonal *t, double lambda, double *x)
{
    enum { ITERATIONS = 4 };
    double start = 0.0;

    /* Uneven, so that no symmetry makes it orthogonal to the vector sought. */
    for (int i = 0; i < t->n; i++) {
        start += 0.6180339887498949;
        start -= start >= 1.0 ? 1.0 : 0.0;
        x[i] = 0.5 + start;
    }
    factor(t, lambda);
    for (int i = 0; i < ITERATIONS; i++) {
        solve(t, x);
        normalise(x, t->n);
    }
}

static void undo_reflections(const double *g, const struct tridiagonal *t, double *x)
{
    for (int k = t->n - 3; k >= 0; k--) {
        const double *v = g + k * t->n + k + 1;
        int m = t->n - k - 1;
        double s = t->beta[k] * dot(v, x + k + 1, m);

        for (int i = 0; i < m; i++)
            x[k + 1 + i] -= s * v[i];
    }
}

/* The largest size, by its bits: those of NaN and infinity are above all others. */
HOT_LOOP static double largest_of(const double *g, int count)
{
    int64_t most = 0, bits;
    double largest;

    for (int i = 0; i < count; i++) {
        memcpy(&bits, g + i, sizeof bits);
        bits &= INT64_MAX;
        most = bits > most ? bits : most;
    }
    memcpy(&largest, &most, sizeof largest);
    return largest;
}

/* Makes the largest element 1/2 to 1, by a power of two: no rounding, the same digits. */
static status scale_to_one(double *g, int n, int *exponent)
{
    double largest = largest_of(g, n * n), factor;

    *exponent = 0;
    if (!isfinite(largest))
        return FAIL(ERR_NUMERIC, "a %d x %d matrix has an element that is not finite", n, n);
    frexp(largest, exponent);
    *exponent = *exponent < -1000 ? -1000 : *exponent;
    factor = ldexp(1.0, -*exponent);
    for (int i = 0; i < n * n; i++)
        g[i] *= factor;
    return OK;
}

status cam_eigen_leading(double *g, int n, double lambda[2], double *vector, double *scratch)
{
    struct tridiagonal t = { n,
                             scratch,
                             scratch + n,
                             scratch + 2 * n,
                             scratch + 3 * n,
                             scratch + 4 * n,
                             scratch + 5 * n,
                             scratch + 6 * n,
                             scratch + 7 * n,
                             0.0 };
    double low, high;
    int exponent;

    BUG_IF(n < 1);
    TRY(scale_to_one(g, n, &exponent));
    reduce(g, &t);
    low = high = t.d[0];
    for (int i = 0; i < n; i++) { /* Gershgorin */
        double radius = (i > 0 ? fabs(t.e[i - 1]) : 0.0) + (i + 1 < n ? fabs(t.e[i]) : 0.0);

        low = fmin(low, t.d[i] - radius);
        high = fmax(high, t.d[i] + radius);
        t.norm = fmax(t.norm, fabs(t.d[i]) + radius);
    }
    lambda[0] = lambda[1] = 0.0;
    for (int i = 0; i < n; i++)
        vector[i] = i == 0;
    if (t.norm == 0.0)
        return OK;
    lambda[0] = bisect(&t, 0, low - DBL_EPSILON * t.norm, high + DBL_EPSILON * t.norm, 0.0);
    /* The second serves a ratio in f32. */
    if (n > 1)
        lambda[1] = bisect(&t, 1, low - DBL_EPSILON * t.norm, lambda[0], 1e-12 * t.norm);
    inverse_iteration(&t, lambda[0], vector);
    undo_reflections(g, &t, vector);
    normalise(vector, n);
    lambda[0] = ldexp(lambda[0], exponent);
    lambda[1] = ldexp(lambda[1], exponent);
    return OK;
}
