#include "words.h"

#include <string.h>

#include "pairs.h"

/* The bounds between the words. */
#define FEW       2.0 /* % of the answers */
#define MANY      10.0
#define SAME      5.0 /* aligned RMSE, of 255 */
#define SIMILAR   20.0
#define DIFFERENT 50.0
#define CERTAIN   0.05 /* McNemar's p */
#define ENOUGH    20   /* pictures, for a bootstrap interval to mean something */
#define CHANCE    "no change that can be told from chance"

const char *words_rules(void)
{
    return "Answers changed: no = none, few < 2 %, some < 10 %, many from 10 % on (Wilson's interval). "
           "Accuracy fell or rose: McNemar's exact p < 0.05. Maps by their mean RMSE of 255, each pair's "
           "signs aligned: nearly the same < 5, similar < 20, clearly different < 50, else very different. A "
           "box moved: the IoU of the two maps' boxes (the largest region above 0.2 of the maximum) is below "
           "0.5. Deletion: the mean probability of the network's answer while the pixels go that the map "
           "ranks highest; insertion: while they come. Deletion, insertion, overlap with the true box: lower "
           "or higher where the 95 % interval of "
           "the paired difference (bootstrap over the pictures) leaves out 0; below 20 pictures that is not "
           "judged. Not by the map: both maps on one "
           "network differ by nothing that can be told from chance, so the network's confidence moved the "
           "area. Brackets: 95 % intervals, each for itself: of twenty that should hold 0, one leaves it "
           "out by chance.";
}

/* ---- verdicts --------------------------------------------------------------------------------------------
 */

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

static double share(int64_t part, int64_t of)
{
    return of > 0 ? 100.0 * (double)part / (double)of : 0;
}

static const char *how_many(const struct overview *o)
{
    double part = share(o->changed, o->images);

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

/* ---- headline --------------------------------------------------------------------------------------------
 */

/* A curve's area moves with a network's confidence too: does neither network tell the two maps apart? */
static int not_by_map(const struct overview *o, int curve)
{
    return curve >= 0 && judge(&o->cross[0][curve]) == UNCHANGED && judge(&o->cross[1][curve]) == UNCHANGED;
}

/* Names of the measures with one verdict, after a lead: "; lower: accuracy (-3.20 points)". */
static status list_measures(const struct overview *o, enum verdict wanted, const char *lead, struct text *out)
{
    const struct {
        const char *name;
        const struct overview_interval *d;
        enum verdict verdict;
        int curve; /* cross's number, -1 = none */
    } measure[] = { { "accuracy", &o->top1, judge_accuracy(o), -1 },
                    { "deletion", &o->deletion, judge(&o->deletion), 0 },
                    { "insertion", &o->insertion, judge(&o->insertion), 1 },
                    { "overlap with the true box", &o->iou, judge(&o->iou), -1 } };
    int found = 0;

    for (size_t i = 0; i < COUNT_OF(measure); i++) {
        if (measure[i].verdict != wanted)
            continue;
        TRY(text_add(out, "%s%s", found++ ? ", " : lead, measure[i].name));
        if (wanted == LOWER || wanted == HIGHER)
            TRY(text_add(out, " (%+.1f points%s)", measure[i].d->value,
                         not_by_map(o, measure[i].curve) ? ", not by the map" : ""));
    }
    return OK;
}

status words_headline(const struct overview *o, struct text *out)
{
    if (o->images == 0)
        return text_add(out, "No picture has a result.");
    TRY(text_add(out, "%s answers changed (%.1f %%); %s maps", how_many(o), share(o->changed, o->images),
                 how_alike(o)));
    TRY(list_measures(o, LOWER, "; lower: ", out));
    TRY(list_measures(o, HIGHER, "; higher: ", out));
    TRY(list_measures(o, UNCHANGED, "; " CHANCE ": ", out));
    TRY(list_measures(o, TOO_FEW, "; too few pictures to tell: ", out));
    TRY(list_measures(o, UNKNOWN, "; unknown: ", out));
    return text_add(out, ".");
}

/* ---- statements ------------------------------------------------------------------------------------------
 */

typedef status say(const struct store_layout *l, const struct overview *o, struct text *out);

/* "12.3 % in fp32, 14.5 % in int8: +2.20 points [0.10, 4.30], " and the verdict's end of the sentence. */
static status say_change(const struct store_layout *l, const struct overview *o,
                         const struct overview_interval *d, struct text *out)
{
    TRY(text_add(out, ": %.2f %% in %s, %.2f %% in %s", d->of[0], l->precision[0].name, d->of[1],
                 l->precision[o->p].name));
    if (d->images < 2)
        return text_add(out, " (one picture)");
    return text_add(out, ": %+.2f points [%+.2f, %+.2f]", d->value, d->low, d->high);
}

static status say_verdict(enum verdict v, struct text *out)
{
    static const char *const word[] = { "unknown", "too few pictures to tell", CHANCE, "lower", "higher" };

    return text_add(out, ", %s.", word[v]);
}

static status say_answers(const struct store_layout *l, const struct overview *o, struct text *out)
{
    (void)l;
    return text_add(out, "Answers: %lld of %lld pictures changed (%.1f %% [%.1f, %.1f]).",
                    (long long)o->changed, (long long)o->images, share(o->changed, o->images), o->changed_low,
                    o->changed_high);
}

static status say_accuracy(const struct store_layout *l, const struct overview *o, struct text *out)
{
    static const char *const word[] = { "", "", CHANCE, "it fell", "it rose" };

    if (judge_accuracy(o) == UNKNOWN)
        return text_add(out, "Accuracy: unknown, the pictures have no labels.");
    TRY(text_add(out, "Accuracy (top-1 of %lld labelled pictures)", (long long)o->top1.images));
    TRY(say_change(l, o, &o->top1, out));
    return text_add(out, ", McNemar's p = %.2g: %s.", o->top1_p, word[judge_accuracy(o)]);
}

static status say_maps(const struct store_layout *l, const struct overview *o, struct text *out)
{
    (void)l;
    return text_add(
        out,
        "Maps (%lld pairs): %s, mean RMSE %.1f [%.1f, %.1f] of 255 with each pair's signs aligned; the box "
        "round the bright region moved in %lld (%.1f %% [%.1f, %.1f]).",
        (long long)o->images, how_alike(o), o->rmse[PAIRS_ALIGNED], o->rmse_low[PAIRS_ALIGNED],
        o->rmse_high[PAIRS_ALIGNED], (long long)o->moved, share(o->moved, o->images), o->moved_low,
        o->moved_high);
}

/* The study's subset and what is left of it when no pair is turned round. */
static status say_sign(const struct store_layout *l, const struct overview *o, struct text *out)
{
    (void)l;
    if (o->undefined >= o->images)
        return text_add(out, "Sign: the usual library's sign of the maps was not asked for.");
    TRY(text_add(
        out,
        "Sign (arbitrary in EigenCAM): opposite are %lld of %lld pairs as the usual library leaves them "
        "(raw; %.1f %% [%.1f, %.1f]) and %lld by the corrected reading's rule (resolved)",
        (long long)o->flipped, (long long)o->images, share(o->flipped, o->images), o->flipped_low,
        o->flipped_high, (long long)o->still));
    if (o->raw_images > 0)
        TRY(text_add(out, "; of the %lld that differ most raw, the study's choice, %lld",
                     (long long)o->raw_images, (long long)o->raw_flipped));
    if (o->raw_images > 0 && o->raw_flipped > 0)
        TRY(text_add(out, " (with signs aligned the mean RMSE of the %lld is %.1f in place of %.1f)",
                     (long long)o->raw_images, o->raw_rmse[PAIRS_ALIGNED], o->raw_rmse[PAIRS_RAW]));
    if (o->resolved_images > 0)
        TRY(text_add(out, "; of the %lld that differ most resolved, %lld", (long long)o->resolved_images,
                     (long long)o->resolved_opposite));
    return text_add(out, ".");
}

static status say_curve(const struct store_layout *l, const struct overview *o, const char *what,
                        const char *remark, const struct overview_interval *d, struct text *out)
{
    const char *set = o->set > 0 ? l->selection[o->set - 1] : "";

    if (o->set < 0)
        return OK;
    if (d->images == 0)
        return text_add(out, "%s: unknown, no picture of the %s set has curves.", what, set);
    TRY(text_add(out, "%s (%s; %lld pictures %s)", what, remark, (long long)d->images,
                 strcmp(set, "control") == 0 ? "drawn at random" : "that differ most"));
    TRY(say_change(l, o, d, out));
    return say_verdict(judge(d), out);
}

static status say_deletion(const struct store_layout *l, const struct overview *o, struct text *out)
{
    return say_curve(l, o, "Deletion", "lower is more faithful", &o->deletion, out);
}

static status say_insertion(const struct store_layout *l, const struct overview *o, struct text *out)
{
    return say_curve(l, o, "Insertion", "higher is more faithful", &o->insertion, out);
}

static status say_cross(const struct store_layout *l, const struct overview *o, struct text *out)
{
    static const char *const kind[] = { "deletion", "insertion" };
    int better = 0, few = 0;

    if (o->set < 0 || !l->cross || o->cross[0][0].images < 2)
        return OK;
    TRY(text_add(out, "Map or confidence (%s's map less %s's, both on one network, the same pictures):",
                 l->precision[o->p].name, l->precision[0].name));
    for (int s = 0; s < 2; s++)
        for (int k = 0; k < 2; k++) {
            const struct overview_interval *d = &o->cross[s][k];

            few |= judge(d) == TOO_FEW;
            if (k == 0)
                TRY(text_add(out, "%s on %s's", s ? ";" : "", l->precision[s ? o->p : 0].name));
            TRY(text_add(out, "%s %s %+.2f points [%+.2f, %+.2f]", k ? "," : "", kind[k], d->value, d->low,
                         d->high));
        }
    if (few)
        return text_add(out, "; too few pictures to tell.");
    for (int s = 0; s < 2; s++)
        for (int k = 0; k < 2; k++) {
            enum verdict v = judge(&o->cross[s][k]);

            if (v != LOWER && v != HIGHER)
                continue;
            TRY(text_add(out, "%s %s's in %s on %s's", better++ ? "," : ". The better map:",
                         l->precision[(v == LOWER) == (k == 0) ? o->p : 0].name, kind[k],
                         l->precision[s ? o->p : 0].name));
        }
    return text_add(out, better ? "." : ". Neither map is the better one as far as these pictures tell.");
}

static status say_box(const struct store_layout *l, const struct overview *o, struct text *out)
{
    const struct overview_interval *d = &o->iou;

    if (d->images == 0)
        return text_add(out, "True box: unknown, the pictures have no boxes.");
    TRY(text_add(out, "True box (mean IoU of %lld pictures with a box)", (long long)d->images));
    TRY(say_change(l, o, d, out));
    TRY(say_verdict(judge(d), out));
    return text_add(out, " The whole picture as the box reaches %.1f %%.", o->whole_frame);
}

static status say_ratio(const char *more, const char *less, double ratio, struct text *out)
{
    return text_add(out, "%.1f times %s", ratio >= 1 ? ratio : 1 / ratio, ratio >= 1 ? more : less);
}

static status say_cost(const struct store_layout *l, const struct overview *o, struct text *out)
{
    double size = overview_size_ratio(o), time = overview_time_ratio(o);
    const char *a = l->precision[0].name, *b = l->precision[o->p].name;

    if (size > 0) {
        TRY(text_add(out, "Cost: weights %.2f MiB in %s, %.2f in %s, ", (double)o->bytes[0] / (1 << 20), a,
                     (double)o->bytes[1] / (1 << 20), b));
        TRY(say_ratio("smaller", "larger", size, out));
        TRY(text_add(out, "."));
    }
    if (time <= 0)
        return OK;
    TRY(text_add(out, "%s answer %.2f ms in %s (quartiles %.2f-%.2f), %.2f in %s (%.2f-%.2f), ",
                 size > 0 ? " An" : "Cost: an", 1e3 * o->time[0].median, a, 1e3 * o->time[0].low,
                 1e3 * o->time[0].high, 1e3 * o->time[1].median, b, 1e3 * o->time[1].low,
                 1e3 * o->time[1].high));
    TRY(say_ratio("faster", "slower", time, out));
    return text_add(out, " (medians of %lld pictures, one core, without decoding and map).",
                    (long long)o->timed);
}

status words_statement(const struct store_layout *l, const struct overview *o, int i, struct text *out)
{
    static say *const all[WORDS_STATEMENTS] = { say_answers,   say_accuracy, say_maps, say_sign, say_deletion,
                                                say_insertion, say_cross,    say_box,  say_cost };

    BUG_IF(i < 0 || i >= WORDS_STATEMENTS);
    return o->images > 0 ? all[i](l, o, out) : OK;
}

/* ---- Markdown --------------------------------------------------------------------------------------------
 */

static status add_markdown(const struct store_layout *l, const struct overview *o, struct text *out)
{
    TRY(text_add(out, "**%s** in %s. ", l->network[o->network].name, l->precision[o->p].name));
    TRY(words_headline(o, out));
    TRY(text_add(out, "\n\n"));
    for (int i = 0; i < WORDS_STATEMENTS; i++) {
        size_t before = out->size;

        TRY(text_add(out, "- "));
        TRY(words_statement(l, o, i, out));
        if (out->size == before + 2)
            out->data[out->size = before] = '\0';
        else
            TRY(text_add(out, "\n"));
    }
    return text_add(out, "\n");
}

status words_markdown(struct store_reader *r, struct text *out)
{
    const struct store_layout *l = store_reader_layout(r);

    TRY(text_add(out, "## In words\n\n"));
    for (int k = 0; k < l->networks; k++)
        for (int p = 1; p < l->precisions; p++) {
            struct overview o;

            TRY(overview_read(r, k, p, &o));
            TRY(add_markdown(l, &o, out));
        }
    return text_add(out, "%s\n\n", words_rules());
}
