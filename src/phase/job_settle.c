/* src/phase/job_settle.c: from what file and line say to the list of precisions, one for all networks. */
#include "phase.h"

#include <string.h>

enum { INTEGER_BITS = 8, ROUNDED_BITS = 16 };
static const char *const form_words[] = { "real numbers", "integers", "rounded numbers" };

static const struct job_section *section_of(const struct job *job, const char *name)
{
    for (int k = 0; k < job->sections; k++)
        if (strcmp(job->section[k].name, name) == 0)
            return &job->section[k];
    return NULL;
}

static status unknown_preset(const struct job_section *s)
{
    const char *names[64];
    int count = 0;

    while (count < 64 && (names[count] = quant_preset_name(count)))
        count++;
    return FAIL(ERR_USAGE, "precision %s: preset = %.100s is none of %s%s", s->name, s->preset,
                QUANT_PRESET_NAMES, text_suggest(s->preset, names, count, ""));
}

/* What a section that names no preset begins with: its own name's; or, where it says bits alone, integers
 * where these fit, else rounded numbers. */
static const struct quant_preset *preset_of(const struct job_section *s, const char *name)
{
    const struct quant_preset *own = quant_preset(name);

    if (own || !s || s->arithmetic || !s->weights || !s->activations)
        return own;
    return s->weights <= INTEGER_BITS && s->activations <= INTEGER_BITS
               ? quant_preset_usual()
               : quant_preset_like(PRECISION_ROUNDED, ROUNDED_BITS, ROUNDED_BITS);
}

/* A name that is built in says form and bits: no section says others. */
static status check_name(const struct job_precision *p)
{
    const struct quant_preset *own = quant_preset(p->name);

    if (!own || (p->form == own->form && p->weights == own->weights && p->activations == own->activations))
        return OK;
    return FAIL(
        ERR_USAGE,
        "precision %s: its section says %s, weights of %d bits and activations of %d, but the name is "
        "built in for %s, %d and %d: give the precision a name of its own",
        p->name, form_words[p->form], p->weights, p->activations, form_words[own->form], own->weights,
        own->activations);
}

/* Preset first, then what the section says. */
static status describe(const struct job *job, struct job_precision *p)
{
    const struct job_section *s = section_of(job, p->name);
    const struct quant_preset *preset = s && s->preset[0] ? quant_preset(s->preset) : preset_of(s, p->name);

    if (s && s->preset[0] && !preset)
        return unknown_preset(s);
    if (preset) {
        p->stated = 1;
        p->form = preset->form;
        p->weights = preset->weights;
        p->activations = preset->activations;
        p->ends = preset->ends;
        p->per_channel = preset->per_channel;
        p->observer = preset->observer;
    }
    if (!s)
        return OK;
    p->weights = s->weights ? s->weights : p->weights;
    p->activations = s->activations ? s->activations : p->activations;
    p->ends = s->ends ? s->ends : p->ends;
    p->per_channel = s->per ? s->per == 1 : p->per_channel;
    p->observer = s->observer
                      ? (enum quant_observer)(s->observer - 1)
                      : quant_preset_observer(&(struct quant_preset){
                            .activations = p->activations, .ends = p->ends, .observer = p->observer });
    if (s->arithmetic) {
        p->stated = 1;
        p->form = s->arithmetic == 1 ? PRECISION_CODES : PRECISION_ROUNDED;
    }
    if (p->form == PRECISION_CODES && (p->weights > 8 || p->activations > 8))
        return FAIL(ERR_USAGE,
                    "precision %s: integer kernels take codes of at most 8 bits, not %d of weights and %d of "
                    "activations: arithmetic = rounded is wanted",
                    p->name, p->weights, p->activations);
    return check_name(p);
}

status job_quant_options(const struct job_precision *p, struct quant_options *out)
{
    const struct quant_preset preset = { .form = p->form,
                                         .weights = p->weights,
                                         .activations = p->activations,
                                         .per_channel = p->per_channel,
                                         .observer = p->observer,
                                         .ends = p->ends };

    if (!p->stated || p->form == PRECISION_REAL || !p->weights || !p->activations)
        return FAIL(ERR_USAGE, "precision %s: to quantize it needs preset, or weights and activations (bits)",
                    p->name);
    quant_preset_options(&preset, out);
    if (quant_check_options(out) == OK)
        return OK;
    error_last()->status = ERR_USAGE;
    return error_prefix(ERR_USAGE, "precision %s", p->name);
}

/* "fp32, int8" of a network, as it has them. */
static const char *list_of(const struct job_network *n, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (int p = 0; p < n->precisions && used < size; p++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", p ? ", " : "", n->precision[p].name);
    return n->precisions ? text : "none";
}

/* A network's precisions into the order of the job's. */
static status sort_network(const struct job *job, struct job_network *n)
{
    char mine[JOB_MAX_PRECISIONS * (OPTION_NAME + 2)], first[sizeof mine];

    for (int p = 0; p < n->precisions; p++) {
        n->precision[p].quantize = strcmp(n->precision[p].from, "quantize") == 0;
        n->precision[p].deployed = deploy_kind_of(n->precision[p].from);
    }
    for (int p = 0; p < job->precisions; p++) {
        struct job_precision_of kept = n->precision[p];
        int at = p;

        while (at < n->precisions && strcmp(n->precision[at].name, job->precision[p].name) != 0)
            at++;
        if (at == n->precisions || n->precisions != job->precisions)
            return FAIL(
                ERR_USAGE,
                "network %s has the precisions %s and network %s %s: all networks of a job have the same",
                n->name, list_of(n, mine, sizeof mine), job->network[0].name,
                list_of(&job->network[0], first, sizeof first));
        n->precision[p] = n->precision[at];
        n->precision[at] = kept;
    }
    return OK;
}

/* The names of select.of as bits; written back without blanks, so that equal lists are equal text. */
static status settle_selections(struct job *job)
{
    char list[OPTION_SIZE], *save = NULL;
    size_t used = 0;

    memcpy(list, job->select_of, sizeof list);
    job->selecting = job->precisions > 1 && !list[0] ? 1u << 1 : 0;
    for (char *name = strtok_r(list, ", ", &save); name; name = strtok_r(NULL, ", ", &save)) {
        int p = job->precisions - 1;

        while (p > 0 && strcmp(job->precision[p].name, name) != 0)
            p--;
        if (p < 1)
            return FAIL(ERR_USAGE,
                        "subset.select.of = %.100s: a precision of the job other than its first is wanted",
                        name);
        job->selecting |= 1u << p;
    }
    for (int p = 1; p < job->precisions && job->select_of[0]; p++)
        if (job->selecting >> p & 1)
            used += (size_t)snprintf(job->select_of + used, sizeof job->select_of - used, "%s%s",
                                     used ? "," : "", job->precision[p].name);
    return OK;
}

/* The networks of a group as bits, written back as settle_selections does. */
static status settle_group(const struct job *job, struct job_group *g)
{
    char list[OPTION_SIZE], *save = NULL;
    size_t used = 0;

    memcpy(list, g->networks, sizeof list);
    g->member = 0;
    for (char *name = strtok_r(list, ", ", &save); name; name = strtok_r(NULL, ", ", &save)) {
        int i = job->networks - 1;

        while (i >= 0 && strcmp(job->network[i].name, name) != 0)
            i--;
        if (i < 0)
            return FAIL(ERR_USAGE, "group %s: the job has no network %.100s", g->name, name);
        if (g->member >> i & 1)
            return FAIL(ERR_USAGE, "group %s names network %s twice", g->name, job->network[i].name);
        g->member |= 1u << i;
    }
    if (!g->member)
        return FAIL(ERR_USAGE, "group %s: networks is not set: which networks?", g->name);
    for (int i = 0; i < job->networks; i++)
        if (g->member >> i & 1)
            used += (size_t)snprintf(g->networks + used, sizeof g->networks - used, "%s%s", used ? "," : "",
                                     job->network[i].name);
    return OK;
}

status job_settle(struct job *job)
{
    const struct job_network *first = &job->network[0];

    job->precisions = job->networks > 0 ? first->precisions : 0;
    for (int p = 0; p < job->precisions; p++) {
        memset(&job->precision[p], 0, sizeof job->precision[p]);
        snprintf(job->precision[p].name, OPTION_NAME, "%s", first->precision[p].name);
        TRY(describe(job, &job->precision[p]));
    }
    for (int i = 0; i < job->networks; i++) {
        if (job->network[i].precisions == 0)
            return FAIL(ERR_USAGE, "network %s has no checkpoint: PRECISION = FILE is wanted, as %s = FILE",
                        job->network[i].name, quant_preset_name(0));
        TRY(sort_network(job, &job->network[i]));
    }
    for (int g = 0; g < job->groups; g++)
        TRY(settle_group(job, &job->group[g]));
    return settle_selections(job);
}

/* ---- of a settled job -----------------------------------------------------------------------------------
 */

struct model_reading job_reading(const struct job *job, int network, int p)
{
    const struct job_network *n = &job->network[network];
    const struct model_reading *own = &n->precision[p].reading;
    struct model_reading r = n->all;

    if (own->state[0])
        memcpy(r.state, own->state, sizeof r.state);
    if (own->allow_unused)
        r.allow_unused = own->allow_unused == 1;
    if (own->relu6)
        r.relu6 = own->relu6;
    if (job->precision[p].stated && !quant_preset(job->precision[p].name))
        r.form = job->precision[p].form;
    return r;
}

/* Not empty: `own`; else `all`. */
static const char *either(const char *own, const char *all)
{
    return own[0] ? own : all;
}

struct job_description job_description(const struct job *job, int network, int p)
{
    const struct job_network *n = &job->network[network];
    const struct job_precision_of *of = &n->precision[p], *from = of->quantize ? &n->precision[0] : of;
    const char *file = from->deployed ? from->from : either(from->model, n->model);
    int skip = of->skip ? of->skip : from->skip ? from->skip : from->deployed ? n->skip : 0;

    return (struct job_description){
        .file = file,
        .layer = either(either(of->reading.layer, from->reading.layer), n->all.layer),
        .open = { .input = text_or_null(either(either(of->input, from->input), n->input)), .skip = skip - 1 },
        .own = strcmp(file, n->model) != 0
    };
}

enum engine_arithmetic job_engine(const struct job *job, int network, int p)
{
    const struct job_network *n = &job->network[network];

    return (enum engine_arithmetic)(n->precision[p].engine ? n->precision[p].engine : n->engine);
}
