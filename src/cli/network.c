/* src/cli/network.c: one network ready to run. */
#include "network.h"

#include <string.h>

#include "weight.h"

enum { MODEL_TEXT_MAX = 1 << 20 };

static status read_model(const char *path, struct model *out)
{
    char *text = NULL;
    size_t size;
    status result;

    TRY(text_read_plain(path, MODEL_TEXT_MAX, &text, &size));
    result = model_parse(path, text, size, out);
    mem_free(text);
    return result;
}

static status load_table(const struct model *m, const char *weights, struct tensor_table *out)
{
    if (strcmp(weights, NETWORK_RANDOM_FP32) == 0)
        return network_random(m, MODEL_FP32, out);
    if (strcmp(weights, NETWORK_RANDOM_INT8) == 0)
        return network_random(m, MODEL_INT8, out);
    return weight_load(weights, NULL, out);
}

static status bind_and_plan(const char *weights, const struct engine_options *options, struct network *out)
{
    struct tensor_table table = { 0 };
    struct model_binding binding = { 0 };
    status result = OK;

    TRY_OUT(load_table(&out->model, weights, &table));
    TRY_OUT(model_bind(&out->model, &table, &binding));
    out->parameters = binding.parameters;
    out->macs = binding.macs;
    TRY_OUT(engine_plan(&binding, options, out->kernels, &out->engine));
out:
    model_unbind(&binding);
    table_free(&table);
    return result;
}

status network_head(const struct network *net, const char *weights, struct model_head *out)
{
    struct tensor_table table = { 0 };
    struct model_binding binding = { 0 };
    status result = OK;

    TRY_OUT(load_table(&net->model, weights, &table));
    TRY_OUT(model_bind(&net->model, &table, &binding));
    TRY_OUT(model_head_load(&binding, out));
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

status network_open(const char *model, const char *weights, const struct engine_options *options,
                    const char *isa, struct network *out)
{
    status result = OK;

    memset(out, 0, sizeof *out);
    TRY(network_kernels(isa, &out->kernels));
    TRY_OUT(read_model(model, &out->model));
    TRY_OUT(bind_and_plan(weights, options, out));
    out->pipeline.resize = out->model.input.resize;
    out->pipeline.crop = out->model.input.crop;
    out->pipeline.filter = strcmp(out->model.input.filter, "bicubic") == 0 ? IMAGE_BICUBIC : IMAGE_BILINEAR;
    out->pipeline.order = IMAGE_ORDER_PILLOW13;
    out->pipeline.kernels = out->kernels;
out:
    if (result != OK)
        network_close(out);
    return result;
}

void network_preprocess(struct network *net, int resize, int filter, int pillow)
{
    if (resize)
        net->pipeline.resize = resize;
    if (filter)
        net->pipeline.filter = filter == 2 ? IMAGE_BICUBIC : IMAGE_BILINEAR;
    if (pillow)
        net->pipeline.order = IMAGE_ORDER_HORIZONTAL_FIRST;
}

void network_close(struct network *net)
{
    engine_free(net->engine);
    model_free(&net->model);
    memset(net, 0, sizeof *net);
}
