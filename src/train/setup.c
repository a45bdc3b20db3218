/* src/train/setup.c: from a job to a network that is ready to be trained: description, data, weights, and the
 * memory of it all. Rank 0's description is every rank's; each rank reads data and weights, which must be the
 * same ones. */
#include "train_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "weight.h"

static status read_model(struct train *t)
{
    char *text = NULL;
    size_t size = 0;
    status result;

    TRY(comm_agree(t->c,
                   t->c->rank == 0 ? text_read_plain(t->job->model, MODEL_TEXT_MAX, &text, &size) : OK));
    TRY(comm_broadcast_bytes(t->c, (void **)&text, &size));
    result = model_parse(t->job->model, text, size, &t->model);
    mem_free(text);
    if (result == OK)
        result = model_choose_size(&t->model, t->job->size);
    return result;
}

/* ---- data ------------------------------------------------------------------------------------------------
 */

static status read_data(struct train *t)
{
    const struct train_job *job = t->job;
    const struct model_input *in = &t->model.input;
    struct train_source s = {
        .key = "data.train",
        .path = job->train,
        .labels = job->train_labels,
        .limit = job->limit,
        .pipeline = { .resize = in->resize,
                      .height = in->height,
                      .width = in->width,
                      .channels = in->channels,
                      .filter = strcmp(in->filter, "bicubic") == 0 ? IMAGE_BICUBIC : IMAGE_BILINEAR,
                      .kernels = t->kernels },
        .margin = job->crop ? job->margin : 0,
        .classes = t->model.classes,
        .network = t->model.name,
    };

    t->moves = (struct draw_moves){ job->crop ? job->padding + job->margin : 0, job->flip, job->turn };
    if (job->turn && in->height != in->width)
        return FAIL(ERR_USAGE, "data.rotate90: network %s takes pictures of %d x %d, which cannot be turned",
                    t->model.name, in->height, in->width);
    TRY(train_data_read(&s, &t->data));
    image_normalize_table(in->mean, in->std, in->channels, t->table);
    if (!job->test[0])
        return OK;
    s.margin = 0;
    s.key = "data.test";
    s.path = job->test;
    s.labels = job->test_labels;
    s.limit = job->test_limit;
    return train_data_read(&s, &t->test);
}

static status leave_out(struct train *t)
{
    const struct train_job *job = t->job;

    TRY(train_data_leave_out(t->c, "data.train", job->max_bad, &t->data));
    TRY(train_data_leave_out(t->c, "data.test", job->max_bad, &t->test));
    if (job->holdout >= t->data.count)
        return FAIL(ERR_USAGE, "data.holdout = %d: of %d training pictures none would be left", job->holdout,
                    t->data.count);
    return OK;
}

/* Files of one name may differ from host to host. */
static status check_same(const struct train *t, const uint8_t weights[HASH_SIZE])
{
    uint8_t mine[3][HASH_SIZE], first[3][HASH_SIZE];
    const char *const name[] = { t->job->train, t->job->test, t->job->weights };

    memcpy(mine[0], t->data.sha256, HASH_SIZE);
    memcpy(mine[1], t->test.sha256, HASH_SIZE);
    memcpy(mine[2], weights, HASH_SIZE);
    memcpy(first, mine, sizeof first);
    comm_broadcast(t->c, first, sizeof first);
    for (int i = 0; i < 3; i++)
        if (memcmp(mine[i], first[i], HASH_SIZE) != 0)
            return FAIL(ERR_MISMATCH, "%s on host %s is another than rank 0's", name[i], t->c->host);
    return OK;
}

/* ---- weights ---------------------------------------------------------------------------------------------
 */

static void initialize(struct train *t)
{
    for (int i = 0; i < t->parameters; i++) {
        struct gradient_parameter *p = &t->parameter[i];
        enum draw_initial how =
            p->kind == GRADIENT_WEIGHT ? (enum draw_initial)t->job->initial : DRAW_UNIFORM;

        if (p->kind == GRADIENT_WEIGHT || p->kind == GRADIENT_BIAS)
            draw_initial((uint64_t)t->job->seed, (uint32_t)i, how, p->fan_in, p->count, p->value);
    }
}

/* Of a low-bit training's result: tensors NODE.alpha of relus. */
static int count_alphas(const struct train *t, const struct tensor_table *table)
{
    char name[2 * MODEL_NAME];
    int count = 0;

    for (int i = 0; i < t->model.nodes; i++) {
        snprintf(name, sizeof name, "%s.alpha", t->model.node[i].name);
        count += table_find(table, name) != NULL;
    }
    return count;
}

/* Nothing but alphas may be left over, which no network of the engine's has. */
static status bind_and_load(struct train *t, const struct tensor_table *table)
{
    struct model_binding binding = { 0 };
    struct model_reading how = { .allow_unused = 0 };
    int alphas = count_alphas(t, table);
    status result = OK;

    how.allow_unused = alphas > 0;
    TRY_OUT(model_bind(&t->model, table, &how, &binding));
    if (binding.unused > alphas) {
        how.allow_unused = 0; /* says which */
        model_unbind(&binding);
        TRY_OUT(model_bind(&t->model, table, &how, &binding));
    }
    result = gradient_net_load(t->net, &binding);
out:
    model_unbind(&binding);
    return result;
}

/* alphas: whether the checkpoint has all of the network's. */
static status load_weights(struct train *t, uint8_t sha256[HASH_SIZE], int *alphas)
{
    struct tensor_table table = { 0 };
    status result;

    TRY(weight_load(t->job->weights, text_or_null(t->job->state), &table));
    memcpy(sha256, table.sha256, HASH_SIZE);
    result = bind_and_load(t, &table);
    *alphas = 1;
    for (int i = 0; i < t->parameters; i++)
        if (t->parameter[i].kind == GRADIENT_ALPHA)
            *alphas &= table_find(&table, t->parameter[i].name) != NULL;
    table_free(&table);
    return result;
}

static void set_alphas(struct train *t, float value)
{
    for (int i = 0; i < t->parameters; i++)
        if (t->parameter[i].kind == GRADIENT_ALPHA)
            t->parameter[i].value[0] = value;
}

static int has_alphas(const struct train *t)
{
    for (int i = 0; i < t->parameters; i++)
        if (t->parameter[i].kind == GRADIENT_ALPHA)
            return 1;
    return 0;
}

/* ---- the network -----------------------------------------------------------------------------------------
 */

static status make_net(struct train *t)
{
    struct gradient_settings settings = {
        .norm = (enum gradient_norm)t->job->norm, .sum = sum_ranks, .most = sum_most, .context = &t->sum
    };

    TRY(quantizers_make(t));
    if (train_job_fakes(t->job))
        settings.average = (float)t->job->average;
    else
        settings.quantizer = t->quantizer;
    TRY(sum_open(t->c, &t->sum));
    TRY(gradient_net_make(&t->model, &settings, t->kernels, &t->net));
    t->parameter = gradient_net_parameters(t->net, &t->parameters);
    for (int i = 0; i < t->parameters; i++) {
        t->values += t->parameter[i].count;
        t->learned += t->parameter[i].gradient ? t->parameter[i].count : 0;
    }
    return OK;
}

/* The largest run that a rank has of a batch; validation takes as many pictures at a time. */
static int most_samples(const struct train *t)
{
    int chunks = (t->job->batch + GRADIENT_CHUNK - 1) / GRADIENT_CHUNK;

    return (chunks + t->c->size - 1) / t->c->size * GRADIENT_CHUNK;
}

static status make_room(struct train *t)
{
    const struct train_job *job = t->job;

    t->held = job->holdout;
    t->trained = t->data.count - t->held;
    t->batches = (t->trained + job->batch - 1) / job->batch;
    t->at.best = -1;
    MEM_TRY(t->sample, (size_t)t->data.count, sizeof *t->sample);
    MEM_TRY(t->order, (size_t)t->trained, sizeof *t->order);
    TRY(draw_holdout((uint64_t)job->seed, t->data.count, t->held, t->sample));
    MEM_TRY(t->line, (size_t)job->epochs, sizeof *t->line);
    MEM_TRY(t->first, (size_t)t->learned, sizeof *t->first);
    if (optimizer_vectors((enum optimizer_kind)job->optimizer) > 1)
        MEM_TRY(t->second, (size_t)t->learned, sizeof *t->second);
    if (job->keep)
        MEM_TRY(t->best, (size_t)t->values, sizeof *t->best);
    TRY(train_job_schedule(job, &t->schedule));
    t->schedule.steps = job->by_step ? t->batches : 1;
    return step_room(t, most_samples(t));
}

static status open_data(struct train *t)
{
    t->kernels = kernel_select(kernel_wanted(train_job_isa(t->job)));
    if (!t->kernels)
        return FAIL(ERR_USAGE, "run.isa = %s: this build or this machine does not have it",
                    kernel_wanted(train_job_isa(t->job)));
    return read_data(t);
}

static status open_parts(struct train *t, uint8_t weights[HASH_SIZE], int *alphas)
{
    TRY(make_net(t));
    TRY(make_room(t));
    *alphas = 0;
    if (t->job->weights[0])
        return load_weights(t, weights, alphas);
    initialize(t);
    return OK;
}

status setup_open(struct train *t)
{
    uint8_t weights[HASH_SIZE] = { 0 };
    enum train_alpha how;
    float alpha;
    int alphas = 0;

    TRY(comm_agree(t->c, read_model(t)));
    TRY(comm_agree(t->c, open_data(t)));
    TRY(leave_out(t));
    TRY(comm_agree(t->c, open_parts(t, weights, &alphas)));
    TRY(comm_agree(t->c, check_same(t, weights)));
    TRY(train_job_alpha(t->job, &how, &alpha));
    if (how == ALPHA_NUMBER || (how == ALPHA_AUTO && !t->job->weights[0]))
        set_alphas(t, alpha);
    t->measures_alpha =
        has_alphas(t) && (how == ALPHA_LEAST_SQUARES || (how == ALPHA_AUTO && t->job->weights[0] && !alphas));
    TRY(comm_agree(t->c, packed_check(t)));
    return comm_agree(t->c, checkpoint_settings(t, weights));
}

void setup_close(struct train *t)
{
    step_free(t);
    gradient_net_free(t->net);
    sum_close(&t->sum);
    train_data_free(&t->data);
    train_data_free(&t->test);
    model_free(&t->model);
    mem_free(t->quantizer);
    mem_free(t->sample);
    mem_free(t->order);
    mem_free(t->line);
    mem_free(t->first);
    mem_free(t->second);
    mem_free(t->best);
    mem_free(t->settings);
}
