#include "checkpoint.h"

#include <math.h>
#include <string.h>

static void test_forms(void)
{
    static const char *const fc[] = { "f.weight", "f._packed_params.weight",
                                      "f._packed_params._packed_params.0" };
    struct model m;
    struct tensor_table t = { 0 };
    struct model_binding b;

    make_model(&m);
    make_float(&t);
    CHECK_MSG(model_bind(&m, &t, NULL, &b) == OK, "%s", error_last()->text);
    CHECK(b.form == PRECISION_REAL && !b.qat && !b.per_channel && b.unused == 0 && b.model == &m &&
          b.weights == &t);
    CHECK(b.parameters == 6 + 2 + 10 + 5 && b.parameter_bytes == 4 * 23 && b.macs == 6 * 16 + 10);
    CHECK(b.unbiased == 0);
    model_unbind(&b);
    table_free(&t);

    for (int i = 0; i < 3; i++) { /* a linear layer's three ways of being stored */
        make_int8(&t, fc[i], 1 + i % 2);
        CHECK_MSG(model_bind(&m, &t, NULL, &b) == OK, "%s", error_last()->text);
        CHECK(b.form == PRECISION_CODES && !b.qat && b.per_channel == i % 2 && b.unused == 0);
        CHECK(b.unbiased == 1); /* the linear layer */
        CHECK(b.parameter_bytes == 16 + 4 * 2 + 4 * (uint64_t)(2 + i % 2));
        model_unbind(&b);
        table_free(&t);
    }
    model_free(&m);
}

/* Which node's scale is whose: the input's, conv = relu, 1/256, the product's, kept by the pool, the linear
 * layer's. */
static void test_params(void)
{
    static const struct {
        double scale;
        int zero_point;
    } expected[] = { { 0.25, 0 },  { 0.5, 10 },  { 0.5, 10 }, { 1.0 / 256, 0 },
                     { 0.75, 20 }, { 0.75, 20 }, { 1, 30 } };
    struct model m;
    struct tensor_table t = { 0 };
    struct model_binding b;

    make_model(&m);
    make_int8(&t, "f.weight", 1);
    CHECK(model_bind(&m, &t, NULL, &b) == OK);
    for (int i = 0; i < m.nodes; i++)
        CHECK_MSG(b.q[i].scale == expected[i].scale && b.q[i].zero_point == expected[i].zero_point, "%s",
                  m.node[i].name);
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

static void put_highest(struct tensor_table *t, const char *name, int low, int high)
{
    int32_t *codes = put(t, DTYPE_S32, name, 1, (int64_t[]){ 2 })->data;

    codes[0] = low;
    codes[1] = high;
}

/* Codes 0..15 of the first convolution, so also of hardsigmoid behind it; the file's fewest bits. */
static void test_codes(void)
{
    struct model m;
    struct tensor_table t = { 0 };
    struct model_binding b;

    make_model(&m);
    make_int8(&t, "f.weight", 1);
    put_highest(&t, "c.codes", 0, 15);
    get(&t, "c.weight")->bits = 3;
    CHECK_MSG(model_bind(&m, &t, NULL, &b) == OK, "%s", error_last()->text);
    CHECK(b.form == PRECISION_CODES && b.weight_bits == 3 && b.activation_bits == 4 && b.unused == 0);
    CHECK(b.q[0].high == 255 && b.q[1].high == 15 && b.q[2].high == 15 && b.q[1].low == 0);
    CHECK(b.q[3].scale == 1.0 / 16 && b.q[3].zero_point == 0 && b.q[3].high == 15 && b.q[4].high == 255);
    model_unbind(&b);
    ((int32_t *)get(&t, "c.codes")->data)[1] = 9; /* its zero point is 10 */
    CHECK(model_bind(&m, &t, NULL, &b) == ERR_MISMATCH && strstr(error_last()->text, "from 0 to 9, not 10"));
    ((int32_t *)get(&t, "c.codes")->data)[1] = 256;
    CHECK(model_bind(&m, &t, NULL, &b) == ERR_MISMATCH && strstr(error_last()->text, "up to 255"));
    ((int32_t *)get(&t, "c.codes")->data)[1] = 65536;
    CHECK(model_bind(&m, &t, &(struct model_reading){ .form = PRECISION_ROUNDED }, &b) == ERR_MISMATCH &&
          strstr(error_last()->text, "up to 65535"));
    table_free(&t);
    model_free(&m);
}

/* Rounded where it is asked, noted, or of 16 bits. */
static void test_rounded(void)
{
    static const struct model_reading rounded = { .form = PRECISION_ROUNDED },
                                      integer = { .form = PRECISION_CODES };
    struct model m;
    struct tensor_table t = { 0 };
    struct model_binding b;
    struct model_layer l;

    make_model(&m);
    make_int8(&t, "f.weight", 1);
    ((int8_t *)get(&t, "c.weight")->data)[1] = -3;
    CHECK(model_bind(&m, &t, &rounded, &b) == OK && b.form == PRECISION_ROUNDED && b.q[1].zero_point == 10);
    CHECK(model_layer_load(&b, 1, &l) == OK && !l.weight_int && l.weight_real[1] == -1.5f);
    model_layer_free(&l);
    model_unbind(&b);
    CHECK(table_add_note(&t, "quantcam.arithmetic", "rounded") == OK);
    put_highest(&t, "c.codes", 0, 65535);
    CHECK(model_bind(&m, &t, NULL, &b) == OK && b.form == PRECISION_ROUNDED && b.activation_bits == 8 &&
          b.q[1].high == 65535);
    model_unbind(&b);
    CHECK(model_bind(&m, &t, &integer, &b) == ERR_MISMATCH);
    t.note[0].value[0] = 'b';
    CHECK(model_bind(&m, &t, NULL, &b) == ERR_FORMAT && strstr(error_last()->text, "'bounded', not integer"));
    table_free(&t);

    t = (struct tensor_table){ 0 };
    make_int8(&t, "f.weight", 1);
    get(&t, "c.weight")->dtype = DTYPE_S16;
    tensor_free(&(struct tensor){ .data = get(&t, "c.weight")->data, .owned = 1 });
    get(&t, "c.weight")->data = mem_alloc(6, sizeof(int16_t));
    ((int16_t *)get(&t, "c.weight")->data)[5] = -32768;
    CHECK_MSG(model_bind(&m, &t, NULL, &b) == OK, "%s", error_last()->text);
    CHECK(b.form == PRECISION_ROUNDED && b.weight_bits == 8);
    CHECK(model_layer_load(&b, 1, &l) == OK && l.weight_real[5] == -16384);
    model_layer_free(&l);
    model_unbind(&b);
    CHECK(model_bind(&m, &t, &integer, &b) == ERR_MISMATCH &&
          strstr(error_last()->text, "weights of 16 bits"));
    table_free(&t);
    make_float(&t);
    CHECK(model_bind(&m, &t, &rounded, &b) == ERR_USAGE &&
          strstr(error_last()->text, "arithmetic = rounded has no effect"));
    table_free(&t);
    model_free(&m);
}

/* Binds after `spoil` and compares the sentence. */
static void check_refused(int int8, void (*spoil)(struct tensor_table *), status expected,
                          const char *sentence)
{
    struct model m;
    struct tensor_table t = { 0 };
    struct model_binding b;

    make_model(&m);
    if (int8)
        make_int8(&t, "f.weight", 2);
    else
        make_float(&t);
    spoil(&t);
    CHECK(model_bind(&m, &t, NULL, &b) == expected);
    CHECK_MSG(strcmp(error_last()->text, sentence) == 0, "\n  is     %s\n  should %s", error_last()->text,
              sentence);
    CHECK(b.q == NULL);
    table_free(&t);
    model_free(&m);
}

static void rename_first(struct tensor_table *t) { t->entry[0].name[0] = 'd'; }
static void rename_mean(struct tensor_table *t) { t->entry[3].name[2] = 'R'; }
static void narrow_fc(struct tensor_table *t) { get(t, "f.weight")->dim[0] = 4; }
static void narrow_bias(struct tensor_table *t) { get(t, "f.bias")->dim[0] = 4; }
static void whole_fc(struct tensor_table *t) { get(t, "f.weight")->dtype = DTYPE_S32; }
static void shift_zero(struct tensor_table *t) { get(t, "c.weight")->zero_point[1] = 3; }
static void no_scale(struct tensor_table *t) { get(t, "c.weight")->scale[1] = 0; }
static void nan_scale(struct tensor_table *t) { get(t, "c.weight")->scale[1] = NAN; }
static void tiny_scale(struct tensor_table *t) { get(t, "c.weight")->scale[1] = 1e-39; }
static void unsigned_weight(struct tensor_table *t) { get(t, "c.weight")->dtype = DTYPE_U8; }
static void other_axis(struct tensor_table *t) { get(t, "c.weight")->axis = 1; }
static void negative_scale(struct tensor_table *t) { *(double *)get(t, "x.scale")->data = -1; }
static void infinite_scale(struct tensor_table *t) { *(double *)get(t, "x.scale")->data = INFINITY; }
static void denormal_scale(struct tensor_table *t) { *(double *)get(t, "x.scale")->data = 1e-39; }
static void nan_zero(struct tensor_table *t) { *(double *)get(t, "x.zero_point")->data = NAN; }
static void broken_zero(struct tensor_table *t) { *(double *)get(t, "x.zero_point")->data = 127.5; }
static void high_zero(struct tensor_table *t) { *(double *)get(t, "x.zero_point")->data = 256; }

static void stranger(struct tensor_table *t) { put_value(t, "stranger", 1); }
static void many_strangers(struct tensor_table *t)
{
    char name[16];

    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "s%d", i);
        put_value(t, name, i);
    }
}
static void second_head(struct tensor_table *t)
{
    put_value(t, "aux.weight", 1);
    put_value(t, "aux.bias", 1);
}
static void unfused(struct tensor_table *t)
{
    put_value(t, "n.weight", 1);
    put_value(t, "n.bias", 1);
    put_value(t, "n.scale", 1);
    put_value(t, "n.zero_point", 0);
}
static void ran(struct tensor_table *t) { *(double *)get(t, "idle_add.scale")->data = 0.5; }
static void shifted(struct tensor_table *t) { *(double *)get(t, "idle_add.zero_point")->data = 3; }
static void observed(struct tensor_table *t) { put_value(t, "z.activation_post_process.min_val", -1); }
static void scale_of_float(struct tensor_table *t)
{
    put_value(t, "z.scale", 1);
    put_value(t, "z.zero_point", 0);
}

/* What is no error: bookkeeping, what the description ignores, and what the caller allows. */
/* Values that are no tensors, or none that could be read: nothing where no layer looks, refused elsewhere. */
static void test_absents(void)
{
    static const struct { const char *name; int is_tensor, allow; status expected; } cases[] = {
        { "epoch", 0, 0, OK },         { "c._extra_state", 0, 0, OK },  { "f.bias", 0, 0, ERR_MISMATCH },
        { "c.bias", 1, 1, ERR_MISMATCH }, { "n.bias", 0, 1, ERR_MISMATCH }, { "mask", 1, 0, ERR_MISMATCH },
        { "mask", 1, 1, OK },          { "other.bias", 0, 0, OK },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct model_reading how = { .allow_unused = cases[i].allow };
        struct tensor_table t = { 0 };
        struct model_binding b;
        struct model m;
        status is;

        make_model(&m);
        make_float(&t);
        CHECK(table_add_absent(&t, cases[i].name, "is a list, no tensor", cases[i].is_tensor) == OK);
        is = model_bind(&m, &t, &how, &b);
        CHECK_MSG(is == cases[i].expected, "%s", cases[i].name);
        if (is != OK)
            CHECK_MSG(strstr(error_last()->text, cases[i].name) && strstr(error_last()->text, "is a list"),
                      "%s", error_last()->text);
        model_unbind(&b);
        table_free(&t);
        model_free(&m);
    }
}

static void test_unused(void)
{
    static const char *const inert[] = { "total_ops", "n.total_params", "n_averaged", "d.num_batches_tracked",
                                         "c.activation_post_process.min_val",
                                         "q.activation_post_process.activation_post_process.eps",
                                         "r.activation_post_process.scale", "c.weight_fake_quant.scale",
                                         "f.weight_fake_quant.activation_post_process.eps" };
    static const struct model_reading allow = { .allow_unused = 1 };
    char text[1024];
    struct model m;
    struct tensor_table t = { 0 };
    struct model_binding b;

    make_model(&m);
    make_float(&t);
    for (size_t i = 0; i < COUNT_OF(inert); i++)
        put_value(&t, inert[i], 7);
    put_value(&t, "z.activation_post_process.activation_post_process.min_val", INFINITY);
    put_value(&t, "z.activation_post_process.fake_quant_enabled", 1);
    CHECK_MSG(model_bind(&m, &t, NULL, &b) == OK, "%s", error_last()->text);
    CHECK(b.unused == 0 && b.ignored == 0 && b.form == PRECISION_REAL);
    model_unbind(&b);
    second_head(&t);
    put_value(&t, "ax.fc", 1);
    CHECK(model_bind(&m, &t, &allow, &b) == OK && b.unused == 3 && b.ignored == 0);
    model_unbind(&b);
    model_free(&m);

    snprintf(text, sizeof text, "%signore aux.*\nignore ax.?c\nignore nothing*\n",
             checkpoint_description);
    CHECK_MSG(model_parse("m.model", text, strlen(text), &m) == OK, "%s", error_last()->text);
    CHECK(model_bind(&m, &t, NULL, &b) == OK && b.unused == 0 && b.ignored == 3);
    model_unbind(&b);
    put_value(&t, "stranger", 1);
    CHECK(model_bind(&m, &t, NULL, &b) == ERR_MISMATCH);
    CHECK(strstr(error_last()->text, "1 of its tensors (stranger)"));
    table_free(&t);
    model_free(&m);
}

/* relu6 clamps only in int8 and only where the checkpoint notes it. */
static void test_relu6(void)
{
    static const char *const notes[] = { NULL, "relu", "clamp", "clip" };
    struct model m;
    struct tensor_table t = { 0 };
    struct model_binding b;

    make_model(&m);
    for (int i = 0; i < 4; i++) {
        make_int8(&t, "f.weight", 1);
        if (notes[i])
            CHECK(table_add_note(&t, "quantcam.relu6", notes[i]) == OK);
        if (i < 3) {
            CHECK(model_bind(&m, &t, NULL, &b) == OK && b.relu6_clamps == (i == 2) && b.unused == 0);
            model_unbind(&b);
        } else {
            CHECK(model_bind(&m, &t, NULL, &b) == ERR_FORMAT);
            CHECK_MSG(strcmp(error_last()->text,
                             "x.pth: its note quantcam.relu6 is 'clip', not clamp or relu") == 0,
                      "%s", error_last()->text);
        }
        table_free(&t);
    }
    make_float(&t);
    CHECK(table_add_note(&t, "quantcam.relu6", "clamp") == OK && model_bind(&m, &t, NULL, &b) == OK &&
          !b.relu6_clamps);
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

/* What is asked for holds where the file says nothing, and may not contradict it. */
static void test_relu6_asked(void)
{
    static const struct { const char *note; enum model_relu6 asked; int clamps; } cases[] = {
        { NULL, MODEL_RELU6_AUTO, 0 },    { NULL, MODEL_RELU6_RELU, 0 },
        { NULL, MODEL_RELU6_CLAMP, 1 },   { "clamp", MODEL_RELU6_AUTO, 1 },
        { "clamp", MODEL_RELU6_CLAMP, 1 }, { "clamp", MODEL_RELU6_RELU, -1 },
        { "relu", MODEL_RELU6_CLAMP, -1 }, { "relu", MODEL_RELU6_RELU, 0 },
    };
    static const char text[] = "model m\n"
                               "input image 3 4 4 resize 4 bilinear crop 4 mean 0 0 0 std 1 1 1 quant q\n"
                               "conv c image out 2 kernel 1 stride 1 pad 0 groups 1 weight c bn n eps 1e-5\n"
                               "relu6 r c\nhardsigmoid s r\nmul x r s quant x\navgpool p x\n"
                               "linear f p out 5 weight f\noutput f\ncam r\n";
    struct model m;

    CHECK_MSG(model_parse("m.model", text, strlen(text), &m) == OK, "%s", error_last()->text);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct model_reading how = { .relu6 = cases[i].asked };
        struct tensor_table t = { 0 };
        struct model_binding b;

        make_int8(&t, "f.weight", 1);
        if (cases[i].note)
            CHECK(table_add_note(&t, "quantcam.relu6", cases[i].note) == OK);
        if (cases[i].clamps >= 0) {
            CHECK_MSG(model_bind(&m, &t, &how, &b) == OK && b.relu6_clamps == cases[i].clamps, "case %zu", i);
            model_unbind(&b);
        } else {
            CHECK(model_bind(&m, &t, &how, &b) == ERR_MISMATCH);
            CHECK(strstr(error_last()->text, "x.pth: it notes that its relu6 is ") &&
                  strstr(error_last()->text, "contradicts it"));
        }
        table_free(&t);
    }
    model_free(&m);

    struct tensor_table t = { 0 };
    struct model_binding b;
    make_model(&m);
    make_int8(&t, "f.weight", 1);
    CHECK(model_bind(&m, &t, &(struct model_reading){ .relu6 = MODEL_RELU6_RELU }, &b) == ERR_USAGE);
    CHECK(strcmp(error_last()->text, "relu6 = relu has no effect: m.model has no relu6") == 0);
    table_free(&t);
    model_free(&m);
}

static void test_refusals(void)
{
#define S(count, names)                                                                                      \
    "x.pth: m.model does not use " count " of its tensors (" names "): another description may fit; lines "  \
    "`ignore PATTERN` of the description name what may be there, unused = allow (--unused=allow) allows all"
    check_refused(0, stranger, ERR_MISMATCH, S("1", "stranger"));
    check_refused(0, many_strangers, ERR_MISMATCH, S("6", "s0, s1, s2, s3, ..."));
    check_refused(0, second_head, ERR_MISMATCH, S("2", "aux.weight, aux.bias"));
    check_refused(1, unfused, ERR_MISMATCH, S("4", "n.weight, n.bias, n.scale, n.zero_point"));
    check_refused(1, ran, ERR_MISMATCH, S("2", "idle_add.scale, idle_add.zero_point"));
    check_refused(1, shifted, ERR_MISMATCH, S("2", "idle_add.scale, idle_add.zero_point"));
    check_refused(0, observed, ERR_MISMATCH, S("1", "z.activation_post_process.min_val"));
    check_refused(0, scale_of_float, ERR_MISMATCH, S("2", "z.scale, z.zero_point"));
#undef S
    check_refused(0, rename_first, ERR_MISSING, "x.pth: no tensor c.weight (the nearest is d.weight)");
    check_refused(0, rename_mean, ERR_MISSING,
                  "x.pth: no tensor n.running_mean (the nearest is n.Running_mean)");
    check_refused(0, narrow_fc, ERR_MISMATCH,
                  "x.pth: tensor f.weight is (4, 2) f32, but m.model:8 (linear f) needs (5, 2) f32");
    check_refused(0, narrow_bias, ERR_MISMATCH,
                  "x.pth: tensor f.bias is (4) f32, but m.model:8 (linear f) needs (5) f32");
    check_refused(0, whole_fc, ERR_MISMATCH,
                  "x.pth: tensor f.weight is (5, 2) s32, but m.model:8 (linear f) needs (5, 2) f32");
#define C "x.pth: tensor c.weight is (2, 3, 1, 1) s8, per channel, but m.model:3 (conv c) needs "
    check_refused(1, shift_zero, ERR_MISMATCH, C "weights with zero point 0, not 3");
    check_refused(1, no_scale, ERR_MISMATCH, C "positive scales, not 0");
    check_refused(1, nan_scale, ERR_MISMATCH, C "positive scales, not nan");
    check_refused(1, tiny_scale, ERR_MISMATCH, C "positive scales, not 1e-39");
    check_refused(1, other_axis, ERR_MISMATCH, C "its scales on axis 0");
#undef C
#define X "x.pth: tensor x.scale is () f64, but m.model:6 (mul x) needs a positive scale, not "
    check_refused(1, negative_scale, ERR_MISMATCH, X "-1");
    check_refused(1, infinite_scale, ERR_MISMATCH, X "inf");
    check_refused(1, denormal_scale, ERR_MISMATCH, X "1e-39");
#undef X
#define Z                                                                                                    \
    "x.pth: tensor x.zero_point is () f64, but m.model:6 (mul x) needs a whole number from 0 to 255, not "
    check_refused(1, high_zero, ERR_MISMATCH, Z "256");
    check_refused(1, nan_zero, ERR_MISMATCH, Z "nan");
    check_refused(1, broken_zero, ERR_MISMATCH, Z "127.5");
#undef Z
    check_refused(1, unsigned_weight, ERR_MISMATCH,
                  "x.pth: tensor c.weight is (2, 3, 1, 1) u8, per channel, but m.model:3 (conv c) needs "
                  "(2, 3, 1, 1) s8, quantized");
}

/* `auto` is what the checkpoint notes, else what its weights' scales suggest. */
static void test_engine(void)
{
    static const struct { const char *note; int per_channel, fbgemm; } cases[] = {
        { NULL, 0, 0 },      { NULL, 1, 1 },     { "fbgemm", 0, 1 },
        { "qnnpack", 1, 0 }, { "fbgemm", 1, 1 }, { "onednn", 1, -1 },
    };
    struct model m;

    make_model(&m);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct tensor_table t = { 0 };
        struct model_binding b;

        make_int8(&t, "f.weight", 1 + cases[i].per_channel);
        if (cases[i].note)
            CHECK(table_add_note(&t, "quantcam.engine", cases[i].note) == OK);
        if (cases[i].fbgemm >= 0) {
            CHECK(model_bind(&m, &t, NULL, &b) == OK && b.fbgemm == cases[i].fbgemm);
            CHECK(b.per_channel == cases[i].per_channel);
            model_unbind(&b);
        } else {
            CHECK(model_bind(&m, &t, NULL, &b) == ERR_FORMAT);
            CHECK(strstr(error_last()->text,
                         "its note quantcam.engine is 'onednn', not fbgemm, qnnpack, tflite or "
                         "onnxruntime"));
        }
        table_free(&t);
    }
    model_free(&m);
}

/* Ops that torch gives no scale, in torch's checkpoints, real and quantized. */
static void test_quants(void)
{
    static const struct {
        const char *line, *expected;
    } row[] = {
        { "relu r c quant r\n",
          "m.model:3: the 'quant' of relu r has no effect in x.pth, where it has no scale of "
          "its own: leave it out" },
        { "quantize r c quant r\n",
          "m.model:3: quantize r is of a deployed file, and x.pth is a checkpoint: leave it out" },
        { "dequantize r c\n",
          "m.model:3: dequantize r is of a deployed file, and x.pth is a checkpoint: leave it out" },
    };

    for (size_t i = 0; i < 2 * COUNT_OF(row); i++) {
        struct tensor_table t = { 0 };
        struct model_binding b;
        struct model m;
        char text[512];

        snprintf(text, sizeof text,
                 "model m\ninput c 3 4 4 resize 4 bilinear crop 4 mean 0 0 0 std 1 1 1 quant q\n%s"
                 "avgpool p r\nlinear f p out 5 weight f\noutput f\ncam r\n",
                 row[i / 2].line);
        CHECK_MSG(model_parse("m.model", text, strlen(text), &m) == OK, "%s", error_last()->text);
        if (i % 2)
            make_int8(&t, "f.weight", 1);
        else
            make_float(&t);
        CHECK(model_bind(&m, &t, NULL, &b) == ERR_MISMATCH);
        CHECK_MSG(strcmp(error_last()->text, row[i / 2].expected) == 0, "\n  is     %s\n  should %s",
                  error_last()->text, row[i / 2].expected);
        table_free(&t);
        model_free(&m);
    }
}

int main(void)
{
    test_quants();
    test_forms();
    test_params();
    test_codes();
    test_rounded();
    test_absents();
    test_unused();
    test_relu6();
    test_relu6_asked();
    test_engine();
    test_refusals();
    CHECK(mem_live() == 0);
    return check_result("model/bind");
}
