/* src/phase/job.c: the table of a job's keys, and the rules between them. */
#include "phase.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

enum { JOB_FILE_MAX = 1 << 20 };

static const char substrates[] = "zero|blur|black|mean";
static const char activations[] = "mean|subset|full";
static const char isa_names[] = "auto|ref|avx2|avx512vnni";

#define ROW(option, kind_of, class_of, field)                                                                \
    .name = option, .kind = OPTION_##kind_of, .effect = OPTION_##class_of,                                   \
    .where = offsetof(struct job, field)

/* The one table: command line, job files, --help, /job. */
static const struct option_row rows[] = {
    { ROW("data.images", PATH, RUN, images), .values = "FOLDER",
      .help = "the pictures: a folder of class folders, or a flat one with data.labels" },
    { ROW("data.labels", PATH, RUN, labels), .values = "FILE",
      .help = "path,class_index or path,wnid lines (a header may name the columns), or "
              "LOC_val_solution.csv" },
    { ROW("data.synsets", PATH, RUN, synsets), .values = "FILE",
      .help = "LOC_synset_mapping.txt or imagenet_class_index.json: which class a folder named n01440764, or "
              "such a label, is" },
    { ROW("data.folders", CHOICE, RUN, folders), .values = "auto|text|number",
      .help = "class of a folder: its number, or its place among the sorted names (text); auto: only what is "
              "certain" },
    { ROW("data.boxes", PATH, RUN, boxes), .values = "PATH",
      .help = "true boxes: path,x0,y0,x1,y1 lines, others where a header names the columns, "
              "LOC_val_solution.csv, or a folder of XML annotations" },
    { ROW("data.limit", INT, RUN, limit), .values = "N",
      .help = "take N pictures, spread over the list; 0 = all" },
    { ROW("data.max_bad", REAL, RUN, max_bad), .values = "PERCENT", .high = 100,
      .help = "more bad pictures than this end the run with 1" },
    { ROW("data.keep_bad", FLAG, RUN, keep_bad), .help = "do not try bad pictures again at a resume" },
    { ROW("preprocess.resize", INT, RESULT, resize), .values = "PIXELS", .high = 16384,
      .help = "of the short side, before the crop; 0 = as the networks' descriptions say" },
    { ROW("preprocess.filter", CHOICE, RESULT, filter), .values = "model|bilinear|bicubic",
      .help = "of the resize; model: as the networks' descriptions say" },
    { ROW("preprocess.pillow", CHOICE, RESULT, pillow), .values = "13|12",
      .help = "whose order of resize passes: 13 the cheaper one first, 12 horizontal first" },
    { ROW("cam.method", LIST, RESULT, methods), .values = CAM_METHOD_NAMES,
      .help = "class-activation maps; eigen is always among them, and what selections go by" },
    { ROW("cam.sign", CHOICE, RESULT, sign), .values = "absmax|meanact",
      .help = "rule of a precision's own sign: the first's, to which the others are aligned" },
    { ROW("cam.raw", FLAG, RESULT, raw), .help = "also find the sign that LAPACK gives" },
    { ROW("subset.fraction", DECIMAL, RESULT, fraction), .values = "F", .high = 1,
      .help = "of the images, per selection" },
    { ROW("subset.select.by", LIST, RESULT, select_by), .values = "raw|resolved|aligned",
      .help = "readings of the RMSE whose largest are selected; beside them a control" },
    { ROW("subset.control_seed", INT, RESULT, control_seed), .values = "SEED",
      .help = "of the control's random choice" },
    { ROW("explain.steps", INT, RESULT, explain_steps), .values = "N", .high = STORE_MAX_STEPS,
      .help = "steps of deletion and insertion on the selected images; 0 = no curves" },
    { ROW("explain.deletion", CHOICE, RESULT, explain_deletion), .values = substrates,
      .help = "what deleted pixels become: 0 in normalized space, the blurred picture, black, its mean" },
    { ROW("explain.insertion", CHOICE, RESULT, explain_insertion), .values = substrates,
      .help = "what pixels are inserted into" },
    { ROW("explain.class", CHOICE, RESULT, explain_class), .values = "own|true|fp32",
      .help = "whose probability: each precision's own answer, the true class (its own answer where "
              "that is unknown), or fp32's answer for all" },
    { ROW("explain.maps", FLAG, RESULT, explain_maps), .help = "store the selected images' full-size maps" },
    { ROW("explain.logits", FLAG, RESULT, explain_logits), .help = "store the logits of every step" },
    { ROW("explain.cross", FLAG, RESULT, explain_cross),
      .help = "curves of each map on the other network too: about twice the time of this phase" },
    { ROW("wsol.frame", CHOICE, RESULT, wsol_frame), .values = "crop|full",
      .help = "true boxes: cut at the crop that the network sees, or left whole" },
    { ROW("numerics.saturate", CHOICE, RESULT, saturate), .values = "off|fbgemm-avx2|fbgemm-vnni",
      .help = "imitate fbgemm's 16-bit sums on CPUs without VNNI, or with it: there in depthwise layers "
              "alone (slow)" },
    { ROW("time.runs", INT, RUN, time_runs), .values = "N", .high = 100000,
      .help = "runs timed alone, batch 1, at the end; 0 = none" },
    { ROW("store.out", PATH, RUN, out), .values = "FILE", .letter = 'o', .help = "the result file" },
    { ROW("store.activations", CHOICE, RESULT, activations), .values = activations,
      .help = "of the CAM layer: each channel's mean alone, or the selected, or all images' whole too" },
    { ROW("run.isa", CHOICE, RUN, isa), .values = isa_names,
      .help = "instruction set; auto: the fastest here, or QUANTCAM_ISA" },
    { ROW("run.log", CHOICE, RUN, log), .values = "quiet|normal|verbose", .help = "what is said on stderr" },
    { ROW("run.dry-run", FLAG, RUN, dry_run),
      .help = "check everything, print the plan, predict times and memory from a few pictures, and stop" },
    { ROW("run.predict", FLAG, RUN, predict),
      .help = "before working, predict times, memory and bytes from a few pictures; compare at the end" },
    { ROW("run.ranks", INT, RUN, ranks), .values = "N", .high = 100000, .letter = 'j',
      .help = "start N ranks under mpirun; 0 = one, or as mpirun started them; with run.dry-run: predict "
              "for N" },
    { ROW("run.oversubscribe", FLAG, RUN, oversubscribe),
      .help = "start so many ranks even where that is more than 64 a core, or than memory holds" },
    { ROW("run.schedule", CHOICE, RUN, schedule), .values = "static|dynamic",
      .help = "who does what: every rank its share, or rank 0 serves blocks (hosts of unlike speed)" },
    { ROW("run.lock", FLAG, RUN, lock),
      .help = "hold RESULT.lock while at work, so that a second job on this result is refused; off: for file "
              "systems without locks" },
    { ROW("run.watchdog", REAL, RUN, watchdog), .values = "SECONDS", .high = 1e6,
      .help = "a rank that finishes nothing for so long (or 20 times the slowest step so far) ends the job, "
              "resumably; 0 = wait for ever" },
};

#define NET(option, kind_of, class_of, field)                                                                \
    .name = option, .kind = OPTION_##kind_of, .effect = OPTION_##class_of,                                   \
    .where = offsetof(struct job_network, field)

#define HELP_STATE "which state dict of the checkpoint, as model_ema; empty: the only one"
#define HELP_UNUSED "tensors of the checkpoint that the network does not use"
#define HELP_RELU6 "of int8; auto: as the checkpoint notes, else relu, as torch's own files want it"
/* The same for one precision. */
#define READING(precision, field)                                                                            \
    { NET(precision ".state", TEXT, RESULT, field.state), .values = "NAME", .help = HELP_STATE },            \
    { NET(precision ".unused", CHOICE, RESULT, field.unused), .values = "auto|refuse|allow",                 \
      .help = HELP_UNUSED "; auto: as of the network" },                                                     \
    { NET(precision ".relu6", CHOICE, RESULT, field.relu6), .values = "auto|relu|clamp", .help = HELP_RELU6 }

static const struct option_row network_rows[] = {
    { NET("model", PATH, RUN, model), .values = "FILE", .help = "network description, models/*.model" },
    { NET("fp32", PATH, RUN, weights[0]), .values = "FILE", .help = "its fp32 checkpoint" },
    { NET("int8", PATH, RUN, weights[1]), .values = "FILE", .help = "its int8 checkpoint" },
    { NET("engine", CHOICE, RESULT, engine), .values = "auto|fbgemm|qnnpack",
      .help = "int8 arithmetic; auto: as the checkpoint notes, else fbgemm where weights are per channel" },
    { NET("state", TEXT, RESULT, all.state), .values = "NAME", .help = HELP_STATE },
    { NET("unused", CHOICE, RESULT, all.unused), .values = "refuse|allow", .help = HELP_UNUSED },
    { NET("relu6", CHOICE, RESULT, all.relu6), .values = "auto|relu|clamp", .help = HELP_RELU6 },
    READING("fp32", of[0]),
    READING("int8", of[1]),
};

static const struct option_group networks = {
    .section = "network",
    .row = network_rows,
    .rows = COUNT_OF(network_rows),
    .count_where = offsetof(struct job, networks),
    .where = offsetof(struct job, network),
    .stride = sizeof(struct job_network),
    .name_where = offsetof(struct job_network, name),
    .most = JOB_MAX_NETWORKS,
};

static const struct option_table table = {
    .usage = "quantcam run JOB.conf [options]",
    .about =
        "Runs the job: every picture through every network in fp32 and int8, with a map of each. The same\n"
        "command resumes a job that was stopped or killed. JOB.conf holds `key = value` lines under\n"
        "[sections]; every key is also an option, --section.key=value, or --key=value where only one\n"
        "section has it. Networks are sections [network NAME]. Relative paths start at the current\n"
        "directory, in job files too; ~/, $NAME/ and ${NAME}/ at a path's start are the environment's.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .group = &networks,
    .words_low = 1,
    .words_high = 1,
};

const struct option_table *job_table(void)
{
    return &table;
}

void job_defaults(struct job *job)
{
    memset(job, 0, sizeof *job);
    job->precisions = 2;
    snprintf(job->precision[0].name, OPTION_NAME, "fp32");
    snprintf(job->precision[1].name, OPTION_NAME, "int8");
    job->max_bad = 1;
    job->methods = 1u << CAM_EIGEN;
    job->raw = 1;
    job->sign = CAM_ABSMAX;
    snprintf(job->fraction, sizeof job->fraction, "0.05");
    job->select_by = 1u << 0 | 1u << 2; /* raw, aligned */
    job->control_seed = 1;
    job->explain_steps = 100;
    job->explain_deletion = IMAGE_SUBSTRATE_ZERO;
    job->explain_insertion = IMAGE_SUBSTRATE_BLUR;
    job->explain_maps = 1;
    job->activations = STORE_ACTIVATIONS_SUBSET;
    job->time_runs = 50;
    job->log = LOG_NORMAL;
    job->lock = 1;
    job->watchdog = 60;
}

const char *job_isa(const struct job *job)
{
    static char name[OPTION_NAME];

    return option_choice(isa_names, job->isa, name);
}

struct job_reading job_reading(const struct job_network *n, int p)
{
    struct job_reading r = n->of[p];

    if (!r.state[0])
        memcpy(r.state, n->all.state, sizeof r.state);
    r.unused = r.unused ? r.unused - 1 : n->all.unused;
    if (p > 0 && r.relu6 == MODEL_RELU6_AUTO) /* of fp32 there is one form */
        r.relu6 = n->all.relu6;
    return r;
}

static status check_network(const struct job *job, const struct job_network *n)
{
    if (!n->model[0])
        return FAIL(ERR_USAGE, "network %s: model is not set", n->name);
    for (int p = 0; p < job->precisions; p++)
        if (!n->weights[p][0])
            return FAIL(ERR_USAGE, "network %s: %s is not set", n->name, job->precision[p].name);
    if (n->of[0].relu6)
        return FAIL(ERR_USAGE, "network %s: %s.relu6 has no effect: relu6 of fp32 weights clamps at 6",
                    n->name, job->precision[0].name);
    return OK;
}

enum { IDLE_RULES = 9 };

static void find_idle(const struct job *job, struct option_idle out[IDLE_RULES])
{
    static const char no_curves[] = "explain.steps = 0 makes no curves";
    static const char no_boxes[] = "there are no data.boxes";
    int steps = job->explain_steps == 0;
    const struct option_idle rules[IDLE_RULES] = {
        { steps, "explain.deletion", no_curves },
        { steps, "explain.insertion", no_curves },
        { steps, "explain.class", no_curves },
        { steps, "explain.logits", no_curves },
        { steps, "explain.cross", no_curves },
        { !job->boxes[0], "wsol.frame", no_boxes },
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
        result = option_idle_check(&table, job, before[i].idle ? defaults : file, &now[i], 1);
    mem_free(defaults);
    return result;
}

status job_check(const struct job *job)
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
    for (int i = 0; i < job->networks; i++)
        TRY(check_network(job, &job->network[i]));
    return OK;
}

/* One reading of the command line. It permutes argv, so each reading has its own copy. */
static status read_line(struct job *job, int argc, char **argv, char *path, struct option_words *words)
{
    char **copy = NULL;
    status result;

    MEM_TRY(copy, (size_t)argc + 1, sizeof *copy);
    memcpy(copy, argv, (size_t)argc * sizeof *copy);
    result = option_read_args(&table, job, argc, copy, words);
    if (result == OK && !words->help && snprintf(path, OPTION_SIZE, "%s", words->word[0]) >= OPTION_SIZE)
        result = FAIL(ERR_USAGE, "%.100s...: the path is too long", words->word[0]);
    words->word = NULL;
    mem_free(copy);
    return result;
}

static status read_file(const char *path, char **text, size_t *size)
{
    if (text_read_plain(path, JOB_FILE_MAX, text, size) == OK)
        return OK;
    error_last()->status = ERR_USAGE; /* the command line names a file that cannot be read */
    return ERR_USAGE;
}

/* Defaults, then the file, then the command line. */
static status read_all(struct job *job, const char *path, const char *text, size_t size, int argc,
                       char **argv)
{
    char same_path[OPTION_SIZE];
    struct option_words words;
    struct job *file = NULL;
    status result;

    job_defaults(job);
    TRY(option_read_text(&table, job, path, text, size));
    MEM_TRY(file, 1, sizeof *file);
    *file = *job;
    TRY_OUT(read_line(job, argc, argv, same_path, &words));
    result = job_check(job);
    if (result == OK)
        result = check_idle(job, file);
    if (result != OK)
        result = error_prefix(result, "%s", path);
out:
    mem_free(file);
    return result;
}

/* Rank 0's alone: the environment that paths name is its own, and other hosts' may differ. */
static status read_whole(struct job *job, int argc, char **argv)
{
    char path[OPTION_SIZE], *text = NULL;
    struct option_words words;
    size_t size = 0;
    status result;

    TRY(read_line(job, argc, argv, path, &words));
    TRY(read_file(path, &text, &size));
    result = read_all(job, path, text, size, argc, argv);
    mem_free(text);
    return result;
}

status job_read(const struct comm *c, int argc, char **argv, struct job **out, struct option_words *words)
{
    struct job *job = NULL;
    status result = OK;

    *out = NULL;
    *words = (struct option_words){ .help = option_help_wanted(&table, argc, argv) };
    if (words->help)
        return OK;
    job = mem_alloc(1, sizeof *job);
    if (!job)
        result = FAIL(ERR_MEMORY, "no memory for the job's settings");
    else if (c->rank == 0)
        result = read_whole(job, argc, argv);
    TRY_OUT(comm_agree(c, result));
    comm_broadcast(c, job, sizeof *job);
    *out = job;
    job = NULL;
out:
    mem_free(job);
    return result;
}

struct job_ranks job_ranks(int argc, char **argv)
{
    struct job *job = mem_alloc(1, sizeof *job);
    struct job_ranks out = { 0 };
    struct stat file;

    if (job && !option_help_wanted(&table, argc, argv) && read_whole(job, argc, argv) == OK &&
        !job->dry_run) {
        out = (struct job_ranks){ .ranks = job->ranks, .oversubscribe = job->oversubscribe };
        for (int i = 0; i < job->networks; i++)
            for (int p = 0; p < job->precisions; p++)
                if (stat(job->network[i].weights[p], &file) == 0)
                    out.weight_bytes += (uint64_t)file.st_size;
    }
    mem_free(job);
    return out;
}

status job_canonical(const struct job *job, const uint8_t list[HASH_SIZE], const uint8_t (*files)[HASH_SIZE],
                     struct text *out)
{
    char hex[2 * HASH_SIZE + 1];

    TRY(option_write(&table, job, OPTION_RESULT, out));
    TRY(text_add(out, "data.sha256 = %s\n", hash_hex(list, hex)));
    for (int i = 0; i < job->networks; i++) {
        const char *name = job->network[i].name;
        const uint8_t(*file)[HASH_SIZE] = files + i * (1 + JOB_MAX_PRECISIONS);

        TRY(text_add(out, "network.%s.model.sha256 = %s\n", name, hash_hex(file[0], hex)));
        for (int p = 0; p < job->precisions; p++)
            TRY(text_add(out, "network.%s.%s.sha256 = %s\n", name, job->precision[p].name,
                         hash_hex(file[1 + p], hex)));
    }
    return OK;
}

int64_t job_subset_size(const char *fraction, int64_t n)
{
    unsigned __int128 numerator = 0, denominator = 1, k;
    int decimals = 0;

    if (n < 1)
        return 0;
    for (const char *p = fraction; *p; p++) {
        if (*p == '.') {
            decimals = 1;
            continue;
        }
        numerator = numerator * 10 + (unsigned)(*p - '0');
        if (decimals)
            denominator *= 10;
    }
    k = (2 * numerator * (unsigned __int128)n + denominator) / (2 * denominator);
    return k<1 ? 1 : k>(unsigned __int128) n ? n : (int64_t)k;
}
