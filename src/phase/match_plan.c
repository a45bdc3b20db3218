/* src/phase/match_plan.c: what a job compares its maps with: the settings as truths are opened, what they
 * are for the job's hash, and what is said of them. */
#include "match.h"

#include <string.h>

enum { LINES_MAX = 1 << 16 };

/* ---- names --------------------------------------------------------------------------------------------- */

const char *match_kind_name(int kind)
{
    static const char *const name[TRUTH_KINDS] = { "density", "fixations", "masks" };

    return name[kind];
}

const char *match_baseline_name(int baseline)
{
    return baseline == MATCH_CENTER ? "center" : "shuffled";
}

const char *match_curve_name(int curve)
{
    return curve == MATCH_F ? "f" : "e";
}

/* ---- settings ------------------------------------------------------------------------------------------ */

int match_density(const struct job *job)
{
    int files = job->fixations[0] || job->masks[0];

    if (strcmp(job->density, "auto") == 0)
        return files ? MATCH_OF_OTHERS : MATCH_PREDICTED;
    return option_choice_find(SALIENCY_METHOD_NAMES, job->density) >= 0 ? MATCH_PREDICTED : MATCH_OF_FILES;
}

struct truth_how match_how(const struct run *r)
{
    const struct job *job = r->job;
    int method = option_choice_find(SALIENCY_METHOD_NAMES, job->density);
    int64_t seed = 0;

    text_parse_int(job->saliency_seed, 0, INT64_MAX, &seed);
    return (struct truth_how){ .from = { [TRUTH_DENSITY] =
                                             match_density(job) == MATCH_OF_FILES ? job->density : NULL,
                                         [TRUTH_FIXATIONS] = text_or_null(job->fixations),
                                         [TRUTH_MASK] = text_or_null(job->masks) },
                               .predicted = match_density(job) == MATCH_PREDICTED,
                               .method = method < 0 ? SALIENCY_SR_CENTER : (enum saliency_method)method,
                               .suffix = job->suffix,
                               .origin = job->origin,
                               .sigma = job->sigma,
                               .seed = (uint64_t)seed,
                               .seen = &r->network[0].pipeline[0] };
}

int match_place(const struct run *r, int64_t image)
{
    return (int)(r->place ? r->place[image] : image);
}

/* ---- the plan ------------------------------------------------------------------------------------------ */

/* Truths are cut once a picture, and a cut beyond the picture has no truth. */
static status check_frames(const struct run *r)
{
    const struct image_pipeline *first = &r->network[0].pipeline[0];

    for (int k = 0; k < r->networks * r->precisions; k++) {
        int i = k / r->precisions;
        const struct image_pipeline *p = &r->network[i].pipeline[k % r->precisions];
        int squashed = p->resize == IMAGE_SQUASH && first->resize == IMAGE_SQUASH;

        if (!squashed &&
            (p->resize != first->resize || p->height != first->height || p->width != first->width))
            return FAIL(ERR_USAGE,
                        "saliency.compare: the networks %s and %s see different parts of a picture: set "
                        "preprocess.resize = squash, or leave one to a job of its own",
                        r->job->network[0].name, r->job->network[i].name);
        if (!squashed && (p->resize < p->height || p->resize < p->width))
            return FAIL(ERR_USAGE,
                        "saliency.compare: the network %s sees pictures with a margin around them: set "
                        "preprocess.resize = squash",
                        r->job->network[i].name);
    }
    return OK;
}

static status add_lines(const struct run *r, const struct truth_set *set, struct text *out)
{
    static const char *const of[] = { [MATCH_OF_OTHERS] = "auto", [MATCH_OF_FILES] = "files" };
    int density = match_density(r->job);
    char hex[2 * HASH_SIZE + 1], name[OPTION_NAME];
    uint8_t hash[HASH_SIZE];

    TRY(text_add(out, "data.saliency.density = %s\n",
                 density == MATCH_PREDICTED
                     ? option_choice(SALIENCY_METHOD_NAMES, (int)match_how(r).method, name)
                     : of[density]));
    for (int kind = 0; kind < TRUTH_KINDS; kind++) {
        if (!match_how(r).from[kind])
            continue;
        TRY(truth_hash(set, (enum truth_kind)kind, hash));
        TRY(text_add(out, "data.saliency.%s.sha256 = %s\n", match_kind_name(kind), hash_hex(hash, hex)));
    }
    return OK;
}

/* Rank 0: what there is. */
static status look(const struct run *r, unsigned *kinds, struct text *lines)
{
    struct truth_pictures pictures = { r->list.count, r->list.root, NULL };
    const struct truth_how how = match_how(r);
    struct truth_set *set = NULL;
    const char **path = NULL;
    status result;

    TRY(check_frames(r));
    MEM_TRY(path, (size_t)r->list.count, sizeof *path);
    for (int i = 0; i < r->list.count; i++)
        path[i] = r->list.entry[i].path;
    pictures.path = path;
    TRY_OUT(truth_open(&pictures, &how, &set));
    *kinds = truth_kinds(set);
    result = add_lines(r, set, lines);
out:
    truth_close(set);
    mem_free(path);
    return result == OK ? OK : error_prefix(result, "saliency");
}

status match_plan(struct run *r)
{
    struct text lines = { .max = LINES_MAX };
    void *bytes = NULL;
    size_t size = 0;
    status result = OK;

    if (!r->job->saliency)
        return OK;
    if (r->c->rank == 0)
        result = look(r, &r->truths, &lines);
    TRY_OUT(comm_agree(r->c, result));
    comm_broadcast(r->c, &r->truths, sizeof r->truths);
    bytes = lines.data;
    size = lines.size;
    result = comm_broadcast_bytes(r->c, &bytes, &size);
    if (result == OK) {
        r->truth_lines = bytes;
        lines.data = NULL;
    }
out:
    text_free(&lines);
    return result;
}

status match_note(const struct run *r, struct text *out)
{
    const struct job *job = r->job;
    char name[OPTION_NAME];

    if (!job->saliency)
        return OK;
    TRY(text_add(out, "saliency.density = %s\n",
                 match_density(job) == MATCH_PREDICTED
                     ? option_choice(SALIENCY_METHOD_NAMES, (int)match_how(r).method, name)
                 : match_density(job) == MATCH_OF_FILES ? job->density
                 : job->fixations[0]                    ? "fixations"
                                                        : "masks"));
    return text_add(out,
                    "saliency.fixations = %s\nsaliency.masks = %s\nsaliency.suffix = %s\n"
                    "saliency.origin = %d\nsaliency.sigma = %.9g\n",
                    job->fixations, job->masks, job->suffix, job->origin, job->sigma);
}

status match_canonical(const struct run *r, struct text *out)
{
    TRY(job_canonical(r->job, r->list.sha256, (const uint8_t(*)[HASH_SIZE])r->file_hash, out));
    return r->truth_lines ? text_add(out, "%s", r->truth_lines) : OK;
}

/* ---- what is said -------------------------------------------------------------------------------------- */

static status say_kind(const struct run *r, int kind, uint8_t *state, const uint8_t *row)
{
    char path[STORE_PATH], states[OPTION_NAME];
    int64_t count[TRUTH_STATES] = { 0 }, first[TRUTH_STATES] = { 0 };

    snprintf(path, sizeof path, "/images/saliency/state_%s", match_kind_name(kind));
    TRY(store_fetch(r->store, path, 0, r->layout.images, state));
    for (int64_t i = r->layout.images - 1; i >= 0; i--)
        if (row[i] == STORE_OK && state[i] < TRUTH_STATES) {
            count[state[i]]++;
            first[state[i]] = i;
        }
    for (int s = 0; s < TRUTH_STATES; s++)
        if (s != TRUTH_THERE && count[s] > 0)
            log_info("saliency: %s of %lld of %lld pictures: %s, the first is %s", match_kind_name(kind),
                     (long long)count[s], (long long)r->layout.images,
                     option_choice(TRUTH_STATE_NAMES, s, states), r->list.entry[first[s]].path);
    return OK;
}

status match_say(const struct run *r)
{
    size_t n = (size_t)r->layout.images;
    struct mem_set mem = { 0 };
    uint8_t *state = mem_take(&mem, n, 1), *row = mem_take(&mem, n, 1);
    status result = OK;

    if (!state || !row)
        TRY_OUT(FAIL(ERR_MEMORY, "no memory for %zu pictures", n));
    TRY_OUT(store_fetch(r->store, "/images/status", 0, r->layout.images, row));
    for (int kind = 0; kind < TRUTH_KINDS; kind++)
        if (r->truths >> kind & 1)
            TRY_OUT(say_kind(r, kind, state, row));
out:
    mem_drop(&mem);
    return result;
}
