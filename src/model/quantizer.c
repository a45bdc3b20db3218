/* src/model/quantizer.c: the tensors of one quantizer of an unconverted QAT state, checked. */
#include "model_parts.h"

#include <math.h>

static status check_count(const struct model_binding *b, const struct model_node *n, const struct tensor *t,
                          int64_t count)
{
    if (tensor_count(t) == count)
        return OK;
    return model_mismatch(b, n, t, "%lld value%s", (long long)count, count == 1 ? "" : "s");
}

static status check_ran(const struct model_binding *b, const struct model_node *n, const char *name,
                        const struct model_quantizer *q)
{
    int64_t count = tensor_count(q->low);

    for (int64_t i = 0; i < count; i++) {
        float low = (float)tensor_at(q->low, i), high = (float)tensor_at(q->high, i);

        if (isinf(low) && low > 0)
            count = 0;
        else if (!isfinite(low) || !isfinite(high) || !isfinite(high - low) || low > high)
            return MODEL_FAIL(b, ERR_NUMERIC, "the quantizer %s%s saw a range from %g to %g", b->prefix, name,
                              (double)low, (double)high);
    }
    if (count > 0)
        return OK;
    return MODEL_FAIL(b, ERR_NUMERIC, "the quantizer %s%s never ran, and %s:%d (%s %s) needs its range",
                      b->prefix, name, b->model->source, n->line, model_op_name(n->op), n->name);
}

status model_find_quantizer(const struct model_binding *b, const struct model_node *n, const char *module,
                            const char *kind, struct model_quantizer *out)
{
    char name[2 * MODEL_NAME];
    const struct tensor *eps;
    int64_t count;

    snprintf(name, sizeof name, "%s%s", module, kind);
    TRY(model_need(b, &out->low, name, ".activation_post_process.min_val"));
    TRY(model_need(b, &out->high, name, ".activation_post_process.max_val"));
    TRY(model_need(b, &out->observing, name, ".observer_enabled"));
    out->scale = model_tensor(b, name, ".scale");
    out->zero_point = model_tensor(b, name, ".zero_point");
    if (out->scale || out->zero_point) {
        TRY(model_need(b, &out->scale, name, ".scale"));
        TRY(model_need(b, &out->zero_point, name, ".zero_point"));
    }
    count = tensor_count(out->low);
    if (!model_is_float(out->low))
        return model_mismatch(b, n, out->low, "real values");
    TRY(check_count(b, n, out->high, count));
    TRY(check_ran(b, n, name, out));
    if (out->scale) {
        TRY(check_count(b, n, out->scale, count));
        TRY(check_count(b, n, out->zero_point, count));
    }
    TRY(check_count(b, n, out->observing, 1));
    eps = model_tensor(b, name, ".activation_post_process.eps");
    out->eps = eps && tensor_count(eps) > 0 ? (float)tensor_at(eps, 0) : 0x1p-23f;
    if (!model_is_scale((double)out->eps))
        return model_mismatch(b, n, eps, "a positive bound");
    return OK;
}
