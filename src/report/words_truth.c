/* src/report/words_truth.c: sentences of how the maps of all networks agree with where people look. */
#include <math.h>
#include <string.h>

#include "gaze.h"
#include "study.h"
#include "words_parts.h"

enum { METHOD = 2 * STORE_NAME };

/* What sentences are about. A failure to read stays in `result`. */
struct subject {
    struct store_reader *r;
    const struct store_layout *l;
    const char *method; /* the map that they speak of */
    char truth[96];     /* what it is compared with */
    status result;
};

/* A measure of the map of a method, of the whole set; change: less the first precision's. */
static struct value ask(struct subject *s, int k, int p, const char *measure, const char *method, int change)
{
    char name[METHOD];
    struct value_key key = { k, p, 0, name };
    struct value v = { .why = "-" };
    status result;

    snprintf(name, sizeof name, method ? "%s_%s" : "%s", measure, method);
    result = change ? value_difference(s->r, &key, &v) : value_read(s->r, &key, &v);
    if (result != OK)
        s->result = result;
    return v;
}

static int all_images(struct subject *s)
{
    int64_t most = 0;

    for (int k = 0; k < s->l->networks; k++) {
        int64_t images = ask(s, k, 0, "truth_cc", s->method, 0).images;

        most = images > most ? images : most;
    }
    return (int)most;
}

/* ---- sentences -------------------------------------------------------------------------------------------
 */

static status say_headline(struct subject *s, struct text *out)
{
    double low = INFINITY, high = -INFINITY;
    struct value center = ask(s, 0, 0, "center_truth_cc", NULL, 0);

    for (int k = 0; k < s->l->networks; k++) {
        struct value v = ask(s, k, 0, "truth_cc", s->method, 0);

        if (v.why)
            continue;
        low = fmin(low, v.value);
        high = fmax(high, v.value);
    }
    TRY(text_add(out, "Maps (%s) and %s, %d pictures: in %s they correlate at ", s->method, s->truth,
                 all_images(s), s->l->precision[0].name));
    TRY(s->l->networks > 1 ? text_add(out, "%.3f to %.3f", low, high) : text_add(out, "%.3f", low));
    return center.why ? text_add(out, ".") : text_add(out, "; the bare centre reaches %.3f.", center.value);
}

static status say_change(struct subject *s, struct text *out)
{
    int count[HIGHER + 1] = { 0 }, pairs = 0, network = 0, precision = 0;
    struct value most = { .value = 0 };

    for (int k = 0; k < s->l->networks; k++)
        for (int p = 1; p < s->l->precisions; p++) {
            struct value d = ask(s, k, p, "truth_cc", s->method, 1);
            enum verdict verdict = words_judge(&d);

            if (verdict == UNKNOWN)
                continue;
            pairs++;
            count[verdict]++;
            if (pairs == 1 || fabs(d.value) > fabs(most.value)) {
                most = d;
                network = k;
                precision = p;
            }
        }
    if (pairs == 0)
        return OK;
    TRY(text_add(out,
                 "Quantization: of %d pairs of a network and a precision the map agrees less with the truth "
                 "than %s's in %d, more in %d, and shows " CHANCE " in %d",
                 pairs, s->l->precision[0].name, count[LOWER], count[HIGHER], count[UNCHANGED]));
    if (count[TOO_FEW])
        TRY(text_add(out, " (%d have too few pictures to tell)", count[TOO_FEW]));
    return text_add(out, "; the largest change of the correlation is %+.3f [%+.3f, %+.3f], of %s in %s.",
                    most.value, most.low, most.high, s->l->network[network].name,
                    s->l->precision[precision].name);
}

/* In how many networks the first precision's map is above what knows nothing of the picture: their intervals
 * lie apart. */
static int above(struct subject *s, const char *baseline, double *reached, int *networks)
{
    int count = 0;

    *networks = 0;
    *reached = 0;
    for (int k = 0; k < s->l->networks; k++) {
        struct value v = ask(s, k, 0, "truth_cc", s->method, 0), b = ask(s, k, 0, baseline, NULL, 0);

        if (v.why || b.why)
            continue;
        (*networks)++;
        *reached += b.value;
        count += v.low > b.high;
    }
    *reached /= *networks > 0 ? *networks : 1;
    return count;
}

static status say_baselines(struct subject *s, struct text *out)
{
    double center, shuffled;
    int networks, others, over = above(s, "center_truth_cc", &center, &networks),
                          further = above(s, "shuffled_truth_cc", &shuffled, &others);

    if (networks == 0)
        return OK;
    TRY(text_add(
        out,
        "Centre: in %s the maps of %d of %d networks agree better with the truth than a Gaussian about "
        "the picture's middle does (correlation %.3f)",
        s->l->precision[0].name, over, networks, center));
    if (others > 0)
        TRY(text_add(out, ", %d of %d better than another picture's truth (%.3f)", further, others,
                     shuffled));
    return text_add(out, "; better: the 95 %% intervals lie apart.");
}

/* Mean over the networks that have it; 0 and *networks = 0 where none has. */
static double mean_of(struct subject *s, int p, const char *measure, const char *method, int *networks)
{
    double sum = 0;

    *networks = 0;
    for (int k = 0; k < s->l->networks; k++) {
        struct value v = ask(s, k, p, measure, method, 0);

        *networks += !v.why;
        sum += v.why ? 0 : v.value;
    }
    return *networks > 0 ? sum / *networks : 0;
}

/* Where objects are marked. */
static status say_objects(struct subject *s, struct text *out)
{
    int networks;
    double center = mean_of(s, 0, "center_f_max", NULL, &networks);

    if (networks == 0)
        return OK;
    TRY(text_add(out, "Objects (F-measure with the masks at the best threshold, mean over the networks):"));
    for (int p = 0; p < s->l->precisions; p++) {
        double f = mean_of(s, p, "f_max", s->method, &networks);

        TRY(text_add(out, "%s %.3f in %s", p ? "," : "", f, s->l->precision[p].name));
    }
    return text_add(out, "; the bare centre reaches %.3f.", center);
}

static status say_alike(struct subject *s, struct text *out)
{
    double least = INFINITY;
    int network = 0, precision = 0, said = 0;

    for (int p = 1; p < s->l->precisions; p++) {
        double sum = 0;
        int networks = 0;

        for (int k = 0; k < s->l->networks; k++) {
            struct value v = ask(s, k, p, "cc", s->method, 0);

            if (v.why)
                continue;
            networks++;
            sum += v.value;
            if (v.value < least) {
                least = v.value;
                network = k;
                precision = p;
            }
        }
        if (networks == 0)
            continue;
        if (said++ == 0)
            TRY(text_add(out, "Same map: with %s's maps correlate those", s->l->precision[0].name));
        TRY(text_add(out, "%s of %s at %.4f", said > 1 ? "," : "", s->l->precision[p].name, sum / networks));
    }
    return said == 0 ? OK
                     : text_add(out, " (mean over the networks); least alike is %s in %s, %.4f.",
                                s->l->network[network].name, s->l->precision[precision].name, least);
}

static status say_order(struct subject *s, struct text *out)
{
    for (int i = 0; i < study_count; i++)
        TRY(study_order_say(s->r, study_all[i], out));
    return OK;
}

static status say_methods(struct subject *s, struct text *out)
{
    int said = 0;

    for (int m = -1; m < s->l->methods && s->l->methods > 0; m++) {
        const char *method = m < 0 ? "eigen" : s->l->method[m];
        int networks;
        double mean = mean_of(s, 0, "truth_cc", method, &networks);

        if (networks == 0)
            continue;
        if (said++ == 0)
            TRY(text_add(out,
                         "Methods: in %s the maps agree with the truth (correlation, mean over the networks)",
                         s->l->precision[0].name));
        TRY(text_add(out, "%s by %s at %.3f", said > 1 ? "," : "", method, mean));
    }
    return said ? text_add(out, ".") : OK;
}

static status say_blank(struct subject *s, struct text *out)
{
    static const char *const cause[] = { "blank", "flat" };
    double count[2] = { 0 }, maps = 0, most = 0;
    int network = 0, precision = 0;

    for (int k = 0; k < s->l->networks; k++)
        for (int p = 0; p < s->l->precisions; p++)
            for (int c = 0; c < 2; c++) {
                struct value v = ask(s, k, p, cause[c], s->method, 0);
                double n = v.why ? 0 : v.value / 100 * (double)v.images;

                count[c] += n;
                maps += c || v.why ? 0 : (double)v.images;
                if (n > most) {
                    most = n;
                    network = k;
                    precision = p;
                }
            }
    if (maps == 0)
        return OK;
    TRY(text_add(out, "Degenerate: %.0f of %.0f maps are 0 everywhere, %.0f constant", count[0], maps,
                 count[1]));
    return most > 0 ? text_add(out, "; most, %.0f, are of %s in %s.", most, s->l->network[network].name,
                               s->l->precision[precision].name)
                    : text_add(out, ".");
}

/* ---- all -------------------------------------------------------------------------------------------------
 */

status words_truth_read(struct store_reader *r, struct words_finding *out)
{
    static status (*const say[])(struct subject * s,
                                 struct text * out) = { say_headline, say_change, say_baselines, say_objects,
                                                        say_alike,    say_order,  say_methods,   say_blank };
    const struct store_layout *l = store_reader_layout(r);
    struct subject s = { .r = r, .l = l, .method = value_method(l) };

    memset(out, 0, sizeof *out);
    out->text.max = 1 << 16;
    TRY(gaze_truth(r, s.truth, sizeof s.truth));
    if (all_images(&s) == 0)
        return s.result;
    for (size_t i = 0; i < COUNT_OF(say); i++) {
        size_t from = out->text.size;

        TRY(say[i](&s, &out->text));
        TRY(words_end(out, from));
    }
    words_list(out);
    return s.result;
}

void words_truth_free(struct words_finding *f)
{
    text_free(&f->text);
    memset(f, 0, sizeof *f);
}

status words_truth_markdown(const struct words_finding *f, struct text *out)
{
    if (f->sentences == 0)
        return OK;
    TRY(text_add(out, "## Maps and where people look\n\n%s\n\n", f->sentence[0]));
    for (int k = 1; k < f->sentences; k++)
        TRY(text_add(out, "- %s\n", f->sentence[k]));
    return text_add(out, "\n");
}
