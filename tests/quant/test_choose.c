/* Which layer gives a bit: two layers of which one loses nothing, and the ends of a choice. */
#include <math.h>

#include "made.h"

/* What the test sees of a map: the share of the error in its energy. */
struct seen {
    struct engine real, now;
    float map[MADE_PICTURES][64];
    int looks;
};

static int copy(const struct engine *e, float *out)
{
    struct engine_map m = engine_cam_map(e->plan, e->state);

    CHECK(m.c * m.h * m.w <= 64);
    engine_map_copy_real(&m, out);
    return m.c * m.h * m.w;
}

static status start(void *self, const struct engine *real, const struct engine *now)
{
    struct seen *s = self;

    s->real = *real;
    s->now = *now;
    return OK;
}

static status see_real(void *self, int picture)
{
    struct seen *s = self;

    copy(&s->real, s->map[picture]);
    return OK;
}

static status see_now(void *self, int picture, double *drift, double *rmse)
{
    struct seen *s = self;
    float map[64];
    int count = copy(&s->now, map);
    double all = 0, error = 0;

    for (int i = 0; i < count; i++) {
        all += pow((double)s->map[picture][i], 2);
        error += pow((double)s->map[picture][i] - (double)map[i], 2);
    }
    *drift = error / all;
    *rmse = 0;
    s->looks++;
    return OK;
}

/* The weights of a are codes of 2 bits as they stand; b's and fc's are of no few bits. */
static void make(struct made *m, struct quant_look *look, struct seen *s)
{
    made_pair(m, MADE_PAIR("relu"));
    memcpy(((struct tensor *)table_find(&m->net.table, "a.weight"))->data, (float[]){ 1, -2, 1, 1, 1, -2 },
           6 * sizeof(float));
    memcpy(((struct tensor *)table_find(&m->net.table, "b.weight"))->data,
           (float[]){ 0.91f, 0.37f, -0.83f, 0.71f }, 4 * sizeof(float));
    *s = (struct seen){ .looks = 0 };
    *look = (struct quant_look){ start, see_real, see_now, s };
    m->options.look = look;
    m->options.equalize = QUANT_EQUALIZE_OFF;
}

static int bits_of(const struct quant_result *r, int line)
{
    return r->line[line].weight_bits;
}

/* 14 weights, 14 bytes at 8 bits. a gives all of its bits, 4 of 6 bytes, and b and fc have 3 each. */
static void by_size(void)
{
    static struct made m;
    struct quant_look look;
    struct seen s;
    struct quant_result r;
    const struct tensor *a;

    make(&m, &look, &s);
    m.options.choose_bytes = 8;
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r));
    CHECK_MSG(bits_of(&r, 1) == 2 && bits_of(&r, 2) == 6 && bits_of(&r, 3) == 6, "%d %d %d", bits_of(&r, 1),
              bits_of(&r, 2), bits_of(&r, 3));
    CHECK(r.trials == MADE_PICTURES && r.tried >= 3 && s.looks > MADE_PICTURES * r.tried);
    CHECK(isfinite(r.whole.drift) && r.whole.drift < 1e-3);
    a = table_find(&r.table, "a.weight");
    CHECK(a->bits == 2 && a->dense && tensor_at(a, 0) == 1 && tensor_at(a, 1) == -2);
    quant_result_free(&r);
    made_free(&m);
}

/* As much drift as there may be: all layers end at 2 bits; at hardly any all but a stay near 8. */
static void by_drift(void)
{
    static struct made m;
    struct quant_look look;
    struct seen s;
    struct quant_result r;

    make(&m, &look, &s);
    m.options.choose_drift = 1;
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r));
    CHECK(bits_of(&r, 1) == 2 && bits_of(&r, 2) == 2 && bits_of(&r, 3) == 2);
    quant_result_free(&r);
    m.options.choose_drift = 2e-4;
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r));
    CHECK_MSG(bits_of(&r, 1) == 2 && bits_of(&r, 2) > 4 && bits_of(&r, 3) > 4, "%d %d %d", bits_of(&r, 1),
              bits_of(&r, 2), bits_of(&r, 3));
    quant_result_free(&r);
    made_free(&m);
}

static void refused(void)
{
    static struct made m;
    struct quant_look look;
    struct seen s;
    struct quant_result r;

    make(&m, &look, &s);
    m.options.choose_bytes = 3;
    CHECK(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r) == ERR_RANGE &&
          strstr(error_last()->text, "a choice of 3 bytes: codes of 2 bits in every layer take 4 already"));
    m.options.choose_drift = 0.5;
    CHECK(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r) == ERR_RANGE &&
          strstr(error_last()->text, "not for both"));
    m.options.choose_bytes = 0;
    m.options.choose_drift = 1e-9;
    CHECK(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r) == ERR_RANGE &&
          strstr(error_last()->text, "a choice of drift 1e-09: with weights of 8 bits in every layer"));
    made_free(&m);
}

int main(void)
{
    by_size();
    by_drift();
    refused();
    return check_result("quant_choose");
}
