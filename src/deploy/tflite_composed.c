/* src/deploy/tflite_composed.c: layer normalisation and gelu of real numbers, also where the file spells them
 * in several ops. */
#include <string.h>

#include "composed.h"
#include "tflite.h"

/* ---- which ops are part of one ----------------------------------------------------------------------- */

static int is_constant(const struct tflite *f, int tensor)
{
    const struct tflite_tensor *t = &f->tensor[tensor];

    return t->data ||
           (t->source >= 0 && f->op[t->source].code == TFLITE_DEQUANTIZE &&
            f->op[t->source].input.count == 1 && f->tensor[flat_vector_int(&f->op[t->source].input, 0)].data);
}

static struct composed_operand operand(const struct tflite *f, const struct composed *is,
                                       const struct tflite_op *op, int k)
{
    int tensor = (int)flat_vector_int(&op->input, k);
    const struct tflite_tensor *t = tensor >= 0 ? &f->tensor[tensor] : NULL;
    struct composed_operand a = { .value = tensor };

    if (!t || is_constant(f, tensor))
        a.constant = 1;
    else
        a.is = is[tensor];
    a.single = t && t->data && t->type == TFLITE_F32 && t->bytes == sizeof(float);
    if (a.single) {
        struct flat_vector v = { .bytes = t->data, .size = t->bytes, .count = 1, .type = FLAT_F32 };

        a.number = (double)flat_vector_real(&v, 0);
    }
    return a;
}

/* The only axis of a mean that keeps its extents, or -1. */
static status axis_of(const struct tflite *f, const struct tflite_op *op, int *out)
{
    int tensor = (int)flat_vector_int(&op->input, 1);
    struct tflite_tensor axes = tensor >= 0 ? f->tensor[tensor] : (struct tflite_tensor){ 0 };
    int64_t keeps = 0, rank = f->tensor[flat_vector_int(&op->input, 0)].shape.count, axis;

    *out = -1;
    if (op->options_type == 27)
        TRY(flat_int(&op->options, 0, FLAT_U8, 0, &keeps));
    if (!keeps || !axes.data || axes.type != TFLITE_I32 || axes.bytes != sizeof(int32_t))
        return OK;
    axes.count = 1;
    axis = tflite_whole(&axes, 0);
    axis += axis < 0 ? rank : 0;
    *out = axis >= 0 && axis < rank ? (int)axis : -1;
    return OK;
}

/* What the op's output is of a whole; an op with a fused activation is no part. */
static status part_of(const struct tflite *f, const struct composed *is, const struct tflite_op *op,
                      struct composed *out)
{
    static const struct {
        int code, inputs, options, exponent;
        char how;
    } rows[] = {
        { TFLITE_ADD, 2, 11, 0, '+' },
        { TFLITE_SUB, 2, 28, 0, '-' },
        { TFLITE_MUL, 2, 21, 0, '*' },
        { TFLITE_DIV, 2, 29, 0, '/' },
        { TFLITE_SQUARED_DIFFERENCE, 2, 0, 0, 'd' },
        { TFLITE_NEG, 1, 0, 0, 'n' },
        { TFLITE_RSQRT, 1, 0, 0, 'i' },
        { TFLITE_SQRT, 1, 0, 0, 's' },
        { TFLITE_TANH, 1, 0, 0, 't' },
        { TFLITE_SQUARE, 1, 0, 2, 0 },
    };
    int64_t activation = 0;
    int axis;

    if (op->code == TFLITE_MEAN && op->input.count == 2 && flat_vector_int(&op->input, 0) >= 0) {
        TRY(axis_of(f, op, &axis));
        if (axis >= 0)
            *out = composed_mean(operand(f, is, op, 0), axis);
        return OK;
    }
    if (op->code == TFLITE_POW && op->input.count == 2) {
        struct composed_operand power = operand(f, is, op, 1);

        if (power.single)
            *out = composed_power(operand(f, is, op, 0), power.number);
        return OK;
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (op->code != rows[i].code || op->input.count != rows[i].inputs)
            continue;
        if (rows[i].options && op->options_type == rows[i].options)
            TRY(flat_int(&op->options, 0, FLAT_I8, 0, &activation));
        if (activation)
            return OK;
        *out = rows[i].exponent ? composed_power(operand(f, is, op, 0), rows[i].exponent)
               : rows[i].inputs == 1
                   ? composed_one(rows[i].how, operand(f, is, op, 0))
                   : composed_two(rows[i].how, operand(f, is, op, 0), operand(f, is, op, 1));
    }
    return OK;
}

/* The only op that reads each tensor; -1: none, or several. */
static void find_readers(const struct tflite *f, int *reader)
{
    uint8_t read;

    for (int i = 0; i < f->tensors; i++)
        reader[i] = -1;
    for (int i = 0; i < f->ops; i++)
        for (int64_t k = 0; k < f->op[i].input.count; k++) {
            int64_t tensor = flat_vector_int(&f->op[i].input, k);

            read = tensor >= 0 && reader[tensor] != -1;
            if (tensor >= 0)
                reader[tensor] = read ? -2 : i;
        }
}

status tflite_compose(struct tflite_graph *g)
{
    const struct tflite *f = g->file;
    struct composed *is;
    int *reader = NULL;
    status result = OK;

    MEM_TRY(is, (size_t)f->tensors, sizeof *is);
    MEM_TRY_OUT(reader, (size_t)f->tensors, sizeof *reader);
    for (int i = 0; i < f->ops; i++) {
        const struct tflite_op *op = &f->op[i];
        int64_t out = op->output.count == 1 ? flat_vector_int(&op->output, 0) : -1;

        if (out >= 0 && f->tensor[out].type == TFLITE_F32 && !f->tensor[out].data)
            TRY_OUT(error_prefix(part_of(f, is, op, &is[out]), "op %d", i));
    }
    find_readers(f, reader);
    for (int i = 0; i < f->ops; i++) {
        int64_t out = f->op[i].output.count == 1 ? flat_vector_int(&f->op[i].output, 0) : -1;
        const struct tflite_op *next = out >= 0 && reader[out] >= 0 ? &f->op[reader[out]] : NULL;
        int64_t then = next && next->output.count == 1 ? flat_vector_int(&next->output, 0) : -1;

        if (out < 0 || !composed_is_whole(&is[out]))
            continue;
        if (then < 0 || !composed_is_whole(&is[then]) || is[then].x != is[out].x)
            g->composed[i] = is[out]; /* gamma and beta may follow */
    }
out:
    mem_free(is);
    mem_free(reader);
    return result;
}

/* ---- as a node ------------------------------------------------------------------------------------------
 */

/* The constant that a tensor is, or what it stands for. */
static int values_of(const struct tflite_graph *g, int tensor)
{
    return g->file->tensor[tensor].data ? tensor : g->view[tensor].constant;
}

/* One number for all channels, or one for each; of no tensor `otherwise`. */
static status take_each(struct tflite_graph *g, const struct tflite_node *n, int tensor, const char *name,
                        const char *suffix, float otherwise)
{
    const struct tflite_tensor *t = NULL;
    struct tensor value = { 0 }, each = { 0 };
    status result = OK;

    if (tensor >= 0) {
        TRY(tflite_blame(g, tflite_check_tensor(g->file, values_of(g, tensor))));
        t = &g->file->tensor[values_of(g, tensor)];
        if ((t->type != TFLITE_F32 && t->type != TFLITE_F16) || !tflite_fits_channels(t, n->form, n->shape.c))
            return TFLITE_FAIL(
                g,
                "it normalises with a constant of %lld values of %s; one, or one a channel, is "
                "translated",
                (long long)t->count, tflite_type_name(t->type));
        TRY(tflite_blame(g, tflite_load_bias(g->file, values_of(g, tensor), 1, (int)t->count, &value)));
    }
    TRY_OUT(tensor_alloc(&each, DTYPE_F32, 1, (int64_t[]){ n->shape.c }));
    for (int c = 0; c < n->shape.c; c++)
        ((float *)each.data)[c] = t ? ((const float *)value.data)[t->count > 1 ? c : 0] : otherwise;
    result = sketch_tensor(g->sketch, name, suffix, &each);
out:
    tensor_free(&value);
    tensor_free(&each);
    return result;
}

status tflite_composed(struct tflite_graph *g)
{
    const struct composed *c = &g->composed[g->at];
    struct tflite_view in = g->view[c->x];
    struct tflite_node n = { .op = "layernorm", .inputs = 1, .input = { in.node }, .form = in.form };
    char name[MODEL_NAME];
    int rank;

    TRY(tflite_blame(g, tflite_check_tensor(g->file, tflite_out(g, 0))));
    if ((in.form != TFLITE_MAP && in.form != TFLITE_PLANES) || in.top || in.left || in.bottom || in.right)
        return TFLITE_FAIL(g, "what it normalises is no map, which is not translated");
    n.shape = tflite_shape(g, &in);
    if (c->form == COMPOSED_GELU) {
        n.op = "gelu";
        snprintf(n.words, sizeof n.words, "%s", c->approximate ? "approximate 1" : "");
        return tflite_add_node(g, 0, &n);
    }
    rank = tflite_out_tensor(g, 0)->rank;
    if (c->axis != (in.form == TFLITE_PLANES && rank == 4 ? 1 : rank - 1))
        return TFLITE_FAIL(g, "it normalises over another axis than the channels, which is not translated");
    tflite_name(g, 0, name);
    snprintf(n.words, sizeof n.words, "weight %s eps %.9g", name, c->eps);
    TRY(tflite_add_node(g, 0, &n));
    TRY(take_each(g, &n, c->gamma, name, ".weight", 1));
    return take_each(g, &n, c->beta, name, ".bias", 0);
}
