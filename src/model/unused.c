/* src/model/unused.c: tensors of a checkpoint that the network does not use: bookkeeping, or another
 * network's. */
#include "model_parts.h"

#include <fnmatch.h>
#include <math.h>
#include <string.h>

enum { NAMED = 4, NAME_SHOWN = 90, PREFIX = 1200 };

/* Counters that frameworks and profilers (thop) keep beside weights. */
static int is_counter(const char *name)
{
    static const char *const last[] = { "num_batches_tracked", "total_ops", "total_params", "n_averaged" };
    const char *dot = strrchr(name, '.'), *word = dot ? dot + 1 : name;

    for (size_t i = 0; i < COUNT_OF(last); i++)
        if (strcmp(word, last[i]) == 0)
            return 1;
    return 0;
}

/* ---- observers ------------------------------------------------------------------------------------- */

/* Is it the name of a node, of its weight or of its scale? */
static int is_module(const struct model *m, const char *name, size_t size)
{
    for (int i = 0; i < m->nodes; i++) {
        const char *const known[] = { m->node[i].name, m->node[i].weight, m->node[i].quant };

        for (size_t k = 0; k < COUNT_OF(known); k++)
            if (strncmp(known[k], name, size) == 0 && known[k][size] == '\0')
                return 1;
    }
    return 0;
}

/* Its minimum is still +infinity, or has no element yet. */
static int never_ran(const struct model_binding *b, const char *observer)
{
    static const char *const where[] = { ".activation_post_process.min_val", ".min_val" };
    const struct tensor *low = NULL;

    for (size_t i = 0; i < COUNT_OF(where) && !low; i++)
        low = model_tensor(b, observer, where[i]);
    for (int64_t i = 0; low && i < tensor_count(low); i++)
        if (tensor_at(low, i) != INFINITY)
            return 0;
    return low != NULL;
}

/* An observer that watched a module of the network is bookkeeping, and so is one that saw nothing; one that
 * watched another module says that the checkpoint's network does more. */
static int is_inert_observer(const struct model_binding *b, const char *name)
{
    static const char *const kinds[] = { ".weight_fake_quant.", ".activation_post_process." };
    char observer[PREFIX];

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const char *at = strstr(name, kinds[i]);

        if (!at)
            continue;
        snprintf(observer, sizeof observer, "%.*s", (int)(at - name + (ptrdiff_t)strlen(kinds[i]) - 1), name);
        return is_module(b->model, name, (size_t)(at - name)) || never_ran(b, observer);
    }
    return 0;
}

/* ---- scales of int8 files -------------------------------------------------------------------------- */

static int is_value(const struct tensor *t, double value)
{
    return t && tensor_count(t) == 1 && tensor_at(t, 0) == value;
}

/* torch writes scale 1 and zero point 0 for a module that never ran: torchvision's MobileNets have a skip_add
 * in every block, used or not. */
static int is_idle_scale(const struct model_binding *b, const char *name)
{
    static const char *const weights[] = { ".weight", "._packed_params._packed_params.0",
                                           "._packed_params.weight" };
    char module[PREFIX];

    if (!model_stores_codes(b) ||
        (!text_ends(name, strlen(name), ".scale") && !text_ends(name, strlen(name), ".zero_point")))
        return 0;
    snprintf(module, sizeof module, "%.*s", (int)(strrchr(name, '.') - name), name);
    for (size_t i = 0; i < COUNT_OF(weights); i++)
        if (model_tensor(b, module, weights[i]))
            return 0;
    return is_value(model_tensor(b, module, ".scale"), 1) &&
           is_value(model_tensor(b, module, ".zero_point"), 0);
}

/* ---- the whole ------------------------------------------------------------------------------------- */

int model_ignores(const struct model *m, const char *name)
{
    for (int i = 0; i < m->ignores; i++)
        if (fnmatch(m->ignore[i], name, 0) == 0)
            return 1;
    return 0;
}

/* Without the network's prefix; NULL where it has none. */
static const char *own_name(const struct model_binding *b, const char *name)
{
    size_t prefix = strlen(b->prefix);

    return strncmp(name, b->prefix, prefix) == 0 ? name + prefix : NULL;
}

static int is_bookkeeping(const struct model_binding *b, const char *name)
{
    const char *own = own_name(b, name);

    return is_counter(name) || (own && (is_inert_observer(b, own) || is_idle_scale(b, own)));
}

/* Is it where a layer or its batch norm looks for a tensor? */
static int is_layers(const struct model *m, const char *name)
{
    const char *dot = strrchr(name, '.');
    size_t size = dot ? (size_t)(dot - name) : 0;

    if (size == 0 || strcmp(dot, "._extra_state") == 0)
        return 0;
    for (int i = 0; i < m->nodes; i++)
        if (strncmp(m->node[i].bn, name, size) == 0 && m->node[i].bn[size] == '\0')
            return 1;
    return is_module(m, name, size);
}

static int is_ignored(const struct model_binding *b, const char *name)
{
    const char *own = own_name(b, name);

    return model_ignores(b->model, name) || (own && model_ignores(b->model, own));
}

/* A tensor that could not be read, or something else where a layer looks for one: no layer may go on without
 * a bias because it is stored as a list. */
static status check_absents(struct model_binding *b)
{
    for (int i = 0; i < b->weights->absents; i++) {
        const struct table_absent *a = &b->weights->absent[i];
        const char *own = own_name(b, a->name);
        int ignored = is_ignored(b, a->name);

        if ((own && is_layers(b->model, own)) || (a->is_tensor && !b->how.allow_unused && !ignored))
            return MODEL_FAIL(b, ERR_MISMATCH, "%s %s", a->name, a->why);
        b->ignored += a->is_tensor && ignored;
        b->unused += a->is_tensor && !ignored;
    }
    return OK;
}

status model_count_unused(struct model_binding *b, const uint8_t *used)
{
    char names[NAMED * (NAME_SHOWN + 4)] = "";
    size_t size = 0;

    TRY(check_absents(b));
    for (int i = 0; i < b->weights->count; i++) {
        const char *name = b->weights->entry[i].name;

        if (used[i])
            continue;
        if (is_ignored(b, name))
            b->ignored++;
        else if (!is_bookkeeping(b, name) && b->unused++ < NAMED)
            size += (size_t)snprintf(names + size, sizeof names - size, "%s%.*s", size ? ", " : "",
                                     NAME_SHOWN, name);
    }
    if (b->unused == 0 || b->how.allow_unused)
        return OK;
    return MODEL_FAIL(
        b, ERR_MISMATCH,
        "%s does not use %d of its tensors (%s%s): another description may fit; lines `ignore "
        "PATTERN` of the description name what may be there, unused = allow (--unused=allow) allows "
        "all",
        b->model->source, b->unused, names, b->unused > NAMED ? ", ..." : "");
}
