/* Parts of a layer normalisation and of a gelu, op by op. */
#include "check.h"
#include "deploy/composed.h"

#include <math.h>

enum { X = 7, GAMMA = 20, BETA };

static struct composed_operand value(int number)
{
    return (struct composed_operand){ .value = number, .is = { .gamma = -1, .beta = -1 } };
}

/* What `c` is, under a number of its own. */
static struct composed_operand part(struct composed c)
{
    static int number = 100;

    return (struct composed_operand){ .value = number++, .is = c };
}

static struct composed_operand one(double number)
{
    return (struct composed_operand){ .value = 50, .constant = 1, .single = 1, .number = number };
}

static struct composed_operand vector(int number)
{
    return (struct composed_operand){ .value = number, .constant = 1 };
}

static struct composed_operand two(char op, struct composed_operand a, struct composed_operand b)
{
    return part(composed_two(op, a, b));
}

static struct composed_operand single(char op, struct composed_operand a)
{
    return part(composed_one(op, a));
}

static int is_norm(struct composed_operand a, int gamma, int beta)
{
    return a.is.form == COMPOSED_NORM && a.is.x == X && a.is.axis == 3 && a.is.gamma == gamma &&
           a.is.beta == beta && a.is.eps == 1e-6 && composed_is_whole(&a.is);
}

static void test_layernorm(void)
{
    struct composed_operand x = value(X), mean = part(composed_mean(x, 3)), d = two('-', x, mean), steady,
                            root, norm, inverse, minus, shift;

    CHECK(mean.is.form == COMPOSED_MEAN && d.is.form == COMPOSED_CENTRED);
    CHECK(composed_mean(two('*', d, d), 1).form == COMPOSED_NOTHING); /* along another axis */
    CHECK(composed_two('-', mean, x).form == COMPOSED_NOTHING &&
          composed_two('-', value(8), mean).form == COMPOSED_NOTHING);
    steady = two('+', one(1e-6), part(composed_mean(part(composed_power(d, 2)), 3)));
    CHECK(composed_mean(two('d', mean, x), 3).form == COMPOSED_VARIANCE);
    root = single('s', steady);
    CHECK(composed_power(steady, 0.5).form == COMPOSED_ROOT &&
          composed_power(steady, -0.5).form == COMPOSED_INVERSE);
    norm = two('/', d, root);
    CHECK(is_norm(norm, -1, -1) &&
          is_norm(two('+', two('*', vector(GAMMA), norm), vector(BETA)), GAMMA, BETA));
    CHECK(is_norm(two('+', norm, vector(BETA)), -1, BETA)); /* a factor behind that is another op's */
    CHECK(composed_two('*', two('+', norm, vector(BETA)), vector(GAMMA)).form == COMPOSED_NOTHING);
    inverse = two('*', single('i', steady), vector(GAMMA));
    CHECK(is_norm(two('*', d, inverse), GAMMA, -1));
    CHECK(is_norm(two('*', d, two('/', one(1), root)), -1, -1) &&
          composed_two('/', one(2), root).form == COMPOSED_NOTHING);
    minus = single('n', mean);
    CHECK(composed_two('+', x, minus).form == COMPOSED_CENTRED &&
          composed_two('+', x, mean).form == COMPOSED_NOTHING);
    shift = two('+', two('*', minus, inverse), vector(BETA));
    CHECK(is_norm(two('+', two('*', inverse, x), shift), GAMMA, BETA));
    CHECK(is_norm(two('+', two('*', x, inverse), two('-', vector(BETA), two('*', mean, inverse))), GAMMA,
                  BETA));
    CHECK(is_norm(two('-', two('*', x, inverse), two('*', mean, inverse)), GAMMA, -1));
    CHECK(composed_two('+', two('*', x, single('i', steady)), shift).form ==
          COMPOSED_NOTHING); /* unlike factors */
}

static void test_gelu(void)
{
    struct composed_operand x = value(X), curve = single('e', two('/', x, one(sqrt(2)))),
                            share = two('+', curve, one(1)), y, inner, tanh;

    CHECK(single('e', two('*', x, one(0.7))).is.form == COMPOSED_NOTHING &&
          composed_two('+', curve, one(2)).form == COMPOSED_NOTHING);
    y = two('*', x, share);
    CHECK(y.is.form == COMPOSED_GELU && !composed_is_whole(&y.is));
    y = two('*', y, one(0.5));
    CHECK(composed_is_whole(&y.is) && y.is.x == X && !y.is.approximate);
    y = two('*', two('*', one(0.5), share), x);
    CHECK(composed_is_whole(&y.is));
    y = two('*', two('*', x, one(0.5)), share);
    CHECK(composed_is_whole(&y.is) && composed_two('*', value(8), share).form == COMPOSED_NOTHING);
    inner = two('+', x, two('*', one(0.044715), part(composed_power(x, 3))));
    CHECK(composed_two('+', x, two('*', two('*', x, x), x)).form == COMPOSED_NOTHING); /* another factor */
    inner = two('*', inner, one(sqrt(2 / acos(-1))));
    tanh = two('+', one(1), single('t', inner));
    y = two('*', two('*', x, tanh), one(0.5));
    CHECK(composed_is_whole(&y.is) && y.is.approximate);
    inner = two('+', two('*', two('*', x, two('*', x, x)), one(0.044715)), x);
    CHECK(inner.is.form == COMPOSED_INNER && single('t', inner).is.form == COMPOSED_NOTHING);
}

int main(void)
{
    test_layernorm();
    test_gelu();
    return check_result("deploy/composed");
}
