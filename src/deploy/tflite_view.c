/* src/deploy/tflite_view.c: the graph of a TFLite file while it is translated: what an op reads and what it
 * makes. */
#include "tflite.h"

#include <string.h>

enum { NONE, RELU, RELU_N1_TO_1, RELU6 }; /* fused activations */

/* ---- the op at hand -------------------------------------------------------------------------------- */

const struct tflite_op *tflite_here(const struct tflite_graph *g)
{
    return &g->file->op[g->at];
}

status tflite_blame(const struct tflite_graph *g, status result)
{
    int code = tflite_here(g)->code;
    const char *name = tflite_code_name(code);

    if (name)
        return error_prefix(result, "op %d (%s)", g->at, name);
    return error_prefix(result, "op %d (code %d)", g->at, code);
}

int tflite_in(const struct tflite_graph *g, int k)
{
    const struct flat_vector *v = &tflite_here(g)->input;

    return k < v->count ? (int)flat_vector_int(v, k) : -1;
}

int tflite_out(const struct tflite_graph *g, int k)
{
    const struct flat_vector *v = &tflite_here(g)->output;

    return k < v->count ? (int)flat_vector_int(v, k) : -1;
}

const struct tflite_tensor *tflite_in_tensor(const struct tflite_graph *g, int k)
{
    return &g->file->tensor[tflite_in(g, k)];
}

const struct tflite_tensor *tflite_out_tensor(const struct tflite_graph *g, int k)
{
    return &g->file->tensor[tflite_out(g, k)];
}

status tflite_options(const struct tflite_graph *g, int type, struct flat_table *out)
{
    const struct tflite_op *op = tflite_here(g);

    *out = (struct flat_table){ 0 };
    if (op->options_type == 0)
        return OK;
    if (op->options_type != type)
        return TFLITE_FAIL(g, "its options are of type %d, not %d", op->options_type, type);
    *out = op->options;
    return OK;
}

status tflite_option(const struct tflite_graph *g, const struct flat_table *options, int field,
                     enum flat_type type, const char *what, int absent, int low, int high, int *out)
{
    int64_t value;

    TRY(tflite_blame(g, flat_int(options, field, type, absent, &value)));
    if (value < low || value > high)
        return TFLITE_FAIL(g, "%s %lld is not from %d to %d", what, (long long)value, low, high);
    *out = (int)value;
    return OK;
}

/* ---- what it reads --------------------------------------------------------------------------------- */

static const char *form_words(enum tflite_form form)
{
    switch (form) {
    case TFLITE_CONSTANT:
        return "a constant";
    case TFLITE_MAP:
        return "a map, channels last";
    case TFLITE_PLANES:
        return "a map, channels first";
    case TFLITE_ROW:
    case TFLITE_PLANES_ROW:
        return "a flattened map";
    case TFLITE_POINTS:
        return "a map as rows of positions";
    case TFLITE_GROUPS:
    case TFLITE_SHUFFLED:
    case TFLITE_PLANES_GROUPS:
    case TFLITE_PLANES_SHUFFLED:
        return "a map in groups of channels";
    case TFLITE_APART:
    case TFLITE_CONVOLVED:
        return "a map in batches of every n-th position";
    case TFLITE_NOTHING:
        break;
    }
    return "nothing that is computed";
}

status tflite_value(const struct tflite_graph *g, int k, unsigned forms, int padded, struct tflite_view *out)
{
    int tensor = tflite_in(g, k);

    if (tensor < 0)
        return TFLITE_FAIL(g, "input %d is missing", k);
    if (tensor == g->file->input && tflite_in_tensor(g, k)->type == TFLITE_U8 &&
        !tflite_is_coded(tflite_in_tensor(g, k)) && tflite_here(g)->code != TFLITE_CAST)
        return TFLITE_FAIL(g, "it reads a picture of uint8 without a scale, which CAST alone may");
    *out = g->view[tensor];
    if (g->file->tensor[tensor].data)
        out->form = TFLITE_CONSTANT;
    if (!(forms >> out->form & 1))
        return TFLITE_FAIL(g, "input %d is %s, which is not translated there", k, form_words(out->form));
    if (!padded && (out->top || out->left || out->bottom || out->right))
        return TFLITE_FAIL(g, "input %d is padded, which is not translated there", k);
    return OK;
}

struct sketch_shape tflite_shape(const struct tflite_graph *g, const struct tflite_view *v)
{
    return g->sketch->node[v->node].shape;
}

status tflite_numbers(const struct tflite_graph *g, int k, const char *what, const struct tflite_tensor **out)
{
    int tensor = tflite_in(g, k);

    *out = NULL;
    if (tensor < 0 || !g->file->tensor[tensor].data)
        return TFLITE_FAIL(g, "its %s are not in the file", what);
    *out = tflite_in_tensor(g, k);
    if ((*out)->type != TFLITE_I32 && (*out)->type != TFLITE_I64)
        return TFLITE_FAIL(g, "its %s are of %s", what, tflite_type_name((*out)->type));
    return OK;
}

/* ---- what it makes --------------------------------------------------------------------------------- */

/* Has the file so many elements there? */
static status check_count(const struct tflite_graph *g, int k, const struct tflite_view *v)
{
    struct sketch_shape s = tflite_shape(g, v);
    int64_t count = (int64_t)s.c * s.h * s.w;

    if (v->form == TFLITE_POINTS) /* which a file of any number of pictures leaves open: 1 */
        count /= tflite_out_tensor(g, k)->count == s.c ? (int64_t)s.h * s.w : 1;
    if (tflite_out_tensor(g, k)->count != count)
        return TFLITE_FAIL(g, "its output has %lld elements in the file, and %lld follow from its inputs",
                           (long long)tflite_out_tensor(g, k)->count, (long long)count);
    return OK;
}

/* Are the extents those of the shape, in this form? */
static int has_extents(const struct tflite_tensor *t, enum tflite_form form, struct sketch_shape s)
{
    if (form == TFLITE_MAP && t->rank < 4) /* (1, c) */
        return s.h == 1 && s.w == 1 && t->rank > 0 && t->dim[t->rank - 1] == s.c && t->count == s.c;
    if (form == TFLITE_MAP || form == TFLITE_PLANES) {
        int last = form == TFLITE_MAP;

        return t->rank == 4 && t->dim[0] == 1 && t->dim[last ? 1 : 2] == s.h && t->dim[last ? 2 : 3] == s.w &&
               t->dim[last ? 3 : 1] == s.c;
    }
    return 1; /* elements of a row: their count is compared */
}

status tflite_alias(struct tflite_graph *g, int k, struct tflite_view view)
{
    TRY(check_count(g, k, &view));
    g->view[tflite_out(g, k)] = view;
    return OK;
}

char *tflite_name(const struct tflite_graph *g, int k, char out[MODEL_NAME])
{
    char name[TFLITE_NAME];

    tflite_tensor_name(g->file, tflite_out(g, k), name);
    name[strcspn(name, ";")] = '\0'; /* fused ops have the names of all of them */
    return sketch_name(g->sketch, name, out);
}

/* The op of a fused activation, with its attributes; or NULL. */
static status activation_op(const struct tflite_graph *g, int k, const struct tflite_node *n, const char **op,
                            const char **words)
{
    const struct tflite_tensor *t = tflite_out_tensor(g, k);

    *words = "";
    *op = NULL;
    switch (n->activation) {
    case NONE:
        /* The stored range is the activation: codes begin at real 0. */
        if (n->sums && tflite_is_coded(t) && tflite_zero(t, 0, 0) == 0 && tflite_out(g, k) != g->last)
            *op = "relu";
        return OK;
    case RELU:
        *op = "relu";
        return OK;
    case RELU6:
        *op = "relu6";
        return OK;
    case RELU_N1_TO_1:
        *op = "clip";
        *words = "low -1 high 1";
        return OK;
    default:
        return TFLITE_FAIL(g, "its fused activation, code %d, is not translated", n->activation);
    }
}

/* An output's codes; an input of real values gives real values. */
static status add_params(struct tflite_graph *g, int k, const char *name)
{
    const struct tflite_tensor *t = tflite_out_tensor(g, k);

    g->coded = 1;
    return sketch_params(g->sketch, name, (double)flat_vector_real(&t->scale, 0), tflite_zero(t, 0, 0),
                         t->type == TFLITE_U8 ? 0 : 128);
}

int tflite_same_params(const struct tflite_tensor *a, const struct tflite_tensor *b)
{
    return a->type == b->type && tflite_is_coded(a) == tflite_is_coded(b) &&
           (!tflite_is_coded(a) || (flat_vector_real(&a->scale, 0) == flat_vector_real(&b->scale, 0) &&
                                    tflite_zero(a, 0, 0) == tflite_zero(b, 0, 0)));
}

/* Values are real, or codes of 8 bits with one scale. */
static status check_output(const struct tflite_graph *g, int k, const struct tflite_node *n)
{
    const struct tflite_tensor *t = tflite_out_tensor(g, k);

    if (t->type != TFLITE_F32 && !((t->type == TFLITE_U8 || t->type == TFLITE_I8) && t->scale.count == 1))
        return TFLITE_FAIL(g, "its output is of %s%s", tflite_type_name(t->type),
                           t->type == TFLITE_U8 || t->type == TFLITE_I8 ? ", without one scale" : "");
    if (n->keeps && !tflite_same_params(tflite_in_tensor(g, n->keeps - 1), t))
        return TFLITE_FAIL(g, "its output has another type, scale or zero point than its input");
    return OK;
}

status tflite_add_node(struct tflite_graph *g, int k, const struct tflite_node *n)
{
    const struct tflite_tensor *t = tflite_out_tensor(g, k);
    struct tflite_view view = { .form = n->form };
    char name[MODEL_NAME], inner[2 * MODEL_NAME], file[TFLITE_NAME];
    const char *activation, *words, *quant;
    int codes;

    TRY(check_output(g, k, n));
    TRY(activation_op(g, k, n, &activation, &words));
    codes = tflite_is_coded(t) && !n->keeps;
    tflite_name(g, k, name);
    quant = codes ? name : NULL;
    snprintf(inner, sizeof inner, "%s%s%s", name, activation ? "." : "", activation ? n->op : "");
    TRY(tflite_blame(g, sketch_add(g->sketch, n->op, inner, n->input, n->inputs, n->shape, quant, &view.node,
                                   "%s", n->words)));
    if (activation)
        TRY(tflite_blame(g, sketch_add(g->sketch, activation, name, &view.node, 1, n->shape, NULL, &view.node,
                                       "%s", words)));
    if (codes)
        TRY(add_params(g, k, name));
    TRY(check_count(g, k, &view));
    if (!has_extents(t, n->form, n->shape))
        return TFLITE_FAIL(g, "its output has other extents in the file than %dx%dx%d", n->shape.c,
                           n->shape.h, n->shape.w);
    g->view[tflite_out(g, k)] = view;
    return sketch_origin(g->sketch, view.node, tflite_tensor_name(g->file, tflite_out(g, k), file));
}
