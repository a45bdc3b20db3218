/* src/deploy/composed.c: which part of a layer normalisation or a gelu a value is, from those that its op
 * reads. */
#include "composed.h"

#include <math.h>

static const struct composed nothing = { .gamma = -1, .beta = -1 };

static int near(double a, double b)
{
    return fabs(a - b) <= 1e-5 * fabs(b);
}

/* A part of the value that `a` is. */
static struct composed start(enum composed_form form, struct composed_operand a, double k)
{
    return (struct composed){ .form = form, .x = a.value, .gamma = -1, .beta = -1, .k = k };
}

static struct composed become(enum composed_form form, struct composed c)
{
    c.form = form;
    return c;
}

static struct composed times(struct composed c, double k)
{
    c.k *= k;
    return c;
}

static int is(struct composed_operand a, enum composed_form form)
{
    return !a.constant && a.is.form == form;
}

/* Is `a` the value that `b` is a part of, and that part one of these? */
static int whole_and(struct composed_operand a, struct composed_operand b, enum composed_form form)
{
    return !a.constant && is(b, form) && a.value == b.is.x;
}

static int of_one(struct composed_operand a, enum composed_form first, struct composed_operand b,
                  enum composed_form second)
{
    return is(a, first) && is(b, second) && a.is.x == b.is.x && a.is.axis == b.is.axis;
}

struct composed composed_mean(struct composed_operand a, int axis)
{
    struct composed c;

    if (a.constant)
        return nothing;
    if (is(a, COMPOSED_SQUARES))
        return a.is.axis == axis ? become(COMPOSED_VARIANCE, a.is) : nothing;
    c = start(COMPOSED_MEAN, a, 1);
    c.axis = axis;
    return c;
}

/* A product of two, either way round; of a constant, b is that. */
static struct composed product(struct composed_operand a, struct composed_operand b)
{
    struct composed c = a.is;

    if (b.constant && (is(a, COMPOSED_INVERSE) || (is(a, COMPOSED_NORM) && c.beta < 0)) && c.gamma < 0) {
        c.gamma = b.value;
        return c;
    }
    if (b.constant && b.single && c.form >= COMPOSED_TIMES && c.form != COMPOSED_CURVE)
        return times(c, b.number);
    if (b.constant)
        return b.single ? start(COMPOSED_TIMES, a, b.number) : nothing;
    if (of_one(a, COMPOSED_CENTRED, b, COMPOSED_CENTRED))
        return become(COMPOSED_SQUARES, c);
    if (of_one(a, COMPOSED_CENTRED, b, COMPOSED_INVERSE))
        return become(COMPOSED_NORM, b.is);
    if (of_one(a, COMPOSED_MEAN, b, COMPOSED_INVERSE))
        return times(become(COMPOSED_SHIFT, b.is), a.is.k);
    if (whole_and(a, b, COMPOSED_INVERSE))
        return become(COMPOSED_SCALED, b.is);
    if (whole_and(a, b, COMPOSED_SQUARE))
        return become(COMPOSED_CUBE, b.is);
    if (whole_and(a, b, COMPOSED_SHARE))
        return become(COMPOSED_GELU, b.is);
    if (is(a, COMPOSED_TIMES) && is(b, COMPOSED_SHARE) && a.is.x == b.is.x)
        return times(become(COMPOSED_GELU, b.is), a.is.k);
    return nothing;
}

/* The same of a sum. */
static struct composed sum(struct composed_operand a, struct composed_operand b)
{
    struct composed c = a.is;

    if (b.constant && b.single && is(a, COMPOSED_VARIANCE)) {
        c.eps = b.number;
        return become(COMPOSED_STEADY, c);
    }
    if (b.constant && b.single && b.number == 1 && is(a, COMPOSED_CURVE))
        return become(COMPOSED_SHARE, c);
    if (b.constant && ((is(a, COMPOSED_SHIFT) && c.k == -1) || is(a, COMPOSED_NORM)) && c.beta < 0) {
        c.beta = b.value;
        return c;
    }
    if (whole_and(a, b, COMPOSED_MEAN) && b.is.k == -1)
        return become(COMPOSED_CENTRED, b.is);
    if (of_one(a, COMPOSED_SCALED, b, COMPOSED_SHIFT) && b.is.k == -1 && c.gamma == b.is.gamma)
        return become(COMPOSED_NORM, b.is);
    if (whole_and(a, b, COMPOSED_CUBE) && near(b.is.k, 0.044715))
        return times(become(COMPOSED_INNER, b.is), 1 / b.is.k);
    return nothing;
}

static struct composed either(struct composed (*of)(struct composed_operand, struct composed_operand),
                              struct composed_operand a, struct composed_operand b)
{
    struct composed c = a.constant ? nothing : of(a, b);

    return c.form || b.constant ? c : of(b, a);
}

static struct composed difference(struct composed_operand a, struct composed_operand b)
{
    struct composed c = b.is;

    if (whole_and(a, b, COMPOSED_MEAN) && c.k == 1)
        return become(COMPOSED_CENTRED, c);
    if (a.constant && is(b, COMPOSED_SHIFT) && c.k == 1 && c.beta < 0) {
        c.beta = a.value;
        return times(c, -1);
    }
    if (of_one(a, COMPOSED_SCALED, b, COMPOSED_SHIFT) && c.k == 1 && a.is.gamma == c.gamma && c.beta < 0)
        return become(COMPOSED_NORM, c);
    return nothing;
}

static struct composed quotient(struct composed_operand a, struct composed_operand b)
{
    if (of_one(a, COMPOSED_CENTRED, b, COMPOSED_ROOT))
        return become(COMPOSED_NORM, b.is);
    if (a.constant && a.single && a.number == 1)
        return composed_one('r', b);
    if (!a.constant && b.constant && b.single && b.number != 0) {
        b.number = 1 / b.number;
        return product(a, b);
    }
    return nothing;
}

struct composed composed_two(char op, struct composed_operand a, struct composed_operand b)
{
    if (a.constant && b.constant)
        return nothing;
    if (op == '*' && !a.constant && !b.constant && a.value == b.value && !is(a, COMPOSED_CENTRED))
        return start(COMPOSED_SQUARE, a, 1);
    switch (op) {
    case '*':
        return either(product, a, b);
    case '+':
        return either(sum, a, b);
    case '-':
        return difference(a, b);
    case '/':
        return quotient(a, b);
    default: /* the squared difference, of either sign */
        return whole_and(a, b, COMPOSED_MEAN) && b.is.k == 1   ? become(COMPOSED_SQUARES, b.is)
               : whole_and(b, a, COMPOSED_MEAN) && a.is.k == 1 ? become(COMPOSED_SQUARES, a.is)
                                                               : nothing;
    }
}

struct composed composed_one(char op, struct composed_operand a)
{
    struct composed c = a.is;

    if (op == 's' && is(a, COMPOSED_STEADY))
        return become(COMPOSED_ROOT, c);
    if ((op == 'i' && is(a, COMPOSED_STEADY)) || (op == 'r' && is(a, COMPOSED_ROOT)))
        return become(COMPOSED_INVERSE, c);
    if (op == 'n' && (is(a, COMPOSED_MEAN) || (is(a, COMPOSED_SHIFT) && c.beta < 0)))
        return times(c, -1);
    c.approximate = op == 't';
    if ((op == 'e' && is(a, COMPOSED_TIMES) && near(c.k, sqrt(0.5))) ||
        (op == 't' && is(a, COMPOSED_INNER) && near(c.k, sqrt(2 / acos(-1))))) {
        c.k = 1;
        return become(COMPOSED_CURVE, c);
    }
    return nothing;
}

struct composed composed_power(struct composed_operand a, double exponent)
{
    if (a.constant)
        return nothing;
    if (exponent == 0.5)
        return composed_one('s', a);
    if (exponent == -0.5)
        return composed_one('i', a);
    if (exponent == 2)
        return is(a, COMPOSED_CENTRED) ? become(COMPOSED_SQUARES, a.is) : start(COMPOSED_SQUARE, a, 1);
    return exponent == 3 ? start(COMPOSED_CUBE, a, 1) : nothing;
}

int composed_is_whole(const struct composed *c)
{
    return c->form == COMPOSED_NORM || (c->form == COMPOSED_GELU && near(c->k, 0.5));
}
