/* src/quant/lowbit.c: from master weights and alphas to the checkpoint of a trained low-bit network. */
#include "quant_lowbit.h"

#include "base_option.h"
#include "quant_parts.h"

#include <math.h>
#include <string.h>

enum { BYTE = 8, LEAST_BITS = 2, NOTE_MAX = 60000 };

/* 0: real. */
static status check_bits(const struct model_node *n, int bits)
{
    if (bits == 0 || (bits >= LEAST_BITS && bits <= BYTE))
        return OK;
    return FAIL(ERR_USAGE, "%s: %d bits: low-bit networks have 2 to 8", n->name, bits);
}

/* ---- weights ------------------------------------------------------------------------------------------- */

/* Levels are 2 code - n; of an even n half of that. */
static void set_codes(const struct quant_weights *q, const float *w, struct tensor *t)
{
    int odd = q->steps % 2, middle = odd ? (q->steps + 1) / 2 : q->steps / 2;
    int8_t *codes = t->data;

    for (int64_t i = 0; i < tensor_count(t); i++)
        codes[i] = (int8_t)(quant_weights_code(q, w[i]) - middle);
    t->quantization = TENSOR_PER_TENSOR;
    t->channels = 1;
    t->odd = odd;
    t->bits = q->bits < BYTE ? q->bits : 0;
    t->scale[0] = (odd ? 1.0 : 2.0) * (double)q->scale / q->steps;
}

static status quantize_weights(const struct model_node *n, struct quant_weights *q, const struct tensor *from,
                               struct tensor *out)
{
    size_t count = (size_t)tensor_count(from);
    float *w;
    status result = OK;

    MEM_TRY(w, count + 1, sizeof *w);
    tensor_copy_f32(from, w);
    TRY_OUT(quant_weights_measure(q, w, (int64_t)count));
    if (!(q->scale > 0)) {
        result = FAIL(ERR_NUMERIC, "all weights are 0");
        goto out;
    }
    TRY_OUT(tensor_alloc(out, DTYPE_S8, from->rank, from->dim));
    MEM_TRY_OUT(out->scale, 1, sizeof *out->scale);
    MEM_TRY_OUT(out->zero_point, 1, sizeof *out->zero_point);
    set_codes(q, w, out);
out:
    mem_free(w);
    return error_prefix(result, "%s", n->name);
}

/* ---- the table ----------------------------------------------------------------------------------------- */

/* As it is, f32; none where the master has none. */
static status copy_real(const struct tensor_table *master, const char *prefix, const char *suffix,
                        struct tensor_table *out)
{
    char name[2 * MODEL_NAME];
    const struct tensor *from;
    struct tensor t = { 0 };

    snprintf(name, sizeof name, "%s%s", prefix, suffix);
    from = table_find(master, name);
    if (!from)
        return OK;
    TRY(tensor_alloc(&t, DTYPE_F32, from->rank, from->dim));
    tensor_copy_f32(from, t.data);
    return quant_take(out, prefix, suffix, &t);
}

static status copy_norm(const struct tensor_table *master, const char *prefix, struct tensor_table *out)
{
    static const char *const norm[] = { ".weight", ".bias", ".running_mean", ".running_var" };

    for (size_t i = 0; i < COUNT_OF(norm); i++)
        TRY(copy_real(master, prefix, norm[i], out));
    return OK;
}

static status add_weights(const struct model_node *n, const struct tensor_table *master,
                          const struct quant_lowbit_node *node, struct text *lines, struct tensor_table *out)
{
    struct quant_weights q = node->weights;
    struct tensor t = { 0 };
    const struct tensor *from;
    char form[OPTION_NAME];
    status result;

    TRY(check_bits(n, q.bits));
    if (q.bits == 0) {
        TRY(copy_real(master, n->weight, ".weight", out));
        return text_add(lines, "%s weights real\n", n->name);
    }
    TRY(table_get(master, &from, "%s.weight", n->weight));
    result = quantize_weights(n, &q, from, &t);
    if (result != OK) {
        tensor_free(&t);
        return result;
    }
    TRY(quant_take(out, n->weight, ".weight", &t));
    return text_add(lines, "%s weights %s %d bits a_w %.9g\n", n->name,
                    option_choice(QUANT_WEIGHTS_NAMES, (int)q.form, form), q.bits, (double)q.scale);
}

static status add_pact(const struct model_node *n, const struct quant_lowbit_node *node, struct text *lines,
                       struct tensor_table *out)
{
    struct tensor t = { 0 };

    TRY(check_bits(n, node->bits));
    if (node->bits == 0) {
        TRY(tensor_alloc(&t, DTYPE_S32, 1, &(int64_t){ 2 }));
        TRY(quant_take(out, n->name, ".codes", &t));
        return text_add(lines, "%s real\n", n->name);
    }
    if (!(node->alpha >= PACT_LEAST_ALPHA) || !isfinite(node->alpha))
        return FAIL(ERR_USAGE, "%s: alpha is %g: at least %g", n->name, (double)node->alpha,
                    PACT_LEAST_ALPHA);
    TRY(tensor_alloc(&t, DTYPE_F32, 0, NULL));
    *(float *)t.data = node->alpha;
    TRY(quant_take(out, n->name, ".alpha", &t));
    TRY(tensor_alloc(&t, DTYPE_S32, 1, &(int64_t){ 2 }));
    ((int32_t *)t.data)[1] = (1 << node->bits) - 1;
    TRY(quant_take(out, n->name, ".codes", &t));
    return text_add(lines, "%s pact %d bits alpha %.9g\n", n->name, node->bits, (double)node->alpha);
}

static status add_nodes(const struct model *m, const struct tensor_table *master,
                        const struct quant_lowbit_node *node, struct text *lines, struct tensor_table *out)
{
    for (int i = 0; i < m->nodes; i++) {
        const struct model_node *n = &m->node[i];

        if (model_has_weights(n)) {
            TRY(add_weights(n, master, &node[i], lines, out));
            TRY(copy_real(master, n->weight, ".bias", out));
            TRY(n->bn[0] ? copy_norm(master, n->bn, out) : OK);
        } else if (n->op == OP_BATCHNORM) {
            TRY(copy_norm(master, n->weight, out));
        } else if (model_is_relu(n->op)) {
            TRY(add_pact(n, &node[i], lines, out));
        }
    }
    return OK;
}

/* It is bound as a reader will bind it, whatever CAM layer that chooses. */
static status check(const struct model *m, const struct tensor_table *t)
{
    struct model any = *m;
    struct model_binding b;
    status result;

    any.cam = m->output;
    result = model_bind(&any, t, NULL, &b);

    model_unbind(&b);
    return result;
}

status quant_lowbit(const struct model *m, const struct tensor_table *master,
                    const struct quant_lowbit_node *node, struct tensor_table *out)
{
    struct text lines = { .max = NOTE_MAX };
    status result = OK;

    *out = (struct tensor_table){ 0 };
    TRY(check(m, master));
    out->source = mem_strdup("the low-bit network");
    if (!out->source)
        return FAIL(ERR_MEMORY, "no memory for a name");
    TRY_OUT(add_nodes(m, master, node, &lines, out));
    TRY_OUT(table_add_note(out, "quantcam.model", m->name));
    TRY_OUT(table_add_note(out, "quantcam.arithmetic", "pact"));
    TRY_OUT(table_add_note(out, "quantcam.layers", lines.data ? lines.data : ""));
    TRY_OUT(check(m, out));
out:
    text_free(&lines);
    if (result != OK)
        table_free(out);
    return result;
}
