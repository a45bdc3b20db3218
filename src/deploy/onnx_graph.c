/* src/deploy/onnx_graph.c: a whole ONNX model: its input, its nodes in order, its output. */
#include "onnx_translate.h"

#include <string.h>

static const struct row {
    const char *op;
    onnx_op *translate;
    int ends_too; /* may stand behind the softmax that is left out */
} rows[] = {
    { "Conv", onnx_conv, 0 },
    { "QLinearConv", onnx_conv, 0 },
    { "Gemm", onnx_product, 0 },
    { "QGemm", onnx_product, 0 },
    { "MatMul", onnx_product, 0 },
    { "QLinearMatMul", onnx_product, 0 },
    { "BatchNormalization", onnx_batchnorm, 0 },
    { "LayerNormalization", onnx_layernorm, 0 },
    { "MaxPool", onnx_pool, 0 },
    { "AveragePool", onnx_pool, 0 },
    { "QLinearAveragePool", onnx_pool, 0 },
    { "GlobalAveragePool", onnx_global, 0 },
    { "QLinearGlobalAveragePool", onnx_global, 0 },
    { "ReduceMean", onnx_reduce, 0 },
    { "Add", onnx_two, 0 },
    { "Sum", onnx_two, 0 },
    { "Sub", onnx_two, 0 },
    { "Mul", onnx_two, 0 },
    { "Div", onnx_two, 0 },
    { "QLinearAdd", onnx_two, 0 },
    { "QLinearMul", onnx_two, 0 },
    { "Concat", onnx_concat, 0 },
    { "QLinearConcat", onnx_concat, 0 },
    { "Slice", onnx_slice, 0 },
    { "Split", onnx_split, 0 },
    { "Pad", onnx_pad, 0 },
    { "Relu", onnx_relu, 0 },
    { "Clip", onnx_clip, 0 },
    { "LeakyRelu", onnx_leaky, 0 },
    { "QLinearLeakyRelu", onnx_leaky, 0 },
    { "PRelu", onnx_prelu, 0 },
    { "HardSwish", onnx_hard, 0 },
    { "HardSigmoid", onnx_hard, 0 },
    { "Sigmoid", onnx_sigmoid, 0 },
    { "QLinearSigmoid", onnx_sigmoid, 0 },
    { "Tanh", onnx_tanh, 0 },
    { "Erf", onnx_alone, 0 },
    { "Pow", onnx_alone, 0 },
    { "Sqrt", onnx_alone, 0 },
    { "Neg", onnx_alone, 0 },
    { "Reciprocal", onnx_alone, 0 },
    { "Gelu", onnx_gelu, 0 },
    { "FastGelu", onnx_gelu, 0 },
    { "Transpose", onnx_transpose, 0 },
    { "Softmax", onnx_softmax, 0 },
    { "LogSoftmax", onnx_softmax, 0 },
    { "QLinearSoftmax", onnx_softmax, 0 },
    { "Expand", onnx_expand, 0 },
    { "Reshape", onnx_reshape, 1 },
    { "Flatten", onnx_reshape, 1 },
    { "Gather", onnx_reshape, 1 },
    { "Squeeze", onnx_reshape, 1 },
    { "Unsqueeze", onnx_reshape, 1 },
    { "Identity", onnx_same, 1 },
    { "Dropout", onnx_same, 1 },
    { "Cast", onnx_cast, 1 },
    { "QuantizeLinear", onnx_quantize, 1 },
    { "DequantizeLinear", onnx_dequantize, 1 },
};

/* ---- the input -------------------------------------------------------------------------------------------
 */

/* The extents that "crop HEIGHT [WIDTH]" of a pipeline gives, for a file that leaves them open. */
static void read_crop(const char *pipeline, int64_t *h, int64_t *w)
{
    const char *crop = pipeline ? strstr(pipeline, "crop ") : NULL;
    long long high, wide;
    int read = crop ? sscanf(crop, "crop %lld %lld", &high, &wide) : 0;

    if (read < 1 || high < 1)
        return;
    *h = *h ? *h : high;
    *w = *w ? *w : read == 2 && wide > 0 ? wide : high;
}

static status find_input(struct onnx_translation *t, int *out)
{
    *out = -1;
    for (int i = 0; i < t->x.givens; i++) {
        int value = t->x.given[i];

        if (t->x.of[value].constant || !t->x.of[value].readers) /* tf2onnx leaves inputs that nothing reads */
            continue;
        if (*out >= 0)
            return FAIL(ERR_FORMAT,
                        "it has more than one input, %.200s and %.200s: one picture is translated, and "
                        "constants must be "
                        "in the file",
                        onnx_name(&t->x, *out), onnx_name(&t->x, value));
        *out = value;
    }
    return *out >= 0 ? OK : FAIL(ERR_FORMAT, "it has no input");
}

/* (1, C, H, W) or (1, H, W, C). */
static status shape_input(struct onnx_translation *t, int value, enum onnx_order *order,
                          struct sketch_shape *out)
{
    struct tensor *in = &t->x.value.entry[value].tensor;
    int last;

    if (!t->x.of[value].shaped || in->rank != 4)
        return FAIL(ERR_FORMAT, "its input %.200s is no picture of 4 extents", onnx_name(&t->x, value));
    if (in->dim[0] > 1)
        return FAIL(ERR_FORMAT, "its input takes %lld pictures at once: export it for 1, or for any number",
                    (long long)in->dim[0]);
    in->dim[0] = 1;
    last = in->dim[1] != 3 && in->dim[1] != 1 && (in->dim[3] == 3 || in->dim[3] == 1);
    read_crop(t->how ? t->how->input : NULL, &in->dim[last ? 1 : 2], &in->dim[last ? 2 : 3]);
    *order = last ? ONNX_LAST : ONNX_MAP;
    for (int i = 1; i < 4; i++)
        if (in->dim[i] < 1 || in->dim[i] > 4096)
            return FAIL(ERR_USAGE,
                        "its input's extents are left open: say --input=\"... crop HEIGHT WIDTH ...\", or "
                        "export it for one size");
    *out = (struct sketch_shape){ (int)in->dim[last ? 3 : 1], (int)in->dim[last ? 1 : 2],
                                  (int)in->dim[last ? 2 : 3] };
    return OK;
}

/* Integers: real values s (code - z), with z and s of the DequantizeLinear that reads them, or the pixel
 * itself. */
static status start_codes(struct onnx_translation *t, int value, struct sketch_shape shape,
                          struct onnx_place *p)
{
    int reader = onnx_only_reader(t, value);
    const struct onnx_node *n = reader >= 0 ? &t->x.node[reader] : NULL;
    int coded = n && onnx_is(n, "DequantizeLinear");

    if (t->x.of[value].type != ONNX_U8 && t->x.of[value].type != ONNX_S8)
        return FAIL(ERR_FORMAT, "its input is %s, and real numbers, uint8 and int8 are translated",
                    onnx_type_name(t->x.of[value].type));
    if (!coded && (!n || !onnx_is(n, "Cast") || t->x.of[value].type != ONNX_U8))
        return FAIL(ERR_FORMAT, "its input is integers that no DequantizeLinear alone reads");
    p->q = (struct onnx_quant){ .scale = 1 };
    if (coded)
        TRY(onnx_quant_read(t, n, 1, &p->q));
    TRY(sketch_input(t->d, onnx_name(&t->x, value), shape, t->how,
                     &(struct sketch_codes){ p->q.scale, p->q.zero_point }, coded));
    p->form = coded ? ONNX_CODES : ONNX_REAL;
    t->coded += coded;
    return coded ? sketch_params(t->d, sketch_node_name(t->d, 0), p->q.scale, p->q.zero_point, p->q.offset)
                 : OK;
}

static status start_input(struct onnx_translation *t, int value, enum onnx_order order,
                          struct sketch_shape shape)
{
    struct onnx_place *p = &t->at[value];

    *p = (struct onnx_place){ .form = ONNX_REAL, .order = order };
    if (!onnx_is_real(t->x.of[value].type))
        TRY(start_codes(t, value, shape, p));
    else
        TRY(sketch_input(t->d, onnx_name(&t->x, value), shape, t->how, NULL, 0));
    return sketch_origin(t->d, 0, onnx_name(&t->x, value));
}

/* ---- nodes and output ------------------------------------------------------------------------------------
 */

static status translate_node(struct onnx_translation *t, int node)
{
    const struct onnx_node *n = &t->x.node[node];
    int ended = 0;

    if (t->done[node] || t->x.of[n->output[0]].constant)
        return OK;
    for (int k = 0; k < n->inputs; k++)
        ended |= n->input[k] >= 0 && t->at[n->input[k]].ended;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (onnx_is(n, rows[i].op))
            return ended && !rows[i].ends_too
                       ? FAIL(ERR_FORMAT, "it follows a softmax, which is translated only at the end")
                       : rows[i].translate(t, n);
    return FAIL(ERR_FORMAT, "the op %.60s is not translated: models/README.md lists those that are", n->op);
}

static status translate_nodes(struct onnx_translation *t)
{
    for (int i = 0; i < t->x.nodes; i++)
        TRY(error_prefix(translate_node(t, i), "node %d (%.60s %.200s)", i, t->x.node[i].op,
                         t->x.node[i].name));
    return OK;
}

static status tell(struct onnx_translation *t)
{
    if (t->softmax)
        TRY(sketch_tell(t->d, "softmax at the end is left out: the output is the logits"));
    if (t->halved)
        TRY(sketch_tell(t->d, "numbers of 16 bits are computed with in 32"));
    if (t->few_bits)
        TRY(sketch_tell(
            t->d,
            "weights of 4 bits in %d layers are computed with as integers, which ONNX Runtime does "
            "in real numbers: single codes may differ",
            t->few_bits));
    if (t->normed && t->coded)
        TRY(sketch_tell(
            t->d,
            "layer normalisations and gelus are computed in real numbers, whose last bits may be others "
            "than ONNX Runtime's: single codes may differ"));
    if (t->divided && t->coded)
        TRY(sketch_tell(t->d,
                        "%d divisions by constants are products with 1 / constant: single codes may differ",
                        t->divided));
    TRY(table_add_note(&t->d->weights, "quantcam.deployed", "onnx"));
    if (!t->coded)
        return OK;
    TRY(table_add_note(&t->d->weights, "quantcam.engine", "onnxruntime"));
    return table_add_note(&t->d->weights, "quantcam.relu6", "clamp");
}

/* The sum over the model and the files beside it, in the order of their use; and their bytes. */
static status hash_all(struct onnx_translation *t)
{
    struct hash h;

    if (!t->x.files)
        return OK;
    hash_start(&h);
    hash_add(&h, t->d->weights.sha256, HASH_SIZE);
    for (int i = 0; i < t->x.files; i++) {
        const char *slash = strrchr(t->d->path, '/');
        char path[4096];
        uint8_t sha256[HASH_SIZE];
        status result;

        snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - t->d->path + 1) : 0, t->d->path,
                 t->x.file[i].name);
        result = hash_file(path, sha256);
        hash_add(&h, sha256, HASH_SIZE);
        if (result != OK) {
            hash_result(&h, sha256);
            return result;
        }
        t->d->weights.file_bytes += t->x.file[i].size;
    }
    hash_result(&h, t->d->weights.sha256);
    return OK;
}

static status translate(struct onnx_translation *t, struct deploy_network *out)
{
    struct sketch_shape shape;
    enum onnx_order order;
    struct onnx_place *end;
    int input;

    if (t->x.outputs != 1)
        return FAIL(ERR_FORMAT,
                    "it has %d outputs, and one, the classes', is translated: cut the others off "
                    "(onnx.utils.extract_model)",
                    t->x.outputs);
    TRY(find_input(t, &input));
    TRY(shape_input(t, input, &order, &shape));
    TRY(onnx_fold(&t->x));
    MEM_TAKE(&t->x.set, t->at, (size_t)t->x.value.count, sizeof *t->at);
    MEM_TAKE(&t->x.set, t->done, (size_t)t->x.nodes, 1);
    MEM_TAKE(&t->x.set, t->real, MODEL_MAX_NODES, sizeof *t->real);
    TRY(onnx_compose(t));
    TRY(start_input(t, input, order, shape));
    TRY(translate_nodes(t));
    end = &t->at[t->x.output[0]];
    if (!end->form)
        return FAIL(ERR_FORMAT, "its output %.200s does not come from the picture",
                    onnx_name(&t->x, t->x.output[0]));
    snprintf(t->d->title, sizeof t->d->title, "ONNX, opset %d%s%.60s", (int)t->x.opset,
             *t->x.producer ? ", " : "", t->x.producer);
    TRY(tell(t));
    TRY(hash_all(t));
    return sketch_finish(t->d, end->node, t->how, out);
}

status onnx_read(const uint8_t *bytes, uint64_t size, const struct deploy_options *how, struct sketch *d,
                 struct deploy_network *out)
{
    struct onnx_translation t = { .d = d, .how = how };
    status result = onnx_open(d->path, bytes, size, &t.x);

    if (result == OK)
        result = translate(&t, out);
    onnx_close(&t.x);
    return result;
}
