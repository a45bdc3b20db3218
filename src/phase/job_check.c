/* src/phase/job_check.c: is a job complete, and does each of its settings have an effect? */
#include "match.h"

#include <string.h>

#include "weight.h"

/* ---- networks and precisions --------------------------------------------------------------------------- */

static int says_quantize(const struct job *job)
{
    for (int i = 0; i < job->networks; i++)
        for (int p = 0; p < job->network[i].precisions; p++)
            if (job->network[i].precision[p].quantize)
                return 1;
    return 0;
}

/* What the checkpoint is, if it is any: a Keras archive, say, and what becomes of that. */
static status no_description(const struct job_network *n, const struct job_precision_of *of)
{
    struct tensor_table table = { 0 };
    status s = of->quantize ? OK : weight_load(of->from, of->reading.state, &table);

    table_free(&table);
    if (s == OK)
        return FAIL(
            ERR_USAGE,
            "network %s: model is not set: a description is wanted where %s is no TFLite or ONNX file",
            n->name, of->name);
    return error_prefix(error_last()->status = ERR_USAGE, "network %s: %s", n->name, of->name);
}

/* Every precision has a description; the network's and its layer are some precision's. */
static status check_descriptions(const struct job *job, const struct job_network *n)
{
    int network = (int)(n - job->network), model = !n->model[0], layer = !n->all.layer[0],
        input = !n->input[0], skip = !n->skip;

    for (int p = 0; p < job->precisions; p++) {
        const struct job_precision_of *of = &n->precision[p];
        const char *idle = of->model[0]               ? "model"
                           : of->reading.state[0]     ? "state"
                           : of->reading.allow_unused ? "unused"
                                                      : "relu6";

        if (of->quantize && of->model[0])
            return FAIL(ERR_USAGE,
                        "network %s: %s.model has no effect: what is calibrated has the description of %s",
                        n->name, of->name, n->precision[0].name);
        if (!job_description(job, network, p).file[0])
            return no_description(n, of);
        if (of->deployed &&
            (of->model[0] || of->reading.state[0] || of->reading.allow_unused || of->reading.relu6))
            return FAIL(ERR_USAGE, "network %s: %s.%s has no effect: %s is a %s file, which leaves no choice",
                        n->name, of->name, idle, of->from, deploy_kind_name((enum deploy_kind)of->deployed));
        model |= !job_description(job, network, p).own;
        layer |= !of->reading.layer[0];
        input |= !of->input[0];
        skip |= of->deployed && !of->skip;
    }
    if (!skip)
        return FAIL(ERR_USAGE, "network %s: classes.skip has no effect: no TFLite or ONNX file goes by it",
                    n->name);
    if (model && layer && input)
        return OK;
    return FAIL(ERR_USAGE, "network %s: %s has no effect: every precision has its own", n->name,
                !model   ? "model"
                : !layer ? "cam.layer"
                         : "input");
}

static status check_network(const struct job *job, const struct job_network *n)
{
    struct quant_options options;

    TRY(check_descriptions(job, n));
    for (int p = 0; p < job->precisions; p++) {
        const struct job_precision_of *of = &n->precision[p];
        int real = job->precision[p].stated && job->precision[p].form == PRECISION_REAL;

        if (!of->from[0])
            return FAIL(ERR_USAGE, "network %s: %s is not set: which checkpoint?", n->name, of->name);
        if (p == 0 && of->quantize)
            return FAIL(
                ERR_USAGE,
                "network %s: %s = quantize: the reference is a checkpoint, others are calibrated from it",
                n->name, of->name);
        if (real && of->reading.relu6)
            return FAIL(ERR_USAGE, "network %s: %s.relu6 has no effect: relu6 of real weights clamps at 6",
                        n->name, of->name);
        if (real && of->engine)
            return FAIL(ERR_USAGE, "network %s: %s.engine has no effect: real weights have one arithmetic",
                        n->name, of->name);
        if (of->quantize)
            TRY(job_quant_options(&job->precision[p], &options));
        if (of->quantize && (of->reading.state[0] || of->reading.allow_unused))
            return FAIL(ERR_USAGE, "network %s: %s.%s has no effect: there is no file to read", n->name,
                        of->name, of->reading.state[0] ? "state" : "unused");
    }
    return OK;
}

/* A section is of a precision that the networks have; what only calibration reads needs one that is
 * calibrated. */
static status check_section(const struct job *job, const struct job_section *s)
{
    int found = -1, calibrated = 0;

    for (int p = 0; p < job->precisions; p++)
        found = strcmp(job->precision[p].name, s->name) == 0 ? p : found;
    if (found < 0)
        return FAIL(ERR_USAGE, "precision %s has no effect: no network has it", s->name);
    for (int i = 0; i < job->networks; i++)
        calibrated |= job->network[i].precision[found].quantize;
    if (!calibrated && (s->weights || s->activations || s->per || s->observer || s->ends))
        return FAIL(ERR_USAGE, "precision %s: %s has no effect: its checkpoints say it", s->name,
                    s->weights       ? "weights"
                    : s->activations ? "activations"
                    : s->per         ? "per"
                    : s->observer    ? "observer"
                                     : "ends");
    return OK;
}

/* ---- all ----------------------------------------------------------------------------------------------- */

enum { IDLE_RULES = 26 };

static void find_idle(const struct job *job, struct option_idle out[IDLE_RULES])
{
    static const char no_curves[] = "explain.steps = 0 makes no curves";
    static const char no_boxes[] = "there are no data.boxes";
    static const char no_class[] =
        "no method of cam.method has a class, explain.methods is empty and input.map is off";
    static const char nothing_calibrated[] = "no precision says quantize, and quantize.sensitivity is off";
    int steps = job->explain_steps == 0, files = !says_quantize(job) && !job->sensitivity;
    const unsigned maps = job->attribution.methods;
    const int rise = maps >> ATTRIBUTION_RISE & 1, noise = maps >> ATTRIBUTION_SMOOTHGRAD & 1;
    const int maps_of_files = match_density(job) == MATCH_OF_FILES || job->masks[0];
    const struct option_idle rules[IDLE_RULES] = {
        { steps, "explain.deletion", no_curves },
        { steps, "explain.insertion", no_curves },
        { steps && !job->explain_road, "explain.class", no_curves },
        { steps, "explain.logits", no_curves },
        { steps, "explain.cross", no_curves },
        { !rise && !noise && !job->explain_road && !job->explain_randomise, "explain.seed",
          "nothing is random: explain.methods has neither rise nor smoothgrad, explain.road is off, "
          "explain.randomise = 0" },
        { !(maps >> ATTRIBUTION_SCORECAM & 1), "explain.scorecam.channels",
          "explain.methods has no scorecam" },
        { !rise, "explain.rise.masks explain.rise.cells explain.rise.keep", "explain.methods has no rise" },
        { !(maps >> ATTRIBUTION_OCCLUSION & 1),
          "explain.occlusion.window explain.occlusion.stride explain.occlusion.fill",
          "explain.methods has no occlusion" },
        { !noise, "explain.smoothgrad.samples explain.smoothgrad.sigma",
          "explain.methods has no smoothgrad" },
        { !(maps >> ATTRIBUTION_INTGRAD & 1), "explain.intgrad.steps explain.intgrad.baseline",
          "explain.methods has no intgrad" },
        { !job->input_map, "input.removal", "input.map is off" },
        { !maps && !job->input_map && !cam_methods_need(job->methods, CAM_NEEDS_GRADIENT) &&
              !cam_methods_need(job->methods, CAM_NEEDS_HEAD),
          "cam.class", no_class },
        { !job->saliency,
          "cam.resize saliency.density saliency.fixations saliency.masks saliency.suffix saliency.origin "
          "saliency.sigma saliency.seed",
          "saliency.compare is off" },
        { !job->fixations[0], "saliency.origin saliency.seed", "there are no saliency.fixations" },
        { !job->fixations[0] || match_density(job) != MATCH_OF_OTHERS, "saliency.sigma",
          "no density is made of fixations" },
        { !maps_of_files, "saliency.suffix", "there are no maps of densities and no saliency.masks" },
        { !job->boxes[0], "wsol.frame", no_boxes },
        { files, "quantize.images", nothing_calibrated },
        { files, "quantize.limit", nothing_calibrated },
        { files, "quantize.seed", nothing_calibrated },
        { !job->sensitivity, "quantize.sensitivity.bits quantize.sensitivity.pictures",
          "quantize.sensitivity is off" },
        { !job->limit, "data.sample", "data.limit = 0 takes all pictures" },
        { job->dry_run, "run.predict", "run.dry-run predicts" },
        { job->dry_run, "run.oversubscribe", "run.dry-run starts no ranks" },
        { job->ranks < 2, "run.oversubscribe", "run.ranks starts none" },
    };

    memcpy(out, rules, sizeof rules);
}

/* What the job sets and nothing reads. Where the command line alone makes it so (--steps=0 for a file with
 * explain.class), the file's keys may stand, and the line's own may not. `file`: the job without the line. */
static status check_idle(const struct job *job, const struct job *file)
{
    struct option_idle now[IDLE_RULES], before[IDLE_RULES];
    struct job *defaults = NULL;
    status result = OK;

    MEM_TRY(defaults, 1, sizeof *defaults);
    job_defaults(defaults);
    find_idle(job, now);
    find_idle(file, before);
    for (int i = 0; i < IDLE_RULES && result == OK; i++)
        result = option_idle_check(job_table(), job, before[i].idle ? defaults : file, &now[i], 1);
    mem_free(defaults);
    return result;
}

status job_check(const struct job *job, const struct job *file)
{
    if (!job->images[0])
        return FAIL(ERR_USAGE, "data.images is not set: which pictures?");
    if (!job->out[0])
        return FAIL(ERR_USAGE, "store.out is not set: where does the result go?");
    if (strlen(job->out) > OPTION_SIZE - 64)
        return FAIL(ERR_USAGE, "store.out: %zu bytes, at most %d are taken", strlen(job->out),
                    OPTION_SIZE - 64);
    if (job->networks < 1)
        return FAIL(ERR_USAGE, "the job has no section [network NAME]");
    if (!(job->methods >> CAM_EIGEN & 1))
        return FAIL(ERR_USAGE, "cam.method: eigen must be in the list, the images are selected by it");
    if (!job->select_by)
        return FAIL(ERR_USAGE, "subset.select.by is empty: raw, resolved or aligned is wanted");
    if (strspn(job->fraction, "0.") == strlen(job->fraction))
        return FAIL(ERR_USAGE, "subset.fraction = %s: more than 0 is wanted", job->fraction);
    if (job->attribution.stride > job->attribution.window)
        return FAIL(
            ERR_USAGE,
            "explain.occlusion.stride = %d is more than explain.occlusion.window = %d: pixels between "
            "two windows would be in none",
            job->attribution.stride, job->attribution.window);
    TRY(image_pipeline_change(&(struct image_pipeline){ 0 }, job->resize, job->filter, job->pillow));
    for (int i = 0; i < job->networks; i++)
        TRY(check_network(job, &job->network[i]));
    for (int k = 0; k < job->sections; k++)
        TRY(check_section(job, &job->section[k]));
    if (says_quantize(job) && !job->quantize_images[0])
        return FAIL(ERR_USAGE,
                    "quantize.images is not set: a precision that says quantize is calibrated on them");
    if (job->sensitivity && !job->quantize_images[0])
        return FAIL(ERR_USAGE, "quantize.images is not set: quantize.sensitivity runs on them");
    return check_idle(job, file);
}
