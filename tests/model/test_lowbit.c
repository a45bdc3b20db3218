/* tests/model/test_lowbit.c: trained low-bit networks: what is codes, levels and batch normalisation by hand,
 * and graphs and checkpoints that are refused. */
#include "lowbit.h"

#include <math.h>

static void parse(const char *text, struct model *m)
{
    CHECK_MSG(model_parse("low.model", text, strlen(text), m) == OK, "%s", error_last()->text);
}

static int is_codes(const struct model_binding *b, const char *node, double scale, int high)
{
    struct quant_params q = b->q[model_find(b->model, node)];

    return q.scale == scale && q.zero_point == 0 && q.low == 0 && q.high == high;
}

static void test_bind(void)
{
    struct model m;
    struct tensor_table t;
    struct model_binding b;
    struct text words = { .max = 4096 };
    char bits[MODEL_BITS_WORDS];

    parse(lowbit_description, &m);
    lowbit_table(&t, 0);
    CHECK_MSG(model_bind(&m, &t, NULL, &b) == OK, "%s", error_last()->text);
    CHECK(b.lowbit && b.form == PRECISION_CODES && !b.per_channel && b.unused == 0);
    CHECK(b.weight_bits == 2 && b.activation_bits == 2);
    CHECK(is_codes(&b, "a", 3.0 / 15, 15) && is_codes(&b, "ra", 3.0 / 15, 15) &&
          is_codes(&b, "p", 3.0 / 15, 15));
    CHECK(is_codes(&b, "q", 3.0 / 15, 15) && is_codes(&b, "s", 3.0 / 15, 15) && is_codes(&b, "rb", 0.5, 3));
    CHECK(is_codes(&b, "d", (double)5.1f / 255, 255) && is_codes(&b, "rd", (double)5.1f / 255, 255));
    CHECK(b.q[0].scale == 0 && b.q[model_find(&m, "c")].scale == 0 && b.q[model_find(&m, "m")].scale == 0 &&
          b.q[m.output].scale == 0);
    CHECK(model_lowbit_pact(&b, model_find(&m, "a")) == model_find(&m, "ra"));
    CHECK(model_lowbit_pact(&b, model_find(&m, "c")) == model_find(&m, "rd"));
    CHECK(model_lowbit_pact(&b, m.output) == -1);
    CHECK(!strcmp(model_bits_words(&b, 1, bits, sizeof bits), "2 bits (3 in 1, 4 in 1, 8 in 1 of 4 layers)"));
    CHECK_MSG(!strcmp(model_bits_words(&b, 0, bits, sizeof bits), "2 bits (4 in 1, 8 in 1 of 3)"), "%s",
              bits);
    CHECK(model_decided(&b, &words) == OK && strstr(words.data, "a trained low-bit network"));
    text_free(&words);
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

/* Of a: codes -8 and -1 of 4 bits are the levels -15 and -1; gamma / sigma = .75 and 1.25 / sqrt(1.75). */
static void test_levels(void)
{
    struct model m;
    struct tensor_table t;
    struct model_binding b;
    struct model_levels l;
    struct model_layer real;

    parse(lowbit_description, &m);
    lowbit_table(&t, 1);
    CHECK(model_bind(&m, &t, NULL, &b) == OK);
    CHECK(model_levels_load(&b, model_find(&m, "a"), &l) == OK);
    CHECK(l.oc == 2 && l.ic == 1 && l.odd && l.step == 0.125 && model_level(&l, 0) == -15 &&
          model_level(&l, 1) == -1);
    CHECK(l.factor[0] == 0.75 && l.factor[1] == 1.25 / sqrt(1.75));
    CHECK(l.shift[0] == 0.25 + 0.5 * 0.75 && l.shift[1] == 0.125 + 0.25 * (1.25 / sqrt(1.75)));
    CHECK(model_layer_load(&b, model_find(&m, "a"), &real) == OK && !real.weight_int);
    CHECK(real.weight_real[0] == (float)(-15 * 0.125 * 0.75) && real.bias[0] == 0.625f);
    model_layer_free(&real);
    model_levels_free(&l);
    /* b, without batch normalisation: (oc, ic, kh, kw) in the file, (oc, kh, kw, ic) in the order of sums. */
    CHECK(model_levels_load(&b, model_find(&m, "b"), &l) == OK);
    CHECK(l.factor[1] == 1 && l.shift[0] == -0.5 && l.shift[1] == 0.25 && l.step == 0.001);
    CHECK(l.code[0] == -128 && l.code[1] == (9 * 7 + 3) - 128 && l.code[2] == 7 - 128 &&
          model_level(&l, 0) == -255);
    model_levels_free(&l);
    /* c's eps is 1.25, its first variance 0.75. */
    CHECK(model_levels_load(&b, model_find(&m, "c"), &l) == OK && l.factor[0] == 0.75 / sqrt(2.0));
    model_levels_free(&l);
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

/* ---- refusals ------------------------------------------------------------------------------------------ */

static struct tensor *tensor_of(struct tensor_table *t, const char *name)
{
    struct tensor *x = (struct tensor *)(uintptr_t)table_find(t, name);

    BUG_IF(!x);
    return x;
}

static void refused_reading(const char *text, void (*spoil)(struct tensor_table *),
                            const struct model_reading *how, status expected, const char *words)
{
    struct model m;
    struct tensor_table t;
    struct model_binding b;

    parse(text, &m);
    lowbit_table(&t, 1);
    if (spoil)
        spoil(&t);
    CHECK_MSG(model_bind(&m, &t, how, &b) == expected && strstr(error_last()->text, words), "'%s' lacks '%s'",
              error_last()->text, words);
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

static void refused_table(void (*spoil)(struct tensor_table *), status expected, const char *words)
{
    refused_reading(lowbit_description, spoil, NULL, expected, words);
}

/* The description with one line in place of another. */
static void refused_graph(const char *line, const char *other, status expected, const char *words)
{
    char text[2048];
    const char *at = strstr(lowbit_description, line);

    BUG_IF(!at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - lowbit_description), lowbit_description, other,
             at + strlen(line));
    refused_reading(text, NULL, NULL, expected, words);
}

static void no_alpha(struct tensor_table *t)
{
    t->entry[5].name[0] = 'x';
}
static void zero_alpha(struct tensor_table *t)
{
    *(float *)tensor_of(t, "ra.alpha")->data = 0;
}
static void nan_alpha(struct tensor_table *t)
{
    *(float *)tensor_of(t, "ra.alpha")->data = NAN;
}
static void long_alpha(struct tensor_table *t)
{
    tensor_of(t, "ra.alpha")->dtype = DTYPE_S32;
}
static void low_codes(struct tensor_table *t)
{
    ((int32_t *)tensor_of(t, "rb.codes")->data)[0] = 1;
}
static void high_codes(struct tensor_table *t)
{
    ((int32_t *)tensor_of(t, "rb.codes")->data)[1] = 256;
}
static void shifted(struct tensor_table *t)
{
    tensor_of(t, "b.weight")->zero_point[0] = 1;
}
static void no_step(struct tensor_table *t)
{
    tensor_of(t, "b.weight")->scale[0] = 0;
}
static void no_mean(struct tensor_table *t)
{
    t->entry[3].name[0] = 'x';
}
static void nan_bias(struct tensor_table *t)
{
    *(float *)tensor_of(t, "b.bias")->data = NAN;
}
static void stranger(struct tensor_table *t)
{
    put_value(t, "s.alpha", 1);
}
static void plain_note(struct tensor_table *t)
{
    strcpy(t->note[0].value, "int");
}

static void test_refused(void)
{
    struct model_reading rounded = { .form = PRECISION_ROUNDED };
    struct model m;
    struct tensor_table t;
    struct model_binding b;
    struct model_levels l;

    refused_table(no_alpha, ERR_MISSING, "no tensor ra.alpha");
    refused_table(zero_alpha, ERR_MISMATCH, "needs a positive alpha, not 0");
    refused_table(nan_alpha, ERR_MISMATCH, "needs a positive alpha, not nan");
    refused_table(long_alpha, ERR_MISMATCH, "needs one real value");
    refused_table(low_codes, ERR_MISMATCH, "needs 0 and the highest code, 1 to 255");
    refused_table(high_codes, ERR_MISMATCH, "needs 0 and the highest code, 1 to 255");
    refused_table(shifted, ERR_MISMATCH, "zero point 0, not 1");
    refused_table(no_step, ERR_MISMATCH, "positive scales, not 0");
    refused_table(no_mean, ERR_MISSING, "an.running_mean");
    refused_table(stranger, ERR_MISMATCH, "s.alpha");
    refused_table(plain_note, ERR_FORMAT, "not integer, rounded or pact");
    refused_reading(lowbit_description, NULL, &rounded, ERR_USAGE,
                    "a trained low-bit network runs as integers");
    refused_graph("cam rd", "cam c", ERR_USAGE, "the CAM layer c stands before its PACT");
    refused_graph("stride 1 pad 1 groups 1 weight b", "stride 1 pad 1 groups 2 weight b", ERR_MISMATCH,
                  "b.weight");
    refused_graph(
        "maxpool p ra kernel 1 stride 1 pad 0", "hardswish p ra", ERR_MISMATCH,
        "low.model:5: hardswish p: a trained low-bit network has no integer form where there is such an op");
    refused_graph("relu ra a\nmaxpool p ra", "relu x a\nsilu ra x\nmaxpool p ra", ERR_MISSING, "x.alpha");
    refused_graph(
        "conv c rb out 4 kernel 1 stride 2 pad 0 groups 1 weight c bn cn eps 1.25\nshortcut s p stride 2 "
        "begin 1 out 4\nadd d c s",
        "shortcut c rb stride 2 begin 0 out 4\nshortcut s p stride 2 begin 1 out 4\nadd d c s", ERR_MISMATCH,
        "add d: a trained low-bit network has no integer form where neither a layer and codes nor two layers "
        "are added");
    refused_graph(
        "maxpool p ra", "conv g ra out 2 kernel 1 stride 1 pad 0 groups 2 weight a\nmaxpool p g",
        ERR_MISMATCH,
        "conv g: a trained low-bit network has no integer form where a depthwise convolution has no "
        "relu behind it alone");
    refused_graph("avgpool m rd\nlinear f m", "avgpool2d m rd kernel 2 stride 1\nlinear f m", ERR_MISMATCH,
                  "avgpool2d m: a trained low-bit network has no integer form where there is such an op");
    parse(lowbit_description, &m);
    lowbit_table(&t, 1);
    nan_bias(&t);
    CHECK(model_bind(&m, &t, NULL, &b) == OK);
    CHECK(model_levels_load(&b, model_find(&m, "b"), &l) == ERR_NUMERIC &&
          strstr(error_last()->text, "b.bias"));
    model_unbind(&b);
    mem_free(t.note[0].value);
    t.note[0].value = mem_strdup("integer");
    CHECK_MSG(model_bind(&m, &t, NULL, &b) == ERR_MISMATCH &&
                  strstr(error_last()->text, "quantcam.arithmetic = pact"),
              "%s", error_last()->text);
    table_free(&t);
    model_free(&m);
}

int main(void)
{
    test_bind();
    test_levels();
    test_refused();
    CHECK_MSG(mem_live() == 0, "%ld blocks", mem_live());
    return check_result("model/lowbit");
}
