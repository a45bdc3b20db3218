/* src/deploy/tflite_value.c: what works on values one by one: activations, sums, products, scales. */
#include "tflite.h"

#include <string.h>

enum {
    ANY_MAP = 1u << TFLITE_MAP | 1u << TFLITE_PLANES | 1u << TFLITE_ROW | 1u << TFLITE_PLANES_ROW |
              1u << TFLITE_POINTS
};

/* ---- with a constant ------------------------------------------------------------------------------- */

/* The constant that input number k is, or -1. */
static int constant_in(const struct tflite_graph *g, int k)
{
    int tensor = tflite_in(g, k);

    if (tensor < 0 || g->file->tensor[tensor].data)
        return tensor;
    return g->view[tensor].form == TFLITE_CONSTANT ? g->view[tensor].constant : -1;
}

int tflite_fits_channels(const struct tflite_tensor *t, enum tflite_form form, int c)
{
    int axis = form == TFLITE_PLANES ? t->rank - 3 : t->rank - 1;

    return t->count == 1 || (t->count == c && axis >= 0 && t->dim[axis] == c);
}

/* x * gamma + beta, as a batch normalisation with mean 0 and variance 1 - eps, a sum without rounding. */
static status add_affine(struct tflite_graph *g, const char *name, int c, int constant, int first)
{
    const struct tflite_tensor *t = &g->file->tensor[constant];
    static const char *const suffix[] = { ".weight", ".bias", ".running_mean", ".running_var" };
    int code = tflite_here(g)->code;
    struct tensor value, part;

    TRY(tflite_blame(g, tflite_load_bias(g->file, constant, 1, (int)t->count, &value)));
    for (int i = 0; i < 4; i++) {
        status result = tensor_alloc(&part, DTYPE_F32, 1, (int64_t[]){ c });

        for (int k = 0; result == OK && k < c; k++) {
            float v = ((float *)value.data)[t->count > 1 ? k : 0];
            float gamma = code == TFLITE_MUL ? v : code == TFLITE_SUB && first ? -1 : 1;
            float beta = code == TFLITE_MUL ? 0 : code == TFLITE_SUB && !first ? -v : v;

            ((float *)part.data)[k] = i == 0 ? gamma : i == 1 ? beta : i == 2 ? 0 : 1 - 0x1p-10f;
        }
        result = result == OK ? sketch_tensor(g->sketch, name, suffix[i], &part) : result;
        tensor_free(&part);
        if (result != OK) {
            tensor_free(&value);
            return result;
        }
    }
    tensor_free(&value);
    return OK;
}

/* The codes of a constant whose other operand is codes, too. */
static status add_codes(struct tflite_graph *g, const char *name, int constant)
{
    struct tflite_weight w = {
        .tensor = constant, .layout = TFLITE_VALUES, .h = 1, .w = 1, .i = 1, .dilation_h = 1, .dilation_w = 1
    };
    struct tensor codes;

    w.o = (int)g->file->tensor[constant].count;
    TRY(tflite_blame(g, tflite_load_weight(g->file, &w, &codes)));
    return sketch_tensor(g->sketch, name, ".weight", &codes);
}

/* Input number k is a constant: codes with one scale for codes, real values for real ones. */
static status with_constant(struct tflite_graph *g, int k, int constant, struct tflite_node *n)
{
    const struct tflite_tensor *t = &g->file->tensor[constant], *x = tflite_in_tensor(g, 1 - k);
    int coded = tflite_is_coded(x);
    struct tflite_view in;
    char name[MODEL_NAME];

    TRY(tflite_value(g, 1 - k, 1u << TFLITE_MAP | 1u << TFLITE_PLANES | 1u << TFLITE_POINTS, 0, &in));
    n->inputs = 1;
    n->input[0] = in.node;
    n->shape = tflite_shape(g, &in);
    n->form = in.form;
    if (coded ? t->type != x->type || t->scale.count != 1 : t->type != TFLITE_F32 && t->type != TFLITE_F16)
        return TFLITE_FAIL(g, "it takes a constant of %s and a map of %s, which is not translated",
                           tflite_type_name(t->type), tflite_type_name(x->type));
    if (!tflite_fits_channels(t, in.form, n->shape.c))
        return TFLITE_FAIL(g, "it takes a constant of %lld values; one, or one a channel, is translated",
                           (long long)t->count);
    if (coded && tflite_here(g)->code == TFLITE_SUB && k == 0)
        return TFLITE_FAIL(g, "it takes codes off a constant, which is not translated");
    tflite_name(g, 0, name);
    n->op = coded ? n->op : "batchnorm";
    snprintf(n->words, sizeof n->words, "weight %s%s", name, coded ? "" : " eps 0.0009765625");
    TRY(tflite_add_node(g, 0, n));
    return coded ? add_codes(g, name, constant) : add_affine(g, name, n->shape.c, constant, k == 0);
}

/* ---- of two ---------------------------------------------------------------------------------------- */

status tflite_binary(struct tflite_graph *g)
{
    int product = tflite_here(g)->code == TFLITE_MUL, less = tflite_here(g)->code == TFLITE_SUB;
    struct tflite_node n = { .op = product ? "mul" : less ? "sub" : "add", .inputs = 2, .sums = !product };
    struct sketch_shape a, b;
    struct tflite_view in[2];
    struct flat_table o;

    TRY(tflite_options(g, product ? 21 : less ? 28 : 11, &o));
    TRY(tflite_option(g, &o, 0, FLAT_I8, "activation", 0, 0, 127, &n.activation));
    for (int k = 0; k < 2; k++) {
        int constant = constant_in(g, k);

        if (constant >= 0)
            return with_constant(g, k, constant, &n);
    }
    for (int k = 0; k < 2; k++)
        TRY(tflite_value(g, k, 1u << TFLITE_MAP | 1u << TFLITE_PLANES, 0, &in[k]));
    a = tflite_shape(g, &in[0]);
    b = tflite_shape(g, &in[1]);
    if (product && a.h * a.w == 1 && b.h * b.w > 1) { /* a product's two sides are equal */
        struct tflite_view first = in[0];

        in[0] = in[1];
        in[1] = first;
        a = b;
        b = tflite_shape(g, &in[1]);
    }
    if (a.c != b.c || ((a.h != b.h || a.w != b.w) && !(product && b.h == 1 && b.w == 1)) ||
        (in[0].form != in[1].form && b.h * b.w > 1))
        return TFLITE_FAIL(g, "its inputs are %dx%dx%d and %dx%dx%d, which is not translated", a.c, a.h, a.w,
                           b.c, b.h, b.w);
    n.input[0] = in[0].node;
    n.input[1] = in[1].node;
    n.shape = a;
    n.form = in[0].form;
    return tflite_add_node(g, 0, &n);
}

/* The op of our own, and its attributes. */
static status unary_op(const struct tflite_graph *g, struct tflite_node *n)
{
    struct flat_table o;
    float slope;
    int approximate;

    switch (tflite_here(g)->code) {
    case TFLITE_GELU:
        n->op = "gelu";
        TRY(tflite_options(g, 116, &o));
        TRY(tflite_option(g, &o, 0, FLAT_U8, "approximation", 0, 0, 1, &approximate));
        snprintf(n->words, sizeof n->words, "%s", approximate ? "approximate 1" : "");
        return tflite_is_coded(tflite_in_tensor(g, 0))
                   ? TFLITE_FAIL(g, "it is of codes, and gelus of real numbers are translated")
                   : OK;
    case TFLITE_RELU:
        n->op = "relu";
        return OK;
    case TFLITE_RELU6:
        n->op = "relu6";
        return OK;
    case TFLITE_RELU_N1_TO_1:
    case TFLITE_RELU_0_TO_1:
        n->op = "clip";
        snprintf(n->words, sizeof n->words, "low %d high 1",
                 tflite_here(g)->code == TFLITE_RELU_N1_TO_1 ? -1 : 0);
        return OK;
    case TFLITE_LOGISTIC:
        n->op = "sigmoid";
        return OK;
    case TFLITE_TANH:
        n->op = "tanh";
        return OK;
    case TFLITE_HARD_SWISH:
        n->op = "hardswish";
        return OK;
    default:
        break;
    }
    n->op = "leakyrelu";
    TRY(tflite_options(g, 75, &o));
    TRY(tflite_blame(g, flat_real(&o, 0, 0, &slope)));
    if (!(slope >= 0 && slope < 1))
        return TFLITE_FAIL(g, "slope %g is not from 0 to below 1", (double)slope);
    snprintf(n->words, sizeof n->words, "slope %.9g", (double)slope);
    return OK;
}

/* A node of one input, whose elements keep their places. */
static status add_one(struct tflite_graph *g, struct tflite_node *n)
{
    struct tflite_view in;

    TRY(tflite_value(g, 0, ANY_MAP, 0, &in));
    n->inputs = 1;
    n->input[0] = in.node;
    n->shape = tflite_shape(g, &in);
    n->form = in.form;
    return tflite_add_node(g, 0, n);
}

status tflite_unary(struct tflite_graph *g)
{
    struct tflite_node n = { 0 };

    TRY(unary_op(g, &n));
    return add_one(g, &n);
}

status tflite_quantize(struct tflite_graph *g)
{
    struct tflite_node n = { .op = "quantize" };

    if (!tflite_is_coded(tflite_out_tensor(g, 0)))
        return TFLITE_FAIL(g, "its output has no scale");
    return add_one(g, &n);
}

/* Of a constant: the real values that whoever reads it takes. */
status tflite_dequantize(struct tflite_graph *g)
{
    struct tflite_node n = { .op = "dequantize" };
    int in = tflite_in(g, 0);

    if (tflite_out_tensor(g, 0)->type != TFLITE_F32)
        return TFLITE_FAIL(g, "its output is of %s, not float32",
                           tflite_type_name(tflite_out_tensor(g, 0)->type));
    if (in < 0 || !g->file->tensor[in].data)
        return add_one(g, &n);
    if (g->file->tensor[in].type != TFLITE_F16 && !tflite_is_coded(&g->file->tensor[in]))
        return TFLITE_FAIL(g, "its constant is of %s", tflite_type_name(g->file->tensor[in].type));
    g->view[tflite_out(g, 0)] = (struct tflite_view){ .form = TFLITE_CONSTANT, .constant = in };
    return OK;
}

/* A picture's bytes, as they are, become real numbers. */
status tflite_cast(struct tflite_graph *g)
{
    struct tflite_view in;

    if (tflite_in(g, 0) != g->file->input || tflite_in_tensor(g, 0)->type != TFLITE_U8 ||
        tflite_out_tensor(g, 0)->type != TFLITE_F32)
        return TFLITE_FAIL(g, "it makes %s %s, and a picture's uint8 that become float32 are translated",
                           tflite_type_name(tflite_in_tensor(g, 0)->type),
                           tflite_type_name(tflite_out_tensor(g, 0)->type));
    TRY(tflite_value(g, 0, ANY_MAP, 0, &in));
    return tflite_alias(g, 0, in);
}
