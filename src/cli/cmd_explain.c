/* src/cli/cmd_explain.c: one picture: what each precision answers, where it looks, and how the two differ. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_option.h"
#include "cmd.h"
#include "explain.h"
#include "phase.h"
#include "report.h"

enum { TEXT_MAX = 4 << 20 };

struct settings {
    char model[OPTION_SIZE], weights[OPTION_SIZE], int8[OPTION_SIZE], job[OPTION_SIZE], network[OPTION_SIZE];
    char output[OPTION_SIZE], names[OPTION_SIZE], isa[OPTION_SIZE];
    struct network_reading reading;
    int engine, steps;
};

static const struct option_row rows[] = {
    CMD_ROW_MODEL,
    { .name = "weights",
      .kind = OPTION_PATH,
      .where = offsetof(struct settings, weights),
      .values = "FILE",
      .help = "its checkpoint, fp32 (or any)" },
    { .name = "int8",
      .kind = OPTION_PATH,
      .where = offsetof(struct settings, int8),
      .values = "FILE",
      .help = "its int8 checkpoint, to compare with; empty: one precision alone" },
    { .name = "job",
      .kind = OPTION_PATH,
      .where = offsetof(struct settings, job),
      .values = "JOB.conf",
      .help = "in place of the three: every network of a job, with its preprocessing and sign rule" },
    { .name = "network",
      .kind = OPTION_TEXT,
      .where = offsetof(struct settings, network),
      .values = "NAME",
      .help = "of the job's networks this one alone" },
    { .name = "output",
      .kind = OPTION_PATH,
      .where = offsetof(struct settings, output),
      .values = "FILE.png",
      .letter = 'o',
      .help = "the picture and its maps; empty: the image's name with -NETWORK.png, here" },
    { .name = "steps",
      .kind = OPTION_INT,
      .where = offsetof(struct settings, steps),
      .values = "N",
      .high = EXPLAIN_STEPS,
      .help = "of deletion and insertion, 0 for no curves" },
    { .name = "names",
      .kind = OPTION_PATH,
      .where = offsetof(struct settings, names),
      .values = "FILE",
      .help = "names of the classes: a line a class, LOC_synset_mapping.txt or imagenet_class_index.json; "
              "empty: data.synsets of the job, else their numbers" },
    CMD_ROW_STATE,
    CMD_ROW_UNUSED,
    CMD_ROW_RELU6,
    CMD_ROW_ENGINE,
    CMD_ROW_ISA,
};
static const struct option_table table = {
    .usage = "quantcam explain IMAGE --model M --weights W [--int8 W8] | --job JOB.conf",
    .about = "What each precision answers to one picture, where it looks, how far the two maps and their\n"
             "deletion and insertion curves differ; the picture and its maps as PNG.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .words_low = 1,
    .words_high = 1,
};

/* Room for `width` columns; bytes of a character that would be cut are left out. */
static void print_class(const struct image_names *n, int class_index, float probability, int width, int last)
{
    const char *name = image_name(n, class_index);
    char text[64];
    int length;

    if (name)
        snprintf(text, sizeof text, "%.48s", name);
    else
        snprintf(text, sizeof text, "class %d", class_index);
    length = (int)strlen(text);
    while (length > width - 9 || (length > 0 && !text_is_utf8(text, (size_t)length)))
        text[--length] = '\0';
    printf(last ? "%-*s %5.1f %%\n" : "%-*s %5.1f %% ", width - 9, text, 100 * (double)probability);
}

/* ---- terminal --------------------------------------------------------------------------------------------
 */

static const char *side_name(const struct explain *e, int s)
{
    return engine_form(e->side[s].net.engine.plan) == PRECISION_CODES ? "int8" : "fp32";
}

static void print_answers(const struct explain *e, int sides, const struct image_names *n)
{
    printf("  answers   ");
    for (int s = 0; s < sides; s++)
        printf(s == sides - 1 ? "%s\n" : "%-32s", side_name(e, s));
    for (int i = 0; i < e->side[0].top_count; i++) {
        printf("  %8d  ", i + 1);
        for (int s = 0; s < sides; s++)
            print_class(n, e->side[s].top[i], e->side[s].probability[i], 32, s == sides - 1);
    }
}

static void print_maps(const struct explain *e, int sides)
{
    for (int s = 0; s < sides; s++) {
        const struct explain_side *side = &e->side[s];

        printf("  map %s  sigma2/sigma1 %.3f; raw sign %s", side_name(e, s), (double)side->cam.sigma_ratio,
               side->cam.raw_sign == 0  ? "undefined"
               : side->cam.raw_sign > 0 ? "as resolved"
                                        : "opposite to resolved");
        if (side->box[0] >= 0)
            printf("; box %d,%d to %d,%d\n", side->box[0], side->box[1], side->box[2], side->box[3]);
        else
            printf("; no box\n");
    }
    if (sides < 2)
        return;
    printf("  RMSE      raw %.2f%s, resolved %.2f%s, aligned %.2f\n", (double)e->rmse.raw,
           e->rmse.sign_flipped ? " (opposite)" : "", (double)e->rmse.resolved,
           e->rmse.resolved != e->rmse.aligned ? " (opposite)" : "", (double)e->rmse.aligned);
    printf("  alike     |correlation| %.4f, SSIM %.4f, IoU of the boxes %.3f\n", (double)e->rmse.correlation,
           (double)e->comparison.ssim, e->box_iou);
}

/* At `tenth` of the pixels, between two steps in proportion. */
static double curve_at(const float *curve, int steps, int tenth)
{
    int step = tenth * steps / 10;
    double rest = tenth * steps / 10.0 - step, low = (double)curve[step];

    return rest > 0 ? low + rest * ((double)curve[step + 1] - low) : low;
}

/* Probabilities of the precision's own answer at every tenth of the pixels. */
static void print_curves(const struct explain *e, int sides, int steps)
{
    static const char *const kind[] = { "deletion", "insertion" };

    printf("  %% pixels       ");
    for (int i = 0; i <= 10; i++)
        printf("%5d", 10 * i);
    printf("   area\n");
    for (int k = 0; k < 2; k++)
        for (int s = 0; s < sides; s++) {
            printf("  %-9s %s ", kind[k], side_name(e, s));
            if (e->side[s].odd) {
                printf("logits that are not finite\n");
                continue;
            }
            for (int i = 0; i <= 10; i++)
                printf("%5.0f", 100 * curve_at(e->side[s].curve[k], steps, i));
            printf("  %5.2f\n", 100 * e->side[s].area[k]);
        }
}

/* ---- the picture ------------------------------------------------------------------------------------------
 */

static status draw(const struct explain *e, int sides, const char *path)
{
    const struct image crop = { e->width, e->height, e->pixels };
    struct report_map map[EXPLAIN_SIDES] = { 0 };
    size_t pixels = (size_t)e->width * (size_t)e->height;
    uint8_t *bytes;
    status result;

    if (e->width != e->height)
        return FAIL(ERR_RANGE, "a picture of %d x %d pixels: it must be square to be drawn", e->width,
                    e->height);
    MEM_TRY(bytes, pixels * (size_t)sides, 1);
    for (int s = 0; s < sides; s++) {
        uint8_t *to = bytes + pixels * (size_t)s;
        const int32_t *b = e->side[s].box;

        for (size_t i = 0; i < pixels; i++)
            to[i] = (uint8_t)(255 * e->side[s].map[i] + 0.5f);
        map[s] = (struct report_map){ to, { b[0], b[1], b[2], b[3] } };
    }
    result = report_draw_maps(path, &crop, map, sides);
    mem_free(bytes);
    return result;
}

/* photos/cat.jpg -> cat-resnet18.png; with -o and several networks the network goes before ".png". */
static void output_name(const struct settings *set, const char *image, const char *network, int several,
                        char *out, size_t size)
{
    const char *from = set->output[0] ? set->output : strrchr(image, '/') ? strrchr(image, '/') + 1 : image;
    const char *dot = strrchr(from, '.');
    int length = dot && dot > from && !strchr(dot, '/') ? (int)(dot - from) : (int)strlen(from);

    if (set->output[0] && !several)
        snprintf(out, size, "%s", set->output);
    else
        snprintf(out, size, "%.*s-%s.png", length, from, network);
}

/* ---- one network ------------------------------------------------------------------------------------------
 */

/* The options hold for both; a job has its keys. */
static status open_side(const struct settings *set, const struct job *job, int k, int s,
                        const struct engine_options *options, struct explain *e)
{
    const struct job_network *n = &job->network[k];
    struct network_reading how = set->reading;
    char who[OPTION_NAME + 16];

    if (set->job[0]) {
        const struct job_reading from = job_reading(n, s);

        memcpy(how.state, from.state, sizeof how.state);
        how.unused = from.unused;
        how.relu6 = from.relu6;
    }
    TRY(network_open(n->model, n->weights[s], &how, options, set->isa, &e->side[s].net));
    snprintf(who, sizeof who, "%s: %s", n->name, side_name(e, s));
    network_say(who, &e->side[s].net.decided);
    return OK;
}

static status explain_one(const struct settings *set, const struct job *job, int k, int several,
                          const char *image, const struct image_names *names)
{
    const struct job_network *n = &job->network[k];
    struct engine_options options = { .arithmetic = (enum engine_arithmetic)n->engine,
                                      .saturate = (enum engine_saturation)job->saturate };
    struct explain_how how = { .sides = n->weights[1][0] ? 2 : 1,
                               .sign = (enum cam_sign)job->sign,
                               .steps = set->steps,
                               .deletion = (enum image_substrate)job->explain_deletion,
                               .insertion = (enum image_substrate)job->explain_insertion };
    char path[2 * OPTION_SIZE];
    struct explain *e;
    double began = clock_s();
    status result = OK;

    MEM_TRY(e, 1, sizeof *e);
    const struct network *const net[EXPLAIN_SIDES] = { &e->side[0].net, &e->side[1].net };

    for (int s = 0; s < how.sides; s++)
        TRY_OUT(open_side(set, job, k, s, &options, e));
    if (!set->job[0]) {
        TRY_OUT(network_check_relu6(&set->reading, net, how.sides));
        TRY_OUT(network_check_arithmetic(&options, net, how.sides));
    }
    TRY_OUT(image_names_fit(names, set->names[0] ? set->names : job->synsets, e->side[0].net.model.classes,
                            n->name));
    network_preprocess(&e->side[0].net, job->resize, job->filter, job->pillow);
    TRY_OUT(explain_picture(image, &how, e));
    output_name(set, image, n->name, several, path, sizeof path);
    TRY_OUT(draw(e, how.sides, path));
    printf("%s: %s, %d x %d pixels\n", n->name, image, e->info.width, e->info.height);
    print_answers(e, how.sides, names);
    print_maps(e, how.sides);
    if (set->steps > 0)
        print_curves(e, how.sides, set->steps);
    printf("  picture   %s\n", path);
    log_info("%s: %.1f s", n->name, clock_s() - began);
out:
    explain_free(e);
    mem_free(e);
    return result;
}

/* ---- the command ------------------------------------------------------------------------------------------
 */

static const struct settings usual = { .isa = "auto", .steps = 100 };

/* The networks: of the job file, or the one that the options name. */
static status read_job(const struct settings *set, struct job *job)
{
    char *text = NULL;
    size_t size = 0;
    status result;

    const struct option_idle idle[] = { { set->job[0] != 0, "engine", "--job says the networks' own" },
                                        { !set->job[0], "network", "it chooses of a job's networks" } };

    job_defaults(job);
    TRY(option_idle_check(&table, set, &usual, idle, COUNT_OF(idle)));
    if (!set->job[0] == !set->model[0])
        return FAIL(ERR_USAGE, "explain: either --job, or --model and --weights");
    if (set->job[0]) {
        if (set->weights[0] || set->int8[0])
            return FAIL(ERR_USAGE, "explain: --job names the weights; --weights and --int8 go with --model");
        if (set->reading.state[0] || set->reading.unused || set->reading.relu6)
            return FAIL(ERR_USAGE,
                        "explain: --job says how weights are read; --state, --unused and --relu6 go with "
                        "--model");
        TRY(text_read_plain(set->job, TEXT_MAX, &text, &size));
        result = option_read_text(job_table(), job, set->job, text, size);
        mem_free(text);
        return result;
    }
    if (!set->weights[0])
        return FAIL(ERR_USAGE, "explain: --weights is needed beside --model");
    job->networks = 1;
    snprintf(job->network[0].model, OPTION_SIZE, "%s", set->model);
    snprintf(job->network[0].weights[0], OPTION_SIZE, "%s", set->weights);
    snprintf(job->network[0].weights[1], OPTION_SIZE, "%s", set->int8);
    job->network[0].engine = set->engine;
    return OK;
}

/* The description's file name without its end: mobilenet_v2. */
static void name_of(const char *path, char *out, size_t size)
{
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

    snprintf(out, size, "%.*s", (int)strcspn(base, "."), base);
}

static status explain_all(const struct settings *set, struct job *job, const char *image)
{
    struct image_names names = { 0 };
    int done = 0, several;
    status result = OK;

    TRY(read_job(set, job));
    if (!set->job[0])
        name_of(set->model, job->network[0].name, sizeof job->network[0].name);
    several = job->networks > 1 && !set->network[0];
    TRY_OUT(image_names_read(set->names[0] ? set->names : job->synsets, &names));
    for (int k = 0; k < job->networks; k++) {
        if (set->network[0] && strcmp(set->network, job->network[k].name) != 0)
            continue;
        TRY_OUT(explain_one(set, job, k, several, image, &names));
        done++;
    }
    if (!done)
        result = FAIL(ERR_USAGE, "%s: no network '%s'", set->job, set->network);
out:
    image_names_free(&names);
    return result;
}

int cmd_explain(int argc, char **argv)
{
    struct settings set = usual;
    struct option_words words = { 0 };
    struct job *job = NULL;
    status result = option_read_args(&table, &set, argc, argv, &words);

    if (result == OK && words.help) {
        option_help(&table, &set, words.help, stdout);
        return 0;
    }
    if (result == OK) {
        job = mem_alloc(1, sizeof *job);
        result = job ? explain_all(&set, job, words.word[0]) : FAIL(ERR_MEMORY, "no memory for a job");
    }
    mem_free(job);
    return log_exit(result);
}
