#include "engine/tiny.h"

#include <math.h>

enum { COUNT = 4 * 3 };

static void fill(uint8_t pixels[COUNT])
{
    for (int i = 0; i < COUNT; i++)
        pixels[i] = (uint8_t)(51 * (1 + i % 3));
}

/* 0.2 + 2 * 0.4 + 3 * 0.6 = 2.8; -0.2 is clamped. */
static void test_fp32(void)
{
    struct tiny t;
    struct engine e;
    uint8_t pixels[COUNT];

    fill(pixels);
    tiny_describe(&t, tiny_one_text);
    tiny_real(&t, "c", ".weight", 4, (int64_t[]){ 2, 3, 1, 1 }, (float[]){ 1, 2, 3, -1, 0, 0 });
    tiny_real(&t, "c", ".bias", 1, (int64_t[]){ 2 }, (float[]){ 0, 0 });
    tiny_real(&t, "fc", ".weight", 2, (int64_t[]){ 2, 2 }, (float[]){ 1, 0, 10, 1 });
    tiny_real(&t, "fc", ".bias", 1, (int64_t[]){ 2 }, (float[]){ 0.5f, -1 });
    tiny_bind(&t);
    e = tiny_plan(&t, ENGINE_AUTO, 0, "auto");
    engine_run(e.plan, e.state, pixels);
    CHECK(fabsf(engine_logits(e.plan, e.state)[0] - 3.3f) < 1e-5f &&
          fabsf(engine_logits(e.plan, e.state)[1] - 27.0f) < 1e-5f);
    CHECK(engine_cam_map(e.plan, e.state).real[1] == 0.0f &&
          fabsf(engine_cam_map(e.plan, e.state).real[6] - 2.8f) < 1e-5f);
    engine_close(&e);
    tiny_free(&t);
}

/* Input codes 3 + rne(256 * (0.2, 0.4, 0.6)) = 54, 105, 157; sums 717 and 1638; (717 + 384) / 8 + 7 = 145
 * (rounded), the second (1638 - 512) / 16 + 7 = 77 per channel, (1638 - 256) / 8 + 7 = 180 per tensor; halved
 * by the last layer, scale 1/64. */
static void test_int8(enum engine_arithmetic arithmetic, int per_channel)
{
    struct tiny t;
    struct engine e;
    struct engine_map m;
    uint8_t pixels[COUNT];

    fill(pixels);
    tiny_one(&t, per_channel);
    e = tiny_plan(&t, arithmetic, 1, "auto");
    engine_run(e.plan, e.state, pixels);
    m = engine_node_map(e.plan, e.state, 0);
    CHECK(m.codes[0] == 54 && m.codes[1] == 105 && m.codes[2] == 157 && m.q.zero_point == 3);
    m = engine_cam_map(e.plan, e.state);
    CHECK_MSG(m.codes[0] == 145 && m.codes[1] == (per_channel ? 77 : 180), "%d %d", m.codes[0], m.codes[1]);
    CHECK(engine_logits(e.plan, e.state)[0] == 69.0f / 64 &&
          engine_logits(e.plan, e.state)[1] == (per_channel ? 35.0f : 86.0f) / 64);
    engine_close(&e);
    tiny_free(&t);
}

/* Values 0.2 k of three channels at two rows of four positions. scale 1.5, shift 0.25 of every channel; the
 * shortcut takes positions 0 and 2 of the first row as channels 1 .. 3 of 5; windows of 2 x 2 have k's mean;
 * the linear layer's columns are (c, h, w). Codes: 0.2 a step in, 0.05 out: 6 k + 5, zero point 10. */
static void test_hand_ops(int int8)
{
    static const char text[] = "model m\ninput i 3 2 4 resize squash bilinear mean 0 0 0 std 1 1 1 quant q\n"
                               "batchnorm n i weight n eps 1\nshortcut s n stride 2 begin 1 out 5\n"
                               "avgpool2d a n kernel 2 stride 2\ncat c s a quant c\n"
                               "linear f c out 1 weight f\noutput f\ncam c\n";
    static const int k[8] = { 0, 1, 2, 3, 4, 5, 2, 1 };   /* means 2.5 and 2 */
    struct tiny t;
    struct engine e;
    struct engine_map s, a;
    uint8_t pixels[24];
    float column[16] = { 0 };

    column[2 * 2 + 1] = 1; /* channel 2 at the second position: k = 2 + 1 (pixel 2's channel 1) */
    column[5 * 2 + 0] = 2; /* the mean's channel 0 at the first */
    for (int i = 0; i < 24; i++)
        pixels[i] = (uint8_t)(51 * ((k[i / 3] + i % 3) % 6));
    tiny_describe(&t, text);
    tiny_real(&t, "n", ".weight", 1, (int64_t[]){ 3 }, (float[]){ 3, 3, 3 });
    tiny_real(&t, "n", ".bias", 1, (int64_t[]){ 3 }, (float[]){ 1, 1, 1 });
    tiny_real(&t, "n", ".running_mean", 1, (int64_t[]){ 3 }, (float[]){ 0.5f, 0.5f, 0.5f });
    tiny_real(&t, "n", ".running_var", 1, (int64_t[]){ 3 }, (float[]){ 3, 3, 3 });
    if (int8) {
        int8_t codes[16];

        for (int i = 0; i < 16; i++)
            codes[i] = (int8_t)column[i];
        tiny_codes(&t, "f", "._packed_params._packed_params.0", 2, (int64_t[]){ 1, 16 }, codes, 1,
                   (double[]){ 1 });
        tiny_output(&t, "q", 0.2, 0);
        tiny_output(&t, "n", 0.05, 10);
        tiny_output(&t, "c", 0.05, 10);
        tiny_output(&t, "f", 0.05, 0);
    } else {
        tiny_real(&t, "f", ".weight", 2, (int64_t[]){ 1, 16 }, column);
    }
    tiny_bind(&t);
    e = tiny_plan(&t, ENGINE_FBGEMM, 1, "auto");
    engine_run(e.plan, e.state, pixels);
    s = engine_node_map(e.plan, e.state, model_find(&t.model, "s"));
    a = engine_node_map(e.plan, e.state, model_find(&t.model, "a"));
    for (int x = 0; x < 2; x++)
        for (int c = 0; c < 5; c++) {
            int in = c >= 1 && c <= 3, v = in ? (k[2 * x] + c - 1) % 6 : 0;

            if (int8)
                CHECK(s.codes[x * s.pitch + c] == (in ? 6 * v + 15 : 10));
            else
                CHECK(fabsf(s.real[x * s.pitch + c] - (in ? 0.3f * (float)v + 0.25f : 0)) < 1e-6f);
        }
    if (int8) /* 6 * 2.5 + 15, 6 * 2 + 15 */
        CHECK(a.codes[0] == 30 && a.codes[a.pitch] == 27);
    else
        CHECK(fabsf(a.real[0] - 1.0f) < 1e-6f && fabsf(a.real[a.pitch] - 0.85f) < 1e-6f);
    /* 0.3 * 3 + 0.25 + 2 * 1 */
    CHECK_MSG(fabsf(engine_logits(e.plan, e.state)[0] - 3.15f) < 1e-5f, "%g",
              (double)engine_logits(e.plan, e.state)[0]);
    engine_close(&e);
    tiny_free(&t);
}

/* Normalized values give the bits of the bytes they come from. */
static void test_real(int int8)
{
    struct tiny t;
    struct engine e;
    uint8_t pixels[12 * 12 * 3];
    float table[3][256], real[12 * 12 * 3], logits[5];

    tiny_every(&t, int8, 1);
    tiny_pixels(&t, pixels, sizeof pixels);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < 256; i++)
            table[c][i] = ((float)i / 255.0f - (float)t.model.input.mean[c]) / (float)t.model.input.std[c];
    for (int i = 0; i < 12 * 12 * 3; i++)
        real[i] = table[i % 3][pixels[i]];
    e = tiny_plan(&t, ENGINE_AUTO, 0, "auto");
    engine_run(e.plan, e.state, pixels);
    memcpy(logits, engine_logits(e.plan, e.state), sizeof logits);
    for (int i = 0; i < 12 * 12 * 3; i++)
        pixels[i] = 0;
    engine_run(e.plan, e.state, pixels);
    CHECK(memcmp(logits, engine_logits(e.plan, e.state), sizeof logits) != 0);
    engine_run_real(e.plan, e.state, real);
    CHECK(memcmp(logits, engine_logits(e.plan, e.state), sizeof logits) == 0);
    engine_close(&e);
    tiny_free(&t);
}

/* Values that no byte gives, ties and ends among them: numerics 2.1 as quantize_value has it (scale 1/256,
 * zero point 3). */
static void test_real_codes(void)
{
    static const float odd[] = { 0.0f,        0.5f / 256,  1.5f / 256, 2.5f / 256, -0.5f / 256,
                                 -1.5f / 256, -2.5f / 256, 1e9f,       -1e9f,      INFINITY,
                                 -INFINITY,   NAN,         0.99f };
    struct tiny t;
    struct engine e;
    struct engine_map m;
    float real[COUNT];

    tiny_one(&t, 1);
    e = tiny_plan(&t, ENGINE_FBGEMM, 1, "auto");
    for (unsigned at = 0; at < COUNT_OF(odd); at += 2) {
        for (int i = 0; i < COUNT; i++)
            real[i] = odd[(at + (unsigned)i) % COUNT_OF(odd)] + (i >= 9 ? 0.0371f * (float)at : 0.0f);
        engine_run_real(e.plan, e.state, real);
        m = engine_node_map(e.plan, e.state, 0);
        for (int i = 0; i < COUNT; i++) {
            int code = quantize_value(real[i], quantize_inverse(m.q.scale), m.q.zero_point, 0, 255);

            CHECK_MSG(m.codes[i] == code, "%g: %d, not %d", (double)real[i], m.codes[i], code);
        }
    }
    engine_close(&e);
    tiny_free(&t);
}

/* A relu6 that clamps gives the codes of one that runs as relu, cut at the code of 6. */
static void test_relu6(enum engine_arithmetic arithmetic, int per_channel)
{
    struct tiny t;
    struct engine plain, clamping;
    struct engine_map a, b;
    float real[12 * 12 * 3];
    int first, cut = 0, wrong = 0;

    tiny_every(&t, 1, per_channel);
    for (size_t i = 0; i < COUNT_OF(real); i++)
        real[i] = tiny_between(&t, -10, 10);
    first = model_find(&t.model, "first");
    t.binding.q[0].scale = 0.1;
    t.binding.q[first] = t.binding.q[first + 1] = t.binding.q[first + 2] =
        (struct quant_params){ 0.05, 90, 0, 255, 0 };
    plain = tiny_plan(&t, arithmetic, 1, "auto");
    t.binding.relu6_clamps = 1;
    clamping = tiny_plan(&t, arithmetic, 1, "auto");
    engine_run_real(plain.plan, plain.state, real);
    engine_run_real(clamping.plan, clamping.state, real);
    a = engine_node_map(plain.plan, plain.state, first + 1);
    b = engine_node_map(clamping.plan, clamping.state, first + 1);
    for (int i = 0; i < 12 * 12 * 16; i++) { /* 6 / 0.05 + 90 */
        cut += a.codes[i] > 210;
        wrong += b.codes[i] != (a.codes[i] > 210 ? 210 : a.codes[i]);
    }
    CHECK_MSG(cut > 20 && !wrong, "%d cut, %d wrong", cut, wrong);
    engine_close(&plain);
    engine_close(&clamping);
    tiny_free(&t);
}

/* A network of one channel, or of three of which all but the first have weights of 0: the same answers. */
static void grey_or_colour(struct tiny *t, int channels, int int8)
{
    enum { OC = 4 };
    char text[512];
    float real[OC * 3 * 9] = { 0 }, bias[OC] = { 0.1f, -0.2f, 0.3f, 0 };
    int8_t codes[OC * 3 * 9] = { 0 };
    const double scale = 0.01;

    snprintf(text, sizeof text,
             "model m\ninput i %d 6 5 resize squash bilinear mean %s std %s quant q\n"
             "conv c i out 4 kernel 3 stride 1 pad 1 groups 1 weight c\navgpool p c\n"
             "linear fc p out 2 weight fc\noutput fc\ncam c\n",
             channels, channels == 1 ? "0.4" : "0.4 0.4 0.4", channels == 1 ? "0.2" : "0.2 0.2 0.2");
    tiny_describe(t, text);
    for (int o = 0; o < OC; o++)
        for (int k = 0; k < 9; k++) {
            codes[o * channels * 9 + k] = (int8_t)(7 * o - 11 * k + 30);
            real[o * channels * 9 + k] = 0.01f * (float)codes[o * channels * 9 + k];
        }
    if (int8) {
        tiny_output(t, "q", 0.02, 100);
        tiny_codes(t, "c", ".weight", 4, (int64_t[]){ OC, channels, 3, 3 }, codes, 1, &scale);
        tiny_output(t, "c", 0.05, 120);
        tiny_random_codes(t, "fc", 2, (int64_t[]){ 2, OC }, 0, 0.05, 128);
    } else {
        tiny_real(t, "c", ".weight", 4, (int64_t[]){ OC, channels, 3, 3 }, real);
        tiny_random_real(t, "fc", 2, (int64_t[]){ 2, OC });
    }
    tiny_real(t, "c", ".bias", 1, (int64_t[]){ OC }, bias);
    tiny_bind(t);
}

static void test_grey(int int8)
{
    enum { PIXELS = 6 * 5, VALUES = 4 * PIXELS };
    uint8_t grey[PIXELS], rgb[PIXELS * 3];
    float real[PIXELS], map[2][VALUES], logits[2][2];

    for (int i = 0; i < PIXELS; i++) {
        grey[i] = (uint8_t)(i * i * 5);
        real[i] = ((float)grey[i] / 255.0f - 0.4f) / 0.2f;
        memset(rgb + 3 * i, grey[i], 3);
    }
    for (int k = 0; k < 2; k++) {
        struct tiny t;
        struct engine e;
        struct engine_map m;

        grey_or_colour(&t, k == 0 ? 1 : 3, int8);
        e = tiny_plan(&t, ENGINE_AUTO, 0, "auto");
        engine_run(e.plan, e.state, k == 0 ? grey : rgb);
        m = engine_cam_map(e.plan, e.state);
        engine_map_copy_real(&m, map[k]);
        memcpy(logits[k], engine_logits(e.plan, e.state), sizeof logits[k]);
        if (k == 0) {
            engine_run_real(e.plan, e.state, real);
            CHECK(memcmp(logits[0], engine_logits(e.plan, e.state), sizeof logits[0]) == 0);
        }
        engine_close(&e);
        tiny_free(&t);
    }
    CHECK(memcmp(map[0], map[1], sizeof map[0]) == 0 && memcmp(logits[0], logits[1], sizeof logits[0]) == 0);
    CHECK(map[0][0] != map[0][4] && logits[0][0] != logits[0][1]);
}

int main(void)
{
    test_grey(0);
    test_grey(1);
    for (int a = ENGINE_FBGEMM; a <= ENGINE_QNNPACK; a++) {
        test_relu6((enum engine_arithmetic)a, 0);
        test_relu6((enum engine_arithmetic)a, 1);
    }
    test_hand_ops(0);
    test_hand_ops(1);
    test_real(0);
    test_real(1);
    test_real_codes();
    test_fp32();
    test_int8(ENGINE_FBGEMM, 0);
    test_int8(ENGINE_FBGEMM, 1);
    test_int8(ENGINE_QNNPACK, 0);
    test_int8(ENGINE_QNNPACK, 1);
    CHECK(mem_live() == 0);
    return check_result("engine/run");
}
