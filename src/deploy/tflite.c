/* src/deploy/tflite.c: a TFLite file from its tables to a description: which ops count, in order. */
#include "tflite.h"

#include <string.h>

static const struct {
    enum tflite_code code;
    status (*translate)(struct tflite_graph *g);
} translations[] = {
    { TFLITE_CONV_2D, tflite_conv },
    { TFLITE_DEPTHWISE_CONV_2D, tflite_conv },
    { TFLITE_FULLY_CONNECTED, tflite_fully_connected },
    { TFLITE_AVERAGE_POOL_2D, tflite_pool },
    { TFLITE_MAX_POOL_2D, tflite_pool },
    { TFLITE_MEAN, tflite_reduce },
    { TFLITE_REDUCE_MAX, tflite_reduce },
    { TFLITE_ADD, tflite_binary },
    { TFLITE_MUL, tflite_binary },
    { TFLITE_SUB, tflite_binary },
    { TFLITE_RELU, tflite_unary },
    { TFLITE_RELU6, tflite_unary },
    { TFLITE_RELU_N1_TO_1, tflite_unary },
    { TFLITE_RELU_0_TO_1, tflite_unary },
    { TFLITE_LEAKY_RELU, tflite_unary },
    { TFLITE_LOGISTIC, tflite_unary },
    { TFLITE_HARD_SWISH, tflite_unary },
    { TFLITE_TANH, tflite_unary },
    { TFLITE_GELU, tflite_unary },
    { TFLITE_QUANTIZE, tflite_quantize },
    { TFLITE_DEQUANTIZE, tflite_dequantize },
    { TFLITE_CAST, tflite_cast },
    { TFLITE_RESHAPE, tflite_reshape },
    { TFLITE_SQUEEZE, tflite_reshape },
    { TFLITE_EXPAND_DIMS, tflite_reshape },
    { TFLITE_TRANSPOSE, tflite_transpose },
    { TFLITE_PAD, tflite_pad },
    { TFLITE_PADV2, tflite_pad },
    { TFLITE_SPACE_TO_BATCH_ND, tflite_apart },
    { TFLITE_BATCH_TO_SPACE_ND, tflite_together },
    { TFLITE_SPLIT, tflite_split },
    { TFLITE_SPLIT_V, tflite_split },
    { TFLITE_SLICE, tflite_slice },
    { TFLITE_STRIDED_SLICE, tflite_slice },
    { TFLITE_CONCATENATION, tflite_concatenation },
};

static int is_reshape(int code)
{
    return code == TFLITE_RESHAPE || code == TFLITE_SQUEEZE || code == TFLITE_EXPAND_DIMS;
}

static int is_softmax(int code)
{
    return code == TFLITE_SOFTMAX || code == TFLITE_LOGISTIC;
}

/* The op that makes a tensor, or -1. */
static int maker(const struct tflite *f, int tensor)
{
    return tensor < 0 ? -1 : f->tensor[tensor].source;
}

static int first_input(const struct tflite *f, int op)
{
    return f->op[op].input.count > 0 ? (int)flat_vector_int(&f->op[op].input, 0) : -1;
}

/* Back over ops of these kinds; the tensor at which another one ends. */
static int back_over(const struct tflite *f, int tensor, int reshape, int dequantize, int quantize)
{
    for (int op; (op = maker(f, tensor)) >= 0; tensor = first_input(f, op)) {
        int code = f->op[op].code;

        if (!(reshape && is_reshape(code)) && !(dequantize && code == TFLITE_DEQUANTIZE) &&
            !(quantize && code == TFLITE_QUANTIZE))
            break;
    }
    return tensor;
}

/* The logits: what softmax or, of classes that do not exclude one another, the sigmoid takes, as codes where
 * these are; without either the output. */
static status find_logits(struct tflite_graph *g)
{
    const struct tflite *f = g->file;
    int end = back_over(f, f->output, 1, 1, 1), op = maker(f, end);
    char name[TFLITE_NAME];

    g->logits = f->output;
    if (op >= 0 && is_softmax(f->op[op].code)) {
        g->logits = first_input(f, op);
        TRY(sketch_tell(g->sketch, "%s at the end is taken off: the logits are what it takes",
                        f->op[op].code == TFLITE_SOFTMAX ? "softmax" : "the sigmoid"));
    }
    g->logits = back_over(f, g->logits, 1, 1, 0);
    g->last = back_over(f, g->logits, 1, 1, 1);
    if (g->logits < 0 || maker(f, g->logits) < 0)
        return FAIL(ERR_FORMAT, "no op makes its output %.80s", tflite_tensor_name(f, f->output, name));
    return OK;
}

/* How many inputs of an op count: the shape that a reshape is given is its output's, which the file has; of
 * what ends a whole that others are parts of, what that takes. */
static int64_t inputs_of(const struct tflite_graph *g, int op)
{
    const struct tflite_op *is = &g->file->op[op];

    return g->composed[op].form ? 3 : is_reshape(is->code) && is->input.count > 1 ? 1 : is->input.count;
}

static int input_of(const struct tflite_graph *g, int op, int64_t k)
{
    const struct composed *c = &g->composed[op];

    return !c->form ? (int)flat_vector_int(&g->file->op[op].input, k)
           : k == 0 ? c->x
           : k == 1 ? c->gamma
                    : c->beta;
}

/* Which ops the logits come from, and how many of them read a tensor. */
static void mark_live(struct tflite_graph *g)
{
    g->readers[g->logits]++;
    for (int i = g->file->ops - 1; i >= 0; i--) {
        const struct tflite_op *op = &g->file->op[i];

        for (int64_t k = 0; k < op->output.count; k++)
            g->live[i] |= g->readers[flat_vector_int(&op->output, k)] > 0;
        for (int64_t k = 0; g->live[i] && k < inputs_of(g, i); k++) {
            int tensor = input_of(g, i, k);

            if (tensor >= 0)
                g->readers[tensor]++;
        }
    }
}

static status check_tensors(struct tflite_graph *g)
{
    const struct tflite_op *op = tflite_here(g);

    for (int64_t k = 0; k < inputs_of(g, g->at); k++)
        if (flat_vector_int(&op->input, k) >= 0)
            TRY(tflite_blame(g, tflite_check_tensor(g->file, (int)flat_vector_int(&op->input, k))));
    for (int64_t k = 0; k < op->output.count; k++)
        TRY(tflite_blame(g, tflite_check_tensor(g->file, (int)flat_vector_int(&op->output, k))));
    return OK;
}

static status translate_op(struct tflite_graph *g)
{
    const struct tflite_op *op = tflite_here(g);

    if (g->composed[g->at].form)
        return tflite_composed(g);
    for (size_t i = 0; i < COUNT_OF(translations); i++)
        if ((int)translations[i].code == op->code) {
            if (op->input.count < 1 || op->output.count < 1)
                return TFLITE_FAIL(g, "it has no input or no output");
            TRY(check_tensors(g));
            return translations[i].translate(g);
        }
    if (op->code == TFLITE_NEG || op->code == TFLITE_RSQRT || op->code == TFLITE_SQRT ||
        op->code == TFLITE_POW || op->code == TFLITE_SQUARE || op->code == TFLITE_SQUARED_DIFFERENCE ||
        op->code == TFLITE_DIV)
        return TFLITE_FAIL(
            g, "it is part of no layer normalisation or gelu of real numbers, in which alone it is "
               "translated");
    if (op->code != TFLITE_CUSTOM)
        return TFLITE_FAIL(g, "it is not translated");
    if (text_begins(op->custom, strlen(op->custom), "edgetpu"))
        return TFLITE_FAIL(g, "the network is compiled for the Edge TPU; take the file that it was made of");
    return TFLITE_FAIL(g, "it is a custom op ('%s'), which is not translated", op->custom);
}

static status add_input(struct tflite_graph *g, const struct deploy_options *how)
{
    const struct tflite_tensor *t = &g->file->tensor[g->file->input];
    struct sketch *d = g->sketch;
    struct tflite_view *v = &g->view[g->file->input];
    struct deploy_options own = how ? *how : (struct deploy_options){ .skip = -1 };
    struct sketch_shape shape;
    struct sketch_codes codes;
    char name[TFLITE_NAME], pipeline[TFLITE_PIPELINE];
    int coded, planes, bytes;

    TRY(error_prefix(tflite_check_tensor(g->file, g->file->input), "its input"));
    coded = tflite_is_coded(t);
    bytes = t->type == TFLITE_U8 && !coded;
    if (t->unknown)
        return FAIL(ERR_FORMAT, "its input's extents are left open; convert the network for one size");
    if (t->rank != 4 || t->dim[0] != 1)
        return FAIL(ERR_FORMAT,
                    "its input has %d extents, or takes several pictures at once; one picture has "
                    "four, (1, height, width, channels)",
                    t->rank);
    if (!(coded && t->type != TFLITE_I4 && t->scale.count == 1) && t->type != TFLITE_F32 && !bytes)
        return FAIL(ERR_FORMAT,
                    "its input is of %s, and real numbers, uint8, and int8 with one scale are run",
                    tflite_type_name(t->type));
    planes = t->dim[3] != 3 && t->dim[3] != 1 && (t->dim[1] == 3 || t->dim[1] == 1);
    *v = (struct tflite_view){ .form = planes ? TFLITE_PLANES : TFLITE_MAP };
    codes = (struct sketch_codes){ 1, 0 };
    if (coded)
        codes = (struct sketch_codes){ (double)flat_vector_real(&t->scale, 0), tflite_zero(t, 0, 0) };
    tflite_tensor_name(g->file, g->file->input, name);
    shape = planes ? (struct sketch_shape){ t->dim[1], t->dim[2], t->dim[3] }
                   : (struct sketch_shape){ t->dim[3], t->dim[1], t->dim[2] };
    if (!own.input && (t->type == TFLITE_F32 || !sketch_takes_bytes(&codes)) &&
        (shape.c == 1 || shape.c == 3) && tflite_metadata_input(g->file, shape.c, pipeline)) {
        own.input = pipeline;
        TRY(sketch_tell(d, "the input is as the file's metadata say: %s", pipeline));
    }
    TRY(sketch_input(d, name, shape, &own, coded || bytes ? &codes : NULL, coded));
    g->coded = coded;
    if (coded)
        TRY(sketch_params(d, sketch_node_name(d, 0), codes.scale, codes.zero_point,
                          t->type == TFLITE_U8 ? 0 : 128));
    return sketch_origin(d, 0, name);
}

/* A file of real numbers is one like any other. */
static status add_notes(struct tflite_graph *g)
{
    const struct tflite_tensor *t = &g->file->tensor[g->logits];
    struct sketch *d = g->sketch;

    snprintf(d->title, sizeof d->title, "TFLite, %s",
             t->type == TFLITE_F32 ? "real numbers" : tflite_type_name(t->type));
    TRY(table_add_note(&d->weights, "quantcam.deployed", "tflite"));
    if (!g->coded)
        return OK;
    TRY(table_add_note(&d->weights, "quantcam.engine", "tflite"));
    return table_add_note(&d->weights, "quantcam.relu6", "clamp");
}

static status translate(struct tflite_graph *g, const struct deploy_options *how, struct deploy_network *out)
{
    const struct tflite_view *logits;

    TRY(find_logits(g));
    TRY(tflite_compose(g));
    mark_live(g);
    TRY(add_input(g, how));
    for (g->at = 0; g->at < g->file->ops; g->at++)
        if (g->live[g->at])
            TRY(translate_op(g));
    logits = &g->view[g->logits];
    if (logits->form != TFLITE_MAP && logits->form != TFLITE_PLANES)
        return FAIL(ERR_FORMAT, "its output is a flattened map; networks that classify a picture are run");
    TRY(add_notes(g));
    return sketch_finish(g->sketch, logits->node, how, out);
}

status tflite_read(const uint8_t *bytes, uint64_t size, const struct deploy_options *how, struct sketch *d,
                   struct deploy_network *out)
{
    struct tflite f;
    struct tflite_graph g = { .file = &f, .sketch = d };
    status result = OK;

    TRY_OUT(tflite_open(bytes, size, &f));
    MEM_TRY_OUT(g.view, (size_t)f.tensors, sizeof *g.view);
    MEM_TRY_OUT(g.readers, (size_t)f.tensors, sizeof *g.readers);
    MEM_TRY_OUT(g.live, (size_t)f.ops, sizeof *g.live);
    MEM_TRY_OUT(g.composed, (size_t)f.ops, sizeof *g.composed);
    TRY_OUT(translate(&g, how, out));
out:
    mem_free(g.view);
    mem_free(g.readers);
    mem_free(g.live);
    mem_free(g.composed);
    tflite_close(&f);
    return result;
}
