/* src/deploy/composed.h: layer normalisation and gelu where a file spells them in ops of one and two values,
 * as exporters do that have no op for them. What each value of the file is of such a whole follows from what
 * its op reads, in order; the value that is the whole is then one op of ours. Knows nothing of either file
 * format: values are numbers.
 *
 *     mean m of x, d = x - m, v = mean of d d, s = sqrt(v + eps), d / s gamma + beta;
 *     or x i + (beta - m i) with i = gamma / s
 *     0.5 x (1 + erf(x / sqrt 2)), or 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), in any order of
 * factors
 */
#ifndef DEPLOY_COMPOSED_H
#define DEPLOY_COMPOSED_H

enum composed_form {
    COMPOSED_NOTHING, /* a value like any other */
    COMPOSED_MEAN,    /* of x along `axis`, times k: 1 or -1 */
    COMPOSED_CENTRED, /* x less its mean */
    COMPOSED_SQUARES,
    COMPOSED_VARIANCE,
    COMPOSED_STEADY,  /* variance + eps */
    COMPOSED_ROOT,    /* of that */
    COMPOSED_INVERSE, /* gamma / root */
    COMPOSED_SHIFT,   /* beta + k mean inverse */
    COMPOSED_SCALED,  /* x inverse */
    COMPOSED_NORM,    /* the whole: gamma and beta, where there are any */
    COMPOSED_TIMES,   /* k x */
    COMPOSED_SQUARE,  /* k x^2 */
    COMPOSED_CUBE,    /* k x^3 */
    COMPOSED_INNER,   /* k (x + 0.044715 x^3) */
    COMPOSED_CURVE,   /* erf(x / sqrt 2), or of INNER the tanh: approximate */
    COMPOSED_SHARE,   /* k (1 + curve) */
    COMPOSED_GELU     /* k x (1 + curve): the whole, where k is 0.5 */
};
struct composed {
    enum composed_form form;
    int x, axis, approximate;
    int gamma, beta; /* values, -1: none */
    double k, eps;
};

/* What an op reads: value, and what it is; or a constant, of one number where `single`. */
struct composed_operand {
    int value, constant, single;
    double number;
    struct composed is;
};

struct composed composed_mean(struct composed_operand a, int axis);
/* op: + - * /, or d, the squared difference. */
struct composed composed_two(char op, struct composed_operand a, struct composed_operand b);
/* op: s square root, i its inverse, r reciprocal, n negative, e erf, t tanh. */
struct composed composed_one(char op, struct composed_operand a);
/* a to the power of `exponent`. */
struct composed composed_power(struct composed_operand a, double exponent);
/* Is it one of the two wholes? */
int composed_is_whole(const struct composed *c);

#endif
