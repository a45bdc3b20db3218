#include "overview.h"

#include <math.h>
#include <string.h>

#include "metric.h"
#include "pairs.h"

enum { SETS = 1 + STORE_MAX_SELECTIONS };

/* The bounds between the words. */
#define FEW       2.0 /* % of the answers */
#define MANY      10.0
#define SAME      5.0 /* aligned RMSE, of 255 */
#define SIMILAR   20.0
#define DIFFERENT 50.0
#define CERTAIN   0.05 /* McNemar's p */
#define MOVED     0.5  /* IoU of the boxes of two maps */
#define ENOUGH    20   /* pictures, for a bootstrap interval to mean something */
#define TIE       0.9  /* sigma2 / sigma1 */

/* ---- numbers ------------------------------------------------------------------------------------------- */

static status read_interval(struct store_reader *r, int k, const char *precision, const char *measure,
                            int set, double scale, struct overview_interval *out)
{
    static const char *const part[] = { "difference", "low", "high" };
    double *const to[] = { &out->value, &out->low, &out->high };
    int64_t images[SETS] = { 0 };
    double value[SETS] = { 0 };
    char path[STORE_PATH];
    size_t sets = (size_t)store_reader_layout(r)->selections + 1;

    snprintf(path, sizeof path, "/summary/difference/%s/%s/images", precision, measure);
    TRY(store_read(r, path, STORE_S64, k, 1, images, sets * sizeof *images));
    out->images = images[set];
    for (size_t i = 0; i < COUNT_OF(part); i++) {
        snprintf(path, sizeof path, "/summary/difference/%s/%s/%s", precision, measure, part[i]);
        TRY(store_read(r, path, STORE_F64, k, 1, value, sets * sizeof *value));
        *to[i] = scale * value[set];
    }
    return OK;
}

/* The first element of the network's row, the first precision's over the other's. */
static status read_ratio(struct store_reader *r, const struct overview *o, const char *before,
                         const char *after, int inner, double *out)
{
    const struct store_layout *l = store_reader_layout(r);
    double value[2][STORE_STATISTICS] = { { 0 } };
    char path[STORE_PATH];

    for (int side = 0; side < 2; side++) {
        snprintf(path, sizeof path, "%s/%s/%s", before, l->precision[side ? o->p : 0], after);
        TRY(store_read(r, path, STORE_F64, o->network, 1, value[side], (size_t)inner * sizeof(double)));
    }
    *out = value[0][0] > 0 && value[1][0] > 0 ? value[0][0] / value[1][0] : 0;
    return OK;
}

static status read_rmse(struct store_reader *r, struct overview *o)
{
    static const char *const name[] = { "mean", "mean_low", "mean_high" };
    const struct store_layout *l = store_reader_layout(r);
    double *const to[] = { o->rmse, o->rmse_low, o->rmse_high };
    double all[SETS][STORE_READINGS];
    size_t sets = (size_t)l->selections + 1;
    char path[STORE_PATH];

    for (size_t i = 0; i < COUNT_OF(name); i++) {
        snprintf(path, sizeof path, "/summary/rmse/%s/%s", l->precision[o->p], name[i]);
        TRY(store_read(r, path, STORE_F64, o->network, 1, all, sets * sizeof all[0]));
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
        o->still += a->rmse[PAIRS_ALIGNED][i] != a->rmse[PAIRS_RESOLVED][i];
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
    const char *precision = l->precision[p];
    double value[SETS] = { 0 };
    struct pairs a = { 0 };
    char path[STORE_PATH];
    status result = OK;

    memset(out, 0, sizeof *out);
    out->network = network;
    out->p = p;
    TRY_OUT(pairs_read(r, network, p, &a));
    count_rows(l, &a, out);
    TRY_OUT(read_sigma(&a, out));
    pairs_wilson(out->changed, out->images, &out->changed_low, &out->changed_high);
    pairs_wilson(out->moved, out->images, &out->moved_low, &out->moved_high);
    TRY_OUT(read_interval(r, network, precision, "top1", 0, 1, &out->top1));
    snprintf(path, sizeof path, "/summary/difference/%s/top1/p", precision);
    TRY_OUT(store_read(r, path, STORE_F64, network, 1, value, ((size_t)l->selections + 1) * sizeof *value));
    out->top1_p = value[0];
    TRY_OUT(read_rmse(r, out));
    out->set = collect_set(l, "control") > 0 ? collect_set(l, "control") : collect_set(l, "resolved");
    if (l->steps == 0)
        out->set = -1;
    if (out->set > 0) {
        TRY_OUT(read_interval(r, network, precision, "deletion", out->set, 100, &out->deletion));
        TRY_OUT(read_interval(r, network, precision, "insertion", out->set, 100, &out->insertion));
    }
    TRY_OUT(read_interval(r, network, precision, "iou", 0, 100, &out->iou));
    TRY_OUT(read_ratio(r, out, "/summary/accuracy", "weights_bytes", 1, &out->size_ratio));
    TRY_OUT(read_ratio(r, out, "/timing/alone", "inference_s", STORE_STATISTICS, &out->time_ratio));
out:
    pairs_free(&a);
    return result;
}

/* ---- words --------------------------------------------------------------------------------------------- */

/* Of a paired difference: which way it goes, as far as the interval tells. */
enum verdict { UNKNOWN, TOO_FEW, UNCHANGED, LOWER, HIGHER };

static enum verdict judge(const struct overview_interval *d)
{
    if (d->images == 0)
        return UNKNOWN;
    if (d->images < ENOUGH)
        return TOO_FEW;
    return d->low <= 0 && d->high >= 0 ? UNCHANGED : d->value < 0 ? LOWER : HIGHER;
}

/* Of accuracy McNemar's exact test decides, which needs no minimum. */
static enum verdict judge_accuracy(const struct overview *o)
{
    if (o->top1.images == 0)
        return UNKNOWN;
    return o->top1_p < CERTAIN ? o->top1.value < 0 ? LOWER : HIGHER : UNCHANGED;
}

static const char *how_many(const struct overview *o)
{
    double part = o->images ? 100.0 * (double)o->changed / (double)o->images : 0;

    return o->changed == 0 ? "No" : part < FEW ? "Few" : part < MANY ? "Some" : "Many";
}

static const char *how_alike(const struct overview *o)
{
    double rmse = o->rmse[PAIRS_ALIGNED];

    return rmse < SAME        ? "nearly the same"
           : rmse < SIMILAR   ? "similar"
           : rmse < DIFFERENT ? "clearly different"
                              : "very different";
}

static double share(int64_t part, int64_t of)
{
    return of > 0 ? 100.0 * (double)part / (double)of : 0;
}

static status say_answers(const struct overview *o, struct text *out)
{
    double part = share(o->changed, o->images);

    return text_add(out, "%s answers changed: %lld of %lld (%.1f %% [%.1f, %.1f]).", how_many(o),
                    (long long)o->changed, (long long)o->images, part, o->changed_low, o->changed_high);
}

static status say_accuracy(const struct overview *o, struct text *out)
{
    static const char *const word[] = { "", "", "a change not distinguishable from none", "fell", "rose" };
    const struct overview_interval *d = &o->top1;

    if (judge_accuracy(o) == UNKNOWN)
        return text_add(out, " Accuracy: unknown, the pictures have no labels.");
    return text_add(out, " Accuracy: %s (%+.2f points [%+.2f, %+.2f], McNemar's p = %.2g).",
                    word[judge_accuracy(o)], d->value, d->low, d->high, o->top1_p);
}

static status say_maps(const struct overview *o, struct text *out)
{
    return text_add(
        out,
        " Maps: %s (mean RMSE %.1f [%.1f, %.1f] of 255, the pair's sign aligned); the map's box moved "
        "in %.1f %% [%.1f, %.1f] of the pictures.",
        how_alike(o), o->rmse[PAIRS_ALIGNED], o->rmse_low[PAIRS_ALIGNED], o->rmse_high[PAIRS_ALIGNED],
        share(o->moved, o->images), o->moved_low, o->moved_high);
}

static status say_difference(const char *what, const struct overview_interval *d, struct text *out)
{
    static const char *const word[] = { "unknown", "too few pictures to tell",
                                        "not distinguishable from none", "lower", "higher" };

    if (d->images < 2)
        return text_add(out, " %s: %s.", what, d->images ? "one picture" : "unknown");
    return text_add(out, " %s: %s (%+.2f points [%+.2f, %+.2f], %lld pictures).", what, word[judge(d)],
                    d->value, d->low, d->high, (long long)d->images);
}

static status say_ratio(const char *what, const char *more, const char *less, double ratio, struct text *out)
{
    if (ratio <= 0)
        return OK;
    return text_add(out, " %s %.1f times %s.", what, ratio >= 1 ? ratio : 1 / ratio,
                    ratio >= 1 ? more : less);
}

status overview_words(const struct store_layout *l, const struct overview *o, struct text *out)
{
    char what[STORE_NAME + 64];

    if (o->images == 0)
        return text_add(out, "No picture has a result.");
    TRY(say_answers(o, out));
    TRY(say_accuracy(o, out));
    TRY(say_maps(o, out));
    if (o->set > 0) {
        snprintf(what, sizeof what, "Deletion, %s set", l->selection[o->set - 1]);
        TRY(say_difference(what, &o->deletion, out));
        snprintf(what, sizeof what, "Insertion, %s set", l->selection[o->set - 1]);
        TRY(say_difference(what, &o->insertion, out));
    }
    TRY(say_difference("Overlap with the true box (IoU)", &o->iou, out));
    TRY(say_ratio("The weights' file is", "smaller", "larger", o->size_ratio, out));
    return say_ratio("An answer comes", "faster", "slower", o->time_ratio, out);
}

/* Names of the measures with one verdict, after a lead: "; not distinguishable from none: a, b". */
static status list_measures(const struct overview *o, enum verdict wanted, const char *lead, struct text *out)
{
    const struct {
        const char *name;
        enum verdict verdict;
    } measure[] = { { "accuracy", judge_accuracy(o) },
                    { "deletion", judge(&o->deletion) },
                    { "insertion", judge(&o->insertion) },
                    { "overlap with the true box", judge(&o->iou) } };
    int found = 0;

    for (size_t i = 0; i < COUNT_OF(measure); i++)
        if (measure[i].verdict == wanted)
            TRY(text_add(out, "%s%s", found++ ? ", " : lead, measure[i].name));
    return OK;
}

status overview_headline(const struct overview *o, struct text *out)
{
    if (o->images == 0)
        return text_add(out, "No picture has a result.");
    TRY(text_add(out, "%s answers changed (%.1f %%); %s maps", how_many(o), share(o->changed, o->images),
                 how_alike(o)));
    TRY(list_measures(o, LOWER, "; lower: ", out));
    TRY(list_measures(o, HIGHER, "; higher: ", out));
    TRY(list_measures(o, UNCHANGED, "; no change that can be told from chance: ", out));
    TRY(list_measures(o, TOO_FEW, "; too few pictures to tell: ", out));
    TRY(list_measures(o, UNKNOWN, "; unknown: ", out));
    return text_add(out, ".");
}

const char *overview_rules(void)
{
    return "Answers changed: no = none, few < 2 %, some < 10 %, many from 10 % on (Wilson's interval). "
           "Accuracy "
           "fell or rose: McNemar's exact p < 0.05; else not distinguishable from none. Maps by their mean "
           "RMSE "
           "of 255 with the pair's sign aligned: nearly the same < 5, similar < 20, clearly different < 50, "
           "else very different. A box moved: the IoU of the two maps' boxes is below 0.5. Deletion (lower "
           "is "
           "more faithful), insertion (higher is), overlap with the true box: lower or higher where the 95 % "
           "interval of the paired difference (bootstrap) leaves out 0; below 20 pictures that is not "
           "judged. "
           "Brackets: 95 % intervals.";
}

status overview_markdown(struct store_reader *r, struct text *out)
{
    const struct store_layout *l = store_reader_layout(r);

    TRY(text_add(out, "## In words\n\n"));
    for (int k = 0; k < l->networks; k++)
        for (int p = 1; p < l->precisions; p++) {
            struct overview o;

            TRY(overview_read(r, k, p, &o));
            TRY(text_add(out, "**%s** in %s. ", l->network[k].name, l->precision[p]));
            TRY(overview_headline(&o, out));
            TRY(text_add(out, " "));
            TRY(overview_words(l, &o, out));
            TRY(text_add(out, "\n\n"));
        }
    return text_add(out, "%s\n\n", overview_rules());
}
