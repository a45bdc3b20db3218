/* tests/store/store_fixture.h: a small job whose rows are pure functions of their number, in a folder of its
 * own. */
#ifndef QUANTCAM_STORE_FIXTURE_H
#define QUANTCAM_STORE_FIXTURE_H

#include "check.h"
#include "store.h"

#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIXTURE_IMAGES = 23, FIXTURE_PLACES = 6, FIXTURE_PATH = 24 };

struct fixture {
    char folder[512], out[600], part[640];
    struct store_plan plan;
    char path[FIXTURE_IMAGES][FIXTURE_PATH];
    int32_t class_index[FIXTURE_IMAGES], box_count[FIXTURE_IMAGES], boxes[2][4];
    int64_t box_first[FIXTURE_IMAGES];
    struct store_initial initial[5];
};

static const struct store_measure fixture_measures[] = {
    { "sigma_ratio", "1", "ratio of deviations", STORE_MEASURE_ONE },
    { "entropy_real", "bit", "entropy, real values", STORE_MEASURE_ONE },
    { "entropy_int", "bit", "entropy, stored integers", STORE_MEASURE_CODES },
    { "rmse_raw", "1", "RMSE, raw signs", STORE_MEASURE_PAIR },
    { "rmse_resolved", "1", "RMSE, resolved signs", STORE_MEASURE_PAIR },
    { "rmse_aligned", "1", "RMSE, signs aligned", STORE_MEASURE_PAIR },
    { "sign_flipped", "1", "1 = opposite", STORE_MEASURE_PAIR },
    { "correlation", "1", "absolute correlation", STORE_MEASURE_PAIR },
    { "top1", "%", "100 = first", STORE_MEASURE_ANSWER },
    { "iou", "1", "IoU with a true box", STORE_MEASURE_TRUTH },
    { "deletion", "1", "area under deletion", STORE_MEASURE_CROSSED },
    { "insertion", "1", "area under insertion", STORE_MEASURE_CROSSED },
    { "deletion_raw", "1", "area under deletion, raw sign", STORE_MEASURE_CURVE },
};

static inline void fixture_layout(struct store_layout *l)
{
    memset(l, 0, sizeof *l);
    l->images = FIXTURE_IMAGES;
    l->subset = FIXTURE_PLACES;
    l->boxes = 2;
    l->path_length = FIXTURE_PATH;
    l->pictures = 2;
    l->subset_maps = l->step_logits = l->cross = 1;
    l->activations = STORE_ACTIVATIONS_SUBSET;
    l->steps = 4;
    l->networks = l->precisions = 2;
    l->selections = 3;
    l->network[0] = (struct store_network){
        .name = "resnet18", .classes = 7, .channels = 4, .h = 2, .w = 3, .input_h = 8, .input_w = 6
    };
    l->network[1] = (struct store_network){
        .name = "mobilenet_v2", .classes = 7, .channels = 9, .h = 3, .w = 2, .input_h = 5, .input_w = 7
    };
    l->network[1].q[1] = (struct quant_params){ 0.125, 3, 0, 255, 0 };
    snprintf(l->precision[0].name, STORE_NAME, "fp32");
    snprintf(l->precision[1].name, STORE_NAME, "int8");
    l->precision[0].weight_bits = l->precision[0].activation_bits = PRECISION_REAL_BITS;
    l->precision[1].form = PRECISION_CODES;
    l->precision[1].weight_bits = 4;
    l->precision[1].activation_bits = 8;
    l->measures = COUNT_OF(fixture_measures);
    memcpy(l->measure, fixture_measures, sizeof fixture_measures);
    snprintf(l->selection[0], STORE_NAME, "raw");
    snprintf(l->selection[1], STORE_NAME, "aligned");
    snprintf(l->selection[2], STORE_NAME, "control");
}

/* Collective: the folder is rank 0's. */
static inline void fixture_start(const struct comm *c, struct fixture *f)
{
    const char *place = getenv("TMPDIR");

    memset(f, 0, sizeof *f);
    if (c->rank == 0) {
        snprintf(f->folder, sizeof f->folder, "%s/quantcam-store-XXXXXX", place ? place : P_tmpdir);
        if (!mkdtemp(f->folder))
            exit(1);
    }
    comm_broadcast(c, f->folder, sizeof f->folder);
    snprintf(f->out, sizeof f->out, "%s/x.h5", f->folder);
    snprintf(f->part, sizeof f->part, "%s.part", f->out);
    fixture_layout(&f->plan.layout);
    for (int i = 0; i < FIXTURE_IMAGES; i++) {
        snprintf(f->path[i], FIXTURE_PATH, "c%d/i%03d.jpg", i % 7, i);
        f->class_index[i] = i % 7;
    }
    f->box_count[1] = 2;
    f->boxes[1][2] = 40;
    f->initial[0] = (struct store_initial){ "/images/path", f->path };
    f->initial[1] = (struct store_initial){ "/images/class_index", f->class_index };
    f->initial[2] = (struct store_initial){ "/images/box_first", f->box_first };
    f->initial[3] = (struct store_initial){ "/images/box_count", f->box_count };
    f->initial[4] = (struct store_initial){ "/images/boxes", f->boxes };
    f->plan.title = "a test";
    f->plan.version = "0";
    f->plan.job = "subset.fraction = 0.05\nmodels.resnet18 = 1234\n";
    f->plan.provenance = "root = pictures\n";
    f->plan.initial = f->initial;
    f->plan.initials = COUNT_OF(f->initial);
}

static inline int fixture_remove_one(const char *path, const struct stat *s, int flag, struct FTW *ftw)
{
    return remove(path);
}

/* Collective. */
static inline void fixture_end(const struct comm *c, struct fixture *f)
{
    comm_wait(c);
    if (c->rank == 0)
        nftw(f->folder, fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline float fixture_value(int net, int prec, int64_t index, int k)
{
    return (float)(net * 1000 + prec * 100) + (float)index + 0.125f * (float)k;
}

/* Local. Writes one network's row; every fifth image is bad. */
static inline status fixture_model_row(const struct fixture *f, struct store_rows *rows, int net,
                                       int64_t index)
{
    static const char *const prec[] = { "fp32", "int8" };
    const struct store_network *n = &f->plan.layout.network[net];
    char name[64];

    for (int p = 0; p < 2; p++) {
        snprintf(name, sizeof name, "%s/logits", prec[p]);
        float *logits = store_rows_field(rows, name);
        for (int k = 0; k < n->classes; k++)
            logits[k] = fixture_value(net, p, index, k);
        snprintf(name, sizeof name, "%s/cam", prec[p]);
        float *cam = store_rows_field(rows, name);
        for (int k = 0; k < n->h * n->w; k++)
            cam[k] = -fixture_value(net, p, index, k);
        snprintf(name, sizeof name, "%s/raw_sign", prec[p]);
        *(int8_t *)store_rows_field(rows, name) = index % 2 ? 1 : -1;
        snprintf(name, sizeof name, "%s/top5", prec[p]);
        ((int32_t *)store_rows_field(rows, name))[4] = (int32_t)index;
    }
    *(float *)store_rows_field(rows, "int8/vs_fp32/rmse_aligned") = (float)index;
    if (f->plan.layout.truths && f->plan.layout.methods) {
        *(float *)store_rows_field(rows, "int8/vs_fp32/cc_gradcampp") = 1 - (float)index / 64;
        *(float *)store_rows_field(rows, "fp32/truth_cc_gradcampp") = (float)index / 64;
    }
    return store_rows_add(rows, index, index % 5 == 4 ? STORE_BAD_IMAGE : STORE_OK);
}

static inline status fixture_image_row(const struct fixture *f, struct store_rows *rows, int64_t index)
{
    if (f->plan.layout.truths)
        *(uint8_t *)store_rows_field(rows, "saliency/state_density") = 1;
    *(int32_t *)store_rows_field(rows, "width") = 100 + (int32_t)index;
    *(int32_t *)store_rows_field(rows, "height") = 50;
    if (index % 5 == 4)
        snprintf(store_rows_field(rows, "error"), STORE_ERROR, "image %d is bad", (int)index);
    return store_rows_add(rows, index, index % 5 == 4 ? STORE_BAD_IMAGE : STORE_OK);
}

static inline status fixture_subset_row(const struct fixture *f, struct store_rows *rows, int net,
                                        int64_t place)
{
    const struct store_network *n = &f->plan.layout.network[net];
    int used = place < 4;

    *(int64_t *)store_rows_field(rows, "image") = used ? 3 * place : -1;
    *(uint8_t *)store_rows_field(rows, "in_raw") = (uint8_t)used;
    if (used)
        memset(store_rows_field(rows, "int8/cam_u8"), (int)place + 1,
               (size_t)n->input_h * (size_t)n->input_w);
    return store_rows_add(rows, place, used ? STORE_OK : STORE_UNUSED);
}

/* Collective. Computes what one row group misses; returns how many rows this rank wrote through *wrote. */
static inline status fixture_fill_group(const struct comm *c, const struct fixture *f, struct store *s,
                                        enum store_group group, int net, int capacity, int64_t *wrote)
{
    uint8_t missing[FIXTURE_IMAGES];
    int64_t n = group == STORE_ROWS_SUBSET ? FIXTURE_PLACES : FIXTURE_IMAGES, *mine = NULL, count;
    struct store_rows *rows = NULL;
    status result = OK;

    TRY(store_missing(s, group, net, 0, missing, NULL));
    TRY(partition_cyclic(missing, n, c->rank, c->size, &mine, &count));
    TRY_OUT(store_rows_create(s, group, net, capacity, &rows));
    for (int64_t i = 0; i < count; i++)
        TRY_OUT(group == STORE_ROWS_IMAGE   ? fixture_image_row(f, rows, mine[i])
                : group == STORE_ROWS_MODEL ? fixture_model_row(f, rows, net, mine[i])
                                            : fixture_subset_row(f, rows, net, mine[i]));
    TRY_OUT(store_rows_commit(rows));
    *wrote += count;
out:
    store_rows_free(rows);
    mem_free(mine);
    return result;
}

/* Collective. */
static inline status fixture_fill(const struct comm *c, const struct fixture *f, struct store *s,
                                  int capacity, int64_t *wrote)
{
    *wrote = 0;
    TRY(comm_agree(c, fixture_fill_group(c, f, s, STORE_ROWS_IMAGE, -1, capacity, wrote)));
    for (int net = 0; net < 2; net++) {
        TRY(comm_agree(c, fixture_fill_group(c, f, s, STORE_ROWS_MODEL, net, capacity, wrote)));
        TRY(comm_agree(c, fixture_fill_group(c, f, s, STORE_ROWS_SUBSET, net, capacity, wrote)));
    }
    return OK;
}

/* Collective. A whole job, from nothing or from what is there, to OUT. */
static inline status fixture_run(const struct comm *c, const struct fixture *f, int capacity)
{
    double mean[2][4][2] = { { { 1.5 } } };
    struct store *s = NULL;
    int64_t wrote;
    status result = OK;

    TRY(store_begin(c, f->out, &f->plan, &s));
    TRY_OUT(fixture_fill(c, f, s, capacity, &wrote));
    if (c->rank == 0)
        result = store_write(s, "/summary/wsol/int8/gt_known", 0, 2, mean);
    TRY_OUT(comm_agree(c, result));
    TRY_OUT(store_finish(s));
out:
    store_end(&s);
    return result;
}

static inline int fixture_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Rank 0's work between two steps of all. */
#define FIXTURE_ON_ROOT(c)                                                                                   \
    for (int once_ = (comm_wait(c), 1); once_; once_ = 0, comm_wait(c))                                      \
        if ((c)->rank == 0)

#endif
