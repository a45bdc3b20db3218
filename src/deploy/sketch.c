/* src/deploy/sketch.c: the nodes and tensors of a network in our own names, and the description of them. */
#include "sketch.h"

#include <math.h>
#include <string.h>

enum { DECIDED_MAX = 1 << 16, LINE_MAX_BYTES = 1 << 12, BACKGROUND_AND_1000 = 1001 };

void sketch_free(struct sketch *d)
{
    mem_free(d->node);
    table_free(&d->weights);
    text_free(&d->decided);
    *d = (struct sketch){ 0 };
}

/* ---- names ----------------------------------------------------------------------------------------- */

static int is_taken(const struct sketch *d, const char *name)
{
    for (int i = 0; i < d->nodes; i++)
        if (strcmp(d->node[i].name, name) == 0)
            return 1;
    return model_is_attribute(name);
}

char *sketch_name(const struct sketch *d, const char *wanted, char out[MODEL_NAME])
{
    static const char legal[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t used = 0, size;

    wanted += strspn(wanted, "/");
    size = strlen(wanted);
    if (size > SKETCH_NAME)
        wanted += size - SKETCH_NAME;
    for (; *wanted; wanted++)
        out[used++] = *wanted == '/' ? '.' : strchr(legal, *wanted) ? *wanted : '_';
    if (used == 0)
        out[used++] = '_';
    out[used] = '\0';
    for (int number = d->nodes; is_taken(d, out); number++)
        snprintf(out + used, MODEL_NAME - used, "_%d", number);
    return out;
}

/* ---- nodes ----------------------------------------------------------------------------------------- */

static status add(struct sketch *d, const char *op, const char *wanted, const int *input, int inputs,
                  struct sketch_shape shape, struct sketch_node **out)
{
    struct sketch_node *n;

    if (d->nodes == MODEL_MAX_NODES)
        return FAIL(ERR_FORMAT, "more than %d nodes", MODEL_MAX_NODES);
    if (inputs > MODEL_MAX_INPUTS)
        return FAIL(ERR_FORMAT, "%s '%.80s' has %d inputs, and up to %d are run", op, wanted, inputs,
                    MODEL_MAX_INPUTS);
    TRY(mem_room(&d->node, d->nodes, &d->capacity, sizeof *d->node));
    n = &d->node[d->nodes];
    *n = (struct sketch_node){ .op = op, .inputs = inputs, .shape = shape };
    sketch_name(d, wanted, n->name);
    for (int i = 0; i < inputs; i++)
        n->input[i] = input[i];
    *out = n;
    return OK;
}

static status fill_words(struct sketch_node *n, const char *quant, const char *format, va_list args)
{
    size_t used = (size_t)vsnprintf(n->words, sizeof n->words, format, args);

    n->coded = quant != NULL;
    if (quant && used < sizeof n->words)
        used += (size_t)snprintf(n->words + used, sizeof n->words - used, "%squant %s", used ? "  " : "",
                                 quant[0] ? quant : n->name);
    return used < sizeof n->words ? OK : FAIL(ERR_FORMAT, "%s '%s': its line is too long", n->op, n->name);
}

status sketch_add(struct sketch *d, const char *op, const char *wanted, const int *input, int inputs,
                  struct sketch_shape shape, const char *quant, int *out, const char *format, ...)
{
    struct sketch_node *n;
    va_list args;
    status result;

    TRY(add(d, op, wanted, input, inputs, shape, &n));
    va_start(args, format);
    result = fill_words(n, quant, format, args);
    va_end(args);
    TRY(result);
    *out = d->nodes++;
    return OK;
}

static int is_near(double value, double usual)
{
    return fabs(value - usual) <= 0.03 * usual;
}

/* Calibrated ones differ a little from those of 0 .. 1, 0 .. 255, -1 .. 1 and -128 .. 127. */
int sketch_takes_bytes(const struct sketch_codes *c)
{
    double range = 255 * c->scale;

    return c->zero_point == 0
               ? is_near(range, 1) || is_near(range, 255)
               : c->zero_point >= 126 && c->zero_point <= 129 && (is_near(range, 2) || is_near(range, 255));
}

/* The pipeline whose codes are the whole picture's bytes: mean and std give these back. */
static void write_bytes(const struct sketch_codes *codes, int channels, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "resize squash bilinear  mean");

    for (int c = 0; c < channels; c++)
        used += (size_t)snprintf(out + used, size - used, " %.17g", codes->zero_point / 255.0);
    used += (size_t)snprintf(out + used, size - used, "  std");
    for (int c = 0; c < channels; c++)
        used += (size_t)snprintf(out + used, size - used, " %.17g", 1 / (255 * codes->scale));
}

/* What how->input is where nobody gave one. */
static status usual_input(struct sketch *d, const struct deploy_options *how,
                          const struct sketch_codes *codes, int channels, char *out, size_t size)
{
    const struct sketch_codes real = { 1 / 255.0, 0 };

    write_bytes(codes ? codes : &real, channels, out, size);
    if (how && how->look)
        return OK;
    if (!codes)
        return FAIL(
            ERR_USAGE,
            "its input is real numbers, and the file does not say how a picture becomes these: say "
            "--input=\"resize squash bilinear mean 0 0 0 std 1 1 1\" (in a job PRECISION.input) for 0 .. 1, "
            "mean and std 0.5 for -1 .. 1, or what it was trained with");
    if (!sketch_takes_bytes(codes))
        return FAIL(
            ERR_USAGE,
            "its input's codes stand for %.4g .. %.4g, and the file does not say how a picture becomes "
            "these: say --input=\"resize 256 bilinear crop 224 mean 0.485 0.456 0.406 std 0.229 0.224 "
            "0.225\" (in a job PRECISION.input), or what it was trained with; \"%s\" takes a picture's "
            "bytes as codes",
            codes->scale * -codes->zero_point, codes->scale * (255 - codes->zero_point), out);
    return sketch_tell(d, "the input's codes are the whole picture's values 0 .. 255, as they are");
}

status sketch_input(struct sketch *d, const char *wanted, struct sketch_shape shape,
                    const struct deploy_options *how, const struct sketch_codes *codes, int quantized)
{
    const char *pipeline = how ? how->input : NULL;
    char usual[256];
    int node;

    if (shape.c != 3 && shape.c != 1)
        return FAIL(ERR_FORMAT, "its input has %d channels, and pictures have 3, or 1", shape.c);
    if (!pipeline) {
        TRY(usual_input(d, how, codes, shape.c, usual, sizeof usual));
        pipeline = usual;
    }
    if (strpbrk(pipeline, "#\r\n"))
        return FAIL(ERR_USAGE, "input = \"%.80s\" is not one line without a '#'", pipeline);
    return sketch_add(d, "input", wanted, NULL, 0, shape, quantized ? "" : NULL, &node, "%d %d %d  %s",
                      shape.c, shape.h, shape.w, pipeline);
}

char *sketch_window_words(const struct sketch_window *w, char out[SKETCH_WINDOW])
{
    int used = snprintf(out, SKETCH_WINDOW, " kernel %d", w->kh);

    if (w->kw != w->kh)
        used += snprintf(out + used, (size_t)(SKETCH_WINDOW - used), "x%d", w->kw);
    used += snprintf(out + used, (size_t)(SKETCH_WINDOW - used), " stride %d pad %d", w->stride, w->top);
    if (w->left != w->top || w->bottom != w->top || w->right != w->top)
        snprintf(out + used, (size_t)(SKETCH_WINDOW - used), ",%d,%d,%d", w->left, w->bottom, w->right);
    return out;
}

/* ---- tensors and notes ----------------------------------------------------------------------------- */

status sketch_tensor(struct sketch *d, const char *prefix, const char *suffix, struct tensor *t)
{
    char name[2 * MODEL_NAME];

    snprintf(name, sizeof name, "%s%s", prefix, suffix);
    return table_take(&d->weights, name, t);
}

/* The first `count` of two values, as one tensor. */
static status add_numbers(struct sketch *d, const char *prefix, const char *suffix, enum dtype dtype,
                          const double value[2], int count)
{
    struct tensor t = { 0 };
    status result;

    TRY(tensor_alloc(&t, dtype, 1, (int64_t[]){ count }));
    for (int i = 0; i < count; i++)
        if (dtype == DTYPE_F64)
            ((double *)t.data)[i] = value[i];
        else if (dtype == DTYPE_S64)
            ((int64_t *)t.data)[i] = (int64_t)value[i];
        else
            ((int32_t *)t.data)[i] = (int32_t)value[i];
    result = sketch_tensor(d, prefix, suffix, &t);
    tensor_free(&t);
    return result;
}

status sketch_params(struct sketch *d, const char *prefix, double scale, int zero_point, int offset)
{
    TRY(add_numbers(d, prefix, ".scale", DTYPE_F64, (double[2]){ scale }, 1));
    TRY(add_numbers(d, prefix, ".zero_point", DTYPE_S64, (double[2]){ zero_point }, 1));
    TRY(add_numbers(d, prefix, ".codes", DTYPE_S32, (double[2]){ 0, 255 }, 2));
    return sketch_whole(d, prefix, ".offset", offset);
}

status sketch_whole(struct sketch *d, const char *prefix, const char *suffix, int value)
{
    return value ? add_numbers(d, prefix, suffix, DTYPE_S32, (double[2]){ value }, 1) : OK;
}

status sketch_quantize(struct tensor *t, int channels)
{
    size_t count = channels ? (size_t)channels : 1;

    t->quantization = channels ? TENSOR_PER_CHANNEL : TENSOR_PER_TENSOR;
    t->axis = 0;
    t->channels = (int)count;
    MEM_TRY(t->scale, count, sizeof *t->scale);
    MEM_TRY(t->zero_point, count, sizeof *t->zero_point);
    for (size_t i = 0; i < count; i++)
        t->scale[i] = 1;
    return OK;
}

status sketch_origin(struct sketch *d, int node, const char *file)
{
    char key[MODEL_NAME + 16];

    snprintf(key, sizeof key, "tensor.%s", d->node[node].name);
    return table_add_note(&d->weights, key, file);
}

status sketch_tell(struct sketch *d, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    d->decided.max = DECIDED_MAX;
    return text_add(&d->decided, "%s\n", line);
}

/* ---- the end --------------------------------------------------------------------------------------- */

/* The output without the classes in front that are none. */
static status skip_classes(struct sketch *d, const struct deploy_options *how, int *output,
                           struct deploy_network *network)
{
    const struct sketch_shape all = d->node[*output].shape;
    int asked = how ? how->skip : -1, skip = asked < 0 ? all.c == BACKGROUND_AND_1000 : asked;

    network->skipped = skip;
    network->classes = all.c - skip;
    if (!skip)
        return OK;
    if (all.c <= skip)
        return FAIL(ERR_USAGE, "classes.skip = %d leaves none of its %d classes", skip, all.c);
    TRY(sketch_tell(d, "%d classes: the first, the background, is left out%s", all.c,
                    asked < 0 ? " (classes.skip = 0 keeps it)" : ""));
    return sketch_add(d, "slice", "classes", output, 1, (struct sketch_shape){ all.c - skip, 1, 1 }, 0,
                      output, "begin %d out %d", skip, all.c - skip);
}

/* The last map of those that the values without one come from; codes rather than what they stand for. */
static status find_cam(const struct sketch *d, int output, int *out)
{
    uint8_t *needed;

    MEM_TRY(needed, (size_t)d->nodes, 1);
    needed[output] = 1;
    *out = -1;
    for (int i = output; i > 0 && *out < 0; i--) {
        const struct sketch_node *n = &d->node[i];

        if (needed[i] && n->shape.h * n->shape.w > 1)
            *out = strcmp(n->op, "dequantize") == 0 ? n->input[0] : i;
        for (int k = 0; needed[i] && k < n->inputs; k++)
            needed[n->input[k]] = 1;
    }
    mem_free(needed);
    return *out > 0 ? OK : FAIL(ERR_FORMAT, "no layer before its output has a map");
}

/* The network is called as its file, without the ending. */
static status write_model(const struct sketch *d, struct text *out)
{
    const char *slash = strrchr(d->path, '/'), *file = slash ? slash + 1 : d->path;
    struct sketch nobody = { 0 };
    char name[MODEL_NAME], *end;

    sketch_name(&nobody, file, name);
    end = strrchr(name, '.');
    if (end && end > name)
        *end = '\0';
    return text_add(out, "model %s  %s\n", name, d->title);
}

/* Has a node no layer's name to call its scale by, were the network quantized? */
static int wants_scale(const struct sketch_node *n)
{
    int op = 0;

    while (op < OP_COUNT && strcmp(model_op_name((enum model_op)op), n->op) != 0)
        op++;
    return op < OP_COUNT && model_quantizes((enum model_op)op) && op != OP_CONV && op != OP_LINEAR;
}

/* A network of real numbers may be quantized by us: what has no scale in the file has a name for it. */
static status write_lines(const struct sketch *d, int output, int cam, struct text *out)
{
    int coded = 0;

    TRY(write_model(d, out));
    for (int i = 0; i < d->nodes; i++)
        coded |= d->node[i].coded;
    for (int i = 0; i < d->nodes; i++) {
        const struct sketch_node *n = &d->node[i];

        TRY(text_add(out, "%s %s", n->op, n->name));
        for (int k = 0; k < n->inputs; k++)
            TRY(text_add(out, " %s", d->node[n->input[k]].name));
        TRY(text_add(out, "%s%s", n->words[0] ? "  " : "", n->words));
        TRY(!coded && wants_scale(n) ? text_add(out, "  quant %s\n", n->name) : text_add(out, "\n"));
    }
    return text_add(out, "output %s\ncam %s\n", d->node[output].name, d->node[cam].name);
}

/* What an embedding extractor has, and a network whose classes are channels of its last map. */
static int ends_in_features(const struct sketch *d, int output)
{
    const char *op = d->node[output].op;

    return (strcmp(op, "mean") == 0 || strcmp(op, "avgpool") == 0 || strcmp(op, "avgpool2d") == 0) &&
           !(d->decided.data && strstr(d->decided.data, "softmax"));
}

status sketch_finish(struct sketch *d, int output, const struct deploy_options *how,
                     struct deploy_network *network)
{
    const struct sketch_shape shape = d->node[output].shape;
    struct text text = { .max = MODEL_TEXT_MAX };
    status result = OK;
    int cam;

    if (shape.h != 1 || shape.w != 1)
        return FAIL(ERR_FORMAT, "its output is a map of %dx%dx%d; networks that classify a picture are run",
                    shape.c, shape.h, shape.w);
    TRY(find_cam(d, output, &cam));
    if (ends_in_features(d, output))
        TRY(sketch_tell(
            d,
            "its output is the mean of a map, without a softmax: if these are features (an embedding) and no "
            "classes, its answers mean nothing: take the network with its classifier"));
    TRY(skip_classes(d, how, &output, network));
    TRY_OUT(write_lines(d, output, cam, &text));
    network->description = text.data;
    network->size = text.size;
    text = (struct text){ 0 };
    network->weights = d->weights;
    network->decided = d->decided;
    d->weights = (struct tensor_table){ 0 };
    d->decided = (struct text){ 0 };
out:
    text_free(&text);
    return result;
}
