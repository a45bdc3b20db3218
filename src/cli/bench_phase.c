/* src/cli/bench_phase.c: what one picture costs, part by part, as the job does it. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

/* TOGETHER: pictures that a job runs through a network in turn. */
enum { STEPS = 100, TOGETHER = 8 };

struct picture {
    const struct network_set *set;
    const char *path;
    struct probe *probe;
    int precision; /* of the part in hand */
    int repeats;
    int each;      /* how often a part is done in one measurement */
    status result; /* of a part that can fail */
    enum measure_of of;
    int rmse; /* those measures alone, or the others */
    struct bench_parts *out;
    uint8_t *pixels;
    float curve[STEPS + 1];
};

/* ---- the parts ----------------------------------------------------------------------------------------- */

static void load(void *user)
{
    struct picture *p = user;
    struct image_info info;

    p->result = image_load(p->path, &p->set->of[0].pipeline, p->pixels, &info);
}

static void run(void *user)
{
    struct picture *p = user;

    for (int k = 0; k < TOGETHER; k++)
        probe_ahead(p->probe, p->precision, k, p->pixels);
    probe_ahead_finish(p->probe, p->precision);
    for (int k = 0; k < TOGETHER; k++)
        probe_ahead_take(p->probe, p->precision, k, p->pixels);
}

static void look(void *user)
{
    struct picture *p = user;

    p->result = probe_look(p->probe, p->precision);
    (void)probe_map(p->probe, p->precision, 0);
}

/* Grad-CAM++: the backward pass to the CAM layer, and the map. */
static void gradcampp(void *user)
{
    struct picture *p = user;

    p->result = probe_methods(p->probe, p->precision, probe_class(p->probe, p->precision, -1));
}

/* Readings of the RMSE share their work; so do the others of a pair. */
static int is_rmse(const struct measure *m)
{
    return strncmp(m->name, "rmse", 4) == 0;
}

static void measures(void *user)
{
    struct picture *p = user;

    probe_measure_again(p->probe, p->precision);
    for (const struct measure *m = measure_table; m->name; m++)
        if (m->of == p->of && is_rmse(m) == p->rmse && probe_has_measure(p->probe, m, p->precision))
            (void)probe_measure(p->probe, m, 0, p->precision);
}

static void localize(void *user)
{
    struct picture *p = user;
    const struct wsol_box truth = { 40, 40, 180, 180 };
    struct wsol_score score;
    int32_t box[4];

    probe_box(p->probe, p->precision, 0, &truth, 1, &score, box);
}

static void substrates(void *user)
{
    struct picture *p = user;

    load(p);
    if (p->result == OK)
        p->result = probe_picture(p->probe, p->pixels, IMAGE_SUBSTRATE_ZERO, IMAGE_SUBSTRATE_BLUR);
}

static void curves(void *user)
{
    struct picture *p = user;

    probe_order(p->probe, p->precision, probe_shown(p->probe, p->precision)->cam.values);
    for (int kind = PROBE_DELETION; kind <= PROBE_INSERTION; kind++) {
        probe_curve_start(p->probe, p->precision, (enum probe_curve)kind, 0, p->curve, NULL);
        while (probe_curve_next(p->probe) == PROBE_MORE)
            ;
    }
}

/* ---- in order ------------------------------------------------------------------------------------------ */

static void add(struct picture *p, const char *name, int precision, double seconds)
{
    BUG_IF(p->out->count == BENCH_PARTS);
    p->out->part[p->out->count++] = (struct bench_part){ name, precision, seconds };
}

static status measure(struct picture *p, const char *name, int precision, void (*work)(void *user),
                      int repeats, double *sum)
{
    struct bench_time time;

    p->precision = precision < 0 ? 0 : precision;
    TRY(bench_time(work, p, 1, repeats, &time));
    TRY(p->result);
    add(p, name, precision, time.median / p->each);
    *sum += time.median / p->each;
    return OK;
}

/* The sum takes EigenCAM once, with the raw sign. */
static status one_precision(struct picture *p, int i, double *sum)
{
    double aside = 0;

    p->each = TOGETHER;
    TRY(measure(p, "network", i, run, p->repeats, sum));
    p->each = 1;
    probe_how_of(p->probe)->raw = 0;
    TRY(measure(p, "EigenCAM, 224 x 224 map", i, look, p->repeats, &aside));
    probe_how_of(p->probe)->raw = 1;
    TRY(measure(p, "EigenCAM, raw sign with it", i, look, p->repeats, sum));
    TRY(probe_answer(p->probe, i));
    TRY(measure(p, "Grad-CAM++ with its gradient", i, gradcampp, p->repeats, &aside));
    p->of = MEASURE_ONE;
    p->rmse = 0;
    TRY(measure(p, "activation statistics", i, measures, p->repeats, sum));
    return measure(p, "localization", i, localize, p->repeats, sum);
}

static status explain(struct picture *p)
{
    int few = p->repeats < 10 ? 1 : p->repeats / 10;
    double picture = 0, sum[2];

    TRY(measure(p, "picture and substrates", BENCH_SHARED, substrates, p->repeats, &picture));
    sum[0] = sum[1] = picture;
    for (int i = 0; i < p->set->count; i++) {
        probe_how_of(p->probe)->whole = 1;
        TRY(measure(p, "both curves, every step whole", i, curves, few, &sum[0]));
    }
    TRY(probe_keep(p->probe, 0));
    probe_how_of(p->probe)->whole = 0;
    for (int i = 0; i < p->set->count; i++)
        TRY(measure(p, "both curves, what changed alone", i, curves, few, &sum[1]));
    add(p, "explain, every step whole", BENCH_ALL, sum[0]);
    add(p, "explain", BENCH_ALL, sum[1]);
    return OK;
}

static status evaluate(struct picture *p)
{
    double sum = 0;

    TRY(measure(p, "decode and preprocess", BENCH_SHARED, load, p->repeats, &sum));
    for (int i = 0; i < p->set->count; i++)
        TRY(one_precision(p, i, &sum));
    for (int i = 1; i < p->set->count; i++) {
        p->of = MEASURE_PAIR;
        p->rmse = 1;
        TRY(measure(p, "RMSE of the maps", i, measures, p->repeats, &sum));
        p->rmse = 0;
        TRY(measure(p, "further measures of the pair", i, measures, p->repeats, &sum));
    }
    add(p, "evaluate", BENCH_ALL, sum);
    return OK;
}

status bench_phase_run(const struct network_set *set, const char *image, int repeats, int curves,
                       struct bench_parts *out)
{
    const struct probe_how how = {
        .sign = CAM_ABSMAX, .raw = 1, .together = TOGETHER, .methods = 1u << CAM_GRADCAMPP, .curves = STEPS
    };
    struct picture p = { .set = set, .path = image, .repeats = repeats, .each = 1, .out = out };
    status result = OK;

    out->count = 0;
    TRY_OUT(network_set_probe(set, &how, &p.probe));
    MEM_TRY_OUT(p.pixels, image_pipeline_bytes(&set->of[0].pipeline), 1);
    TRY_OUT(evaluate(&p));
    if (curves)
        TRY_OUT(explain(&p));
out:
    probe_free(p.probe);
    mem_free(p.pixels);
    return result;
}

void bench_phase_print(const struct network_set *set, const struct bench_parts *parts, int json)
{
    for (int i = 0; i < parts->count; i++) {
        const struct bench_part *part = &parts->part[i];
        const char *precision = part->precision == BENCH_SHARED ? ""
                                : part->precision == BENCH_ALL  ? "all"
                                                                : set->name[part->precision];

        printf(json ? "{\"part\": \"%s\", \"precision\": \"%s\", \"ms\": %.4f}\n" : "%-34s %-5s %10.3f ms\n",
               part->name, precision, part->seconds * 1e3);
    }
}
