/* src/model/prefix.c: wrappers put a prefix before every name (DataParallel `module.`, compile `_orig_mod.`,
 * Lightning `model.`, one in the other): which one is found by the names that the network needs. */
#include "model_parts.h"

#include <string.h>

enum { COMPARED = 16 /* prefixes that are compared where none is complete */ };

/* Layers whose weight is there, up to the first that is not; all of them if `whole`. */
static int count_layers(const struct model_binding *b, int whole)
{
    const struct tensor *bias;
    int count = 0;

    for (int i = 0; i < b->model->nodes; i++)
        if (model_has_weights(&b->model->node[i])) {
            if (model_weight(b, &b->model->node[i], &bias))
                count++;
            else if (!whole)
                break;
        }
    return count;
}

/* The length of what stands before `tail` at the end of `name`, a prefix that ends in '.' or '/'; or -1. */
static int before(const char *name, const char *tail)
{
    size_t size = strlen(name), length = strlen(tail);

    if (size <= length || size - length >= MODEL_PREFIX || strcmp(name + size - length, tail) != 0)
        return -1;
    return strchr("./", name[size - length - 1]) ? (int)(size - length) : -1;
}

/* A prefix that the first layer's weight has in this name, or -1. */
static int prefix_of(const char *name, const struct model_node *first)
{
    static const char *const forms[] = { ".weight", "._packed_params._packed_params.0",
                                         "._packed_params.weight", ".0.weight" };
    char tail[MODEL_NAME + 64];

    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        int size;

        snprintf(tail, sizeof tail, "%s%s", first->weight, forms[i]);
        size = before(name, tail);
        if (size >= 0)
            return size;
    }
    return -1;
}

static int is_there(const struct model_prefixes *all, const char *prefix)
{
    for (int i = 0; i < all->count; i++)
        if (strcmp(all->prefix[i], prefix) == 0)
            return 1;
    return 0;
}

void model_find_prefixes(const struct model *m, const struct tensor_table *weights,
                         struct model_prefixes *out)
{
    struct model_binding b = { .model = m, .weights = weights };
    const struct model_node *first = m->node;
    int layers = 0, most, compared = 0;

    *out = (struct model_prefixes){ .count = 1 };
    for (int i = 0; i < m->nodes; i++)
        layers += model_has_weights(&m->node[i]);
    while (!model_has_weights(first))
        first++; /* model_parse saw to it that there is one */
    if (count_layers(&b, 0) == layers)
        return;
    most = count_layers(&b, 1);
    out->count = 0;
    for (int i = 0; i < weights->count && out->count < MODEL_PREFIXES; i++) {
        const char *name = weights->entry[i].name;
        int size = prefix_of(name, first), found;

        if (size < 0 || model_ignores(m, name))
            continue;
        snprintf(b.prefix, sizeof b.prefix, "%.*s", size, name);
        if (is_there(out, b.prefix))
            continue;
        if (count_layers(&b, 0) == layers) {
            strcpy(out->prefix[out->count++], b.prefix);
        } else if (out->count == 0 && compared++ < COMPARED) {
            found = count_layers(&b, 1);
            if (found > most)
                strcpy(out->prefix[0], b.prefix);
            most = found > most ? found : most;
        }
    }
    out->count = out->count ? out->count : 1;
}
