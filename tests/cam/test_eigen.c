#include <float.h>

#include "fixtures.h"

static double g[196 * 196], kept[196 * 196], vector[196], scratch[9 * 196];

/* 2 1 / 1 2: eigenvalues 3 and 1, vector (1, 1) / sqrt 2. */
static void by_hand(void)
{
    double two[4] = { 2, 1, 1, 2 }, one[1] = { 5 }, zero[9] = { 0 },
           diagonal[9] = { 1, 0, 0, 0, 7, 0, 0, 0, 7 }, lambda[2];
    /* all ones: 3, 0, 0 and (1, 1, 1) / sqrt 3 */
    double ones[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, nan[1] = { NAN };

    CHECK(cam_eigen_leading(two, 2, lambda, vector, scratch) == OK);
    CHECK(fabs(lambda[0] - 3) < 1e-14 && fabs(lambda[1] - 1) < 1e-11);
    CHECK(fabs(fabs(vector[0]) - sqrt(0.5)) < 1e-15 && fabs(vector[0] - vector[1]) < 1e-15);
    CHECK(cam_eigen_leading(one, 1, lambda, vector, scratch) == OK);
    CHECK(fabs(lambda[0] - 5) < 1e-14 && lambda[1] == 0 && fabs(vector[0]) == 1);
    CHECK(cam_eigen_leading(zero, 3, lambda, vector, scratch) == OK && lambda[0] == 0 && lambda[1] == 0);
    CHECK(cam_eigen_leading(diagonal, 3, lambda, vector, scratch) == OK);
    CHECK(fabs(lambda[0] - 7) < 1e-13 && fabs(lambda[1] - 7) < 1e-10 && fabs(vector[0]) < 1e-14);
    CHECK(cam_eigen_leading(ones, 3, lambda, vector, scratch) == OK);
    CHECK(fabs(lambda[0] - 3) < 1e-14 && fabs(lambda[1]) < 1e-11 &&
          fabs(fabs(vector[2]) - sqrt(1.0 / 3)) < 1e-15);
    CHECK(cam_eigen_leading(nan, 1, lambda, vector, scratch) == ERR_NUMERIC);
}

/* -1 on the side diagonals and 2 on it: 2 - 2 cos(k pi / (n + 1)), k = n, n - 1. */
static void second_difference(int n)
{
    double lambda[2], pi = acos(-1.0);

    memset(g, 0, sizeof g);
    for (int i = 0; i < n; i++) {
        g[i * n + i] = 2;
        if (i > 0)
            g[i * n + i - 1] = g[(i - 1) * n + i] = -1;
    }
    CHECK(cam_eigen_leading(g, n, lambda, vector, scratch) == OK);
    CHECK_MSG(fabs(lambda[0] - (2 - 2 * cos(n * pi / (n + 1)))) < 1e-14, "n %d: %.17g", n, lambda[0]);
    CHECK_MSG(n == 1 || fabs(lambda[1] - (2 - 2 * cos((n - 1) * pi / (n + 1)))) < 1e-11, "n %d: %.17g", n,
              lambda[1]);
}

static double factor[196 * 400];

/* G = F F': G v = lambda v, |v| = 1, and nothing exceeds lambda. */
static void check_gram(int n, int rank)
{
    double lambda[2], length = 0.0, worst = 0.0;

    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0.0;
            for (int k = 0; k < rank; k++)
                sum += factor[i * rank + k] * factor[j * rank + k];
            g[i * n + j] = kept[i * n + j] = sum;
        }
    CHECK(cam_eigen_leading(g, n, lambda, vector, scratch) == OK);
    for (int i = 0; i < n; i++) {
        double sum = 0.0;
        for (int j = 0; j < n; j++)
            sum += kept[i * n + j] * vector[j];
        worst = fmax(worst, fabs(sum - lambda[0] * vector[i]));
        length += vector[i] * vector[i];
    }
    CHECK_MSG(worst <= 1e-13 * lambda[0], "n %d rank %d: residual %g", n, rank, worst / lambda[0]);
    CHECK_MSG(fabs(length - 1) < 1e-14, "n %d: |v|^2 %.17g", n, length);
    CHECK_MSG(lambda[1] <= lambda[0] * (1 + 1e-12) && (rank > 1 || fabs(lambda[1]) < 1e-11 * lambda[0]),
              "n %d rank %d: %g %g", n, rank, lambda[0], lambda[1]);
    /* The second: trace and squares bound it where the rank is 2. */
    if (rank == 2 && n > 1) {
        double trace = 0.0;
        for (int i = 0; i < n; i++)
            trace += kept[i * n + i];
        CHECK_MSG(fabs(trace - lambda[0] - lambda[1]) < 1e-11 * trace, "n %d", n);
    }
}

/* All elements equal: n * value, 0 and (1, 1, ...) / sqrt n. The reflections leave rounding of rounding, down
 * to where squares vanish. */
static void all_equal(int n, double value)
{
    double lambda[2], worst = 0.0;

    for (int i = 0; i < n * n; i++)
        g[i] = value;
    CHECK(cam_eigen_leading(g, n, lambda, vector, scratch) == OK);
    CHECK_MSG(fabs(lambda[0] - n * value) <= 1e-13 * n * value, "n %d: %.17g", n, lambda[0]);
    for (int i = 0; i < n; i++)
        worst = fmax(worst, fabs(fabs(vector[i]) - 1 / sqrt((double)n)));
    CHECK_MSG(worst < 1e-13, "n %d value %g: %g", n, value, worst);
}

static void random_matrix(int n, int rank, double scale, uint64_t seed)
{
    struct random r = { .seed = seed };

    for (int i = 0; i < n * rank; i++)
        factor[i] = scale * (random_unit(&r) - 0.4);
    check_gram(n, rank);
}

/* As the codes of a layer with few live channels: small whole numbers, most of them 0, rows that repeat. What
 * the reduction leaves falls to 1e-32, 1e-64, ... of the matrix. */
static void repeated_rows(int n, int rank, double scale, uint64_t seed)
{
    struct random r = { .seed = seed };

    for (int i = 0; i < n * rank; i++)
        factor[i] = scale * random_below(&r, 3) * (random_below(&r, 3) == 0);
    factor[0] = scale;
    check_gram(n, rank);
}

int main(void)
{
    by_hand();
    for (int n = 1; n <= 196; n += n < 60 ? 1 : 17)
        for (int i = 0; i < 20; i++)
            all_equal(n, 0.010 + 0.0012 * i * i);
    all_equal(49, 1e-90);
    all_equal(49, 1e90);
    for (int n = 1; n <= 60; n++)
        second_difference(n);
    second_difference(196);
    for (int n = 1; n <= 52; n++)
        for (int rank = 1; rank <= 4; rank++)
            random_matrix(n, rank, 1.0, (uint64_t)(n * 10 + rank));
    for (int n = 2; n <= 60; n++)
        for (int rank = 1; rank <= 4; rank++)
            repeated_rows(n, rank, 1.0, (uint64_t)(n * 10 + rank));
    for (int exponent = -40; exponent <= 40; exponent += 4)
        repeated_rows(49, 2, pow(10.0, exponent), 5);
    random_matrix(49, 300, 1.0, 1);
    random_matrix(49, 300, 1e-30, 2);
    random_matrix(49, 300, 1e30, 3);
    random_matrix(169, 200, 10.0, 4);
    random_matrix(196, 400, 10.0, 5);
    return check_result("cam/eigen");
}
