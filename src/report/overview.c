#include "overview.h"

#include <math.h>
#include <string.h>

#include "metric.h"
#include "pairs.h"

enum { SETS = 1 + STORE_MAX_SELECTIONS, AT_20 = 1 };

/* The bounds of what is counted; words.c states them. */
#define MOVED 0.5 /* IoU of the boxes of two maps */
#define TIE   0.9 /* sigma2 / sigma1 */

/* ---- intervals -------------------------------------------------------------------------------------------
 */

/* A network's row of a (K, sets, inner) array of doubles. */
static status read_row(struct store_reader *r, int k, int inner, double *out, const char *format, ...)
    PRINTF_LIKE(5, 6);
static status read_row(struct store_reader *r, int k, int inner, double *out, const char *format, ...)
{
    size_t sets = (size_t)store_reader_layout(r)->selections + 1;
    char path[STORE_PATH + 2 * STORE_NAME];
    va_list args;

    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    return store_read(r, path, STORE_F64, k, 1, out, sets * (size_t)inner * sizeof *out);
}

static status read_interval(struct store_reader *r, int k, const char *precision, const char *measure,
                            int set, double scale, struct overview_interval *out)
{
    static const char *const part[] = { "difference", "low", "high" };
    double *const to[] = { &out->value, &out->low, &out->high };
    int64_t images[SETS] = { 0 };
    double value[SETS] = { 0 };
    char path[STORE_PATH + 2 * STORE_NAME];
    size_t sets = (size_t)store_reader_layout(r)->selections + 1;

    snprintf(path, sizeof path, "/summary/difference/%s/%s/images", precision, measure);
    TRY(store_read(r, path, STORE_S64, k, 1, images, sets * sizeof *images));
    out->images = images[set];
    for (size_t i = 0; i < COUNT_OF(part); i++) {
        TRY(read_row(r, k, 1, value, "/summary/difference/%s/%s/%s", precision, measure, part[i]));
        *to[i] = scale * value[set];
    }
    return OK;
}

static status read_accuracy(struct store_reader *r, struct overview *o)
{
    const struct store_layout *l = store_reader_layout(r);
    const char *precision = l->precision[o->p].name;
    double value[SETS] = { 0 };

    TRY(read_interval(r, o->network, precision, "top1", 0, 1, &o->top1));
    for (int side = 0; side < 2; side++) {
        TRY(read_row(r, o->network, 1, value, "/summary/accuracy/%s/top1",
                     l->precision[side ? o->p : 0].name));
        o->top1.of[side] = value[0];
    }
    TRY(read_row(r, o->network, 1, value, "/summary/difference/%s/top1/p", precision));
    o->top1_p = value[0];
    return OK;
}

/* ---- curves and boxes ------------------------------------------------------------------------------------
 */

static status read_curves(struct store_reader *r, struct overview *o)
{
    static const char *const kind[] = { "deletion", "insertion" };
    const struct store_layout *l = store_reader_layout(r);
    struct overview_interval *const own[] = { &o->deletion, &o->insertion };
    const char *first = l->precision[0].name, *other = l->precision[o->p].name;
    double value[SETS] = { 0 };
    char measure[2 * STORE_NAME];

    for (int i = 0; i < 2; i++) {
        TRY(read_interval(r, o->network, other, kind[i], o->set, 100, own[i]));
        for (int side = 0; side < 2; side++) {
            TRY(read_row(r, o->network, 1, value, "/summary/curves/%s/%s", side ? other : first, kind[i]));
            own[i]->of[side] = 100 * value[o->set];
        }
        for (int scorer = 0; scorer < 2 && l->cross; scorer++) {
            snprintf(measure, sizeof measure, "%s_on_%s", kind[i], scorer ? other : first);
            TRY(read_interval(r, o->network, other, measure, o->set, 100, &o->cross[scorer][i]));
        }
    }
    return OK;
}

static status read_boxes(struct store_reader *r, struct overview *o)
{
    const struct store_layout *l = store_reader_layout(r);
    double mean[SETS][STORE_SIGNS][STORE_RULES], trivial[SETS][STORE_TRIVIALS];

    TRY(read_interval(r, o->network, l->precision[o->p].name, "iou", 0, 100, &o->iou));
    for (int side = 0; side < 2; side++) {
        TRY(read_row(r, o->network, STORE_SIGNS * STORE_RULES, &mean[0][0][0], "/summary/wsol/%s/iou_mean",
                     l->precision[side ? o->p : 0].name));
        o->iou.of[side] = 100 * mean[0][0][AT_20];
    }
    TRY(read_row(r, o->network, STORE_TRIVIALS, &trivial[0][0], "/summary/wsol_trivial/iou_mean"));
    o->whole_frame = 100 * trivial[0][0];
    return OK;
}

/* ---- cost ------------------------------------------------------------------------------------------------
 */

static status read_cost(struct store_reader *r, struct overview *o)
{
    const struct store_layout *l = store_reader_layout(r);
    double s[STORE_STATISTICS];
    char path[STORE_PATH];

    for (int side = 0; side < 2; side++) {
        const char *precision = l->precision[side ? o->p : 0].name;

        snprintf(path, sizeof path, "/summary/accuracy/%s/weights_bytes", precision);
        TRY(store_read(r, path, STORE_S64, o->network, 1, &o->bytes[side], sizeof o->bytes[side]));
        snprintf(path, sizeof path, "/timing/alone/%s/inference_s", precision);
        TRY(store_read(r, path, STORE_F64, o->network, 1, s, sizeof s));
        o->time[side] = (struct overview_time){ s[0], s[1], s[2] };
    }
    snprintf(path, sizeof path, "/timing/alone/%s/images", l->precision[o->p].name);
    return store_read(r, path, STORE_S64, o->network, 1, &o->timed, sizeof o->timed);
}

double overview_size_ratio(const struct overview *o)
{
    return o->bytes[0] > 0 && o->bytes[1] > 0 ? (double)o->bytes[0] / (double)o->bytes[1] : 0;
}

double overview_time_ratio(const struct overview *o)
{
    return o->timed > 0 && o->time[0].median > 0 && o->time[1].median > 0
               ? o->time[0].median / o->time[1].median
               : 0;
}

/* ---- maps ------------------------------------------------------------------------------------------------
 */

static status read_rmse(struct store_reader *r, struct overview *o)
{
    static const char *const name[] = { "mean", "mean_low", "mean_high" };
    double *const to[] = { o->rmse, o->rmse_low, o->rmse_high };
    double all[SETS][STORE_READINGS];

    for (size_t i = 0; i < COUNT_OF(name); i++) {
        TRY(read_row(r, o->network, STORE_READINGS, &all[0][0], "/summary/rmse/%s/%s",
                     store_reader_layout(r)->precision[o->p].name, name[i]));
        memcpy(to[i], all[0], sizeof all[0]);
    }
    return OK;
}

static status read_sigma(const struct pairs *a, struct overview *o)
{
    double *value;

    MEM_TRY(value, (size_t)a->images, sizeof *value);
    for (int side = 0; side < 2; side++) {
        int64_t n = 0;

        for (int64_t i = 0; i < a->images; i++)
            if (a->ok[i] && isfinite(a->sigma[side][i])) {
                o->sigma[side].ties += (double)a->sigma[side][i] > TIE;
                value[n++] = (double)a->sigma[side][i];
            }
        metric_sort(value, n);
        if (n > 0) {
            o->sigma[side].median = metric_quantile(value, n, 0.5);
            o->sigma[side].high = metric_quantile(value, n, 0.95);
        }
    }
    mem_free(value);
    return OK;
}

static void count_rows(const struct store_layout *l, const struct pairs *a, struct overview *o)
{
    int raw = collect_set(l, "raw"), resolved = collect_set(l, "resolved");

    o->raw_images = raw > 0 ? 0 : -1;
    for (int64_t i = 0; i < a->images; i++) {
        if (!a->ok[i])
            continue;
        o->images++;
        o->changed += pairs_changed(a, i);
        o->moved += (double)a->box_iou[i] < MOVED;
        o->flipped += a->flipped[i];
        o->still += pairs_opposite(a, i);
        if (resolved > 0 && pairs_in(a, i, resolved)) {
            o->resolved_images++;
            o->resolved_opposite += pairs_opposite(a, i);
        }
        o->undefined += a->raw_sign[0][i] == 0 || a->raw_sign[1][i] == 0;
        if (raw < 0 || !pairs_in(a, i, raw))
            continue;
        o->raw_images++;
        o->raw_flipped += a->flipped[i];
        o->raw_also_resolved += resolved > 0 && pairs_in(a, i, resolved);
        for (int k = 0; k < STORE_READINGS; k++)
            o->raw_rmse[k] += (double)a->rmse[k][i];
    }
    for (int k = 0; k < STORE_READINGS && o->raw_images > 0; k++)
        o->raw_rmse[k] /= (double)o->raw_images;
}

status overview_read(struct store_reader *r, int network, int p, struct overview *out)
{
    const struct store_layout *l = store_reader_layout(r);
    struct pairs a = { 0 };
    status result = OK;

    memset(out, 0, sizeof *out);
    out->network = network;
    out->p = p;
    TRY_OUT(pairs_read(r, network, p, &a));
    count_rows(l, &a, out);
    TRY_OUT(read_sigma(&a, out));
    pairs_wilson(out->changed, out->images, &out->changed_low, &out->changed_high);
    pairs_wilson(out->moved, out->images, &out->moved_low, &out->moved_high);
    pairs_wilson(out->flipped, out->images, &out->flipped_low, &out->flipped_high);
    TRY_OUT(read_accuracy(r, out));
    TRY_OUT(read_rmse(r, out));
    out->set = collect_set(l, "control") > 0 ? collect_set(l, "control") : collect_set(l, "resolved");
    if (l->steps == 0)
        out->set = -1;
    if (out->set > 0)
        TRY_OUT(read_curves(r, out));
    TRY_OUT(read_boxes(r, out));
    TRY_OUT(read_cost(r, out));
out:
    pairs_free(&a);
    return result;
}
