/* src/model/lookup.c: tensors of a checkpoint by a node's names; sentences about those that are wrong. */
#include "model_parts.h"

#include <math.h>
#include <string.h>

/* The name with `part` in its middle, the last one, put in place of another. */
static const struct tensor *find_also(const struct tensor_table *weights, const char *name,
                                      const struct model_also *also)
{
    char other[MODEL_FULL_NAME];
    const char *at = NULL;

    for (const char *next = strstr(name, also->part); next; next = strstr(next + 1, also->part))
        at = next;
    if (!at || snprintf(other, sizeof other, "%.*s%s%s", (int)(at - name), name, also->other,
                        at + strlen(also->part)) >= (int)sizeof other)
        return NULL;
    return table_find(weights, other);
}

const struct tensor *model_tensor(const struct model_binding *b, const char *prefix, const char *suffix)
{
    char name[MODEL_FULL_NAME];
    const struct tensor *found;

    if (snprintf(name, sizeof name, "%s%s%s", b->prefix, prefix, suffix) >= (int)sizeof name)
        return NULL;
    found = table_find(b->weights, name);
    for (int i = 0; i < b->model->alsos && !found; i++)
        found = find_also(b->weights, name, &b->model->also[i]);
    return found;
}

status model_need(const struct model_binding *b, const struct tensor **out, const char *prefix,
                  const char *suffix)
{
    *out = model_tensor(b, prefix, suffix);
    return *out ? OK : table_get(b->weights, out, "%s%s%s", b->prefix, prefix, suffix);
}

int model_stores_codes(const struct model_binding *b)
{
    return b->form != PRECISION_REAL && !b->qat;
}

int model_has_codes(const struct model_binding *b, const struct tensor *weight)
{
    return b->family || b->lowbit ? weight->quantization != TENSOR_REAL : model_stores_codes(b);
}

int model_relu6_clamps(const struct model_binding *b, int node)
{
    return b->model->node[node].op == OP_RELU6 &&
           (b->form == PRECISION_REAL || b->relu6_clamps || (b->lowbit && !(b->q[node].scale > 0)));
}

int model_has_norms(const struct model_binding *b)
{
    return !b->folded && (!model_stores_codes(b) || b->lowbit);
}

const char *model_name_of(const struct model_binding *b, const struct tensor *t)
{
    const struct tensor_entry *entry =
        (const struct tensor_entry *)(const void *)((const char *)t - offsetof(struct tensor_entry, tensor));

    BUG_IF(entry < b->weights->entry || entry >= b->weights->entry + b->weights->count);
    return entry->name;
}

status model_mismatch(const struct model_binding *b, const struct model_node *n, const struct tensor *t,
                      const char *needed, ...)
{
    char is[128], what[128];
    va_list args;

    va_start(args, needed);
    vsnprintf(what, sizeof what, needed, args);
    va_end(args);
    return MODEL_FAIL(b, ERR_MISMATCH, "tensor %s is %s, but %s:%d (%s %s) needs %s", model_name_of(b, t),
                      tensor_describe(t, is, sizeof is), b->model->source, n->line, model_op_name(n->op),
                      n->name, what);
}

int model_is_float(const struct tensor *t)
{
    return t->quantization == TENSOR_REAL && (t->dtype == DTYPE_F32 || t->dtype == DTYPE_F64 ||
                                              t->dtype == DTYPE_F16 || t->dtype == DTYPE_BF16);
}

/* As f32 it is positive and finite, and so is its inverse. */
int model_is_scale(double scale)
{
    return scale > 0 && isnormal((float)scale);
}

status model_check_quant(const struct model_binding *b, const struct model_node *n)
{
    if (!model_quantizes(n->op) || n->quant[0])
        return OK;
    return FAIL(ERR_MISSING, "%s:%d: %s %s has no attribute 'quant', which an int8 checkpoint needs",
                b->model->source, n->line, model_op_name(n->op), n->name);
}
