/* tests/phase/made.h: a result file whose rows are made by hand, for the phases after evaluate. */
#ifndef TESTS_PHASE_MADE_H
#define TESTS_PHASE_MADE_H

#include "check.h"
#include "phase/run.h"

#include <string.h>
#include <unistd.h>

enum { MADE_N = 20, MADE_BAD_A = 5, MADE_BAD_B = 7, MADE_CLASSES = 6, MADE_EDGE = 8 };

struct made {
    struct comm c;
    struct job job;
    struct run run;
    struct image_entry entry[MADE_N];
    char name[MADE_N][32];
    struct model_node layer; /* the description's one node */
    struct model model;
    char out[64];
    unsigned methods; /* beside EigenCAM: set before made_begin */
    int steps; /* set before made_begin: explain.steps, .cross, store.activations (0 = mean) */
    int cross, activations;
};

/* What image i's row holds. */
static inline float made_raw(int i)
{
    return (float)((i * 7) % 20); /* a permutation of 0 .. 19 */
}
static inline float made_resolved(int i)
{
    return (float)((i * 3) % 20) / 2; /* another */
}
static inline int made_class(int i)
{
    return i == 0 ? -1 : i % MADE_CLASSES; /* image 0 has no label */
}
/* fp32 says class i mod 6 first except for every fourth image; int8 except for every third. */
static inline int made_first(int p, int i)
{
    return (i + (p == 0 ? i % 4 == 0 : i % 3 == 0)) % MADE_CLASSES;
}

static const char *const made_precision[2] = { "fp32", "int8" };

static inline void made_row(struct store_rows *rows, int i)
{
    for (int p = 0; p < 2; p++) {
        char path[64];
        int32_t *top;
        float *cam;
        snprintf(path, sizeof path, "%s/top5", made_precision[p]);
        top = store_rows_field(rows, path);
        for (int k = 0; k < 5; k++)
            top[k] = (made_first(p, i) + k) % MADE_CLASSES;
        snprintf(path, sizeof path, "%s/cam", made_precision[p]);
        cam = store_rows_field(rows, path);
        for (int k = 0; k < 4; k++)
            cam[k] = k == p ? (float)(i + 1) : -1.0f;
        snprintf(path, sizeof path, "%s/raw_sign", made_precision[p]);
        *(int8_t *)store_rows_field(rows, path) = (int8_t)(p == 1 && i == 2 ? 0 : i % 2 ? 1 : -1);
    }
    *(float *)store_rows_field(rows, "int8/vs_fp32/rmse_raw") = made_raw(i);
    *(float *)store_rows_field(rows, "int8/vs_fp32/rmse_resolved") = made_resolved(i);
    *(float *)store_rows_field(rows, "int8/vs_fp32/rmse_aligned") = 1;
    *(float *)store_rows_field(rows, "int8/vs_fp32/correlation") = 0.5f;
    *(float *)store_rows_field(rows, "int8/vs_fp32/sign_flipped") = i >= 15;
    *(float *)store_rows_field(rows, "fp32/entropy_real") = 8;
    *(float *)store_rows_field(rows, "int8/vs_fp32/ssim") = (float)i / 32;
    *(float *)store_rows_field(rows, "int8/std_int") = (float)i;
    for (int k = 0; k < STORE_RULES; k++) { /* image 0 has no true box */
        ((float *)store_rows_field(rows, "fp32/wsol/iou"))[k] = i == 0 ? -1 : 0.25f;
        ((float *)store_rows_field(rows, "int8/wsol/iou"))[k] = i == 0 ? -1 : 0.5f;
    }
}

/* more: writes further fields of row i, of bad ones too; or NULL. */
static inline status made_rows(struct made *m, void (*more)(struct store_rows *rows, int i))
{
    struct store_rows *rows = NULL;
    status result = OK;

    TRY(store_rows_create(m->run.store, STORE_ROWS_MODEL, 0, MADE_N, &rows));
    for (int i = 0; i < MADE_N; i++) {
        int bad = i == MADE_BAD_A || i == MADE_BAD_B;
        if (!bad)
            made_row(rows, i);
        if (more)
            more(rows, i);
        TRY_OUT(store_rows_add(rows, i, bad ? STORE_BAD_IMAGE : STORE_OK));
    }
    TRY_OUT(store_rows_commit(rows));
out:
    store_rows_free(rows);
    return result;
}

/* Collective. A file of one network with all its model rows. */
static inline status made_begin(struct made *m, const char *test)
{
    static const struct phase_start start = { .command = "test", .version = "0", .libraries = "" };
    struct run *r = &m->run;
    int pid = (int)getpid();

    if (m->c.size == 0) /* else made_again */
        TRY(comm_init(NULL, NULL, &m->c));
    log_init(LOG_QUIET, m->c.rank, m->c.host);
    comm_broadcast(&m->c, &pid, sizeof pid);
    snprintf(m->out, sizeof m->out, "/tmp/quantcam_%s_%d.h5", test, pid);
    job_defaults(&m->job);
    m->job.select_by = 3; /* raw, resolved */
    m->job.selecting = 1u << 1;
    m->job.methods |= m->methods;
    m->job.explain_steps = m->steps;
    m->job.explain_cross = m->cross;
    m->job.activations = m->activations;
    snprintf(m->job.out, sizeof m->job.out, "%s", m->out);
    snprintf(m->job.fraction, sizeof m->job.fraction, "0.1");
    snprintf(m->job.network[0].name, OPTION_NAME, "net");
    m->job.networks = r->networks = 1;
    r->c = &m->c;
    r->job = &m->job;
    r->start = &start;
    r->kernels = kernel_select("ref");
    r->network[0].pipeline[0] = r->network[0].pipeline[1] =
        (struct image_pipeline){ .resize = 10, .height = MADE_EDGE, .width = MADE_EDGE, .channels = 3 };
    for (int i = 0; i < MADE_N; i++) {
        snprintf(m->name[i], sizeof m->name[i], "p%02d.jpg", i);
        m->entry[i] = (struct image_entry){ .path = m->name[i], .class_index = made_class(i) };
    }
    r->list.entry = m->entry;
    r->list.count = MADE_N;
    r->precisions = 2;
    for (int p = 0; p < 2; p++)
        snprintf(r->precision[p].name, STORE_NAME, "%s", made_precision[p]);
    r->precision[0].weight_bits = r->precision[0].activation_bits = PRECISION_REAL_BITS;
    r->precision[1].form = PRECISION_CODES;
    r->precision[1].weight_bits = r->precision[1].activation_bits = 8;
    snprintf(m->layer.name, sizeof m->layer.name, "layer");
    m->model.node = &m->layer;
    m->model.classes = MADE_CLASSES;
    for (int p = 0; p < 2; p++) {
        r->network[0].model[p] = &m->model;
        r->network[0].map[p] = (struct engine_map){ .c = 3, .h = 2, .w = 2 };
    }
    r->network[0].map[1].q = (struct quant_params){ 0.5, 2, 0, 255, 0 };
    r->network[0].file_bytes[1] = 1234;
    TRY(begin_layout(r));
    TRY(begin_store(r));
    return comm_agree(&m->c, m->c.rank == 0 ? made_rows(m, NULL) : OK);
}

static inline void made_remove(const struct made *m)
{
    static const char *const tail[] = { "", ".part", ".log.jsonl", ".lock" };
    char path[80];

    for (size_t i = 0; i < COUNT_OF(tail) && m->c.rank == 0; i++) {
        snprintf(path, sizeof path, "%s%s", m->out, tail[i]);
        unlink(path);
    }
}

/* Collective. For another made_begin, with other settings. */
static inline void made_again(struct made *m)
{
    store_end(&m->run.store);
    made_remove(m);
    memset(&m->run, 0, sizeof m->run);
    comm_wait(&m->c);
}

static inline void made_end(struct made *m, int *code, const char *test)
{
    store_end(&m->run.store);
    *code = comm_agree(&m->c, check_failed ? FAIL(ERR_RANGE, "a check failed") : OK) != OK;
    made_remove(m);
    if (m->c.rank == 0)
        *code |= check_result(test);
    comm_finish(&m->c);
}

static inline int made_fetch_ok(const struct made *m, const char *path, int64_t count, void *out)
{
    status s = store_fetch(m->run.store, path, 0, count, out);

    CHECK_MSG(s == OK, "%s: %s", path, error_last()->text);
    return s == OK;
}

#endif
