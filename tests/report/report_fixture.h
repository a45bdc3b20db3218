/* tests/report/report_fixture.h: a finished result of square pictures, whose numbers a test sets by hand. */
#ifndef QUANTCAM_REPORT_FIXTURE_H
#define QUANTCAM_REPORT_FIXTURE_H

#include "store/store_fixture.h"

#define HAS(text, piece) CHECK_MSG(strstr((text), (piece)) != NULL, "no \"%s\"", (piece))

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

    f->plan.layout.input_w = f->plan.layout.input_h;
    f->plan.provenance = "data.images = /nonexistent\n"
                         "network.resnet18.pipeline = resize 9 bilinear crop 8 8 channels 3 pillow 13\n"
                         "network.mobilenet_v2.pipeline = resize 9 bilinear crop 8 8 channels 3 pillow 13\n";
    if (t->lay_out)
        t->lay_out(f);
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
