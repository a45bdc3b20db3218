/* src/train/packed.c: a trained quantized network as the codes that the engine runs, beside its master
 * weights.
 */
#include "train_parts.h"

#include <stdio.h>
#include <string.h>

#include "quant.h"
#include "quant_lowbit.h"
#include "weight.h"

enum { MOST_NOTES = 8 };

static int is_quantized(const struct train *t)
{
    if (train_job_fakes(t->job))
        return 1;
    for (int i = 0; i < t->model.nodes; i++)
        if (t->quantizer[i].weights.bits > 0 || t->quantizer[i].pact_bits > 0)
            return 1;
    return 0;
}

static status convert_lowbit(const struct train *t, struct tensor_table *out)
{
    struct tensor_table master = { 0 };
    struct quant_lowbit_node *node;
    status result = OK;

    MEM_TRY(node, (size_t)t->model.nodes, sizeof *node);
    for (int i = 0; i < t->model.nodes; i++) {
        node[i].weights = t->quantizer[i].weights;
        node[i].bits = t->quantizer[i].pact_bits;
    }
    for (int i = 0; i < t->parameters; i++)
        if (t->parameter[i].kind == GRADIENT_ALPHA)
            node[t->parameter[i].node].alpha = t->parameter[i].value[0];
    result = checkpoint_parameters(t, 0, &master);
    if (result == OK)
        result = quant_lowbit(&t->model, &master, node, out);
    table_free(&master);
    mem_free(node);
    return result;
}

static status convert_fake(const struct train *t, struct tensor_table *out)
{
    struct tensor_table master = { 0 };
    struct model_binding b = { 0 };
    struct quant_range *range;
    status result = OK;

    MEM_TRY(range, (size_t)t->model.nodes, sizeof *range);
    for (int i = 0; i < t->parameters; i++) {
        const struct gradient_parameter *p = &t->parameter[i];

        if (p->kind == GRADIENT_RANGE_LOW)
            range[p->node].low = p->value[0];
        if (p->kind == GRADIENT_RANGE_HIGH)
            range[p->node].high = p->value[0];
    }
    TRY_OUT(checkpoint_parameters(t, 0, &master));
    TRY_OUT(model_bind(&t->model, &master, NULL, &b));
    result = quant_trained(&b, range, out);
out:
    model_unbind(&b);
    table_free(&master);
    mem_free(range);
    return result;
}

static status convert(const struct train *t, struct tensor_table *out)
{
    return train_job_fakes(t->job) ? convert_fake(t, out) : convert_lowbit(t, out);
}

/* OUT.packed.safetensors of OUT.safetensors. */
static void packed_path(const struct train *t, char path[OPTION_SIZE + 16])
{
    int stem = (int)(strlen(t->job->out) - strlen(".safetensors"));

    snprintf(path, OPTION_SIZE + 16, "%.*s.packed.safetensors", stem, t->job->out);
}

status packed_check(const struct train *t)
{
    struct tensor_table table = { 0 };
    status result;

    if (!is_quantized(t))
        return OK;
    result = convert(t, &table);
    table_free(&table);
    if (result == ERR_NUMERIC) /* what training has yet to find: ranges, weights that are not all 0 */
        return OK;
    return error_prefix(result, "the trained network could not run as integers");
}

status packed_save(const struct train *t)
{
    char path[OPTION_SIZE + 16];
    struct weight_note note[MOST_NOTES];
    struct tensor_table table = { 0 };
    status result;
    int notes = 0;

    if (!is_quantized(t))
        return OK;
    result = convert(t, &table);
    if (result == ERR_NUMERIC) {
        log_info("the network has no form of integers: %s", error_last()->text);
        return OK;
    }
    TRY(result);
    for (; notes < table.notes && notes < MOST_NOTES; notes++)
        note[notes] = (struct weight_note){ table.note[notes].key, table.note[notes].value };
    packed_path(t, path);
    result = weight_save(path, &table, note, notes);
    table_free(&table);
    if (result == OK)
        log_info("as integers, packed: %s", path);
    return result;
}
