/* src/cli/network.c: one network ready to run. */
#include "network.h"

#include <string.h>

#include "quant.h"

enum { TEXT_MAX = 1 << 16 };

static status load_table(const struct model *m, const char *weights, const char *state,
                         const struct deploy_options *deploy, struct tensor_table *out)
{
    if (strcmp(weights, NETWORK_RANDOM_REAL) == 0)
        return network_random(m, PRECISION_REAL, out);
    if (strcmp(weights, NETWORK_RANDOM_CODES) == 0)
        return network_random(m, PRECISION_CODES, out);
    return deploy_weights(weights, state, deploy, out);
}

status network_load(const struct model *m, const char *weights, const struct model_reading *how,
                    const struct deploy_options *deploy, struct tensor_table *table,
                    struct model_binding *out)
{
    TRY(load_table(m, weights, how ? how->state : "", deploy, table));
    return model_bind(m, table, how, out);
}

status network_read(const char *path, const struct deploy_options *deploy, struct model *out)
{
    char *text = NULL;
    size_t size = 0;
    status result;

    *out = (struct model){ 0 };
    TRY(deploy_description(path, deploy, &text, &size));
    result = model_parse(path, text, size, out);
    mem_free(text);
    return result;
}

void network_settle(char model[OPTION_SIZE], struct option_files *weights)
{
    if (!model[0] && weights->count > 0 && deploy_kind_of(weights->file[0].path))
        strcpy(model, weights->file[0].path);
    if (model[0] && weights->count == 0 && deploy_kind_of(model)) {
        weights->count = 1;
        strcpy(weights->file[0].path, model);
    }
}

void network_say(const char *who, const struct text *decided)
{
    char before[OPTION_SIZE + 8];

    snprintf(before, sizeof before, "%s: ", who);
    log_lines(before, decided->data ? decided->data : "");
}

/* The built-in precision that has the checkpoint's form and bits, else its bits: w6a8. A trained low-bit
 * network's is pact-w4a2. */
static void name_precision(const struct model_binding *b, char name[OPTION_NAME])
{
    const struct quant_preset *known =
        b->lowbit ? NULL : quant_preset_like(b->form, b->weight_bits, b->activation_bits);

    if (known)
        snprintf(name, OPTION_NAME, "%s", known->name);
    else
        snprintf(name, OPTION_NAME, "%sw%da%d", b->lowbit ? "pact-" : "", b->weight_bits, b->activation_bits);
}

/* The gradient by a node that somebody asks for. */
static status open_asked(const struct network_how *how, const struct model_binding *b, uint8_t *show,
                         struct network *out)
{
    struct gradient_path path = { .from = out->model.output };

    if (!how->gradient || !how->gradient[0])
        return OK;
    path.to = model_find(&out->model, how->gradient);
    if (path.to < 0 || path.to >= path.from)
        return FAIL(ERR_USAGE, "the node '%s' whose gradient is wanted is none before the output of %s",
                    how->gradient, out->model.source);
    out->asked_node = path.to;
    TRY(gradient_shows(&out->model, b->form, path, show));
    return gradient_open(b, path, out->kernels, &out->asked);
}

/* With what the methods take of it. */
static status open_engine(const struct network_how *how, const struct model_binding *b, struct network *out)
{
    struct engine_options options = how->options;
    uint8_t *show;
    status result = OK;

    MEM_TRY(show, (size_t)out->model.nodes, 1);
    options.show = show;
    TRY_OUT(probe_shows(b, how->methods, show));
    if (cam_methods_need(how->methods, CAM_NEEDS_GRADIENT))
        TRY_OUT(gradient_open(b, probe_path(&out->model), out->kernels, &out->gradient));
    if (attribution_needs_gradient(how->maps)) {
        TRY_OUT(gradient_shows(b->model, b->form, attribution_path(b->model), show));
        TRY_OUT(gradient_open(b, attribution_path(b->model), out->kernels, &out->by_input));
    }
    TRY_OUT(open_asked(how, b, show, out));
    if (cam_methods_need(how->methods, CAM_NEEDS_HEAD))
        TRY_OUT(model_head_load(b, &out->head));
    TRY_OUT(engine_open(b, &options, out->kernels, &out->engine));
out:
    mem_free(show);
    return result;
}

static status bind_and_plan(const struct network_how *how, const char *weights, struct network *out)
{
    struct tensor_table table = { 0 };
    struct model_binding binding = { 0 };
    status result = OK;

    TRY_OUT(network_load(&out->model, weights, how->reading, how->deploy, &table, &binding));
    name_precision(&binding, out->precision);
    out->decided.max = TEXT_MAX;
    if (strncmp(weights, "random:", strlen("random:")) != 0)
        TRY_OUT(model_decided(&binding, &out->decided));
    out->parameters = binding.parameters;
    out->macs = binding.macs;
    TRY_OUT(open_engine(how, &binding, out));
out:
    model_unbind(&binding);
    table_free(&table);
    return result;
}

status network_kernels(const char *isa, const struct kernel_table **out)
{
    *out = kernel_select(kernel_wanted(isa));
    if (!*out)
        return FAIL(ERR_USAGE, "instruction set %.40s: this build or this machine does not have it",
                    kernel_wanted(isa));
    return OK;
}

status network_open(const struct network_how *how, const char *weights, struct network *out)
{
    status result = OK;

    memset(out, 0, sizeof *out);
    TRY(network_kernels(how->isa, &out->kernels));
    out->deployed = deploy_kind_of(weights) != DEPLOY_NONE;
    TRY_OUT(network_read(out->deployed ? weights : how->model, how->deploy, &out->model));
    if (how->input && !deploy_kind_of(how->model))
        TRY_OUT(model_choose_input(&out->model, how->input));
    TRY_OUT(model_choose_cam(&out->model, how->reading ? how->reading->layer : ""));
    TRY_OUT(bind_and_plan(how, weights, out));
    TRY_OUT(deploy_names(weights, how->deploy, &out->names));
    out->pipeline = probe_pipeline(&out->model);
    out->pipeline.kernels = out->kernels;
out:
    if (result != OK)
        network_close(out);
    return result;
}

void network_close(struct network *net)
{
    engine_close(&net->engine);
    gradient_close(&net->gradient);
    gradient_close(&net->by_input);
    gradient_close(&net->asked);
    model_head_free(&net->head);
    model_free(&net->model);
    text_free(&net->decided);
    text_free(&net->names);
    memset(net, 0, sizeof *net);
}

const char *network_engine(const struct network *net)
{
    const struct engine_plan *plan = net->engine.plan;

    return engine_form(plan) == PRECISION_CODES ? engine_arithmetic_name(engine_arithmetic_used(plan)) : NULL;
}

/* ---- several precisions ----------------------------------------------------------------------------------
 */

/* Do two precisions see the same of a picture? */
static int sees_alike(const struct model_input *a, const struct model_input *b)
{
    int same = a->channels == b->channels && a->height == b->height && a->width == b->width &&
               a->resize == b->resize && strcmp(a->filter, b->filter) == 0;

    for (int c = 0; c < a->channels; c++)
        same &= a->mean[c] == b->mean[c] && a->std[c] == b->std[c];
    return same;
}

status network_set_one_picture(const struct network_set *set)
{
    for (int i = 1; i < set->count; i++)
        if (!sees_alike(&set->of[i].model.input, &set->of[0].model.input))
            return FAIL(
                ERR_USAGE,
                "%s takes another size, mean or deviation of a picture than %s: say --input, or one at a "
                "time, or compare them by explain, or in a job (run)",
                set->name[i], set->name[0]);
    return OK;
}

status network_set_add(struct network_set *set, const struct network_how *how, const char *name,
                       const char *weights)
{
    struct network *net = &set->of[set->count];
    char *own = set->name[set->count];

    if (set->count == PROBE_PRECISIONS)
        return FAIL(ERR_USAGE, "%s: more than %d precisions", weights, PROBE_PRECISIONS);
    TRY(network_open(how, weights, net));
    set->count++;
    snprintf(own, OPTION_NAME, "%s", name[0] ? name : net->precision);
    for (int i = 0; i < set->count - 1; i++)
        if (strcmp(set->name[i], own) == 0)
            return FAIL(ERR_USAGE, "%s: there is a precision '%s' already; give this one a name: NAME=FILE",
                        weights, own);
    return OK;
}

void network_set_say(const struct network_set *set)
{
    const struct network *net = &set->of[set->count - 1];
    char who[OPTION_NAME + MODEL_NAME + 4];

    snprintf(who, sizeof who, "%s: %s", set->who[0] ? set->who : net->model.name, set->name[set->count - 1]);
    network_say(who, &net->decided);
}

status network_set_files(struct network_set *set, const struct network_how *how,
                         const struct option_file *file, int count)
{
    for (int i = 0; i < count; i++) {
        TRY(network_set_add(set, how, file[i].name, file[i].path));
        network_set_say(set);
    }
    return OK;
}

static int any_has(const struct network_set *set, enum precision_form form)
{
    for (int i = 0; i < set->count; i++)
        if (engine_form(set->of[i].engine.plan) == form)
            return 1;
    return 0;
}

status network_set_check(const struct network_set *set, const struct network_how *how)
{
    const enum model_relu6 relu6 = how->reading->relu6;
    const enum engine_arithmetic arithmetic = how->options.arithmetic;
    int codes = any_has(set, PRECISION_CODES), rounded = any_has(set, PRECISION_ROUNDED), saturates = 0;
    const char *engine = NULL;
    int deployed = 0;
    const char *none = rounded ? "no weights run as integers" : "the weights are fp32";

    for (int i = 0; i < set->count; i++)
        engine = engine ? engine : network_engine(&set->of[i]);
    for (int i = 0; i < set->count; i++)
        saturates |= engine_form(set->of[i].engine.plan) == PRECISION_CODES &&
                     engine_saturates(engine_arithmetic_used(set->of[i].engine.plan), how->options.saturate);
    for (int i = 0; i < set->count; i++)
        deployed += set->of[i].deployed;
    if (how->deploy && (how->deploy->input || how->deploy->skip >= 0) && !deployed)
        return FAIL(ERR_USAGE, "--%s has no effect: no file is TFLite or ONNX",
                    how->deploy->input ? "input" : "classes.skip");
    if (deployed == set->count && !deploy_kind_of(how->model))
        return FAIL(ERR_USAGE,
                    "--model has no effect: %s has a description of its own, as every TFLite and ONNX file",
                    set->count == 1 ? "the file" : "each file");
    if (relu6 != MODEL_RELU6_AUTO && !codes && !rounded)
        return FAIL(ERR_USAGE, "--relu6=%s has no effect: the weights are fp32, whose relu6 clamps at 6",
                    model_relu6_name(relu6));
    if (arithmetic != ENGINE_AUTO && !codes)
        return FAIL(ERR_USAGE, "--engine=%s has no effect: %s", engine_arithmetic_name(arithmetic), none);
    if (how->options.direct && !any_has(set, PRECISION_REAL))
        return FAIL(ERR_USAGE, "--numerics.winograd=off has no effect: no weights are fp32");
    if (how->options.saturate && !saturates)
        return FAIL(ERR_USAGE, "--numerics.saturate has no effect: %s%s", engine ? engine : none,
                    engine ? "'s sums do not saturate so" : "");
    return OK;
}

status network_set_probe(const struct network_set *set, const struct probe_how *how, struct probe **out)
{
    struct probe_network n = { .precisions = set->count };

    for (int i = 0; i < set->count; i++) {
        n.model[i] = &set->of[i].model;
        n.engine[i] = set->of[i].engine;
        n.gradient[i] = set->of[i].gradient;
        n.by_input[i] = set->of[i].by_input;
        n.head[i] = set->of[i].head.weight ? &set->of[i].head : NULL;
    }
    return probe_create(&n, 1, how, set->of[0].kernels, out);
}

void network_set_close(struct network_set *set)
{
    for (int i = 0; i < set->count; i++)
        network_close(&set->of[i]);
    set->count = 0;
}
