/* Jobs of training from a file and the command line, on all ranks alike; settings that are wrong or idle. */
#include "check.h"
#include "train/train_parts.h"

#include <string.h>
#include <unistd.h>

static struct train_job sound(void)
{
    struct train_job job;

    train_job_defaults(&job);
    snprintf(job.train, sizeof job.train, "a");
    snprintf(job.model, sizeof job.model, "m");
    snprintf(job.out, sizeof job.out, "o.safetensors");
    return job;
}

static void refused(const struct train_job *job, const char *says)
{
    CHECK(train_job_check(job) == ERR_USAGE);
    CHECK_MSG(strstr(error_last()->text, says), "%s", error_last()->text);
}

static void test_check(void)
{
    struct train_job job = sound();

    CHECK(train_job_check(&job) == OK);
#define REFUSED(change, says)                                                                                \
    do {                                                                                                     \
        job = sound();                                                                                       \
        change;                                                                                              \
        refused(&job, says);                                                                                 \
    } while (0)
    REFUSED(job.train[0] = 0, "data.train is not set");
    REFUSED(job.model[0] = 0, "network.model is not set");
    REFUSED(strcpy(job.out, "o.h5"), "ends in .safetensors");
    REFUSED(job.rate = 0, "nothing would be learned");
    REFUSED(job.schedule = SCHEDULE_STEP, "wants train.milestones");
    REFUSED(job.factor = .5, "train.factor = 0.5 has no effect: train.schedule is not step");
    REFUSED(job.patience = 3, "train.patience = 3 has no effect: no picture is held out");
    REFUSED(job.ranking = 1, "guided.ranking = signed has no effect: guided.share is 0");
    REFUSED(job.ends = 8, "bits.ends = 8 has no effect: bits.preset is fp32");
    REFUSED(job.test_limit = 8, "data.test.limit = 8 has no effect: data.test is not set");
    REFUSED((job.optimizer = OPTIMIZER_ADAM, job.momentum = .5), "train.momentum = 0.5 has no effect");
    REFUSED((strcpy(job.weights, "w"), job.initial = 1), "network.initial = normal has no effect");
    REFUSED((job.preset = 2, strcpy(job.alpha, "0")), "bits.alpha = 0: auto, least-squares, or a number");
    REFUSED(job.average = .5, "bits.average = 0.5 has no effect: bits.quantizer is not affine");
    REFUSED(job.padding = 8, "data.crop.padding = 8 has no effect: data.crop is off");
    REFUSED((job.crop = 1, job.margin = 3), "data.crop.margin = 3: an even number is wanted");
    REFUSED((job.crop = 1, job.padding = 0), "there is no room to move in");
    REFUSED(job.decay_of = 1, "train.decay.of = matrices has no effect: train.decay is 0");
    REFUSED(job.by_step = 1, "train.schedule.by = step has no effect: the rate changes neither");
    REFUSED(job.warmup_start = .5, "train.warmup-start = 0.5 has no effect: train.warmup-epochs is 0");
    REFUSED((job.warmup = 1, job.warmup_start = 0), "in the first epoch nothing would be learned");
    REFUSED(job.warmup = 5, "train.warmup-epochs = 5: fewer than train.epochs (5) are wanted");
#define AFFINE(change, says) REFUSED((job.form = QUANT_AFFINE, job.preset = 1, change), says)
    AFFINE(job.preset = 2,
           "bits.quantizer = affine is of 8 bits throughout: bits.preset = int8 goes with it, not 4-bit");
    AFFINE(job.preset = 0, "bits.quantizer = affine has no effect: bits.preset is fp32");
    AFFINE(strcpy(job.layers, "conv1 4"), "bits.layers = conv1 4 has no effect: bits.quantizer is affine");
    AFFINE(strcpy(job.alpha, "6"), "bits.alpha = 6 has no effect: bits.quantizer is affine");
    AFFINE(job.norm_epochs = 5, "bits.norm-epochs = 5 has no effect: train.epochs is not more");
    AFFINE(job.average = 0, "bits.average = 0: the ranges would never move");
    REFUSED((job.schedule = SCHEDULE_STEP, strcpy(job.milestones, "2,2")), "ascending numbers of 1 to 4");
    REFUSED((job.schedule = SCHEDULE_STEP, strcpy(job.milestones, "2,5")), "ascending numbers of 1 to 4");
}

static void test_parts(void)
{
    struct train_job job = sound();
    struct schedule s;
    enum train_alpha how;
    float value;

    job.epochs = 200;
    job.schedule = SCHEDULE_STEP;
    strcpy(job.milestones, "60, 120");
    CHECK(train_job_schedule(&job, &s) == OK && s.milestones == 2 && s.milestone[1] == 120 && s.factor == .1);
    CHECK(train_job_alpha(&job, &how, &value) == OK && how == ALPHA_AUTO && value == 10);
    strcpy(job.alpha, "least-squares");
    CHECK(train_job_alpha(&job, &how, &value) == OK && how == ALPHA_LEAST_SQUARES);
    strcpy(job.alpha, "6");
    CHECK(train_job_alpha(&job, &how, &value) == OK && how == ALPHA_NUMBER && value == 6);
    CHECK(!strcmp(train_job_isa(&job), "auto"));
}

static void test_read(const struct comm *c)
{
    char path[64], *argv[] = { "train", path, "--epochs=7", "-j", "3", "--preset=mixed", NULL };
    const char *text = "[data]\ntrain = a\n[network]\nmodel = m\n[train]\nepochs = 3\nrate = 0.5\n"
                       "[store]\nout = o.safetensors\n";
    struct train_job *job = NULL, peeked;
    struct option_words words;

    snprintf(path, sizeof path, "/tmp/quantcam-train-job-%d", (int)getpid());
    CHECK(text_write_file(path, text, strlen(text)) == OK);
    CHECK(train_job_read(c, 6, argv, &job, &words) == OK && job);
    if (job)
        CHECK(job->epochs == 7 && job->rate == .5 && job->ranks == 3 && job->batch == 128 &&
              job->preset == 3);
    mem_free(job);
    train_job_peek(6, argv, &peeked);
    CHECK(peeked.ranks == 3 && peeked.epochs == 7);
    argv[5] = "--preset=3-bit";
    CHECK(train_job_read(c, 6, argv, &job, &words) == ERR_USAGE && !job);
    train_job_peek(6, argv, &peeked);
    CHECK(peeked.ranks == 0);
    argv[5] = "--help";
    CHECK(train_job_read(c, 6, argv, &job, &words) == OK && words.help == OPTION_HELP && !job);
    unlink(path);
    argv[5] = "--preset=mixed";
    CHECK(train_job_read(c, 6, argv, &job, &words) == ERR_USAGE);
    CHECK(strstr(error_last()->text, path) || c->rank > 0);
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    test_check();
    test_parts();
    test_read(&c);
    CHECK(mem_live() == 0);
    comm_finish(&c);
    return check_result("train_job_read");
}
