/* src/phase/time.c: /timing/alone: rank 0 alone, one picture at a time. */
#include "probe.h"
#include "run.h"

#include <string.h>

/* Distinct pictures, cycled through; runs before the clock counts. */
enum { PICTURES = 16, WARM_UP = 5, MEASURES = 3 };

struct clock_room {
    uint8_t *pixels; /* (pictures, H, W, channels) of the precision in hand */
    size_t bytes;    /* of a picture */
    int pictures;
    double *sample[MEASURES]; /* inference, CAM, both: (time_runs) seconds */
    struct probe *probe;
};

/* What a precision sees of pictures spread over the list; unreadable ones are passed over. */
static status read_pictures(const struct run *r, int net, int p, struct clock_room *t)
{
    int wanted = r->list.count < PICTURES ? r->list.count : PICTURES;

    mem_free(t->pixels);
    t->bytes = image_pipeline_bytes(&r->network[net].pipeline[p]);
    t->pictures = 0;
    MEM_TRY(t->pixels, (size_t)wanted, t->bytes);
    for (int i = 0; i < wanted; i++)
        t->pictures += run_picture(r, net, p, (int64_t)i * r->list.count / wanted,
                                   t->pixels + (size_t)t->pictures * t->bytes) == OK;
    return OK;
}

static status make_clock_room(const struct run *r, struct clock_room *t)
{
    const struct probe_how how = { .sign = (enum cam_sign)r->job->sign, .raw = r->job->raw };

    for (int m = 0; m < MEASURES; m++)
        MEM_TRY(t->sample[m], (size_t)r->job->time_runs, sizeof(double));
    return run_probe(r, &how, &t->probe);
}

static void clear_clock_room(struct clock_room *t)
{
    mem_free(t->pixels);
    for (int m = 0; m < MEASURES; m++)
        mem_free(t->sample[m]);
    probe_free(t->probe);
}

/* One image: inference, then the finished map. */
static status measure(struct clock_room *t, int p, int i, double out[MEASURES])
{
    double start = clock_s(), middle, end;
    status s;

    probe_run(t->probe, p, t->pixels + (size_t)(i % t->pictures) * t->bytes);
    middle = clock_s();
    s = probe_look(t->probe, p);
    if (s != OK && s != ERR_NUMERIC) /* a picture with NaN takes its time too */
        return s;
    (void)probe_map(t->probe, p, 0);
    end = clock_s();
    out[0] = middle - start;
    out[1] = end - middle;
    out[2] = end - start;
    return OK;
}

static status time_one(const struct run *r, struct clock_room *t, int net, int p)
{
    static const char *const name[MEASURES] = { "inference_s", "cam_s", "total_s" };
    int64_t images = r->job->time_runs;
    double out[MEASURES];

    probe_aim(t->probe, net);
    for (int i = -WARM_UP; i < r->job->time_runs; i++) {
        TRY(measure(t, p, i + WARM_UP, out));
        for (int m = 0; m < MEASURES && i >= 0; m++)
            t->sample[m][i] = out[m];
        comm_alive();
        TRY(comm_signal_status());
    }
    for (int m = 0; m < MEASURES; m++) {
        struct metric_quartiles q;
        metric_quartiles_of(t->sample[m], images, &q);
        TRY(run_write(r, net, 1, (double[STORE_STATISTICS]){ q.median, q.q1, q.q3, q.mean },
                      "/timing/alone/%s/%s", run_precision(r, p), name[m]));
    }
    return run_write(r, net, 1, &images, "/timing/alone/%s/images", run_precision(r, p));
}

static status time_all(const struct run *r)
{
    struct clock_room t = { 0 };
    status result = OK;

    TRY_OUT(make_clock_room(r, &t));
    for (int net = 0; net < r->networks; net++)
        for (int p = 0; p < r->precisions; p++) {
            if (p == 0 || r->network[net].sees[p] != r->network[net].sees[p - 1])
                TRY_OUT(read_pictures(r, net, p, &t));
            if (t.pictures > 0)
                TRY_OUT(time_one(r, &t, net, p));
        }
out:
    clear_clock_room(&t);
    return result;
}

status time_networks(struct run *r)
{
    /* The others sleep in the agreement. */
    return comm_agree(r->c, r->c->rank == 0 && r->job->time_runs > 0 ? time_all(r) : OK);
}
