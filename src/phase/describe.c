/* src/phase/describe.c: what each precision of a network is described by, what it sees, and what of it is
 * compared with the first, where the descriptions differ. */
#include "probe.h"
#include "run.h"

#include <string.h>

/* What `how` says of a file that holds a description and nothing else. */
static status change(struct model *m, const struct deploy_options *how)
{
    if (how && how->skip >= 0)
        return FAIL(ERR_USAGE, "classes.skip has no effect: %s is neither a TFLite nor an ONNX file",
                    m->source);
    if (!how || !how->input)
        return OK;
    return model_choose_input(m, how->input) == OK ? OK
                                                   : error_prefix(ERR_USAGE, "input = %.200s", how->input);
}

status describe_read(const struct comm *c, const char *path, const struct deploy_options *how,
                     struct model *out)
{
    void *bytes = NULL;
    char *text = NULL;
    size_t size = 0;
    int deployed = c->rank == 0 && deploy_kind_of(path);
    status result = c->rank == 0 ? deploy_description(path, how, &text, &size) : OK;

    bytes = text;
    TRY_OUT(comm_agree(c, result));
    comm_broadcast(c, &deployed, sizeof deployed);
    TRY_OUT(comm_broadcast_bytes(c, &bytes, &size));
    result = model_parse(path, bytes, size, out);
    if (result == OK && !deployed)
        result = change(out, how);
    result = comm_agree(c, result);
out:
    mem_free(bytes);
    return result;
}

/* The same bytes everywhere: all ranks fail alike. */
static status describe(struct run *r, int i, int p, const struct job_description *d)
{
    struct run_network *n = &r->network[i];
    struct model *m = &n->described[p];

    if (describe_read(r->c, d->file, &d->open, m) != OK)
        return error_prefix(error_last()->status, "network %s", r->job->network[i].name);
    n->model[p] = m;
    return model_choose_cam(m, d->layer);
}

static int same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Precisions that say the same share a description. */
static status share_model(struct run *r, int i, int p)
{
    struct run_network *n = &r->network[i];
    const struct job_description d = job_description(r->job, i, p);

    for (int q = 0; q < p && !n->model[p]; q++) {
        const struct job_description other = job_description(r->job, i, q);

        if (same_text(d.file, other.file) && same_text(d.open.input, other.open.input) &&
            d.open.skip == other.open.skip && same_text(d.layer, other.layer))
            n->model[p] = n->model[q];
    }
    if (!n->model[p])
        TRY(describe(r, i, p, &d));
    memcpy(r->file_hash[i * RUN_FILES + (d.own ? 1 + JOB_MAX_PRECISIONS + p : 0)], n->model[p]->sha256,
           HASH_SIZE);
    if (r->job->network[i].precision[p].quantize) /* before anything is calibrated */
        TRY(model_cam_allows(n->model[p], r->job->precision[p].form));
    return OK;
}

/* Precisions answer alike. The list's labels are of the first network's classes (image.h): another network
 * has the same ones only if it has as many. */
status describe_classes(const struct run *r, int i)
{
    int classes = r->network[i].model[0]->classes, first = r->network[0].model[0]->classes;

    for (int p = 1; p < r->precisions; p++)
        if (r->network[i].model[p]->classes != classes)
            return FAIL(ERR_MISMATCH, "network %s: %s has %d classes and %s %d: they are not of one network",
                        r->job->network[i].name, run_precision(r, p), r->network[i].model[p]->classes,
                        run_precision(r, 0), classes);
    if (classes == first || r->list.classes == 0)
        return OK;
    return FAIL(
        ERR_MISMATCH,
        "network %s has %d classes and network %s %d: the pictures' labels cannot be right for both, a job "
        "for each can",
        r->job->network[i].name, classes, r->job->network[0].name, first);
}

/* Picture-sized maps are compared pixel by pixel. */
static status check_sight(const struct run *r, int i, int p)
{
    const struct image_pipeline *first = &r->network[i].pipeline[0], *own = &r->network[i].pipeline[p];
    const char *name = r->job->network[i].name, *sized = r->job->input_map ? "input.map" : "explain.methods";
    char a[IMAGE_PIPELINE_TEXT], b[IMAGE_PIPELINE_TEXT];

    if (!image_pipeline_one_part(first, own))
        return FAIL(
            ERR_USAGE,
            "network %s: %s (%s) and %s (%s) see different parts of a picture, so that their maps cannot "
            "be compared: %s.input or preprocess.resize can make them one",
            name, run_precision(r, 0), image_pipeline_write(first, a), run_precision(r, p),
            image_pipeline_write(own, b), run_precision(r, p));
    if ((own->height != first->height || own->width != first->width) &&
        (r->job->input_map || r->job->attribution.methods))
        return FAIL(
            ERR_USAGE,
            "network %s: %s sees %d x %d pixels and %s %d x %d: the maps of %s, as large as the picture, "
            "cannot be compared",
            name, run_precision(r, p), own->height, own->width, run_precision(r, 0), first->height,
            first->width, sized);
    return OK;
}

/* A picture is decoded once, and preprocessed once for all that have equal pipelines. */
static status choose_pipeline(struct run *r, int i, int p)
{
    const struct job *job = r->job;
    struct run_network *n = &r->network[i];
    struct image_pipeline *own = &n->pipeline[p];
    int sight = run_sight(i, p), k = 0;

    *own = probe_pipeline(n->model[p]);
    own->kernels = r->kernels;
    TRY(image_pipeline_change(own, job->resize, job->filter, job->pillow));
    while (k < sight &&
           (k % STORE_MAX_PRECISIONS >= r->precisions || !image_pipeline_equal(run_pipeline(r, k), own)))
        k++;
    n->sees[p] = k;
    return check_sight(r, i, p);
}

status describe_network(struct run *r, int i)
{
    for (int p = 0; p < r->precisions; p++) {
        TRY(share_model(r, i, p));
        TRY(choose_pipeline(r, i, p));
    }
    return OK;
}

status describe_difference(struct run *r, int i, int p)
{
    const struct run_network *n = &r->network[i];
    const struct engine_map *own = &n->map[p], *first = &n->map[0];
    const struct image_pipeline *sees = &n->pipeline[p], *frame = &n->pipeline[0];
    const char *name = r->job->network[i].name, *precision = run_precision(r, p);

    if (own->c != first->c || own->h != first->h || own->w != first->w)
        TRY(text_add(
            &r->decided,
            "network.%s.%s.decided = its CAM layer is %d x %d x %d and that of %s %d x %d x %d: their "
            "activations are not compared%s\n",
            name, precision, own->c, own->h, own->w, run_precision(r, 0), first->c, first->h, first->w,
            own->h != first->h || own->w != first->w
                ? "; its projections are resized to the other's grid where the two are"
                : ""));
    if (sees->height != frame->height || sees->width != frame->width)
        TRY(text_add(
            &r->decided,
            "network.%s.%s.decided = it sees pictures of %d x %d pixels: its maps are made as large as "
            "those of %s, %d x %d\n",
            name, precision, sees->height, sees->width, run_precision(r, 0), frame->height, frame->width));
    return OK;
}
