/* src/phase/plan.c: the phase plan: rank 0 reads, every rank parses the same bytes. */
#include "explain_random.h"
#include "match.h"
#include "phase_calibrate.h"
#include "probe_attribution.h"
#include "run.h"
#include "weight.h"

#include <stdlib.h>
#include <string.h>

enum { DECIDED_MAX = 1 << 20 };

/* ---- the list of pictures ------------------------------------------------------------------------------ */

static status read_list(const struct run *r, void **bytes, size_t *size)
{
    const struct job *job = r->job;
    int none = strcmp(job->labels, "none") == 0;
    struct image_manifest list = { 0 };
    struct image_source source = { .root = job->images,
                                   .labels = none ? NULL : text_or_null(job->labels),
                                   .synsets = text_or_null(job->synsets),
                                   .boxes = text_or_null(job->boxes),
                                   .limit = job->limit,
                                   .sample = job->sample,
                                   .folders = (enum image_folders)job->folders,
                                   .classes = none ? 0 : r->network[0].model[0]->classes,
                                   .network = job->network[0].name,
                                   .flat = none };
    uint8_t *packed = NULL;
    status result;

    TRY(image_manifest_read(&source, &list));
    result = none && list.classes > 0
                 ? FAIL(ERR_USAGE,
                        "data.labels = none, but the pictures of %s lie in class folders, or have labels in "
                        "their file: leave data.labels out, or name a flat folder",
                        job->images)
                 : image_manifest_pack(&list, &packed, size);
    image_manifest_free(&list);
    *bytes = packed;
    return result;
}

/* Rank 0 reads the folder once; the others get what it saw. */
static status share_list(struct run *r)
{
    void *bytes = NULL;
    size_t size = 0;
    status result = r->c->rank == 0 ? read_list(r, &bytes, &size) : OK;

    TRY_OUT(comm_agree(r->c, result));
    TRY_OUT(comm_broadcast_bytes(r->c, &bytes, &size));
    TRY_OUT(comm_agree(r->c, image_manifest_unpack(bytes, size, &r->list)));
out:
    mem_free(bytes);
    return result;
}

/* ---- networks ------------------------------------------------------------------------------------------ */

/* What binding decided, as lines of /provenance. */
static status note_decided(struct run *r, const char *network, int p, const struct model_binding *b)
{
    struct text lines = { .max = DECIDED_MAX };
    status result = model_decided(b, &lines);
    char *save = NULL;

    for (char *line = result == OK && lines.size > 0 ? strtok_r(lines.data, "\n", &save) : NULL;
         result == OK && line; line = strtok_r(NULL, "\n", &save))
        result = text_add(&r->decided, "network.%s.%s.decided = %s\n", network, run_precision(r, p), line);
    text_free(&lines);
    return result;
}

/* The network whose checkpoint says first what precision p is: files are read before others are made. */
static int first_with(const struct run *r, int p)
{
    int i = 0;

    while (i < r->networks && r->job->network[i].precision[p].quantize)
        i++;
    return i < r->networks ? i : 0;
}

/* How the CAM layer is stored: integers may have real values there, whose codes are behind. */
static enum precision_form stored_form(const struct model_binding *b)
{
    return b->form == PRECISION_CODES && !(b->q[b->model->cam].scale > 0) ? PRECISION_ROUNDED : b->form;
}

/* What a checkpoint is must be what its precision's name or section says, and what the networks before have.
 */
static status check_form(const struct run *r, int i, int p, const struct model_binding *b)
{
    static const char *const words[] = { "real numbers", "codes of integers", "rounded numbers" };
    const struct job_precision *said = &r->job->precision[p];
    const struct job_precision_of *of = &r->job->network[i].precision[p];
    int first = i == first_with(r, p);
    enum precision_form form = b->form, stored = stored_form(b),
                        expected = first && said->stated ? said->form
                                   : first               ? form
                                                         : (enum precision_form)r->precision[p].form;

    if (!first && form != stored && expected == PRECISION_CODES)
        return FAIL(
            ERR_MISMATCH,
            "%s: its CAM layer %s has real values, and network.%s.%s codes: choose nodes that are alike "
            "by cam.layer, or give the precision a name of its own",
            of->from, b->model->node[b->model->cam].name, r->job->network[first_with(r, p)].name, of->name);
    if ((first ? form : stored) != expected)
        return FAIL(ERR_MISMATCH, "%s: weights of %s, but network.%s.%s names it, which is of %s", of->from,
                    words[form], r->job->network[i].name, of->name, words[expected]);
    if (form == PRECISION_REAL && (of->reading.relu6 || of->engine))
        return FAIL(ERR_USAGE, "network %s: %s.%s has no effect: the weights are real numbers",
                    r->job->network[i].name, of->name, of->reading.relu6 ? "relu6" : "engine");
    return OK;
}

static status check_bits(const struct run *r, int i, int p, const struct store_precision *found)
{
    const struct job_precision *said = &r->job->precision[p];
    const struct job_precision_of *of = &r->job->network[i].precision[p];
    int first = first_with(r, p), weights = i != first ? r->precision[p].weight_bits : said->weights,
        activations = i != first ? r->precision[p].activation_bits : said->activations;

    if ((!weights || found->weight_bits == weights) &&
        (!activations || found->activation_bits == activations))
        return OK;
    return FAIL(
        ERR_MISMATCH,
        "%s: weights of %d bits and outputs of %d, but network.%s.%s names it, which has %d and %d%s%s: give "
        "the precision a name of its own",
        of->from, found->weight_bits, found->activation_bits, r->job->network[i].name, of->name,
        weights ? weights : found->weight_bits, activations ? activations : found->activation_bits,
        i != first ? " in network " : "", i != first ? r->job->network[first].name : "");
}

/* The form and bits of precision p: as its checkpoint has them. What this job calibrates has the bits that it
 * asked for: 7 bits of integers are stored as codes of 8. */
static status take_precision(struct run *r, int i, int p, const struct model_binding *b)
{
    const struct job_precision *said = &r->job->precision[p];
    struct store_precision found = r->precision[p];
    int real = b->form == PRECISION_REAL, asked = r->job->network[i].precision[p].quantize;

    found.form = stored_form(b);
    found.weight_bits = real ? PRECISION_REAL_BITS : asked ? said->weights : b->weight_bits;
    found.activation_bits = real ? PRECISION_REAL_BITS : asked ? said->activations : b->activation_bits;
    TRY(check_form(r, i, p, b));
    TRY(check_bits(r, i, p, &found));
    r->precision[p] = found;
    return OK;
}

/* One checkpoint: read and bound, and what is known of it. */
static status load_weights(struct run *r, int i, int p, struct tensor_table *table,
                           struct model_binding *binding)
{
    struct run_network *net = &r->network[i];
    const struct job_network *from = &r->job->network[i];
    struct model_reading how = job_reading(r->job, i, p);
    const struct deploy_options open = job_description(r->job, i, p).open;
    char path[CALIBRATE_PATH];
    status result;

    comm_alive();
    TRY(comm_signal_status());
    result = deploy_weights(calibrate_job_file(r->job, i, p, path), how.state, &open, table);
    if (result == ERR_MISSING)
        result = error_prefix(result, "network.%s.%s", from->name, run_precision(r, p));
    TRY(result);
    memcpy(r->file_hash[i * RUN_FILES + 1 + p], table->sha256, HASH_SIZE);
    if (table_note(table, "quantcam.arithmetic")) /* the file says how it runs */
        how.form = PRECISION_REAL;
    TRY(model_bind(net->model[p], table, &how, binding));
    TRY(take_precision(r, i, p, binding));
    TRY(note_decided(r, from->name, p, binding));
    net->file_bytes[p] = table->file_bytes;
    net->parameters[p] = binding->parameters;
    net->macs[p] = binding->macs;
    return cam_methods_need(r->job->methods, CAM_NEEDS_HEAD) ? model_head_load(binding, &net->head[p]) : OK;
}

static int needs_by_input(const struct job *job)
{
    return job->input_map || attribution_needs_gradient(job->attribution.methods);
}

/* The nodes whose values maps read: (nodes), the caller's. */
static status find_shown(const struct run *r, const struct model_binding *b, uint8_t **show)
{
    MEM_TRY(*show, (size_t)b->model->nodes, 1);
    TRY(probe_shows(b, r->job->methods, *show));
    if (!needs_by_input(r->job))
        return OK;
    return gradient_shows(b->model, b->form, attribution_path(b->model), *show);
}

/* What a network's map is compared with in the randomisation check. */
static status make_random(struct run *r, int i, int p, struct model_binding *b,
                          const struct engine_options *options)
{
    struct run_random *random = &r->network[i].random[p];

    if (r->job->explain_randomise == 0 || r->precision[p].form != PRECISION_REAL)
        return OK;
    TRY(comm_agree(r->c, shared_reads(r)
                             ? model_randomise(b, r->job->explain_randomise, (uint64_t)r->job->explain_seed)
                             : OK));
    TRY(shared_random(r, i, p, b, options));
    if (!cam_methods_need(r->job->methods, CAM_NEEDS_GRADIENT))
        return OK;
    return shared_gradient(r, probe_path(r->network[i].model[p]), b, &random->gradient,
                           &random->gradient_block);
}

/* Checkpoints are let go again one by one, and their pages as layers are packed: raw and packed weights never
 * lie side by side. */
static status make_precision(struct run *r, int i, int p)
{
    struct engine_options options = { .arithmetic = job_engine(r->job, i, p),
                                      .saturate = (enum engine_saturation)r->job->saturate,
                                      .direct = r->job->winograd };
    struct tensor_table table = { 0 };
    struct model_binding binding = { 0 };
    struct run_network *net = &r->network[i];
    uint8_t *show = NULL;
    status result = calibrate_job_make(r, i, p);
    size_t decided = r->decided.size;

    if (result == OK)
        result = comm_agree(r->c, shared_reads(r) ? load_weights(r, i, p, &table, &binding) : OK);
    if (result == OK)
        result = comm_agree(r->c, shared_reads(r) ? find_shown(r, &binding, &show) : OK);
    options.show = show;
    if (binding.family && (binding.family == MODEL_ONNXRUNTIME) != (options.saturate == ENGINE_SATURATE_ORT))
        options.saturate = ENGINE_EXACT; /* what the job says is of another runtime's files */
    if (result == OK)
        result = shared_plan(r, i, p, &binding, &options, decided);
    if (result == OK && cam_methods_need(r->job->methods, CAM_NEEDS_GRADIENT))
        result = shared_gradient(r, probe_path(net->model[p]), &binding, &net->gradient[p],
                                 &net->gradient_block[p]);
    if (result == OK && needs_by_input(r->job))
        result = shared_gradient(r, attribution_path(net->model[p]), &binding, &net->by_input[p],
                                 &net->by_input_block[p]);
    if (result == OK)
        result = make_random(r, i, p, &binding, &options);
    mem_free(show);
    model_unbind(&binding);
    table_free(&table);
    return result;
}

/* Every node read the file by its path: the same bytes? */
static status compare_hash(const struct run *r, int i, int p)
{
    const uint8_t *mine = r->file_hash[i * RUN_FILES + 1 + p];
    uint8_t first[HASH_SIZE];

    memcpy(first, mine, HASH_SIZE);
    comm_broadcast(r->c, first, sizeof first);
    if (memcmp(first, mine, HASH_SIZE) != 0)
        return FAIL(ERR_MISMATCH, "%s: rank %d on %s reads other bytes than rank 0",
                    r->job->network[i].precision[p].from, r->c->rank, r->c->host);
    return OK;
}

/* The precisions of every network that are files, or those that are calibrated. */
static status make_precisions(struct run *r, int calibrated)
{
    for (int i = 0; i < r->networks; i++)
        for (int p = 0; p < r->precisions; p++) {
            if (r->job->network[i].precision[p].quantize != calibrated)
                continue;
            TRY(make_precision(r, i, p));
            TRY(comm_agree(r->c, compare_hash(r, i, p)));
            calibrate_job_forget(r, i, p);
        }
    return OK;
}

static status note_network(struct run *r, int i)
{
    struct run_network *n = &r->network[i];

    for (int p = 0; p < r->precisions; p++) {
        n->map[p] = engine_cam_map(n->engine[p].plan, n->engine[p].state);
        n->arithmetic[p] = engine_arithmetic_used(n->engine[p].plan);
        TRY(describe_difference(r, i, p));
    }
    return OK;
}

/* run.isa, else QUANTCAM_ISA, else the fastest here. */
static status choose_kernels(struct run *r)
{
    const char *isa = kernel_wanted(job_isa(r->job));

    r->kernels = kernel_select(isa);
    if (!r->kernels)
        return FAIL(ERR_USAGE, "instruction set %.40s: this build or this machine does not have it", isa);
    return OK;
}

/* The same on all ranks. */
static status check_numerics(const struct run *r)
{
    int saturates = !r->job->saturate, real = !r->job->winograd;

    for (int p = 0; p < r->precisions; p++)
        real = real || r->precision[p].form == PRECISION_REAL;
    if (!real)
        return FAIL(ERR_USAGE, "numerics.winograd = off has no effect: no precision is of real values");
    for (int i = 0; i < r->networks; i++)
        for (int p = 0; p < r->precisions; p++)
            saturates = saturates || (r->precision[p].form == PRECISION_CODES &&
                                      engine_saturates(r->network[i].arithmetic[p],
                                                       (enum engine_saturation)r->job->saturate));
    if (!saturates)
        return FAIL(ERR_USAGE, "numerics.saturate has no effect: no network's arithmetic saturates so");
    return OK;
}

static void name_precisions(struct run *r)
{
    r->precisions = r->job->precisions;
    for (int p = 0; p < r->precisions; p++)
        snprintf(r->precision[p].name, STORE_NAME, "%s", r->job->precision[p].name);
}

status plan_make(struct run *r)
{
    status result;

    r->decided.max = DECIDED_MAX;
    TRY(comm_agree(r->c, choose_kernels(r)));
    name_precisions(r);
    r->networks = r->job->networks;
    for (int i = 0; i < r->networks; i++) {
        TRY(describe_network(r, i));
        TRY(explain_random_note(r, i));
    }
    TRY(share_list(r));
    for (int i = 0; i < r->networks; i++)
        TRY(describe_classes(r, i));
    TRY(make_precisions(r, 0)); /* a file that is not what the job says is refused before anything is made */
    result = make_precisions(r, 1);
    for (int i = 0; i < r->networks && result == OK && r->job->sensitivity; i++)
        result = calibrate_job_check(r, i);
    calibrate_job_end(r);
    TRY(result);
    for (int i = 0; i < r->networks; i++)
        TRY(note_network(r, i));
    TRY(check_numerics(r));
    return match_plan(r);
}

void plan_end_inference(struct run *r)
{
    for (int i = 0; i < r->networks && !r->borrowed; i++)
        for (int p = 0; p < r->precisions; p++)
            shared_free(r, i, p);
}

void plan_free(struct run *r)
{
    plan_end_inference(r);
    for (int i = 0; i < r->networks; i++)
        for (int p = 0; p < r->precisions; p++)
            model_free(&r->network[i].described[p]);
    image_manifest_free(&r->list);
    text_free(&r->decided);
    mem_free(r->truth_lines);
}
