/* src/report/words.c: sentences from the numbers of one network and precision. */
#include "words_control.h"
#include "words_parts.h"
#include "words_reading.h"

#include <math.h>
#include <string.h>

/* The bounds between the words. */
#define FEW       2.0 /* % of the answers */
#define MANY      10.0
#define SAME      5.0 /* aligned RMSE, of 255 */
#define SIMILAR   20.0
#define DIFFERENT 50.0
#define CERTAIN   0.05 /* McNemar's p */

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

/* ---- numbers ------------------------------------------------------------------------------------------- */

/* What sentences are about: precision p of a network. A failure to read stays in `result`. */
struct subject {
    struct store_reader *r;
    const struct store_layout *l;
    int network, p;
    const char *first, *name; /* the first precision, p */
    status result;
};

/* A value of p, of the first precision, or p's less the first's. */
enum whose { OWN, FIRST, CHANGE };

static struct value ask(struct subject *s, enum whose whose, const char *set, const char *measure)
{
    struct value_key key = { s->network, whose == FIRST ? 0 : s->p, value_set(s->l, set, s->name), measure };
    struct value v = { .why = "-" };
    status result = whose == CHANGE ? value_difference(s->r, &key, &v) : value_read(s->r, &key, &v);

    if (result != OK)
        s->result = result;
    return v;
}

static const char *const curve[] = { "deletion", "insertion" };

/* Of a curve both maps on one network, the first's or p's. */
static struct value ask_cross(struct subject *s, int scorer, int kind)
{
    char measure[2 * STORE_NAME];

    snprintf(measure, sizeof measure, "%s_on_%s", curve[kind], scorer ? s->name : s->first);
    return ask(s, CHANGE, value_sampled, measure);
}

/* ---- verdicts ------------------------------------------------------------------------------------------ */

enum verdict words_judge(const struct value *d)
{
    if (d->why)
        return UNKNOWN;
    if (d->images < ENOUGH)
        return TOO_FEW;
    return d->low <= 0 && d->high >= 0 ? UNCHANGED : d->value < 0 ? LOWER : HIGHER;
}

/* Of accuracy McNemar's exact test decides, which needs no minimum. */
static enum verdict judge_accuracy(struct subject *s, const struct value *d)
{
    if (d->why)
        return UNKNOWN;
    return ask(s, OWN, "all", "top1_p").value < CERTAIN ? d->value < 0 ? LOWER : HIGHER : UNCHANGED;
}

static const char *how_many(double changed)
{
    return changed <= 0 ? "No" : changed < FEW ? "Few" : changed < MANY ? "Some" : "Many";
}

static const char *how_alike(double rmse)
{
    return rmse < SAME        ? "nearly the same"
           : rmse < SIMILAR   ? "similar"
           : rmse < DIFFERENT ? "clearly different"
                              : "very different";
}

/* ---- headline ------------------------------------------------------------------------------------------ */

/* A curve's area moves with a network's confidence too: does neither network tell the two maps apart? */
static int not_by_map(struct subject *s, int kind)
{
    struct value on[2] = { ask_cross(s, 0, kind), ask_cross(s, 1, kind) };

    return words_judge(&on[0]) == UNCHANGED && words_judge(&on[1]) == UNCHANGED;
}

/* Names of the measures with one verdict, after a lead: "; lower: accuracy (-3.20 points)". */
static status list_measures(struct subject *s, enum verdict wanted, const char *lead, int *listed,
                            struct text *out)
{
    static const struct {
        const char *name, *measure, *set;
    } of[] = { { "accuracy", "top1", "all" },
               { "deletion", "deletion", value_sampled },
               { "insertion", "insertion", value_sampled },
               { "overlap with the true box", "iou", "all" } };
    int found = 0;

    for (size_t i = 0; i < COUNT_OF(of); i++) {
        struct value d = ask(s, CHANGE, of[i].set, of[i].measure);

        if ((i == 0 ? judge_accuracy(s, &d) : words_judge(&d)) != wanted)
            continue;
        TRY(text_add(out, "%s%s", found++ ? ", " : lead, of[i].name));
        if (wanted == LOWER || wanted == HIGHER)
            /* A change does not read as 0. */
            TRY(text_add(out, fabs(d.value) < 0.05 ? " (%+.1g points%s)" : " (%+.1f points%s)", d.value,
                         of[i].set == value_sampled && not_by_map(s, (int)i - 1) ? ", not by the map" : ""));
    }
    *listed += found;
    return OK;
}

static status say_headline(struct subject *s, struct text *out)
{
    struct value changed = ask(s, OWN, "all", "changed"), rmse = ask(s, OWN, "all", "rmse_aligned");
    int listed = 0;

    if (changed.images == 0)
        return text_add(out, "No picture has a result.");
    TRY(text_add(out,
                 changed.value > 0 && changed.value < 0.05 ? "%s answers changed (%.1g %%); %s maps"
                                                           : "%s answers changed (%.1f %%); %s maps",
                 how_many(changed.value), changed.value, how_alike(rmse.value)));
    TRY(words_moved(s->r, s->network, s->p, out));
    TRY(list_measures(s, LOWER, "; lower: ", &listed, out));
    TRY(list_measures(s, HIGHER, "; higher: ", &listed, out));
    if (!listed)
        TRY(text_add(out, "; otherwise " CHANCE));
    TRY(list_measures(s, TOO_FEW, "; too few pictures to tell: ", &listed, out));
    return text_add(out, ".");
}

/* ---- statements ---------------------------------------------------------------------------------------- */

/* "12.3 % in fp32, 14.5 % in int8: +2.20 points [0.10, 4.30]" */
static status say_change(struct subject *s, const char *set, const char *measure, struct text *out)
{
    struct value d = ask(s, CHANGE, set, measure);

    TRY(text_add(out, ": %.2f %% in %s, %.2f %% in %s", ask(s, FIRST, set, measure).value, s->first,
                 ask(s, OWN, set, measure).value, s->name));
    if (d.images < 2)
        return text_add(out, " (one picture)");
    return text_add(out, ": %+.2f points [%+.2f, %+.2f]", d.value, d.low, d.high);
}

static status say_verdict(enum verdict v, struct text *out)
{
    static const char *const word[] = { "unknown", "too few pictures to tell", CHANCE, "lower", "higher" };

    return text_add(out, ", %s.", word[v]);
}

static status say_answers(struct subject *s, struct text *out)
{
    struct value changed = ask(s, OWN, "all", "changed");

    return text_add(out, "Answers: %.0f of %lld pictures changed (%.1f %% [%.1f, %.1f]).",
                    changed.value / 100 * (double)changed.images, (long long)changed.images, changed.value,
                    changed.low, changed.high);
}

static status say_accuracy(struct subject *s, struct text *out)
{
    static const char *const word[] = { "", "", CHANCE, "it fell", "it rose" };
    struct value d = ask(s, CHANGE, "all", "top1");
    enum verdict verdict = judge_accuracy(s, &d);

    if (verdict == UNKNOWN)
        return text_add(out, "Accuracy: unknown, the pictures have no labels.");
    TRY(text_add(out, "Accuracy (top-1 of %lld labelled pictures)", (long long)d.images));
    TRY(say_change(s, "all", "top1", out));
    return text_add(out, ", McNemar's p = %.2g: %s.", ask(s, OWN, "all", "top1_p").value, word[verdict]);
}

static status say_maps(struct subject *s, struct text *out)
{
    struct value rmse = ask(s, OWN, "all", "rmse_aligned"), box = ask(s, OWN, "all", "box_iou");

    return text_add(out,
                    "Maps (%lld pairs): %s, mean RMSE %.1f [%.1f, %.1f] of 255 with each pair's signs "
                    "aligned; the boxes round the bright regions overlap by %.1f %% [%.1f, %.1f].",
                    (long long)ask(s, OWN, "all", "changed").images, how_alike(rmse.value), rmse.value,
                    rmse.low, rmse.high, 100 * box.value, 100 * box.low, 100 * box.high);
}

/* The study's subset and what is left of it when no pair is turned round. */
static status say_sign(struct subject *s, struct text *out)
{
    struct value all = ask(s, OWN, "all", "sign_flipped"), chosen = ask(s, OWN, "raw", "sign_flipped");

    if (ask(s, OWN, "all", "raw_undefined").value >= 100)
        return text_add(out, "Sign: the usual library's sign of the maps was not asked for.");
    TRY(text_add(out,
                 "Sign (arbitrary in EigenCAM): as the usual library leaves them (raw), %.1f %% "
                 "[%.1f, %.1f] of the pairs are opposite",
                 all.value, all.low, all.high));
    if (!chosen.why)
        TRY(text_add(out,
                     "; of the %lld that differ most raw, the study's choice, %.1f %%, and with signs "
                     "aligned their mean RMSE is %.1f in place of %.1f",
                     (long long)chosen.images, chosen.value, ask(s, OWN, "raw", "rmse_aligned").value,
                     ask(s, OWN, "raw", "rmse_raw").value));
    return text_add(out, ".");
}

static status say_curve(struct subject *s, int kind, const char *what, const char *remark, struct text *out)
{
    struct value d = ask(s, CHANGE, value_sampled, curve[kind]);
    int set = value_set(s->l, value_sampled, s->name), control = value_set(s->l, "control", s->name);

    if (s->l->steps == 0 || set < 0)
        return OK;
    if (d.why)
        return text_add(out, "%s: unknown, no picture of the %s set has curves.", what,
                        value_set_name(s->l, set));
    TRY(text_add(out, "%s (%s; %lld pictures %s)", what, remark, (long long)d.images,
                 set == control ? "drawn at random" : "that differ most"));
    TRY(say_change(s, value_sampled, curve[kind], out));
    return say_verdict(words_judge(&d), out);
}

static status say_deletion(struct subject *s, struct text *out)
{
    return say_curve(s, 0, "Deletion", "lower is more faithful", out);
}

static status say_insertion(struct subject *s, struct text *out)
{
    return say_curve(s, 1, "Insertion", "higher is more faithful", out);
}

static status say_cross(struct subject *s, struct text *out)
{
    const char *const network[] = { s->first, s->name };
    int better = 0, few = 0;

    if (ask_cross(s, 0, 0).images < 2)
        return OK;
    TRY(text_add(out, "Map or confidence (%s's map less %s's, both on one network, the same pictures):",
                 s->name, s->first));
    for (int n = 0; n < 2; n++)
        for (int k = 0; k < 2; k++) {
            struct value d = ask_cross(s, n, k);

            few |= words_judge(&d) == TOO_FEW;
            if (k == 0)
                TRY(text_add(out, "%s on %s's", n ? ";" : "", network[n]));
            TRY(text_add(out, "%s %s %+.2f points [%+.2f, %+.2f]", k ? "," : "", curve[k], d.value, d.low,
                         d.high));
        }
    if (few)
        return text_add(out, "; too few pictures to tell.");
    for (int n = 0; n < 2; n++)
        for (int k = 0; k < 2; k++) {
            struct value d = ask_cross(s, n, k);
            enum verdict v = words_judge(&d);

            if (v == LOWER || v == HIGHER)
                TRY(text_add(out, "%s %s's in %s on %s's", better++ ? "," : ". The better map:",
                             network[(v == LOWER) == (k == 0)], curve[k], network[n]));
        }
    return text_add(out, better ? "." : ". Neither map is the better one as far as these pictures tell.");
}

static status say_box(struct subject *s, struct text *out)
{
    struct value d = ask(s, CHANGE, "all", "iou");

    if (d.why)
        return text_add(out, "True box: unknown, the pictures have no boxes.");
    TRY(text_add(out, "True box (mean IoU of %lld pictures with a box)", (long long)d.images));
    TRY(say_change(s, "all", "iou", out));
    TRY(say_verdict(words_judge(&d), out));
    return text_add(out, " The whole picture as the box reaches %.1f %%.",
                    ask(s, OWN, "all", "frame_iou").value);
}

static status say_ratio(const char *more, const char *less, double ratio, struct text *out)
{
    return text_add(out, "%.1f times %s", ratio >= 1 ? ratio : 1 / ratio, ratio >= 1 ? more : less);
}

static status say_cost(struct subject *s, struct text *out)
{
    struct value size = ask(s, OWN, "all", "size_ratio"), time = ask(s, OWN, "all", "time_ratio"),
                 a = ask(s, FIRST, "all", "inference"), b = ask(s, OWN, "all", "inference");

    if (!size.why) {
        TRY(text_add(out, "Cost: weights %.2f MiB in %s, %.2f in %s, ", ask(s, FIRST, "all", "size").value,
                     s->first, ask(s, OWN, "all", "size").value, s->name));
        TRY(say_ratio("smaller", "larger", size.value, out));
        TRY(text_add(out, "."));
    }
    if (time.why)
        return OK;
    TRY(text_add(out, "%s answer %.2f ms in %s (quartiles %.2f-%.2f), %.2f in %s (%.2f-%.2f), ",
                 size.why ? "Cost: an" : " An", a.value, s->first, a.low, a.high, b.value, s->name, b.low,
                 b.high));
    TRY(say_ratio("faster", "slower", time.value, out));
    return text_add(out, " (medians of %lld pictures, one core, without decoding and map).",
                    (long long)b.images);
}

static status say_road(struct subject *s, struct text *out)
{
    return words_road(s->r, s->network, s->p, out);
}

static status say_input(struct subject *s, struct text *out)
{
    return words_input(s->r, s->network, s->p, out);
}

static status say_reading(struct subject *s, struct text *out)
{
    return words_reading(s->r, s->network, s->p, out);
}

static status say_random(struct subject *s, struct text *out)
{
    return words_random(s->r, s->network, out);
}

/* ---- findings ------------------------------------------------------------------------------------------ */

status words_end(struct words_finding *f, size_t from)
{
    if (f->text.size == from)
        return OK;
    f->sentences++;
    return text_add_bytes(&f->text, "", 1);
}

void words_list(struct words_finding *f)
{
    char *at = f->text.data;

    for (int i = 0; i < f->sentences; i++, at += strlen(at) + 1)
        f->sentence[i] = at;
}

static status read_finding(struct store_reader *r, int network, int p, struct words_finding *f)
{
    static status (*const say[WORDS_SENTENCES])(struct subject * s, struct text * out) = {
        say_headline,  say_answers, say_accuracy, say_reading, say_maps, say_sign,   say_deletion,
        say_insertion, say_cross,   say_box,      say_cost,    say_road, say_random, say_input
    };
    const struct store_layout *l = store_reader_layout(r);
    struct subject s = { r, l, network, p, l->precision[0].name, l->precision[p].name, OK };
    int some = ask(&s, OWN, "all", "changed").images > 0;

    f->network = l->network[network].name;
    f->precision = l->precision[p].name;
    f->text.max = 1 << 16;
    for (int i = 0; i < (some ? WORDS_SENTENCES : 1); i++) {
        size_t from = f->text.size;

        TRY(say[i](&s, &f->text));
        TRY(words_end(f, from));
    }
    words_list(f);
    return s.result;
}

status words_read(struct store_reader *r, struct words *out)
{
    const struct store_layout *l = store_reader_layout(r);
    status result = OK;

    memset(out, 0, sizeof *out);
    MEM_TRY(out->finding, (size_t)(l->networks * l->precisions), sizeof *out->finding);
    for (int k = 0; k < l->networks && result == OK; k++)
        for (int p = 1; p < l->precisions && result == OK; p++)
            result = read_finding(r, k, p, &out->finding[out->findings++]);
    if (result != OK)
        words_free(out);
    return result;
}

void words_free(struct words *w)
{
    for (int i = 0; i < w->findings; i++)
        text_free(&w->finding[i].text);
    mem_free(w->finding);
    memset(w, 0, sizeof *w);
}

status words_markdown(const struct words *w, struct text *out)
{
    if (w->findings)
        TRY(text_add(out, "## In words\n\n"));
    for (int i = 0; i < w->findings; i++) {
        const struct words_finding *f = &w->finding[i];

        TRY(text_add(out, "**%s** in %s. %s\n\n", f->network, f->precision, f->sentence[0]));
        for (int k = 1; k < f->sentences; k++)
            TRY(text_add(out, "- %s\n", f->sentence[k]));
        TRY(text_add(out, "\n"));
    }
    return w->findings ? text_add(out, "%s\n\n", words_rules()) : OK;
}
