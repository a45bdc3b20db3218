/* tests/report/report_fixture.h: a finished result of square pictures, whose numbers a test sets by hand. */
#ifndef QUANTCAM_REPORT_FIXTURE_H
#define QUANTCAM_REPORT_FIXTURE_H

#include "metric_saliency.h"
#include "store/store_fixture.h"

#define HAS(text, piece) CHECK_MSG(strstr((text), (piece)) != NULL, "no \"%s\"", (piece))

static inline enum store_measure_kind report_fixture_kind(const struct measure *m, int cross)
{
    if (m->of == MEASURE_PAIR)
        return STORE_MEASURE_PAIR;
    if (m->of == MEASURE_MATCH)
        return STORE_MEASURE_MATCH;
    if (m->of == MEASURE_ONE)
        return m->needs & MEASURE_CODES ? STORE_MEASURE_CODES : STORE_MEASURE_ONE;
    if (m->of == MEASURE_TRUTH)
        return m->needs & MEASURE_SHARE ? STORE_MEASURE_ANSWER : STORE_MEASURE_TRUTH;
    return cross && m->needs & MEASURE_CROSS ? STORE_MEASURE_CROSSED : STORE_MEASURE_CURVE;
}

static inline void report_fixture_measure(struct store_layout *l, const struct measure *m, const char *name,
                                          const char *method, enum store_measure_kind kind)
{
    struct store_measure *to = &l->measure[l->measures++];

    *to = (struct store_measure){ .kind = kind };
    measure_text(name, method, to->name, sizeof to->name);
    measure_text(m->meaning, method, to->meaning, sizeof to->meaning);
    snprintf(to->unit, sizeof to->unit, "%s", m->unit);
}

/* Does the layout have the truth that a measure of a map compares with? Densities of bit 0, fixations, masks.
 */
static inline int report_fixture_compared(const struct store_layout *l, const struct measure *m)
{
    static const int needs[] = { MEASURE_DENSITY, MEASURE_FIXATIONS, MEASURE_MASK };

    for (int k = 0; k < 3; k++)
        if (m->needs & needs[k])
            return l->truths >> k & 1;
    return l->truths != 0;
}

/* Those of one table; the controls' maps and input gradients have rows that these tests do not write. */
static inline void report_fixture_table(struct store_layout *l, const struct measure *table)
{
    for (const struct measure *m = table; m->name; m++) {
        int maps = (m->needs & MEASURE_MAPS) != 0, times = 1;

        if (maps)
            times = table == saliency_measures && report_fixture_compared(l, m) ? 1 + l->methods : 0;
        else if (m->needs & MEASURE_INPUT)
            times = 0;
        else if (m->needs & MEASURE_METHOD)
            times = l->methods;
        else if (m->of == MEASURE_CURVE)
            times = l->steps > 0;
        for (int i = 0; i < times; i++)
            report_fixture_measure(l, m, m->name,
                                   !maps ? l->method[i]
                                   : i   ? l->method[i - 1]
                                         : "eigen",
                                   report_fixture_kind(m, l->cross));
        if (m->of == MEASURE_MATCH && times) {
            char name[STORE_NAME], measure[SALIENCY_MEASURE];

            snprintf(name, sizeof name, "truth_%s", saliency_measure(m, measure));
            report_fixture_measure(l, m, name, "", STORE_MEASURE_BASELINE);
        }
    }
}

/* The measures that a job has; those of truths, where the layout has truths. */
static inline void report_fixture_measures(struct store_layout *l)
{
    l->measures = 0;
    report_fixture_table(l, measure_table);
    report_fixture_table(l, saliency_measures);
}

/* What a test adds: its layout (or NULL), its numbers, its checks of the finished file. */
struct report_test {
    const char *name;
    void (*lay_out)(struct fixture *f);
    status (*fill)(struct store *s);
    void (*check)(struct store_reader *r, const char *folder);
};

static inline status report_fixture_make(const struct comm *c, struct fixture *f, const struct report_test *t)
{
    struct store *s = NULL;
    int64_t wrote;
    status result = OK;

    for (int i = 0; i < 2; i++)
        f->plan.layout.network[i].input_h = f->plan.layout.network[i].input_w = 8;
    f->plan.provenance = "data.images = /nonexistent\n"
                         "network.resnet18.fp32.sha256 = f37072fd01234567\n"
                         "network.resnet18.pipeline = resize 9 bilinear crop 8 8 channels 3 pillow 13\n"
                         "network.mobilenet_v2.pipeline = resize 9 bilinear crop 8 8 channels 3 pillow 13\n";
    if (t->lay_out)
        t->lay_out(f);
    report_fixture_measures(&f->plan.layout);
    TRY(store_begin(c, f->out, &f->plan, &s));
    TRY_OUT(fixture_fill(c, f, s, 7, &wrote));
    TRY_OUT(t->fill(s));
    TRY_OUT(store_finish(s));
out:
    store_end(&s);
    return result;
}

/* The whole of main. */
static inline int report_fixture_run(int argc, char **argv, const struct report_test *t)
{
    struct comm c = { 0 };
    struct fixture f;
    struct store_reader *r = NULL;

    CHECK(comm_init(&argc, &argv, &c) == OK);
    fixture_start(&c, &f);
    CHECK_MSG(report_fixture_make(&c, &f, t) == OK, "%s", error_last()->text);
    CHECK_MSG(store_open_read(f.out, 1, &r) == OK, "%s", error_last()->text);
    if (r)
        t->check(r, f.folder);
    store_close_read(r);
    fixture_end(&c, &f);
    comm_finish(&c);
    CHECK(mem_live() == 0);
    return check_result(t->name);
}

#endif
