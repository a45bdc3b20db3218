/* tests/report/report_fixture.h: a finished result of square pictures, whose numbers a test sets by hand. */
#ifndef QUANTCAM_REPORT_FIXTURE_H
#define QUANTCAM_REPORT_FIXTURE_H

#include "metric_table.h"
#include "store/store_fixture.h"

#define HAS(text, piece) CHECK_MSG(strstr((text), (piece)) != NULL, "no \"%s\"", (piece))

static inline enum store_measure_kind report_fixture_kind(const struct measure *m, int cross)
{
    if (m->of == MEASURE_PAIR)
        return STORE_MEASURE_PAIR;
    if (m->of == MEASURE_ONE)
        return m->needs & MEASURE_CODES ? STORE_MEASURE_CODES : STORE_MEASURE_ONE;
    if (m->of == MEASURE_TRUTH)
        return m->needs & MEASURE_SHARE ? STORE_MEASURE_ANSWER : STORE_MEASURE_TRUTH;
    return cross && m->needs & MEASURE_CROSS ? STORE_MEASURE_CROSSED : STORE_MEASURE_CURVE;
}

/* The measures of metric's table, as a job has them. */
static inline void report_fixture_measures(struct store_layout *l)
{
    l->measures = 0;
    for (const struct measure *m = measure_table; m->name; m++) {
        int times = m->needs & MEASURE_MAPS     ? 0
                    : m->needs & MEASURE_METHOD ? l->methods
                    : m->of == MEASURE_CURVE    ? l->steps > 0
                                                : 1;

        for (int i = 0; i < times; i++) {
            struct store_measure *to = &l->measure[l->measures++];

            *to = (struct store_measure){ .kind = report_fixture_kind(m, l->cross) };
            measure_text(m->name, l->method[i], to->name, sizeof to->name);
            measure_text(m->meaning, l->method[i], to->meaning, sizeof to->meaning);
            snprintf(to->unit, sizeof to->unit, "%s", m->unit);
        }
    }
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
