/* Codes: QuantizeLinear, DequantizeLinear, the QLinear ops' scales, and which ops between the two are ops of
 * codes (the reading `fused`). */
#include "onnx_translate.h"

#include <math.h>
#include <string.h>

int onnx_quant_same(struct onnx_quant a, struct onnx_quant b)
{
    return a.scale == b.scale && a.zero_point == b.zero_point && a.offset == b.offset;
}

/* By division, as the runtime has it. */
int onnx_quant_code(struct onnx_quant q, float real)
{
    float code = nearbyintf(real / q.scale) + (float)q.zero_point;

    return code > 255 ? 255 : code > 0 ? (int)code : 0;
}

status onnx_quant_read(const struct onnx_translation *t, const struct onnx_node *n, int k,
                       struct onnx_quant *out)
{
    const struct tensor *scale = onnx_constant(&t->x, n, k), *zero_point = onnx_constant(&t->x, n, k + 1);
    int type = zero_point ? t->x.of[n->input[k + 1]].type : ONNX_U8;

    if (!scale || !scale->data || (!zero_point && onnx_input(n, k + 1) >= 0))
        return FAIL(ERR_FORMAT,
                    "its scale or zero point is computed from the picture, and dynamic quantization is "
                    "not translated: quantize statically");
    if (type != ONNX_U8 && type != ONNX_S8)
        return FAIL(ERR_FORMAT, "its codes are %s, and activations of uint8 and int8 are translated",
                    onnx_type_name(type));
    if (tensor_count(scale) != 1 || (zero_point && tensor_count(zero_point) != 1))
        return FAIL(ERR_FORMAT, "its activations have %lld scales, and one is translated",
                    (long long)tensor_count(scale));
    out->offset = type == ONNX_S8 ? 128 : 0;
    out->scale = (float)tensor_at(scale, 0);
    out->zero_point = (zero_point ? (int)tensor_at(zero_point, 0) : 0) + out->offset;
    return out->scale > 0 && isfinite(out->scale) ? OK : FAIL(ERR_FORMAT, "its scale is %g", out->scale);
}

/* ---- goals -------------------------------------------------------------------------------------------- */

status onnx_ends(const struct onnx_translation *t, const struct onnx_node *n, float *low, float *high)
{
    const struct tensor *ends[2] = { onnx_constant(&t->x, n, 1), onnx_constant(&t->x, n, 2) };

    *low = onnx_real(n, "min", -INFINITY);
    *high = onnx_real(n, "max", INFINITY);
    for (int i = 0; i < 2; i++) {
        if (!ends[i] && onnx_input(n, 1 + i) >= 0)
            return FAIL(ERR_FORMAT, "its ends are computed from the picture");
        if (ends[i] && (!ends[i]->data || tensor_count(ends[i]) != 1))
            return FAIL(ERR_FORMAT, "its ends are no numbers");
        if (ends[i])
            *(i ? high : low) = (float)tensor_at(ends[i], 0);
    }
    return *low <= *high ? OK : FAIL(ERR_FORMAT, "its ends are %g and %g", *low, *high);
}

/* Does the Relu or Clip change codes of g->q, and how? */
static status see_between(const struct onnx_translation *t, const struct onnx_node *n, struct onnx_goal *g)
{
    float low = 0, high = INFINITY;

    if (onnx_is(n, "Clip"))
        TRY(onnx_ends(t, n, &low, &high));
    g->low = low;
    g->high = high;
    if (onnx_quant_code(g->q, low) == 0 && onnx_quant_code(g->q, high) == 255)
        g->then = NULL;
    else if (low == 0 && onnx_quant_code(g->q, high) == 255)
        g->then = "relu";
    else
        g->then = low == 0 && high == 6 ? "relu6" : "clip";
    return OK;
}

status onnx_goal(struct onnx_translation *t, const struct onnx_node *n, int scale, struct onnx_goal *out,
                 int *is)
{
    const struct onnx_node *next;
    int value = n->output[0], reader;

    *out = (struct onnx_goal){ .value = value, .between = -1, .last = -1 };
    *is = 1;
    if (scale >= 0)
        return onnx_quant_read(t, n, scale, &out->q);
    *is = 0;
    reader = onnx_only_reader(t, value);
    next = reader >= 0 ? &t->x.node[reader] : NULL;
    if (next && (onnx_is(next, "Relu") || onnx_is(next, "Clip")) && next->input[0] == value) {
        out->between = reader;
        reader = onnx_only_reader(t, next->output[0]);
        next = reader >= 0 ? &t->x.node[reader] : NULL;
    }
    if (!next || !onnx_is(next, "QuantizeLinear") ||
        next->input[0] != (out->between >= 0 ? t->x.node[out->between].output[0] : value))
        return OK;
    out->last = reader;
    out->value = next->output[0];
    TRY(onnx_quant_read(t, next, 1, &out->q));
    *is = 1;
    return out->between >= 0 ? see_between(t, &t->x.node[out->between], out) : OK;
}

status onnx_get_codes(struct onnx_translation *t, const struct onnx_node *n, int k, int *node, int *is)
{
    const struct onnx_place *p = onnx_input(n, k) >= 0 ? &t->at[n->input[k]] : NULL;
    int is_qlinear = n->op[0] == 'Q';
    struct onnx_quant q;
    struct onnx_place *own;

    *is = p && p->form == (is_qlinear ? ONNX_CODES : ONNX_SEEN);
    if (!*is && is_qlinear)
        return FAIL(ERR_FORMAT, "its input %d is not codes that come from the picture", k);
    if (!*is)
        return OK;
    if (is_qlinear) {
        TRY(onnx_quant_read(t, n, k + 1, &q));
        if (!onnx_quant_same(q, p->q))
            return FAIL(ERR_FORMAT, "its input %.200s has another scale or zero point than its codes",
                        onnx_name(&t->x, n->input[k]));
    }
    TRY(onnx_get(t, n, k, &own));
    TRY(onnx_pad_out(t, n->input[k], own));
    *node = own->node;
    return OK;
}

/* The place of codes, and of what they are seen as. */
static void put_codes(struct onnx_translation *t, int value, int node, enum onnx_order order,
                      struct onnx_quant q)
{
    t->at[value] = (struct onnx_place){ .form = ONNX_CODES, .node = node, .order = order, .q = q };
    t->coded++;
}

status onnx_add_codes(struct onnx_translation *t, const char *op, const struct onnx_node *n,
                      const struct onnx_goal *g, const int *input, int inputs, struct sketch_shape shape,
                      enum onnx_order order, int *out, const char *format, ...)
{
    const struct onnx_quant inherited = { 0 };
    char words[SKETCH_WORDS];
    va_list args;
    int last;

    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    TRY(onnx_add(t, op, g->then ? n->output[0] : g->value, input, inputs, shape, &g->q, out, "%s", words));
    last = *out;
    if (g->then && strcmp(g->then, "clip") == 0)
        TRY(onnx_add(t, g->then, g->value, out, 1, shape, &inherited, &last, "low %.9g high %.9g", g->low,
                     isinf(g->high) ? 3.4028234e38 : g->high));
    else if (g->then)
        TRY(onnx_add(t, g->then, g->value, out, 1, shape, &inherited, &last, "%s", ""));
    TRY(sketch_origin(t->d, last, onnx_name(&t->x, g->value)));
    put_codes(t, g->value, last, order, g->q);
    if (g->between >= 0)
        t->done[g->between] = 1;
    if (g->last >= 0)
        t->done[g->last] = 1;
    return OK;
}

/* ---- QuantizeLinear, DequantizeLinear -------------------------------------------------------------------
 */

static status check_plain(const struct onnx_node *n)
{
    return onnx_whole(n, "block_size", 0) == 0 ? OK
                                               : FAIL(ERR_FORMAT, "it has a scale for each block of codes, "
                                                                  "which is not translated");
}

/* Codes that ops without a scale of their own have made are called as what first holds them in the file. */
static status name_codes(struct onnx_translation *t, int node, int value)
{
    char key[MODEL_NAME + 16];

    snprintf(key, sizeof key, "tensor.%s", sketch_node_name(t->d, node));
    return table_note(&t->d->weights, key) ? OK : sketch_origin(t->d, node, onnx_name(&t->x, value));
}

status onnx_quantize(struct onnx_translation *t, const struct onnx_node *n)
{
    struct onnx_place *p, was;
    struct onnx_quant q;
    int node;

    TRY(check_plain(n));
    TRY(onnx_quant_read(t, n, 1, &q));
    TRY(onnx_get(t, n, 0, &p));
    if (p->form == ONNX_CODES)
        return FAIL(ERR_FORMAT, "its input is codes already");
    if (p->ended || (p->form == ONNX_SEEN && onnx_quant_same(q, p->q))) {
        t->at[n->output[0]] = *p;
        t->at[n->output[0]].form = ONNX_CODES;
        return p->ended ? OK : name_codes(t, p->node, n->output[0]);
    }
    TRY(onnx_pad_out(t, n->input[0], p));
    was = *p;
    TRY(onnx_add(t, "quantize", n->output[0], &was.node, 1, onnx_shape_of(t, was.node), &q, &node, "%s", ""));
    TRY(sketch_origin(t->d, node, onnx_name(&t->x, n->output[0])));
    put_codes(t, n->output[0], node, was.order, q);
    t->at[n->output[0]].groups = was.groups;
    return OK;
}

status onnx_dequantize(struct onnx_translation *t, const struct onnx_node *n)
{
    struct onnx_place *p;
    struct onnx_quant q;

    TRY(check_plain(n));
    if (onnx_constant(&t->x, n, 0))
        return OK; /* weights: who reads them asks for the codes */
    TRY(onnx_get(t, n, 0, &p));
    if (p->form != ONNX_CODES)
        return FAIL(ERR_FORMAT, "its input %.200s is no codes", onnx_name(&t->x, n->input[0]));
    TRY(onnx_quant_read(t, n, 1, &q));
    if (!p->ended && !onnx_quant_same(q, p->q))
        return FAIL(ERR_FORMAT, "its scale or zero point is not that of the codes it reads");
    t->at[n->output[0]] = *p;
    t->at[n->output[0]].form = p->q.scale > 0 ? ONNX_SEEN : ONNX_REAL;
    return OK;
}
