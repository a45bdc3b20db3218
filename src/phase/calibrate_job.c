/* src/phase/calibrate_job.c: `PRECISION = quantize` of a job: in the plan phase all ranks together calibrate
 * the network on the job's calibration pictures, once: the checkpoint stays beside the result, and its note
 * quantcam.calibration says what it was made of, so that a resume takes it again. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "phase_calibrate.h"
#include "run.h"
#include "weight.h"

/* Rises with every change of what room quant makes of the same input. */
enum { CALIBRATION_VERSION = 1, PICTURE_PATH = 4096 };
static const size_t most_bytes = (size_t)16 << 30; /* of a checkpoint */

/* What is found out once a job of the listed pictures, which all its networks are calibrated on. */
struct calibration_pictures {
    int count, evaluated;          /* evaluated: those left out */
    uint8_t (*content)[HASH_SIZE]; /* (count) of their files */
    uint64_t *bytes;               /* (count); 0 = cannot be read */
    uint8_t *drop;                 /* (count) 1: the job evaluates it too */
};

struct made {
    struct run *r;
    int network, precision;
    struct quant_options options;
    struct calibrate_pictures pictures;
    struct tensor_table weights;
    struct model_binding binding;
    uint8_t hash[HASH_SIZE];
};

const char *calibrate_job_file(const struct job *job, int network, int precision, char path[CALIBRATE_PATH])
{
    const struct job_network *n = &job->network[network];
    const struct job_precision_of *p = &n->precision[precision];

    if (p->quantize)
        snprintf(path, CALIBRATE_PATH, "%s.%s.%s.safetensors", job->out, n->name, p->name);
    else
        snprintf(path, CALIBRATE_PATH, "%s", p->from);
    return path;
}

static int has_note(const struct tensor_table *t, const char *key, const char *value)
{
    const char *is = table_note(t, key);

    return is && (!value || strcmp(is, value) == 0);
}

status calibrate_job_find(const struct job *job, int network, int precision, char path[CALIBRATE_PATH])
{
    const struct job_precision *said = &job->precision[precision];
    const char *of = job->network[network].name;
    struct quant_options options;
    struct tensor_table t;
    char bits[16];
    int fits;

    calibrate_job_file(job, network, precision, path);
    if (!job->network[network].precision[precision].quantize)
        return OK;
    TRY(job_quant_options(said, &options));
    if (!job->out[0] || access(path, F_OK) != 0)
        return FAIL(
            ERR_MISSING,
            "network %s: %s = quantize, and its checkpoint %s is not there: `quantcam run` of this job "
            "makes it",
            of, said->name, job->out[0] ? path : "beside store.out");
    snprintf(bits, sizeof bits, "%d", said->activations);
    TRY(weight_load(path, NULL, &t));
    fits = has_note(&t, "quantcam.calibration", NULL) && has_note(&t, "quantcam.bits", bits) &&
           has_note(&t, "quantcam.arithmetic", "rounded") == (said->form == PRECISION_ROUNDED);
    table_free(&t);
    return fits ? OK
                : FAIL(ERR_MISMATCH,
                       "%s is of another calibration than %s of this job: `quantcam run` makes it again",
                       path, said->name);
}

/* ---- what is wanted ------------------------------------------------------------------------------------ */

static status choose_options(struct made *m)
{
    TRY(job_quant_options(&m->r->job->precision[m->precision], &m->options));
    if (job_engine(m->r->job, m->network, m->precision) == ENGINE_QNNPACK)
        m->options.arithmetic = ENGINE_QNNPACK;
    return OK;
}

static status bind_reference(struct made *m)
{
    const struct job_network *n = &m->r->job->network[m->network];
    const struct model_reading how = job_reading(m->r->job, m->network, 0);
    const struct deploy_options open = job_description(m->r->job, m->network, m->precision).open;

    TRY(deploy_weights(n->precision[0].from, how.state, &open, &m->weights));
    TRY(model_bind(m->r->network[m->network].model[m->precision], &m->weights, &how, &m->binding));
    return quant_check_source(&m->binding);
}

/* ---- the pictures -------------------------------------------------------------------------------------- */

/* Every rank looks at its own; zeros are the others'. */
static void look_at_pictures(const struct comm *c, char *const *path, struct calibration_pictures *k)
{
    size_t count = (size_t)k->count;

    for (size_t i = (size_t)c->rank; i < count; i += (size_t)c->size) {
        comm_alive();
        k->bytes[i] = image_bytes(path[i]);
        if (k->bytes[i] && image_content(path[i], k->content[i]) != OK)
            k->bytes[i] = 0;
    }
    comm_or_bytes(c, k->content[0], count * HASH_SIZE);
    comm_or_bytes(c, (uint8_t *)k->bytes, count * sizeof *k->bytes);
}

/* Only a file of the same size is read. */
static void compare_picture(const struct calibration_pictures *k, const char *path)
{
    uint64_t bytes = image_bytes(path);
    uint8_t content[HASH_SIZE];
    int known = 0;

    for (int i = 0; bytes && i < k->count; i++) {
        if (k->bytes[i] != bytes)
            continue;
        if (!known && image_content(path, content) != OK)
            return;
        known = 1;
        k->drop[i] |= memcmp(content, k->content[i], HASH_SIZE) == 0;
    }
}

static status find_evaluated(const struct run *r, const struct calibration_pictures *k)
{
    char path[PICTURE_PATH];

    for (int i = r->c->rank; i < r->list.count; i += r->c->size) {
        comm_alive();
        TRY(text_path(path, sizeof path, r->list.root, r->list.entry[i].path));
        compare_picture(k, path);
    }
    return OK;
}

static status alloc_calibration(struct run *r, int count)
{
    struct calibration_pictures *k;

    MEM_TRY(r->calibration, 1, sizeof *r->calibration);
    k = r->calibration;
    k->count = count;
    MEM_TRY(k->content, (size_t)count, sizeof *k->content);
    MEM_TRY(k->bytes, (size_t)count, sizeof *k->bytes);
    MEM_TRY(k->drop, (size_t)count, sizeof *k->drop);
    return OK;
}

static status look_once(struct run *r, const struct calibrate_pictures *p)
{
    struct calibration_pictures *k;

    TRY(comm_agree(r->c, alloc_calibration(r, p->count)));
    k = r->calibration;
    look_at_pictures(r->c, p->path, k);
    TRY(comm_agree(r->c, find_evaluated(r, k)));
    comm_or_bytes(r->c, k->drop, (size_t)k->count);
    for (int i = 0; i < k->count; i++)
        k->evaluated += k->drop[i];
    if (k->evaluated && k->evaluated < k->count)
        log_info("%d of %d calibration pictures are evaluated too: left out", k->evaluated, k->count);
    return OK;
}

void calibrate_job_end(struct run *r)
{
    if (r->calibration) {
        mem_free(r->calibration->content);
        mem_free(r->calibration->bytes);
        mem_free(r->calibration->drop);
    }
    mem_free(r->calibration);
    r->calibration = NULL;
}

/* Listed anew for each network, whose classes the labels are. */
static status list_pictures(struct made *m)
{
    struct run *r = m->r;
    const struct job *job = r->job;
    const struct calibrate_source source = { .images = job->quantize_images,
                                             .labels = "",
                                             .synsets = job->synsets,
                                             .folders = job->folders,
                                             .classes = m->binding.model->classes,
                                             .network = job->network[m->network].name,
                                             .list = "",
                                             .said = r->calibration ? NULL : "calibration pictures: ",
                                             .limit = job->quantize_limit,
                                             .seed = (uint64_t)job->quantize_seed };
    int count;

    TRY(calibrate_pictures_list(r->c, &source, &m->pictures));
    count = m->pictures.count;
    if (!r->calibration)
        TRY(look_once(r, &m->pictures));
    if (r->calibration->count != count)
        return FAIL(ERR_MISMATCH, "%s: %d calibration pictures, and %d before: it changed under the job",
                    job->quantize_images, count, r->calibration->count);
    if (r->calibration->evaluated == count)
        return FAIL(
            ERR_USAGE,
            "quantize.images: all %d calibration pictures are evaluated too: ranges must be chosen on "
            "others",
            count);
    if (r->calibration->evaluated)
        calibrate_pictures_drop(&m->pictures, r->calibration->drop);
    return OK;
}

/* ---- once ---------------------------------------------------------------------------------------------- */

/* Of all that the checkpoint follows from. */
static void hash_all(struct made *m)
{
    const struct calibration_pictures *k = m->r->calibration;
    const struct quant_options *o = &m->options;
    const char *input = job_description(m->r->job, m->network, m->precision).open.input;
    char text[512], pipeline[IMAGE_PIPELINE_TEXT];
    struct hash h;

    snprintf(text, sizeof text, "%d %d %d %d %d %d %d %d %.17g %d %d %d %d %s", CALIBRATION_VERSION,
             (int)o->form, (int)o->arithmetic, o->per_channel, o->weight_bits, o->activation_bits, o->ends,
             (int)o->observer, o->percentile, o->weight_mse, (int)o->equalize, o->correct_bias,
             m->binding.model->apart ? -m->binding.model->cam : m->binding.model->cam,
             image_pipeline_write(&m->r->network[m->network].pipeline[m->precision], pipeline));
    hash_start(&h);
    hash_add(&h, m->binding.model->sha256, HASH_SIZE);
    hash_add(&h, m->weights.sha256, HASH_SIZE);
    hash_add(&h, text, strlen(text));
    if (input)
        hash_add(&h, input, strlen(input)); /* mean and deviation */
    for (int i = 0; i < k->count; i++)
        if (!k->drop[i])
            hash_add(&h, k->content[i], HASH_SIZE);
    hash_result(&h, m->hash);
}

/* Rank 0: is the file there, sound and of this hash? */
static int is_made(const struct made *m, const char *path)
{
    struct tensor_table t;
    char hex[2 * HASH_SIZE + 1];
    const char *note;
    int made = 0;

    if (access(path, F_OK) == 0 && weight_load(path, NULL, &t) == OK) {
        note = table_note(&t, "quantcam.calibration");
        made = note && strcmp(note, hash_hex(m->hash, hex)) == 0;
        table_free(&t);
    }
    return made;
}

/* Rank 0: the checkpoint of this hash that lies beside store.from, where there is one, as this job's. */
static int copy_made(const struct made *m, const char *path)
{
    const struct job *job = m->r->job;
    const struct job_network *n = &job->network[m->network];
    char beside[CALIBRATE_PATH], *bytes = NULL;
    size_t size;
    int copied;

    snprintf(beside, sizeof beside, "%s.%s.%s.safetensors", job->from, n->name,
             n->precision[m->precision].name);
    if (!job->from[0] || !is_made(m, beside))
        return 0;
    copied =
        text_read_file(beside, most_bytes, &bytes, &size) == OK && text_write_file(path, bytes, size) == OK;
    mem_free(bytes);
    if (copied)
        log_info("%s is a copy of %s", path, beside);
    return copied;
}

static status save(const struct made *m, const struct quant_result *q, const char *path)
{
    const struct job_network *n = &m->r->job->network[m->network];
    struct stat st;

    TRY(calibrate_save(path, &m->binding, &m->options, q, m->hash));
    log_info("%s: %s calibrated on %d pictures, %d answers changed, %.1f MB of %.1f: %s%s", n->name,
             n->precision[m->precision].name, m->pictures.count, q->changed,
             stat(path, &st) == 0 ? (double)st.st_size / 1e6 : 0, (double)m->weights.file_bytes / 1e6, path,
             m->r->job->dry_run ? ", until this dry run ends" : "");
    return OK;
}

static status make(struct made *m, const char *path)
{
    const struct comm *c = m->r->c;
    struct quant_result q = { 0 };
    status result;

    TRY(calibrate_pictures_read(c, &m->r->network[m->network].pipeline[m->precision], &m->pictures));
    TRY(calibrate_network(c, &m->binding, &m->options, &m->pictures, m->r->kernels, &q));
    result = comm_agree(c, c->rank == 0 ? save(m, &q, path) : OK);
    quant_result_free(&q);
    return result;
}

/* As a line of /provenance and of the report. */
static status note(const struct made *m)
{
    const struct job_network *n = &m->r->job->network[m->network];
    const char *name = n->precision[m->precision].name;
    char hex[2 * HASH_SIZE + 1], left_out[64] = "";

    if (m->r->calibration->evaluated)
        snprintf(left_out, sizeof left_out, " (%d that are evaluated too left out)",
                 m->r->calibration->evaluated);
    TRY(text_add(&m->r->decided, "network.%s.%s.calibration = %s\n", n->name, name, hash_hex(m->hash, hex)));
    return text_add(&m->r->decided,
                    "network.%s.%s.decided = calibrated on %d pictures of quantize.images%s\n", n->name, name,
                    m->pictures.count, left_out);
}

static status calibrate(struct made *m, const char *path)
{
    const struct comm *c = m->r->c;
    int found[2] = { 0 }; /* where it belongs; beside another result */

    TRY(comm_agree(c, choose_options(m)));
    TRY(comm_agree(c, bind_reference(m)));
    TRY(list_pictures(m));
    hash_all(m);
    if (c->rank == 0 && !(found[0] = is_made(m, path))) {
        found[1] = copy_made(m, path);
        if (!found[1] && access(path, F_OK) == 0)
            log_info("%s is of another calibration: made again", path);
    }
    comm_broadcast(c, found, sizeof found);
    if (!found[0] && !found[1])
        TRY(make(m, path));
    m->r->network[m->network].calibrated[m->precision] = !found[0];
    return comm_agree(c, note(m));
}

void calibrate_job_forget(const struct run *r, int network, int precision)
{
    char path[CALIBRATE_PATH];

    if (r->job->dry_run && r->c->rank == 0 && r->network[network].calibrated[precision])
        unlink(calibrate_job_file(r->job, network, precision, path));
}

static void free_made(struct made *m)
{
    calibrate_pictures_free(&m->pictures);
    model_unbind(&m->binding);
    table_free(&m->weights);
}

status calibrate_job_make(struct run *r, int network, int precision)
{
    struct made m = { .r = r, .network = network, .precision = precision };
    char path[CALIBRATE_PATH];
    status result;

    if (!r->job->network[network].precision[precision].quantize)
        return OK;
    result = calibrate(&m, calibrate_job_file(r->job, network, precision, path));
    free_made(&m);
    return result;
}

static status find_layers(struct made *m)
{
    TRY(comm_agree(m->r->c, bind_reference(m)));
    return list_pictures(m);
}

status calibrate_job_check(struct run *r, int network)
{
    struct made m = { .r = r, .network = network };
    status result = find_layers(&m);

    free_made(&m);
    return result;
}

static status run_layers(struct made *m, struct quant_result *out)
{
    const struct comm *c = m->r->c;

    TRY(find_layers(m));
    TRY(calibrate_pictures_read(c, &m->r->network[m->network].pipeline[m->precision], &m->pictures));
    return calibrate_network(c, &m->binding, &m->options, &m->pictures, m->r->kernels, out);
}

status calibrate_job_sensitivity(struct run *r, int network, const struct quant_options *options,
                                 struct quant_result *out)
{
    struct made m = { .r = r, .network = network, .options = *options };
    status result = run_layers(&m, out);

    free_made(&m);
    return result;
}
