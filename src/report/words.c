/* src/report/words.c: sentences from the numbers of an overview. */
#include "words.h"

#include <string.h>

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
    return "Answers changed: no = none, few < 2 %, some < 10 %, many from 10 % on. Accuracy fell or rose: "
           "McNemar's exact p < 0.05. Maps by their mean RMSE of 255, each pair's signs aligned: nearly the "
           "same < 5, similar < 20, clearly different < 50, else very different. Deletion: the mean "
           "probability of the network's answer while the pixels go that the map ranks highest; insertion: "
           "while they come. Deletion, insertion, overlap with the true box: lower or higher where the 95 % "
           "interval of the paired difference (bootstrap over the pictures) leaves out 0; below 20 pictures "
           "that is not judged. Not by the map: both maps on one network differ by nothing that can be told "
           "from chance, so the network's confidence moved the area. Brackets: 95 % intervals, each for "
           "itself: of twenty that should hold 0, one leaves it out by chance.";
}

/* ---- verdicts ------------------------------------------------------------------------------------------ */

/* Of a paired difference: which way it goes, as far as the interval tells. */
enum verdict { UNKNOWN, TOO_FEW, UNCHANGED, LOWER, HIGHER };

static enum verdict judge(const struct value *d)
{
    if (d->why)
        return UNKNOWN;
    if (d->images < ENOUGH)
        return TOO_FEW;
    return d->low <= 0 && d->high >= 0 ? UNCHANGED : d->value < 0 ? LOWER : HIGHER;
}

/* Of accuracy McNemar's exact test decides, which needs no minimum. */
static enum verdict judge_accuracy(const struct overview *o)
{
    if (o->top1.change.why)
        return UNKNOWN;
    return o->top1_p < CERTAIN ? o->top1.change.value < 0 ? LOWER : HIGHER : UNCHANGED;
}

static const char *how_many(const struct overview *o)
{
    double part = o->changed.value;

    return part <= 0 ? "No" : part < FEW ? "Few" : part < MANY ? "Some" : "Many";
}

static const char *how_alike(const struct overview *o)
{
    double rmse = o->rmse.value;

    return rmse < SAME        ? "nearly the same"
           : rmse < SIMILAR   ? "similar"
           : rmse < DIFFERENT ? "clearly different"
                              : "very different";
}

/* ---- headline ------------------------------------------------------------------------------------------ */

/* A curve's area moves with a network's confidence too: does neither network tell the two maps apart? */
static int not_by_map(const struct overview *o, int curve)
{
    return curve >= 0 && judge(&o->cross[0][curve]) == UNCHANGED && judge(&o->cross[1][curve]) == UNCHANGED;
}

/* Names of the measures with one verdict, after a lead: "; lower: accuracy (-3.20 points)". */
static status list_measures(const struct overview *o, enum verdict wanted, const char *lead, int *listed,
                            struct text *out)
{
    const struct {
        const char *name;
        const struct value *d;
        enum verdict verdict;
        int curve; /* cross's number, -1 = none */
    } measure[] = { { "accuracy", &o->top1.change, judge_accuracy(o), -1 },
                    { "deletion", &o->deletion.change, judge(&o->deletion.change), 0 },
                    { "insertion", &o->insertion.change, judge(&o->insertion.change), 1 },
                    { "overlap with the true box", &o->iou.change, judge(&o->iou.change), -1 } };
    int found = 0;

    for (size_t i = 0; i < COUNT_OF(measure); i++) {
        if (measure[i].verdict != wanted)
            continue;
        TRY(text_add(out, "%s%s", found++ ? ", " : lead, measure[i].name));
        if (wanted == LOWER || wanted == HIGHER)
            TRY(text_add(out, " (%+.1f points%s)", measure[i].d->value,
                         not_by_map(o, measure[i].curve) ? ", not by the map" : ""));
    }
    *listed += found;
    return OK;
}

status words_headline(const struct overview *o, struct text *out)
{
    int listed = 0;

    if (o->images == 0)
        return text_add(out, "No picture has a result.");
    TRY(text_add(out, "%s answers changed (%.1f %%); %s maps", how_many(o), o->changed.value, how_alike(o)));
    TRY(list_measures(o, LOWER, "; lower: ", &listed, out));
    TRY(list_measures(o, HIGHER, "; higher: ", &listed, out));
    if (!listed)
        TRY(text_add(out, "; otherwise " CHANCE));
    TRY(list_measures(o, TOO_FEW, "; too few pictures to tell: ", &listed, out));
    return text_add(out, ".");
}

/* ---- statements ---------------------------------------------------------------------------------------- */

typedef status say(const struct store_layout *l, const struct overview *o, struct text *out);

/* "12.3 % in fp32, 14.5 % in int8: +2.20 points [0.10, 4.30]" */
static status say_change(const struct store_layout *l, const struct overview *o,
                         const struct overview_change *c, struct text *out)
{
    const struct value *d = &c->change;

    TRY(text_add(out, ": %.2f %% in %s, %.2f %% in %s", c->of[0].value, l->precision[0].name, c->of[1].value,
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
    return text_add(out, "Answers: %.0f of %lld pictures changed (%.1f %% [%.1f, %.1f]).",
                    o->changed.value / 100 * (double)o->images, (long long)o->images, o->changed.value,
                    o->changed.low, o->changed.high);
}

static status say_accuracy(const struct store_layout *l, const struct overview *o, struct text *out)
{
    static const char *const word[] = { "", "", CHANCE, "it fell", "it rose" };

    if (judge_accuracy(o) == UNKNOWN)
        return text_add(out, "Accuracy: unknown, the pictures have no labels.");
    TRY(text_add(out, "Accuracy (top-1 of %lld labelled pictures)", (long long)o->top1.change.images));
    TRY(say_change(l, o, &o->top1, out));
    return text_add(out, ", McNemar's p = %.2g: %s.", o->top1_p, word[judge_accuracy(o)]);
}

static status say_maps(const struct store_layout *l, const struct overview *o, struct text *out)
{
    return text_add(out,
                    "Maps (%lld pairs): %s, mean RMSE %.1f [%.1f, %.1f] of 255 with each pair's signs "
                    "aligned; the boxes round the bright regions overlap by %.1f %% [%.1f, %.1f].",
                    (long long)o->images, how_alike(o), o->rmse.value, o->rmse.low, o->rmse.high,
                    100 * o->box.value, 100 * o->box.low, 100 * o->box.high);
}

/* The study's subset and what is left of it when no pair is turned round. */
static status say_sign(const struct store_layout *l, const struct overview *o, struct text *out)
{
    if (o->sign[0].undefined.value >= 100)
        return text_add(out, "Sign: the usual library's sign of the maps was not asked for.");
    TRY(text_add(out,
                 "Sign (arbitrary in EigenCAM): as the usual library leaves them (raw), %.1f %% "
                 "[%.1f, %.1f] of the pairs are opposite",
                 o->sign[0].flipped.value, o->sign[0].flipped.low, o->sign[0].flipped.high));
    if (!o->sign[1].flipped.why)
        TRY(text_add(out,
                     "; of the %lld that differ most raw, the study's choice, %.1f %%, and with signs "
                     "aligned their mean RMSE is %.1f in place of %.1f",
                     (long long)o->sign[1].flipped.images, o->sign[1].flipped.value, o->sign[1].aligned.value,
                     o->sign[1].raw.value));
    return text_add(out, ".");
}

static status say_curve(const struct store_layout *l, const struct overview *o, const char *what,
                        const char *remark, const struct overview_change *c, struct text *out)
{
    const char *set = o->set > 0 ? value_set_name(l, o->set) : "";

    if (o->set < 0)
        return OK;
    if (c->change.why)
        return text_add(out, "%s: unknown, no picture of the %s set has curves.", what, set);
    TRY(text_add(out, "%s (%s; %lld pictures %s)", what, remark, (long long)c->change.images,
                 strcmp(set, "control") == 0 ? "drawn at random" : "that differ most"));
    TRY(say_change(l, o, c, out));
    return say_verdict(judge(&c->change), out);
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

    if (o->set < 0 || o->cross[0][0].images < 2)
        return OK;
    TRY(text_add(out, "Map or confidence (%s's map less %s's, both on one network, the same pictures):",
                 l->precision[o->p].name, l->precision[0].name));
    for (int s = 0; s < 2; s++)
        for (int k = 0; k < 2; k++) {
            const struct value *d = &o->cross[s][k];

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
    if (o->iou.change.why)
        return text_add(out, "True box: unknown, the pictures have no boxes.");
    TRY(text_add(out, "True box (mean IoU of %lld pictures with a box)", (long long)o->iou.change.images));
    TRY(say_change(l, o, &o->iou, out));
    TRY(say_verdict(judge(&o->iou.change), out));
    return text_add(out, " The whole picture as the box reaches %.1f %%.", o->frame.value);
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
        TRY(text_add(out, "Cost: weights %.2f MiB in %s, %.2f in %s, ", o->size[0].value, a, o->size[1].value,
                     b));
        TRY(say_ratio("smaller", "larger", size, out));
        TRY(text_add(out, "."));
    }
    if (time <= 0)
        return OK;
    TRY(text_add(out, "%s answer %.2f ms in %s (quartiles %.2f-%.2f), %.2f in %s (%.2f-%.2f), ",
                 size > 0 ? " An" : "Cost: an", o->time[0].value, a, o->time[0].low, o->time[0].high,
                 o->time[1].value, b, o->time[1].low, o->time[1].high));
    TRY(say_ratio("faster", "slower", time, out));
    return text_add(out, " (medians of %lld pictures, one core, without decoding and map).",
                    (long long)o->time[1].images);
}

status words_statement(const struct store_layout *l, const struct overview *o, int i, struct text *out)
{
    static say *const all[WORDS_STATEMENTS] = { say_answers,   say_accuracy, say_maps, say_sign, say_deletion,
                                                say_insertion, say_cross,    say_box,  say_cost };

    BUG_IF(i < 0 || i >= WORDS_STATEMENTS);
    return o->images > 0 ? all[i](l, o, out) : OK;
}

/* ---- Markdown ------------------------------------------------------------------------------------------ */

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

    if (l->precisions < 2)
        return OK;
    TRY(text_add(out, "## In words\n\n"));
    for (int k = 0; k < l->networks; k++)
        for (int p = 1; p < l->precisions; p++) {
            struct overview o;

            TRY(overview_read(r, k, p, &o));
            TRY(add_markdown(l, &o, out));
        }
    return text_add(out, "%s\n\n", words_rules());
}
