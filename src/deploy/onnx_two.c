/* Ops of two values: sums and products of maps, and with constants. */
#include "onnx_translate.h"

#include <math.h>
#include <string.h>

/* The constant in y = x + c, x - c, c - x, x c, x / c becomes a scale and a shift. */
static void make_affine(const struct onnx_node *n, int first, int channels, float *scale, float *shift)
{
    for (int i = 0; i < channels; i++) {
        float c = scale[i];

        scale[i] = onnx_is(n, "Mul") ? c : onnx_is(n, "Div") ? 1 / c : onnx_is(n, "Sub") && first ? -1 : 1;
        shift[i] = onnx_is(n, "Add") || onnx_is(n, "Sum") || (onnx_is(n, "Sub") && first) ? c
                   : onnx_is(n, "Sub")                                                    ? -c
                                                                                          : 0;
    }
}

/* Is a product with 1 / c another number than what is divided by c? */
static int is_inexact(const float *c, int count)
{
    int inexact = 0, power;

    for (int i = 0; i < count; i++)
        inexact |= fabsf(frexpf(c[i], &power)) != .5f;
    return inexact;
}

/* Real numbers and a constant: what the runtime computes so, and codes whose sum or product is none. */
static status real_constant(struct onnx_translation *t, const struct onnx_node *n, int k)
{
    struct onnx_weight w;
    struct tensor real = { 0 };
    struct onnx_place *p;
    struct onnx_node other = *n; /* with the value as its first input */
    float *scale;
    int node, channels;
    status result;

    TRY(onnx_weight(t, n, k, 0, &w));
    other.input = &n->input[1 - k];
    other.inputs = 1;
    TRY(onnx_get_real(t, &other, 0, &node));
    TRY(onnx_get(t, &other, 0, &p));
    channels = onnx_shape_of(t, node).c;
    if (onnx_is(n, "Div") && k == 0)
        return FAIL(ERR_FORMAT, "it divides a constant by a map, which is not translated");
    if (p->order == ONNX_ROW && (onnx_shape_of(t, node).h > 1 || onnx_shape_of(t, node).w > 1) &&
        tensor_count(w.is) != 1)
        return FAIL(ERR_FORMAT, "its constant is one for each value of a map, which is not translated");
    MEM_TRY(scale, (size_t)channels * 2, sizeof *scale);
    result = onnx_weight_real(t, &w, &real);
    if (result == OK)
        result = onnx_spread(t, &real, p, onnx_tensor(&t->x, other.input[0])->rank, scale);
    if (result == OK) {
        t->divided += onnx_is(n, "Div") && is_inexact(scale, channels);
        make_affine(n, k == 0, channels, scale, scale + channels);
        result = onnx_affine(t, n, node, p->order, scale, scale + channels);
        t->at[n->output[0]].spread = p->spread;
    }
    tensor_free(&real);
    mem_free(scale);
    return result;
}

/* Is the constant, the file's operand k, the runtime's first? It computes along the innermost axes in which
 * the two do not differ: one value of a constant for such a run is second, one for each channel of one
 * position has its place in the file, and where the map's last axes are 1 and the constant has no more axes
 * than these, the two change places. */
static int is_first(const struct onnx_translation *t, const struct onnx_place *p, const struct tensor *in,
                    const struct tensor *c, int k)
{
    struct sketch_shape shape = onnx_shape_of(t, p->node);
    int last = 0; /* axes of 1 */

    while (last < in->rank && in->dim[in->rank - 1 - last] == 1)
        last++;
    if (tensor_count(c) == 1)
        return k == 1 && last > 0 && c->rank <= last;
    return k == 0 && (p->order != ONNX_MAP || shape.h * shape.w == 1);
}

/* The constant's codes, one or one for each channel, in the layer's name. */
static status take_constant(struct onnx_translation *t, const struct onnx_weight *w,
                            const struct onnx_place *p, int rank, const char *layer)
{
    struct tensor codes = { 0 };
    int64_t count = tensor_count(w->is);
    float *each;
    status result;

    MEM_TRY(each, (size_t)onnx_shape_of(t, p->node).c, sizeof *each);
    result = onnx_spread(t, w->is, p, rank, each);
    mem_free(each);
    TRY(result);
    result = onnx_weight_codes(t, w, 0, &codes);
    codes.rank = 1;
    codes.dim[0] = count;
    codes.stride[0] = 1;
    if (result == OK)
        result = sketch_tensor(t->d, layer, ".weight", &codes);
    tensor_free(&codes);
    return result;
}

/* Codes and a constant of codes whose sum or product becomes codes, all of one type: *is whether it is that.
 */
static status coded_constant(struct onnx_translation *t, const struct onnx_node *n, int k, int *is)
{
    int is_qlinear = n->op[0] == 'Q', second = is_qlinear ? 3 : 1, is_product = strstr(n->op, "Mul") != NULL,
        node, coded;
    char name[MODEL_NAME], wanted[ONNX_MAX_NAME + 1];
    const struct tensor *in;
    struct onnx_weight w;
    struct onnx_place *p;
    struct onnx_goal g;

    *is = 0;
    if (onnx_is(n, "Sub") || onnx_is(n, "Div"))
        return OK;
    TRY(onnx_weight(t, n, k * second, is_qlinear, &w));
    TRY(onnx_get(t, n, (1 - k) * second, &p));
    TRY(onnx_goal(t, n, is_qlinear ? 6 : -1, &g, &coded));
    TRY(onnx_get_codes(t, n, (1 - k) * second, &node, is));
    *is &= coded && w.scale && tensor_count(w.scale) == 1 && g.q.offset == p->q.offset &&
           w.type == (p->q.offset ? ONNX_S8 : ONNX_U8);
    if (!*is)
        return OK;
    in = onnx_tensor(&t->x, n->input[(1 - k) * second]);
    sketch_name(t->d, onnx_wanted(t, g.then ? n->output[0] : g.value, wanted), name);
    TRY(onnx_add_codes(t, is_product ? "mul" : "add", n, &g, &node, 1, onnx_shape_of(t, node), p->order,
                       &node, "weight %s", name));
    TRY(take_constant(t, &w, p, in->rank, sketch_node_name(t->d, node)));
    return sketch_whole(t->d, sketch_node_name(t->d, node), ".first",
                        !is_product && is_first(t, p, in, w.is, k));
}

/* The map first, and what is spread over it second. */
static status order_two(const struct onnx_translation *t, int node[2])
{
    struct sketch_shape a = onnx_shape_of(t, node[0]), b = onnx_shape_of(t, node[1]);

    if (a.h == 1 && a.w == 1 && (b.h > 1 || b.w > 1)) {
        int first = node[0];

        node[0] = node[1];
        node[1] = first;
        a = b;
        b = onnx_shape_of(t, first);
    }
    if (a.c != b.c || ((a.h != b.h || a.w != b.w) && (b.h != 1 || b.w != 1)))
        return FAIL(ERR_FORMAT,
                    "its inputs are %dx%dx%d and %dx%dx%d: equal ones, or one value for each channel, are "
                    "translated",
                    a.c, a.h, a.w, b.c, b.h, b.w);
    return OK;
}

static int is_constant(const struct onnx_translation *t, const struct onnx_node *n, int k)
{
    return onnx_input(n, k) >= 0 && t->at[n->input[k]].form == ONNX_NOTHING;
}

status onnx_two(struct onnx_translation *t, const struct onnx_node *n)
{
    int is_qlinear = n->op[0] == 'Q', second = is_qlinear ? 3 : 1, node[2], is[2], coded, out;
    int less = onnx_is(n, "Sub");
    const char *op = strstr(n->op, "Mul") ? "mul" : less ? "sub" : "add";
    struct onnx_place *p[2];
    struct onnx_goal g;

    if (onnx_is(n, "Sum") && n->inputs != 2)
        return FAIL(ERR_FORMAT, "it adds %d values, and sums of two are translated", n->inputs);
    if (is_constant(t, n, 0) != is_constant(t, n, second)) {
        TRY(coded_constant(t, n, is_constant(t, n, 0) ? 0 : 1, &coded));
        if (coded)
            return OK;
        return is_qlinear ? FAIL(ERR_FORMAT, "its constant is of another type than its codes")
                          : real_constant(t, n, is_constant(t, n, 0) ? 0 : 1);
    }
    for (int k = 0; k < 2; k++)
        TRY(onnx_get(t, n, k * second, &p[k]));
    if (onnx_is(n, "Div"))
        return FAIL(ERR_FORMAT, "the quotient of two maps is not translated");
    if (p[0]->spread && p[1]->spread)
        return FAIL(ERR_FORMAT, "both inputs are values that are spread over a map");
    if (p[0]->order != p[1]->order || p[0]->groups != p[1]->groups)
        return FAIL(ERR_FORMAT, "its inputs have their axes in different orders");
    TRY(onnx_goal(t, n, is_qlinear ? 6 : -1, &g, &coded));
    for (int k = 0; k < 2; k++) {
        TRY(onnx_get_codes(t, n, k * second, &node[k], &is[k]));
        coded &= is[k] && !less; /* which the runtime has of real numbers alone */
    }
    for (int k = 0; k < 2 && !coded; k++)
        TRY(onnx_get_real(t, n, k * second, &node[k]));
    out = node[0];
    TRY(order_two(t, node));
    if (less && (out != node[0] || onnx_shape_of(t, node[0]).h != onnx_shape_of(t, node[1]).h ||
                 onnx_shape_of(t, node[0]).w != onnx_shape_of(t, node[1]).w))
        return FAIL(ERR_FORMAT, "the difference of a map and one position is not translated");
    if (coded)
        return onnx_add_codes(t, op, n, &g, node, 2, onnx_shape_of(t, node[0]), p[0]->order, &out, "%s", "");
    TRY(onnx_add(t, op, n->output[0], node, 2, onnx_shape_of(t, node[0]), NULL, &out, "%s", ""));
    TRY(sketch_origin(t->d, out, onnx_name(&t->x, n->output[0])));
    onnx_put_real(t, n->output[0], out, p[0]->order);
    t->at[n->output[0]].groups = p[0]->groups;
    t->at[n->output[0]].spread =
        (p[0]->spread || p[1]->spread) && onnx_shape_of(t, out).h == 1 && onnx_shape_of(t, out).w == 1;
    return OK;
}
