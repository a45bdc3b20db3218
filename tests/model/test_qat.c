/* Which codes a QAT state's quantizers had, and what convert makes of them: worked out by hand from what
 * torch's observers and its fused kernel compute (numerics 1.6). */
#include "checkpoint.h"

#include <math.h>

/* Flags are s64 in torch's fused class, u8 in FakeQuantize; another type says nothing. */
struct quantizer {
    float low, high, scale;
    int zero;
};

static void put_flag(struct tensor_table *t, const char *module, const char *name, enum dtype type, int value)
{
    char full[160];
    struct tensor *flag;

    snprintf(full, sizeof full, "%s.%s", module, name);
    flag = put(t, type, full, 1, (int64_t[]){ 1 });
    *(uint8_t *)flag->data = (uint8_t)value; /* of every integer the lowest byte comes first */
}

static void put_vector(struct tensor_table *t, const char *module, const char *name, int count, float value)
{
    char full[160];
    float *to;

    snprintf(full, sizeof full, "%s.%s", module, name);
    to = put(t, DTYPE_F32, full, 1, (int64_t[]){ count })->data;
    for (int i = 0; i < count; i++)
        to[i] = value;
}

static void put_quantizer(struct tensor_table *t, const char *module, const char *kind, enum dtype type,
                          int observing, const struct quantizer *q)
{
    char name[80];

    snprintf(name, sizeof name, "%s.%s", module, kind);
    put_flag(t, name, "fake_quant_enabled", type, 1);
    put_flag(t, name, "observer_enabled", type, observing);
    put_vector(t, name, "scale", 1, q->scale);
    put_vector(t, name, "zero_point", 1, (float)q->zero);
    put_vector(t, name, "activation_post_process.eps", 1, 0x1p-23f);
    put_vector(t, name, "activation_post_process.min_val", 1, q->low);
    put_vector(t, name, "activation_post_process.max_val", 1, q->high);
}

/* `out` of the input, the product and the linear layer, `c` of the convolution, `w` of both weights. */
struct state {
    enum dtype type;
    int observing;
    struct quantizer out, c, w;
};
static const float weights[6] = { -0.75f, 0.8f, 0.26f, -0.34f, 0.05f, 0.12f };

static void make_state(struct tensor_table *t, const struct state *s)
{
    static const char *const outputs[] = { "q", "x", "f" };
    static const char *const layers[] = { "c", "f" };

    t->source = mem_strdup("x.pth");
    memcpy(put(t, DTYPE_F32, "c.weight", 4, (int64_t[]){ 2, 3, 1, 1 })->data, weights, sizeof weights);
    put(t, DTYPE_F32, "f.weight", 2, (int64_t[]){ 5, 2 });
    put_vector(t, "c.bn", "weight", 2, 1);
    put_vector(t, "c.bn", "bias", 2, 0);
    put_vector(t, "c.bn", "running_mean", 2, 0);
    put_vector(t, "c.bn", "running_var", 2, 1 - 1e-5f);
    for (size_t i = 0; i < COUNT_OF(outputs); i++)
        put_quantizer(t, outputs[i], "activation_post_process", s->type, s->observing, &s->out);
    put_quantizer(t, "c", "activation_post_process", s->type, s->observing, &s->c);
    for (size_t i = 0; i < COUNT_OF(layers); i++)
        put_quantizer(t, layers[i], "weight_fake_quant", s->type, s->observing, &s->w);
}

static status bind_state(struct model *m, struct tensor_table *t, const struct state *s,
                         struct model_binding *b)
{
    *t = (struct tensor_table){ 0 };
    make_model(m);
    make_state(t, s);
    return model_bind(m, t, NULL, b);
}

static void release(struct model *m, struct tensor_table *t, struct model_binding *b)
{
    model_unbind(b);
    table_free(t);
    model_free(m);
}

/* 8-bit symmetric weights of the fused class: the scale of training is max(0.75 / 128, 0.5 / 127). */
#define WEIGHT8                                                                                              \
    {                                                                                                        \
        -0.75f, 0.5f, 0.75f / 128, 0                                                                         \
    }

static void test_outputs(void)
{
    /* The input's, of -1 to 3; the convolution's, of 0 to 3, as a relu leaves it. */
    static const struct {
        const char *name;
        enum dtype type;
        struct quantizer out, c;
        struct {
            double scale;
            int zero_point;
        } is, c_is;
    } cases[] = {
        { "fbgemm: 0..127",
          DTYPE_S64,
          { -1, 3, 4.0f / 127, 32 },
          { 0, 3, 3.0f / 127, 0 },
          { 4.0f / 127, 32 },
          { 3.0f / 127, 0 } },
        { "qnnpack: 0..255",
          DTYPE_S64,
          { -1, 3, 4.0f / 255, 64 },
          { 0, 3, 3.0f / 255, 0 },
          { 4.0f / 255, 64 },
          { 3.0f / 255, 0 } },
        { "FakeQuantize, 0..127",
          DTYPE_U8,
          { -1, 3, 4.0f / 127, 32 },
          { 0, 3, 3.0f / 127, 0 },
          { 4.0f / 127, 32 },
          { 3.0f / 127, 0 } },
        { "4 bits",
          DTYPE_U8,
          { -1, 3, 4.0f / 15, 4 },
          { 0, 3, 3.0f / 15, 0 },
          { 4.0f / 15, 4 },
          { 3.0f / 15, 0 } },
        /* Symmetric: training has 128 codes on one side and 127 on the other, convert 127.5 on each. Where
         * nothing is below 0 training's pair is the affine one; the others tell what was meant. */
        { "symmetric",
          DTYPE_S64,
          { -1, 3, 3.0f / 127, 128 },
          { 0, 3, 3.0f / 255, 0 },
          { 3.0f / 127.5f, 127 },
          { 3.0f / 127.5f, 127 } },
        { "symmetric, low side",
          DTYPE_S64,
          { -3, 1, 3.0f / 128, 128 },
          { 0, 3, 3.0f / 255, 0 },
          { 3.0f / 127.5f, 127 },
          { 3.0f / 127.5f, 127 } },
        { "symmetric, 0..127",
          DTYPE_S64,
          { -1, 3, 3.0f / 63, 64 },
          { 0, 3, 3.0f / 127, 0 },
          { 3.0f / 63.5f, 63 },
          { 3.0f / 63.5f, 63 } },
        { "FakeQuantize, symmetric",
          DTYPE_U8,
          { -1, 3, 3.0f / 127.5f, 127 },
          { 0, 3, 3.0f / 127.5f, 127 },
          { 3.0f / 127.5f, 127 },
          { 3.0f / 127.5f, 127 } },
        { "FakeQuantize, symmetric, codes by type",
          DTYPE_U8,
          { -1, 3, 3.0f / 127.5f, 128 },
          { 0, 3, 3.0f / 127.5f, 128 },
          { 3.0f / 127.5f, 128 },
          { 3.0f / 127.5f, 128 } },
        { "another type of flag",
          DTYPE_S32,
          { -1, 3, 4.0f / 127, 32 },
          { 0, 3, 3.0f / 127, 0 },
          { 4.0f / 127, 32 },
          { 3.0f / 127, 0 } },
        { "two configurations",
          DTYPE_S64,
          { -1, 3, 4.0f / 127, 32 },
          { -1, 3, 4.0f / 255, 64 },
          { 4.0f / 127, 32 },
          { 4.0f / 255, 64 } },
        { "other codes, and 0 at one end",
          DTYPE_S64,
          { -1, 3, 4.0f / 127, 32 },
          { 0, 3, 3.0f / 255, 0 },
          { 4.0f / 127, 32 },
          { 3.0f / 255, 0 } },
        { "other symmetric codes, and 0 at one end",
          DTYPE_S64,
          { -1, 3, 3.0f / 127, 128 },
          { 0, 3, 3.0f / 127, 0 },
          { 3.0f / 127.5f, 127 },
          { 3.0f / 63.5f, 63 } },
        { "a small scale is cut off in training",
          DTYPE_S64,
          { -1, 3, 4.0f / 255, 64 },
          { 0, 0.001f, 6.1e-5f, 0 },
          { 4.0f / 255, 64 },
          { 0.001f / 255, 0 } },
        { "but not on a GPU",
          DTYPE_S64,
          { -1, 3, 4.0f / 255, 64 },
          { 0, 0.001f, 0.001f / 255, 0 },
          { 4.0f / 255, 64 },
          { 0.001f / 255, 0 } },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const float w = cases[i].type == DTYPE_U8 ? 0.75f / 127.5f : 0.75f / 128;
        const struct state s = { cases[i].type, 0, cases[i].out, cases[i].c, { -0.75f, 0.5f, w, 0 } };
        struct model m;
        struct tensor_table t;
        struct model_binding b;

        CHECK_MSG(bind_state(&m, &t, &s, &b) == OK, "%s: %s", cases[i].name, error_last()->text);
        if (!b.q)
            continue;
        CHECK_MSG(b.qat && b.form == PRECISION_CODES && b.unused == 0, "%s", cases[i].name);
        CHECK_MSG(b.q[0].scale == cases[i].is.scale && b.q[0].zero_point == cases[i].is.zero_point,
                  "%s: %.9g %d", cases[i].name, b.q[0].scale, b.q[0].zero_point);
        CHECK_MSG(b.q[1].scale == cases[i].c_is.scale && b.q[1].zero_point == cases[i].c_is.zero_point,
                  "%s: %.9g %d", cases[i].name, b.q[1].scale, b.q[1].zero_point);
        release(&m, &t, &b);
    }
}

static void test_weights(void)
{
    static const struct {
        const char *name;
        enum dtype type;
        int observing;
        struct quantizer w;
        float scale;
        int8_t codes[6];
    } cases[] = {
        /* 0.75 / 7.5 = 0.1, in training max(0.75 / 8, 0.5 / 7) */
        { "4 bits, fused",
          DTYPE_S64,
          0,
          { -0.75f, 0.5f, 0.75f / 8, 0 },
          0.75f / 7.5f,
          { -8, 7, 3, -3, 0, 1 } },
        { "4 bits", DTYPE_U8, 0, { -0.75f, 0.5f, 0.1f, 0 }, 0.75f / 7.5f, { -8, 7, 3, -3, 0, 1 } },
        /* 0.7 / 7; -0.75 is beyond */
        { "-7..7", DTYPE_U8, 0, { -0.7f, 0.5f, 0.1f, 0 }, 0.7f / 7, { -7, 7, 3, -3, 0, 1 } },
        { "2 bits", DTYPE_U8, 0, { -0.75f, 0.5f, 0.5f, 0 }, 0.5f, { -2, 1, 1, -1, 0, 0 } },
        /* 1.27 / 127 = 0.01, in training 255 / 254 of max(1.27 / 128, 1 / 127) */
        { "-127..127", DTYPE_U8, 0, { -1.27f, 1, 0.01f, 0 }, 1.27f / 127, { -75, 80, 26, -34, 5, 12 } },
        { "-127..127, fused",
          DTYPE_S64,
          0,
          { -1.27f, 1, 255.0f / 254 * 1.27f / 128, 0 },
          1.27f / 127,
          { -75, 80, 26, -34, 5, 12 } },
        { "-64..63", DTYPE_U8, 0, { -0.635f, 0.5f, 0.01f, 0 }, 0.635f / 63.5f, { -64, 63, 26, -34, 5, 12 } },
        { "-128..127", DTYPE_S64, 0, WEIGHT8, 0.75f / 127.5f, { -128, 127, 44, -58, 8, 20 } },
        /* One more look at weights from -0.75 to 0.8: -1.75 + 0.01 * (-0.75 + 1.75) = -1.74 */
        { "observer on",
          DTYPE_S64,
          1,
          { -1.75f, 0.5f, 1.75f / 128, 0 },
          1.74f / 127.5f,
          { -55, 59, 19, -25, 4, 9 } },
        /* A weight lies beyond the range: no plain extreme; -0.7 + 0.01 * (-0.75 + 0.7) = -0.7005 */
        { "observer on, beyond",
          DTYPE_U8,
          1,
          { -0.7f, 0.5f, 0.7f / 127.5f, 0 },
          0.7005f / 127.5f,
          { -128, 127, 47, -62, 9, 22 } },
        /* All weights above 0 in training: its pair has the zero point of the lowest code */
        { "one side",
          DTYPE_S64,
          0,
          { 0.25f, 0.75f, 0.75f / 255, -128 },
          0.75f / 127.5f,
          { -128, 127, 44, -58, 8, 20 } },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct state s = {
            cases[i].type, cases[i].observing, { -1, 3, 4.0f / 255, 64 }, { 0, 3, 3.0f / 255, 0 }, cases[i].w
        };
        struct model m;
        struct tensor_table t;
        struct model_binding b;
        struct model_layer l = { 0 };
        status result;

        t = (struct tensor_table){ 0 };
        make_model(&m);
        make_state(&t, &s);
        if (cases[i].w.zero != 0) { /* the linear layer's tells that it was symmetric */
            *(float *)get(&t, "f.weight_fake_quant.activation_post_process.min_val")->data = -0.75f;
            *(float *)get(&t, "f.weight_fake_quant.scale")->data = 0.75f / 127;
            *(float *)get(&t, "f.weight_fake_quant.zero_point")->data = 0;
        }
        result = model_bind(&m, &t, NULL, &b);
        CHECK_MSG(result == OK, "%s: %s", cases[i].name, error_last()->text);
        if (result == OK) {
            CHECK(model_layer_load(&b, 1, &l) == OK && l.scales == 1);
            CHECK_MSG(fabs(l.scale[0] - (double)cases[i].scale) < 1e-7 * l.scale[0],
                      "%s: scale %.9g, not %.9g", cases[i].name, l.scale[0], (double)cases[i].scale);
            for (int k = 0; k < 6; k++)
                CHECK_MSG(l.weight_int[k] == cases[i].codes[k], "%s: code %d is %d, not %d", cases[i].name, k,
                          l.weight_int[k], cases[i].codes[k]);
            model_layer_free(&l);
        }
        release(&m, &t, &b);
    }
}

static void check_refused(const char *name, const struct state *s, status expected, const char *words)
{
    struct model m;
    struct tensor_table t;
    struct model_binding b;
    struct model_layer l = { 0 };
    status result = bind_state(&m, &t, s, &b);

    if (result == OK)
        result = model_layer_load(&b, 1, &l);
    CHECK_MSG(result == expected && strstr(error_last()->text, words), "%s: %s", name,
              result == OK ? "read" : error_last()->text);
    model_layer_free(&l);
    release(&m, &t, &b);
}

static void test_refusals(void)
{
    static const struct quantizer o = { -1, 3, 4.0f / 255, 64 }, c = { 0, 3, 3.0f / 255, 0 }, w = WEIGHT8;

    check_refused("a scale that is off by 1e-5",
                  &(struct state){ DTYPE_S64, 0, { -1, 3, 4.00004f / 255, 64 }, c, w }, ERR_MISMATCH,
                  "x.pth: scale 0.0156864 and zero point 64 of the quantizer q.activation_post_process do "
                  "not follow from the range -1 to 3 that it saw");
    check_refused("a zero point that is off by one",
                  &(struct state){ DTYPE_S64, 0, { -1, 3, 4.0f / 255, 65 }, c, w }, ERR_MISMATCH,
                  "zero point 65 of the quantizer q.activation_post_process do not follow");
    check_refused("a scale that is off, behind one that leaves a choice",
                  &(struct state){ DTYPE_S64, 0, c, { -1, 3, 4.00004f / 255, 64 }, w }, ERR_MISMATCH,
                  "of the quantizer c.activation_post_process do not follow from the range -1 to 3");
    check_refused("training's pair before it ran on", &(struct state){ DTYPE_S64, 0, { -1, 3, 1, 0 }, c, w },
                  ERR_MISMATCH, "do not follow from the range");
    check_refused(
        "an output that never ran", &(struct state){ DTYPE_S64, 0, o, { INFINITY, -INFINITY, 1, 0 }, w },
        ERR_NUMERIC,
        "x.pth: the quantizer c.activation_post_process never ran, and m.model:3 (conv c) needs its range");
    check_refused("a weight that never ran",
                  &(struct state){ DTYPE_S64, 1, o, c, { INFINITY, -INFINITY, 1, 0 } }, ERR_NUMERIC,
                  "x.pth: the quantizer c.weight_fake_quant never ran");
    check_refused("a range that is no number", &(struct state){ DTYPE_S64, 0, o, { NAN, 3, 1, 0 }, w },
                  ERR_NUMERIC, "the quantizer c.activation_post_process saw a range from nan to 3");
    check_refused("signed outputs",
                  &(struct state){ DTYPE_S64, 0, { -1, 3, 4.0f / 255, -64 }, { -1, 3, 4.0f / 255, -64 }, w },
                  ERR_MISMATCH, "x.pth: the quantizer q.activation_post_process has codes -128..127 (qint8)");
    check_refused(
        "all outputs above 0", &(struct state){ DTYPE_S64, 0, c, c, w }, ERR_MISMATCH,
        "the quantizer q.activation_post_process may have been for codes 0..255 or 0..255 symmetric");
    check_refused("affine weights", &(struct state){ DTYPE_U8, 0, o, c, { -0.75f, 0.5f, 1.25f / 255, 25 } },
                  ERR_MISMATCH, "x.pth: the weights c.weight are affine, with zero point 25");
    /* Both sides of FakeQuantize's range lie beyond all weights: a plain extreme would leave it so */
    check_refused("observers of either kind",
                  &(struct state){ DTYPE_U8, 1, o, c, { -1.75f, 1.5f, 1.75f / 127.5f, 0 } }, ERR_MISMATCH,
                  "x.pth: the observers of its weights are still on, and whether they are moving averages");
    /* 0.75 / 127 is the fused class's of -128..127 and FakeQuantize's of -127..127 */
    check_refused("a weight of either class",
                  &(struct state){ DTYPE_S32, 0, o, c, { -0.5f, 0.75f, 0.75f / 127, 0 } }, ERR_MISMATCH,
                  "the quantizer c.weight_fake_quant may have been for codes -128..127 symmetric or "
                  "-127..127 symmetric");
}

static void test_words(void)
{
    static const struct quantizer o = { -1, 3, 4.0f / 127, 32 }, c = { 0, 3, 3.0f / 127, 0 };
    const struct state s = { DTYPE_S64, 1, o, c, { -0.75f, 0.5f, 0.75f / 8, 0 } };
    struct text out = { .max = 1024 };
    struct model m;
    struct tensor_table t;
    struct model_binding b;

    CHECK(bind_state(&m, &t, &s, &b) == OK && model_decided(&b, &out) == OK);
    CHECK_MSG(strcmp(out.data,
                     "f has no bias: taken as 0\n"
                     "QAT state, converted as PyTorch does: codes of outputs 0..127, of weights -8..7 per "
                     "tensor\nobservers of weights are still on and look once more, as moving averages of "
                     "constant 0.01\n") == 0,
              "%s", out.data);
    text_free(&out);
    release(&m, &t, &b);
}

/* Takes away the pairs that tell the codes, of all quantizers whose names have `word`. */
static void take_pairs(struct tensor_table *t, const char *word)
{
    for (int i = 0; i < t->count; i++) {
        char *name = t->entry[i].name, *dot = strrchr(name, '.');

        if (strstr(name, word) && (strcmp(dot, ".scale") == 0 || strcmp(dot, ".zero_point") == 0))
            name[strlen(name) - 1] = 'X';
    }
}

/* Without any pair the codes are the usual ones, and it is said; -1..3 in 0..255 is 4 / 255 and zero 63.75.
 */
static void test_unstated(void)
{
    static const struct {
        const char *word;
        status expected;
        const char *words;
    } cases[] = {
        { "", OK,
          "codes of outputs 0..255, of weights -128..127 per tensor, the usual 8 bits, since the "
          "state has no scales and zero points that would tell: if it was trained for others" },
        { "weight_fake_quant", ERR_MISMATCH,
          "x.pth: the quantizer c.weight_fake_quant has no scale and zero point, and outputs' have some" },
        { ".activation_post_process", ERR_MISMATCH,
          "x.pth: the quantizer c.weight_fake_quant has a scale and zero point, and outputs' have none" },
        { "x.activation_post_process", ERR_MISMATCH,
          "x.pth: the quantizer x.activation_post_process has no scale and zero point, but others have" },
    };
    static const struct state s = {
        DTYPE_S64, 0, { -1, 3, 4.0f / 255, 64 }, { 0, 3, 3.0f / 255, 0 }, WEIGHT8
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct text out = { .max = 1024 };
        struct tensor_table t = { 0 };
        struct model_binding b;
        struct model m;
        status result;

        make_model(&m);
        make_state(&t, &s);
        take_pairs(&t, cases[i].word);
        result = model_bind(&m, &t, NULL, &b);
        CHECK_MSG(result == cases[i].expected, "%s: %s", cases[i].word, error_last()->text);
        if (result == OK)
            CHECK(model_decided(&b, &out) == OK && b.q[0].scale == (double)(4.0f / 255) &&
                  b.q[0].zero_point == 64);
        CHECK_MSG(strstr(result == OK ? out.data : error_last()->text, cases[i].words), "%s",
                  result == OK ? out.data : error_last()->text);
        text_free(&out);
        release(&m, &t, &b);
    }
}

int main(void)
{
    test_unstated();
    test_words();
    test_outputs();
    test_weights();
    test_refusals();
    CHECK(mem_live() == 0);
    return check_result("model/qat");
}
