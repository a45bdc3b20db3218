/* tests/oracles/train_step.c: one batch through a network in training, for compare_training.py.
 *     train_step MODEL IN OUT ISA
 * IN and OUT are safetensors files. IN: the checkpoint's tensors and alphas, input.x, input.masked
 * (samples, h, w, c), input.dlogits, input.dmasked and input.deval (samples, classes); its note `settings`:
 * form and bits of weights, slope, bits and variant of PACT, kind of batch normalisation, seed, epoch. OUT:
 * every gradient and running statistic by its parameter's name, output.logits0, .logits1, .eval, .dx. */
#include <stdio.h>
#include <string.h>

#include "gradient_train.h"
#include "weight.h"

struct job {
    struct tensor_table in, out;
    struct model m;
    struct model_binding b;
    struct gradient_quantizer *quantizer;
    struct gradient_net *net;
    uint32_t *sample;
};

static status input(struct job *j, const char *name, float **out)
{
    const struct tensor *t;

    TRY(table_get(&j->in, &t, "%s", name));
    MEM_TRY(*out, (size_t)tensor_count(t), sizeof **out);
    tensor_copy_f32(t, *out);
    return OK;
}

static status give(struct job *j, const char *name, const float *values, int rank, const int64_t *dim)
{
    struct tensor t = { 0 };

    TRY(tensor_alloc(&t, DTYPE_F32, rank, dim));
    memcpy(t.data, values, (size_t)tensor_count(&t) * sizeof *values);
    return table_take(&j->out, name, &t);
}

static status make(struct job *j, const char *isa, struct gradient_batch *batch)
{
    const struct kernel_table *kernels = kernel_select(isa);
    struct gradient_settings s = { .norm = GRADIENT_NORM_BATCH };
    const char *note = table_note(&j->in, "settings");
    int form, bits, slope, pact, through, norm;
    unsigned long long seed;

    if (!note || sscanf(note, "%d %d %d %d %d %d %llu %d", &form, &bits, &slope, &pact, &through, &norm,
                        &seed, &batch->epoch) != 8)
        return FAIL(ERR_FORMAT, "no settings");
    batch->seed = seed;
    s.norm = (enum gradient_norm)norm;
    MEM_TRY(j->quantizer, (size_t)j->m.nodes, sizeof *j->quantizer);
    for (int i = 0; i < j->m.nodes; i++) {
        enum model_op op = j->m.node[i].op;

        if (model_has_weights(&j->m.node[i]))
            j->quantizer[i].weights = (struct quant_weights){ .form = (enum quant_weights_form)form,
                                                              .slope = (enum quant_weights_slope)slope,
                                                              .bits = bits };
        if (op == OP_RELU || op == OP_RELU6) {
            j->quantizer[i].pact_bits = pact;
            j->quantizer[i].pact_through = through;
        }
    }
    s.quantizer = j->quantizer;
    if (!kernels)
        return FAIL(ERR_USAGE, "%s: this machine does not have it", isa);
    TRY(gradient_net_make(&j->m, &s, kernels, &j->net));
    TRY(gradient_net_load(j->net, &j->b));
    return gradient_net_prepare(j->net);
}

static status give_parameters(struct job *j)
{
    int count;
    const struct gradient_parameter *p = gradient_net_parameters(j->net, &count);

    for (int i = 0; i < count; i++)
        TRY(give(j, p[i].name, p[i].gradient ? p[i].gradient : p[i].value, p[i].rank, p[i].dim));
    return OK;
}

static status step(struct job *j, struct gradient_batch *batch)
{
    const struct tensor *x;
    float *maps[5] = { NULL };
    static const char *const names[] = { "input.x", "input.masked", "input.dlogits", "input.dmasked",
                                         "input.deval" };
    int64_t logits[2], map[4];

    TRY(table_get(&j->in, &x, "input.x"));
    memcpy(map, x->dim, sizeof map);
    logits[0] = map[0];
    logits[1] = j->m.classes;
    for (int i = 0; i < 5; i++)
        TRY(input(j, names[i], &maps[i]));
    batch->samples = (int)map[0];
    batch->chunks = (batch->samples + GRADIENT_CHUNK - 1) / GRADIENT_CHUNK;
    MEM_TRY(j->sample, (size_t)batch->samples, sizeof *j->sample);
    for (int i = 0; i < batch->samples; i++)
        j->sample[i] = (uint32_t)(1000 + 7 * i);
    batch->sample = j->sample;
    TRY(gradient_net_batch(j->net, batch));
    gradient_net_forward(j->net, GRADIENT_EVAL, 0, maps[0]);
    TRY(give(j, "output.eval", gradient_net_logits(j->net, 0), 2, logits));
    gradient_net_backward_input(j->net, maps[4], maps[0]);
    TRY(give(j, "output.dx", maps[0], 4, map));
    tensor_copy_f32(x, maps[0]);
    gradient_net_forward(j->net, GRADIENT_TRAIN, 0, maps[0]);
    gradient_net_forward(j->net, GRADIENT_TRAIN, 1, maps[1]);
    TRY(give(j, "output.logits0", gradient_net_logits(j->net, 0), 2, logits));
    TRY(give(j, "output.logits1", gradient_net_logits(j->net, 1), 2, logits));
    gradient_net_backward(j->net, maps[2], maps[3]);
    for (int i = 0; i < 5; i++)
        mem_free(maps[i]);
    return give_parameters(j);
}

static status run(struct job *j, char **argv)
{
    struct model_reading how = { .allow_unused = 1 };
    struct gradient_batch batch = { .first = 0 };

    TRY(model_read(argv[1], &j->m));
    TRY(weight_load(argv[2], NULL, &j->in));
    TRY(model_bind(&j->m, &j->in, &how, &j->b));
    TRY(make(j, argv[4], &batch));
    TRY(step(j, &batch));
    return weight_save(argv[3], &j->out, NULL, 0);
}

int main(int argc, char **argv)
{
    struct job j = { .net = NULL };
    status result = argc == 5 ? run(&j, argv) : FAIL(ERR_USAGE, "train_step MODEL IN OUT ISA");

    if (result != OK)
        fprintf(stderr, "train_step: %s\n", error_last()->text);
    gradient_net_free(j.net);
    mem_free(j.quantizer);
    mem_free(j.sample);
    model_unbind(&j.b);
    model_free(&j.m);
    table_free(&j.in);
    table_free(&j.out);
    return result != OK;
}
