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

/* ---- what stays real ----------------------------------------------------------------------------------- */

/* A linear bottleneck, a function, a concatenation, a product, real weights, a relu without a PACT. */
static const char mixed_description[] = "model mixed  what no PACT makes codes of\n"
                                        "input image 1 4 4 resize 4 bilinear crop 4 mean 0 std 1\n"
                                        "conv a image out 2 kernel 1 stride 1 pad 0 groups 1 weight a\n"
                                        "relu ra a\n"
                                        "conv b ra out 2 kernel 1 stride 1 pad 0 groups 1 weight b\n"
                                        "conv c b out 2 kernel 1 stride 1 pad 0 groups 1 weight c\n"
                                        "relu6 rc c\n"
                                        "add d ra b\n"
                                        "relu rd d\n"
                                        "cat e ra rd\n"
                                        "cat ee ra ra\n"
                                        "conv u e out 4 kernel 1 stride 1 pad 0 groups 1 weight u\n"
                                        "add v e u\n"
                                        "hardswish h ra\n"
                                        "mul g h rd\n"
                                        "conv i rd out 4 kernel 1 stride 1 pad 0 groups 1 weight i\n"
                                        "add j v ee\n"
                                        "add k i j\n"
                                        "relu rk k\n"
                                        "avgpool m rk\n"
                                        "conv n m out 2 kernel 1 stride 1 pad 0 groups 1 weight n\n"
                                        "avgpool o rc\n"
                                        "add p n o\n"
                                        "avgpool q g\n"
                                        "add r p q\n"
                                        "output r\n"
                                        "cam g\n";

static void mixed_table(struct tensor_table *t)
{
    const int64_t two[] = { 2, 2, 1, 1 };

    *t = (struct tensor_table){ .source = mem_strdup("mixed.safetensors") };
    CHECK(table_add_note(t, "quantcam.arithmetic", "pact") == OK);
    ((float *)put(t, DTYPE_F32, "a.weight", 4, (int64_t[]){ 2, 1, 1, 1 })->data)[1] = 0.5f;
    lowbit_codes(t, "b.weight", 4, two, 4, 1, 0.25);
    lowbit_codes(t, "c.weight", 4, two, 4, 1, 0.25);
    lowbit_codes(t, "i.weight", 4, (int64_t[]){ 4, 2, 1, 1 }, 2, 1, 0.25);
    lowbit_codes(t, "u.weight", 4, (int64_t[]){ 4, 4, 1, 1 }, 2, 1, 0.25);
    lowbit_codes(t, "n.weight", 4, (int64_t[]){ 2, 4, 1, 1 }, 2, 1, 0.25);
    lowbit_pact(t, "ra", 3, 15);
    put(t, DTYPE_S32, "rc.codes", 1, (int64_t[]){ 2 }); /* 0 and 0: none */
    lowbit_pact(t, "rd", 1.5, 3);
    lowbit_pact(t, "rk", 1.5, 3);
}

static void test_mixed(void)
{
    static const struct {
        const char *node;
        int codes, integer, hides; /* integer: of layers, else -1 */
    } expected[] = {
        { "a", 1, 0, 0 },   { "ra", 1, -1, 0 }, { "b", 0, 1, 0 },  { "c", 0, 0, 0 },   { "rc", 0, -1, 0 },
        { "d", 0, -1, 0 },  { "rd", 1, -1, 0 }, { "e", 0, -1, 0 }, { "ee", 1, -1, 0 }, { "h", 0, -1, 0 },
        { "u", 0, 1, 0 },   { "g", 0, -1, 0 },  { "i", 0, 1, 0 },  { "j", 0, -1, 0 },  { "k", 0, -1, 0 },
        { "rk", 1, -1, 0 }, { "m", 0, -1, 1 },  { "n", 0, 1, 0 },  { "o", 0, -1, 0 },  { "r", 0, -1, 0 },
    };
    struct model m;
    struct tensor_table t;
    struct model_binding b;
    struct model_levels l;
    int part[4];

    parse(mixed_description, &m);
    mixed_table(&t);
    CHECK_MSG(model_bind(&m, &t, NULL, &b) == OK, "%s", error_last()->text);
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        int node = model_find(&m, expected[i].node);

        CHECK_MSG((b.q[node].scale > 0) == expected[i].codes, "%s: codes", expected[i].node);
        CHECK_MSG(model_lowbit_hides(&b, node) == expected[i].hides, "%s: hides", expected[i].node);
        if (expected[i].integer >= 0)
            CHECK_MSG(model_lowbit_integer(&b, node) == expected[i].integer, "%s: integer", expected[i].node);
    }
    CHECK(model_lowbit_pact(&b, model_find(&m, "a")) == model_find(&m, "ra"));
    CHECK(model_lowbit_pact(&b, model_find(&m, "c")) == -1 &&
          model_lowbit_pact(&b, model_find(&m, "i")) == -1);
    CHECK(model_lowbit_mean(&b, model_find(&m, "n")) == model_find(&m, "m") &&
          model_lowbit_mean(&b, model_find(&m, "b")) == -1);
    CHECK(model_lowbit_step(&b, model_find(&m, "e"), 1) == 3.0 / 15 &&
          model_lowbit_step(&b, model_find(&m, "e"), 2) == 0.5 &&
          model_lowbit_step(&b, model_find(&m, "g"), 0) == 0);
    CHECK(model_lowbit_parts(&b, model_find(&m, "u"), part) == 2 && part[1] == 0 && part[2] == 1 &&
          part[3] == 1);
    CHECK(model_lowbit_parts(&b, model_find(&m, "b"), NULL) == 0 &&
          model_lowbit_parts(&b, model_find(&m, "c"), NULL) == 0);
    CHECK(model_relu6_clamps(&b, model_find(&m, "rc")) && !model_relu6_clamps(&b, model_find(&m, "ra")));
    CHECK(model_levels_load(&b, model_find(&m, "a"), &l) == OK && l.real && !l.code && l.real[1] == 0.5f);
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
    refused_graph("relu ra a\nmaxpool p ra", "relu x a\nsilu ra x\nmaxpool p ra", ERR_MISSING, "x.codes");
    refused_graph("cam rd", "cam d", ERR_USAGE, "name the relu behind it, --cam.layer=rd");
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
    test_mixed();
    test_refused();
    CHECK_MSG(mem_live() == 0, "%ld blocks", mem_live());
    return check_result("model/lowbit");
}
