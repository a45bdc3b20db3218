/* src/cli/network_random.c: a checkpoint that fits a description, for timing networks whose weights are not
 * at hand. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "network.h"

struct maker {
    const struct model *m;
    struct tensor_table *table;
    struct random random;
};

static status take(struct maker *k, const char *prefix, const char *name, struct tensor *t)
{
    char full[2 * MODEL_NAME];

    snprintf(full, sizeof full, "%s%s", prefix, name);
    if (table_find(k->table, full)) { /* two nodes may name one tensor */
        tensor_free(t);
        return OK;
    }
    return table_take(k->table, full, t);
}

/* Uniform in [centre - spread, centre + spread). */
static status add_real(struct maker *k, const char *prefix, const char *name, int rank, const int64_t *dim,
                       double centre, double spread)
{
    struct tensor t = { 0 };
    float *values;

    TRY(tensor_alloc(&t, DTYPE_F32, rank, dim));
    values = t.data;
    for (int64_t i = 0; i < tensor_count(&t); i++)
        values[i] = (float)(centre + spread * (2 * random_unit(&k->random) - 1));
    return take(k, prefix, name, &t);
}

static status add_codes(struct maker *k, const char *prefix, const char *name, int rank, const int64_t *dim,
                        double scale)
{
    struct tensor t = { 0 };
    int8_t *codes;

    TRY(tensor_alloc(&t, DTYPE_S8, rank, dim));
    codes = t.data;
    for (int64_t i = 0; i < tensor_count(&t); i++)
        codes[i] = (int8_t)((int)random_below(&k->random, 255) - 127);
    t.quantization = TENSOR_PER_CHANNEL;
    t.channels = (int)dim[0];
    t.scale = mem_alloc((size_t)dim[0], sizeof *t.scale);
    t.zero_point = mem_alloc((size_t)dim[0], sizeof *t.zero_point);
    if (!t.scale || !t.zero_point) {
        tensor_free(&t);
        return FAIL(ERR_MEMORY, "no memory for %d scales", (int)dim[0]);
    }
    for (int c = 0; c < t.channels; c++)
        t.scale[c] = scale;
    return take(k, prefix, name, &t);
}

static status add_output(struct maker *k, const char *prefix)
{
    struct tensor z = { 0 };

    TRY(add_real(k, prefix, ".scale", 0, NULL, 0.04, 0));
    TRY(tensor_alloc(&z, DTYPE_S64, 0, NULL));
    *(int64_t *)z.data = 64;
    return take(k, prefix, ".zero_point", &z);
}

static status add_bn(struct maker *k, const char *prefix, int64_t c)
{
    TRY(add_real(k, prefix, ".weight", 1, &c, 1, 0.1));
    TRY(add_real(k, prefix, ".bias", 1, &c, 0, 0.1));
    TRY(add_real(k, prefix, ".running_mean", 1, &c, 0, 0.1));
    return add_real(k, prefix, ".running_var", 1, &c, 1, 0.1);
}

static status add_layer(struct maker *k, const struct model_node *n, enum precision_form precision)
{
    int linear = n->op == OP_LINEAR, rank = linear ? 2 : 4;
    const struct model_node *in = &k->m->node[n->input[0]];
    const int64_t dim[4] = { n->c, linear ? (int64_t)in->c * in->h * in->w : in->c / n->groups, n->kh,
                             n->kw };
    double spread = sqrt(6.0 / (double)(linear ? dim[1] : dim[1] * dim[2] * dim[3]));

    if (precision == PRECISION_REAL) {
        TRY(add_real(k, n->weight, ".weight", rank, dim, 0, spread));
        return n->bn[0] ? add_bn(k, n->bn, n->c) : add_real(k, n->weight, ".bias", 1, dim, 0, 0.1);
    }
    TRY(add_codes(k, n->weight, linear ? "._packed_params._packed_params.0" : ".weight", rank, dim,
                  spread / 127));
    TRY(add_real(k, n->weight, linear ? "._packed_params._packed_params.1" : ".bias", 1, dim, 0, 0.1));
    return add_output(k, n->weight);
}

status network_random(const struct model *m, enum precision_form precision, struct tensor_table *out)
{
    struct maker k = { .m = m, .table = out, .random = { .seed = 1 } };

    memset(out, 0, sizeof *out);
    out->source = mem_strdup("(random weights)");
    for (int i = 0; i < m->nodes; i++) {
        const struct model_node *n = &m->node[i];

        if (n->op == OP_BATCHNORM)
            TRY(add_bn(&k, n->weight, n->c));
        else if (model_is_affine(n->op))
            TRY(add_real(&k, n->weight, n->op == OP_SCALE ? "" : ".weight", 1, (int64_t[]){ n->c }, 1, 0.1));
        if (model_has_weights(n))
            TRY(add_layer(&k, n, precision));
        else if (precision == PRECISION_CODES && n->quant[0])
            TRY(add_output(&k, n->quant));
    }
    return OK;
}
