/* Passes over the pictures: sums in the pictures' order whatever the ranks, ranges and means by hand. */
#include <math.h>

#include "made.h"

/* In this order the 1 of picture 1 drowns in 1e16 and the 1 of picture 3 does not: the sum is 1. */
static const double values[4] = { 1e16, 1, -1e16, 1 };

static status value_of(void *self, int picture, double *row)
{
    ++*(int *)self;
    row[0] = values[picture];
    row[1] = picture;
    return OK;
}

/* What ranks 1 and 2 would add: their pictures' rows. */
static void others(void *self, uint64_t *rows, size_t count)
{
    CHECK(count == 8);
    for (int i = 0; i < 4; i++)
        if (i % 3 != 0) {
            double row[2] = { values[i], i };
            uint64_t bits[2];

            memcpy(bits, row, sizeof row);
            rows[2 * i] += bits[0];
            rows[2 * i + 1] += bits[1];
        }
}

static status all_well(void *self, status mine)
{
    return mine;
}

static void order(void)
{
    struct quant_pictures one = { .count = 4, .size = 1 },
                          three = { .count = 4, .size = 3, .sum = others, .agree = all_well };
    double total[2] = { 0, 0 };
    int calls = 0;

    tiny_must(quant_sum_pictures(&one, 2, value_of, &calls, total));
    CHECK(total[0] == 1 && total[1] == 6 && calls == 4);
    total[0] = total[1] = 0;
    tiny_must(quant_sum_pictures(&three, 2, value_of, &calls, total));
    CHECK(total[0] == 1 && total[1] == 6 && calls == 6); /* rank 0 has the pictures 0 and 3 */
}

/* x = p / 255. a's channel 0 is 8 x0 - 4 x1 + 2 x2 + 1: of two uniform pictures 1 and 7; channel 1 is
 * 0.875 x - 0.0625. */
static void ranges(void)
{
    struct made m;
    struct quant_line line = { 0 };
    size_t a, act;

    made_pair(&m, MADE_PAIR("relu6"));
    memset(m.bytes[0], 0, sizeof m.bytes[0]);
    memset(m.bytes[1], 255, sizeof m.bytes[1]);
    m.pictures.count = 2;
    made_fold(&m);
    tiny_must(quant_observe(&m.work));
    a = m.work.first[made_node(&m, "a")];
    act = m.work.first[made_node(&m, "act")];
    CHECK(m.work.low[a] == 1 && m.work.high[a] == 7 && m.work.mean[a] == 4);
    CHECK(m.work.low[a + 1] == -0.0625f && m.work.high[a + 1] == 0.8125f && m.work.mean[a + 1] == 0.375);
    CHECK(m.work.low[act] == 1 && m.work.high[act] == 6 && m.work.mean[act] == 3.5);
    CHECK(m.work.low[act + 1] == 0 && m.work.mean[act + 1] == 0.40625);
    line.node = made_node(&m, "a");
    m.options.observer = QUANT_MINMAX;
    tiny_must(quant_choose_ranges(&m.work, &line, 1)); /* of the relu6 that is fused into it */
    CHECK(line.seen_low == 0 && line.seen_high == 6);
    CHECK(line.q.scale == (double)(6.0f / 255.0f) && line.q.zero_point == 0);
    CHECK(m.work.q[line.node].scale == line.q.scale);
    made_free(&m);
}

/* A cat that grows, and all that it joins, have one scale: that of the least and the largest value of all.
 * The quantized network copies nothing. */
static void shared_scales(enum quant_observer observer)
{
    static const char *const members[] = { "norm", "grow1", "cat1", "grow2", "cat2", "grow3", "cat3" };
    struct made m = { 0 };
    struct quant_result r;
    struct model_binding b = { 0 };
    struct engine e;
    const struct quant_line *line[COUNT_OF(members)] = { NULL };
    double low = 0, high = 0;

    tiny_more(&m.net, 0, 0, 0);
    model_unbind(&m.net.binding);
    made_bind(&m, MADE_PICTURES);
    m.options.observer = observer;
    m.options.correct_bias = 0;
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r));
    for (size_t i = 0; i < COUNT_OF(members); i++)
        for (int j = 0; j < r.lines; j++)
            if (r.line[j].node == made_node(&m, members[i])) {
                line[i] = &r.line[j];
                low = fmin(low, line[i]->seen_low);
                high = fmax(high, line[i]->seen_high);
            }
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        CHECK_MSG(line[i] && quant_params_same(line[i]->q, line[0]->q), "%s", members[i]);
        CHECK(observer != QUANT_MINMAX || line[i]->q.scale == (double)(((float)high - (float)low) / 255));
    }
    for (int j = 0; j < r.lines; j++)
        if (r.line[j].node == made_node(&m, "act") || r.line[j].node == made_node(&m, "norm1"))
            CHECK(!quant_params_same(r.line[j].q, line[0]->q));
    tiny_must(model_bind(&m.net.model, &r.table, NULL, &b));
    tiny_must(engine_open(&b, &(struct engine_options){ .arithmetic = ENGINE_AUTO }, m.work.kernels, &e));
    for (int i = 0; i < engine_steps(e.plan); i++)
        CHECK(strncmp(engine_step_name(e.plan, i), "cat", 3) != 0);
    CHECK(b.unused == 0);
    engine_close(&e);
    model_unbind(&b);
    quant_result_free(&r);
    made_free(&m);
}

/* tiny_every's cat of a slice leaves the sliced map its own scale. */
static void unshared_scales(void)
{
    struct made m;
    struct quant_result r;
    struct quant_params join = { 0 }, sum = { 0 };

    made_every(&m);
    m.options.correct_bias = 0;
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r));
    for (int j = 0; j < r.lines; j++) {
        if (r.line[j].node == made_node(&m, "join"))
            join = r.line[j].q;
        if (r.line[j].node == made_node(&m, "sum"))
            sum = r.line[j].q;
    }
    CHECK(join.scale > 0 && sum.scale > 0 && !quant_params_same(join, sum));
    quant_result_free(&r);
    made_free(&m);
}

static void not_finite(void)
{
    struct made m;

    made_pair(&m, MADE_PAIR("relu"));
    made_fold(&m);
    quant_weights(&m.work, made_node(&m, "b"))[0] = 3e38f; /* finite, but not times what a gives */
    CHECK(quant_observe(&m.work) == ERR_NUMERIC);
    CHECK_MSG(strstr(error_last()->text, "conv b ") != NULL, "%s", error_last()->text);
    made_free(&m);
}

int main(void)
{
    order();
    ranges();
    shared_scales(QUANT_MINMAX);
    shared_scales(QUANT_MSE);
    unshared_scales();
    not_finite();
    return check_result("quant_calibrate");
}
