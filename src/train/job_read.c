/* src/train/job_read.c: a job of training from its file and the command line, and whether each setting has an
 * effect. Rank 0 reads, all ranks have it. */
#include "train_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what has an effect ---------------------------------------------------------------------------------
 */

static int is_real(const struct train_job *job)
{
    char name[OPTION_NAME];
    const struct quant_bits *b = quant_bits_preset(option_choice(QUANT_BITS_NAMES, job->preset, name));

    return b->weights == PRECISION_REAL_BITS && !job->layers[0];
}

int train_job_fakes(const struct train_job *job)
{
    return job->form == QUANT_AFFINE;
}

static status check_idle(const struct train_job *job)
{
    struct train_job usual;
    const struct option_idle idle[] = {
        { !job->test[0], "data.test.labels data.test.limit", "data.test is not set" },
        { !job->weights[0], "network.state", "network.weights is not set" },
        { job->weights[0] != 0, "network.initial", "the weights are network.weights'" },
        { job->optimizer != OPTIMIZER_SGD, "train.momentum", "train.optimizer is not sgd" },
        { !job->crop, "data.crop.padding data.crop.margin", "data.crop is off" },
        { job->decay == 0, "train.decay.of", "train.decay is 0" },
        { job->warmup == 0, "train.warmup-start", "train.warmup-epochs is 0" },
        { job->schedule != SCHEDULE_COSINE && job->warmup == 0, "train.schedule.by",
          "the rate changes neither by a cosine nor in a warm-up" },
        { job->schedule != SCHEDULE_STEP, "train.milestones train.factor", "train.schedule is not step" },
        { job->holdout == 0, "train.patience train.keep", "no picture is held out (data.holdout)" },
        { job->share == 0, "guided.lambda guided.ranking guided.fill", "guided.share is 0" },
        { is_real(job), "bits.ends bits.quantizer bits.slope bits.alpha bits.alpha-slope",
          "bits.preset is fp32 and bits.layers is not set" },
        { train_job_fakes(job), "bits.ends bits.layers bits.slope bits.alpha bits.alpha-slope",
          "bits.quantizer is affine" },
        { !train_job_fakes(job), "bits.average bits.observer-epochs bits.norm-epochs",
          "bits.quantizer is not affine" },
        { job->observer_epochs >= job->epochs, "bits.observer-epochs", "train.epochs is not more" },
        { job->norm_epochs >= job->epochs, "bits.norm-epochs", "train.epochs is not more" },
        { !job->dry_run, "run.steps", "run.dry-run is off" },
        { job->ranks < 2, "run.oversubscribe", "run.ranks starts none" },
    };

    train_job_defaults(&usual);
    return option_idle_check(train_job_table(), job, &usual, idle, COUNT_OF(idle));
}

/* "60,120": ascending, inside the epochs. */
static status read_milestones(const struct train_job *job, struct schedule *s)
{
    char text[OPTION_SIZE], *word, *rest = text;

    snprintf(text, sizeof text, "%s", job->milestones);
    while ((word = strsep(&rest, ",")) != NULL) {
        int64_t epoch;

        if (s->milestones == SCHEDULE_MOST)
            return FAIL(ERR_USAGE, "train.milestones: more than %d", SCHEDULE_MOST);
        if (!text_parse_int(text_trim(word), 1, job->epochs - 1, &epoch) ||
            (s->milestones > 0 && epoch <= s->milestone[s->milestones - 1]))
            return FAIL(ERR_USAGE,
                        "train.milestones = %s: ascending numbers of 1 to %d (train.epochs less 1) are "
                        "wanted",
                        job->milestones, job->epochs - 1);
        s->milestone[s->milestones++] = (int)epoch;
    }
    return OK;
}

status train_job_schedule(const struct train_job *job, struct schedule *out)
{
    *out = (struct schedule){ .kind = (enum schedule_kind)job->schedule,
                              .epochs = job->epochs,
                              .factor = job->factor,
                              .warmup = job->warmup,
                              .start = job->warmup_start,
                              .steps = 1 };
    if (job->warmup >= job->epochs)
        return FAIL(ERR_USAGE, "train.warmup-epochs = %d: fewer than train.epochs (%d) are wanted",
                    job->warmup, job->epochs);
    if (job->warmup > 0 && !(job->warmup_start > 0))
        return FAIL(ERR_USAGE, "train.warmup-start = %g: in the first epoch nothing would be learned",
                    job->warmup_start);
    return job->schedule == SCHEDULE_STEP ? read_milestones(job, out) : OK;
}

status train_job_alpha(const struct train_job *job, enum train_alpha *how, float *value)
{
    double number = 0;

    *value = 10;
    *how = ALPHA_AUTO;
    if (strcmp(job->alpha, "auto") == 0)
        return OK;
    *how = ALPHA_LEAST_SQUARES;
    if (strcmp(job->alpha, "least-squares") == 0)
        return OK;
    *how = ALPHA_NUMBER;
    if (!text_parse_real(job->alpha, &number) || number < (double)PACT_LEAST_ALPHA || number > 1e6)
        return FAIL(ERR_USAGE, "bits.alpha = %s: auto, least-squares, or a number of 2^-10 to 1e6 is wanted",
                    job->alpha);
    *value = (float)number;
    return OK;
}

status train_job_check(const struct train_job *job)
{
    const char *end = strrchr(job->out, '.');
    struct schedule schedule;
    enum train_alpha how;
    char name[OPTION_NAME];
    float alpha;

    if (!job->train[0])
        return FAIL(ERR_USAGE, "data.train is not set: which pictures?");
    if (!job->model[0])
        return FAIL(ERR_USAGE, "network.model is not set: which network?");
    if (!end || strcmp(end, ".safetensors") != 0)
        return FAIL(ERR_USAGE, "store.out = %s: a name that ends in .safetensors is wanted", job->out);
    if (!(job->rate > 0))
        return FAIL(ERR_USAGE, "train.rate = %g: nothing would be learned", job->rate);
    if (job->margin % 2)
        return FAIL(ERR_USAGE,
                    "data.crop.margin = %d: an even number is wanted, so that the middle stays where it is",
                    job->margin);
    if (job->crop && job->padding + job->margin == 0)
        return FAIL(ERR_USAGE, "data.crop wants data.crop.padding or data.crop.margin: there is no room to "
                               "move in");
    if (job->schedule == SCHEDULE_STEP && !job->milestones[0])
        return FAIL(ERR_USAGE, "train.schedule = step wants train.milestones");
    TRY(check_idle(job));
    if (train_job_fakes(job) && strcmp(option_choice(QUANT_BITS_NAMES, job->preset, name), "int8") != 0)
        return FAIL(ERR_USAGE,
                    "bits.quantizer = affine is of 8 bits throughout: bits.preset = int8 goes with it, "
                    "not %s",
                    name);
    if (!(job->average > 0))
        return FAIL(ERR_USAGE, "bits.average = %g: the ranges would never move", job->average);
    TRY(train_job_alpha(job, &how, &alpha));
    return train_job_schedule(job, &schedule);
}

/* ---- reading ---------------------------------------------------------------------------------------------
 */

struct arguments {
    int argc;
    char **argv;
};

static status read_whole(void *self, void *settings)
{
    const struct arguments *a = self;
    struct train_job *job = settings;
    char path[OPTION_SIZE] = "", same_path[OPTION_SIZE], *text = NULL;
    size_t size = 0;
    status result;

    TRY(option_read_job(train_job_table(), a->argc, a->argv, path, &text, &size));
    train_job_defaults(job);
    result = option_read_text(train_job_table(), job, path, text, size);
    mem_free(text);
    TRY(result);
    TRY(option_read_line(train_job_table(), job, a->argc, a->argv, same_path));
    return error_prefix(train_job_check(job), "%s", path);
}

status train_job_read(const struct comm *c, int argc, char **argv, struct train_job **out,
                      struct option_words *words)
{
    struct arguments a = { argc, argv };
    void *job = NULL;
    status result;

    *words = (struct option_words){ .help = option_help_wanted(train_job_table(), argc, argv) };
    result = words->help ? OK : comm_share(c, sizeof **out, read_whole, &a, &job);
    *out = job;
    return result;
}

void train_job_peek(int argc, char **argv, struct train_job *job)
{
    struct arguments a = { argc, argv };

    if (option_help_wanted(train_job_table(), argc, argv) || read_whole(&a, job) != OK)
        memset(job, 0, sizeof *job);
}
