/* Places of values, and the nodes that become of them. */
#include "onnx_translate.h"

#include <string.h>

struct sketch_shape onnx_shape_of(const struct onnx_translation *t, int node)
{
    return t->d->node[node].shape;
}

status onnx_get(struct onnx_translation *t, const struct onnx_node *n, int k, struct onnx_place **out)
{
    int value = onnx_input(n, k);

    if (value < 0)
        return FAIL(ERR_FORMAT, "its input %d is missing", k);
    *out = &t->at[value];
    if ((*out)->spread && !onnx_is(n, "Add") && !onnx_is(n, "Mul"))
        return FAIL(ERR_FORMAT, "it reads a value that is spread over a map, as sums and products alone may");
    return (*out)->form ? OK
                        : FAIL(ERR_FORMAT,
                               "its input %.200s does not come from the picture: let ONNX Runtime compute "
                               "what constants alone "
                               "give (SessionOptions.optimized_model_filepath, ORT_ENABLE_BASIC)",
                               onnx_name(&t->x, value));
}

status onnx_need_map(const struct onnx_place *p)
{
    return p->order == ONNX_MAP
               ? OK
               : FAIL(ERR_FORMAT, "its input is no map of the form (1, C, H, W), as this op has it");
}

int onnx_only_reader(const struct onnx_translation *t, int value)
{
    const struct onnx_value *v = &t->x.of[value];

    return v->readers == 1 ? v->reader : -1;
}

const char *onnx_wanted(const struct onnx_translation *t, int value, char out[ONNX_MAX_NAME + 1])
{
    static const char *const added[] = { "_QuantizeLinear_Output", "_quantized", "_output_0" };
    size_t size = (size_t)snprintf(out, ONNX_MAX_NAME + 1, "%s", onnx_name(&t->x, value));

    for (size_t i = 0; i < COUNT_OF(added); i++)
        if (size > strlen(added[i]) && text_ends(out, size, added[i]))
            out[size -= strlen(added[i])] = '\0';
    return out;
}

status onnx_add(struct onnx_translation *t, const char *op, int value, const int *input, int inputs,
                struct sketch_shape shape, const struct onnx_quant *q, int *out, const char *format, ...)
{
    char words[SKETCH_WORDS], wanted[ONNX_MAX_NAME + 1];
    va_list args;
    int named = strcmp(op, "conv") == 0 || strcmp(op, "linear") == 0; /* `quant` is their `weight` */

    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    TRY(sketch_add(t->d, op, onnx_wanted(t, value, wanted), input, inputs, shape,
                   q && q->scale > 0 && !named ? "" : NULL, out, "%s", words));
    if (q && q->scale > 0)
        TRY(sketch_params(t->d, sketch_node_name(t->d, *out), q->scale, q->zero_point, q->offset));
    return OK;
}

void onnx_put_real(struct onnx_translation *t, int value, int node, enum onnx_order order)
{
    t->at[value] = (struct onnx_place){ .form = ONNX_REAL, .node = node, .order = order };
}

status onnx_pad_out(struct onnx_translation *t, int value, struct onnx_place *p)
{
    struct sketch_shape shape = onnx_shape_of(t, p->node);

    if (!p->top && !p->left && !p->bottom && !p->right)
        return OK;
    shape.h += p->top + p->bottom;
    shape.w += p->left + p->right;
    TRY(onnx_add(t, "pad", value, &p->node, 1, shape, NULL, &p->node, "pad %d,%d,%d,%d", p->top, p->left,
                 p->bottom, p->right));
    p->top = p->left = p->bottom = p->right = 0;
    return OK;
}

status onnx_get_real(struct onnx_translation *t, const struct onnx_node *n, int k, int *out)
{
    struct onnx_place *p;
    int codes;

    TRY(onnx_get(t, n, k, &p));
    if (p->form == ONNX_CODES)
        return FAIL(ERR_FORMAT, "its input %.200s is codes, and the op is one of real numbers",
                    onnx_name(&t->x, n->input[k]));
    TRY(onnx_pad_out(t, n->input[k], p));
    codes = *out = p->node;
    if (p->form == ONNX_REAL)
        return OK;
    if (!t->real[codes])
        TRY(onnx_add(t, "dequantize", n->input[k], &codes, 1, onnx_shape_of(t, codes), NULL, &t->real[codes],
                     "%s", ""));
    *out = t->real[codes];
    return OK;
}
