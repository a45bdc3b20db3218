/* src/cli/bench_kernel.c: kernels alone, each on shapes that the study's networks have. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

enum form { CONV, DEPTHWISE, WINOGRAD };
static const struct shape {
    enum form form;
    int h, ic, oc, kernel, stride;
} shapes[] = {
    { CONV, 224, 3, 32, 3, 2 },        { CONV, 224, 3, 64, 7, 2 },        { CONV, 56, 64, 64, 3, 1 },
    { WINOGRAD, 56, 64, 64, 3, 1 },    { WINOGRAD, 28, 128, 128, 3, 1 },  { WINOGRAD, 14, 256, 256, 3, 1 },
    { WINOGRAD, 7, 512, 512, 3, 1 },   { CONV, 28, 128, 128, 3, 1 },      { CONV, 14, 256, 256, 3, 1 },
    { CONV, 7, 512, 512, 3, 1 },       { CONV, 112, 16, 96, 1, 1 },       { CONV, 56, 144, 24, 1, 1 },
    { CONV, 28, 32, 192, 1, 1 },       { CONV, 28, 192, 32, 1, 1 },       { CONV, 14, 96, 576, 1, 1 },
    { CONV, 14, 576, 96, 1, 1 },       { CONV, 7, 160, 960, 1, 1 },       { CONV, 7, 320, 1280, 1, 1 },
    { CONV, 1, 1280, 1000, 1, 1 },     { DEPTHWISE, 112, 32, 32, 3, 1 },  { DEPTHWISE, 112, 96, 96, 3, 2 },
    { DEPTHWISE, 56, 144, 144, 3, 1 }, { DEPTHWISE, 14, 576, 576, 3, 1 }, { DEPTHWISE, 28, 120, 120, 5, 1 },
    { DEPTHWISE, 7, 960, 960, 5, 1 },
};

enum { WINOGRAD_MOST = 196 }; /* tiles of a shape */

/* The kernels that are no convolutions. */
enum other { ADD_F32, HARDSWISH_F32, SILU_F32, AVERAGE_F32, ADD_U8, MUL_U8, LOOKUP_U8, SHUFFLE_U8, GRAM_F64 };

/* One measured call: everything a kernel may take. */
struct call {
    const struct kernel_table *k;
    int int8; /* a convolution */
    enum form form;
    enum other other; /* none */
    struct kernel_conv s;
    struct kernel_rect whole;
    struct kernel_tile tile[WINOGRAD_MOST]; /* all of the map */
    int tiles;
    struct kernel_requant requant;
    void *in, *out, *packed, *scratch;
    float *real; /* weights and constants */
    int8_t *code;
    double peak[2]; /* multiply-accumulates a second: fp32, int8 */
    int repeats, json;
};

/* ---- measuring -------------------------------------------------------------------------------------- */

/* The fastest of several tries: a peak is what was reached once. */
static double peak(uint64_t (*loop)(uint64_t rounds, float *sink))
{
    double best = 0;
    float sink = 0;

    for (int i = 0; i < 30; i++) {
        double from = clock_s(), rate = (double)loop(20000, &sink) / (clock_s() - from);

        best = rate > best ? rate : best;
        sink = 0;
    }
    return best;
}

/* per: the unit's name; amount: of it in one call. share < 0: there is no peak to compare with. */
static void print(const struct call *c, const char *name, const char *shape, double seconds, double amount,
                  const char *per, double share)
{
    if (c->json) {
        printf("{\"kernel\": \"%s\", \"shape\": \"%s\", \"isa\": \"%s\", \"us\": %.3f, \"rate\": %.3f, "
               "\"unit\": \"%s\"",
               name, shape, c->k->isa, seconds * 1e6, amount / seconds / 1e9, per);
        printf(share < 0 ? "}\n" : ", \"peak_share\": %.4f}\n", share);
        return;
    }
    printf("%-16s %-26s %10.1f us %9.1f %-7s", name, shape, seconds * 1e6, amount / seconds / 1e9, per);
    printf(share < 0 ? "\n" : " %5.1f %% of the peak\n", 100 * share);
}

/* ---- convolutions ----------------------------------------------------------------------------------- */

static void run_convolution(void *user)
{
    struct call *c = user;
    const struct kernel_table *k = c->k;

    if (c->form == WINOGRAD)
        k->winograd_f32(&c->s, c->packed, c->tile, c->tiles, 0.0f, 6.0f, c->scratch);
    else if (c->int8 && c->form == DEPTHWISE)
        k->depthwise_u8(&c->s, c->packed, c->in, c->out, c->whole, &c->requant, KERNEL_EXACT, c->scratch);
    else if (c->int8)
        k->conv_u8(&c->s, c->packed, c->in, c->out, c->whole, &c->requant, KERNEL_EXACT, c->scratch);
    else if (c->form == DEPTHWISE)
        k->depthwise_f32(&c->s, c->packed, c->in, c->out, c->whole, 0.0f, 6.0f, c->scratch);
    else
        k->conv_f32(&c->s, c->packed, c->in, c->out, c->whole, 0.0f, 6.0f, c->scratch);
}

static void pack(const struct call *c)
{
    const struct kernel_table *k = c->k;

    if (c->form == WINOGRAD)
        k->winograd_f32_pack(&c->s, 0, c->s.oc, c->real, c->real, c->packed);
    else if (c->int8 && c->form == DEPTHWISE)
        k->depthwise_u8_pack(&c->s, c->code, c->packed);
    else if (c->int8)
        k->conv_u8_pack(&c->s, c->code, c->packed);
    else if (c->form == DEPTHWISE)
        k->depthwise_f32_pack(&c->s, c->real, c->real, c->packed);
    else
        k->conv_f32_pack(&c->s, c->real, c->real, c->packed);
}

static struct kernel_conv conv_of(const struct shape *s)
{
    int out = (s->h - 1) / s->stride + 1;

    return (struct kernel_conv){ .ih = s->h,
                                 .iw = s->h,
                                 .ic = s->ic,
                                 .in_pitch = s->ic,
                                 .oh = out,
                                 .ow = out,
                                 .oc = s->oc,
                                 .out_pitch = s->oc,
                                 .kh = s->kernel,
                                 .kw = s->kernel,
                                 .stride = s->stride,
                                 .pad_y = s->kernel / 2,
                                 .pad_x = s->kernel / 2,
                                 .zero_point_in = 3 };
}

/* Weights of an output channel. */
static int weights_of(const struct shape *s)
{
    return (s->form == DEPTHWISE ? 1 : s->ic) * s->kernel * s->kernel;
}

/* Lists the tiles of a Winograd layer; the multiplications that a call does. */
static double list_tiles(struct call *c)
{
    int side = kernel_winograd_side(&c->s), wide = (c->s.ow + side - 1) / side;

    c->tiles = kernel_winograd_tiles(&c->s, side);
    BUG_IF(c->tiles > WINOGRAD_MOST);
    for (int i = 0; i < c->tiles; i++)
        c->tile[i] = (struct kernel_tile){ c->in, c->out, i / wide, i % wide };
    return (double)c->tiles * (side + 2) * (side + 2) * c->s.ic * c->s.oc;
}

static status convolution(struct call *c, const struct shape *s)
{
    static const char *const names[] = {
        [CONV] = "conv", [DEPTHWISE] = "depthwise", [WINOGRAD] = "winograd"
    };
    char shape[64], name[32];
    struct bench_time time;
    double macs, done;

    c->s = conv_of(s);
    c->form = s->form;
    c->whole = (struct kernel_rect){ .y1 = c->s.oh, .x1 = c->s.ow };
    macs = (double)c->s.oh * c->s.ow * s->oc * weights_of(s);
    done = c->form == WINOGRAD ? list_tiles(c) : macs;
    pack(c);
    TRY(bench_time(run_convolution, c, 1, c->repeats, &time));
    snprintf(name, sizeof name, "%s_%s", names[c->form], c->int8 ? "u8" : "f32");
    snprintf(shape, sizeof shape, "%dx%d/%d %d>%d %dx%d", s->kernel, s->kernel, s->stride, s->ic, s->oc,
             c->s.oh, c->s.ow);
    print(c, name, shape, time.median, macs, "GMAC/s", done / time.median / c->peak[c->int8]);
    return OK;
}

static void raise_to(size_t *most, size_t value)
{
    *most = value > *most ? value : *most;
}

/* The most that any shape's buffers take. */
static status make_room(struct call *c)
{
    const struct kernel_table *k = c->k;
    size_t map = 1, packed = 1, scratch = k->gram_f64_scratch_bytes(49, 1280), weights = 1 << 16;

    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        const struct shape *s = &shapes[i];
        struct kernel_conv v = conv_of(s);

        raise_to(&map, (size_t)(s->h * s->h) * (size_t)(s->ic > s->oc ? s->ic : s->oc));
        raise_to(&weights, (size_t)weights_of(s) * (size_t)s->oc);
        if (s->form == WINOGRAD) {
            raise_to(&packed, k->winograd_f32_packed_bytes(&v));
            raise_to(&scratch, k->winograd_f32_scratch_bytes(&v));
            continue;
        }
        raise_to(&packed,
                 s->form == DEPTHWISE ? k->depthwise_f32_packed_bytes(&v) : k->conv_f32_packed_bytes(&v));
        raise_to(&packed,
                 s->form == DEPTHWISE ? k->depthwise_u8_packed_bytes(&v) : k->conv_u8_packed_bytes(&v));
        raise_to(&scratch,
                 s->form == DEPTHWISE ? k->depthwise_f32_scratch_bytes(&v) : k->conv_f32_scratch_bytes(&v));
        raise_to(&scratch,
                 s->form == DEPTHWISE ? k->depthwise_u8_scratch_bytes(&v) : k->conv_u8_scratch_bytes(&v));
    }
    MEM_TRY(c->in, map + 64, sizeof(float));
    MEM_TRY(c->out, map + 64, sizeof(float));
    MEM_TRY(c->packed, packed + 64, 1);
    MEM_TRY(c->scratch, scratch + 64, 1);
    MEM_TRY(c->real, weights, sizeof *c->real);
    MEM_TRY(c->code, weights, sizeof *c->code);
    for (size_t i = 0; i < weights; i++) {
        c->real[i] = (float)(i % 13) / 100.0f;
        c->code[i] = (int8_t)(i % 255 - 127);
    }
    c->requant = (struct kernel_requant){ .mode = REQUANT_FBGEMM_CHANNEL,
                                          .multiplier = c->real,
                                          .bias_real = c->real,
                                          .zero_point_out = 5,
                                          .low = 5,
                                          .high = 255 };
    return OK;
}

/* ---- the others ------------------------------------------------------------------------------------- */

enum { PIXELS = 28 * 28, CHANNELS = 192, COUNT = PIXELS * CHANNELS };

/* Bytes read and written, each once; of the last multiply-accumulates. */
static const struct {
    const char *name, *shape;
    double amount;
} others[] = {
    [ADD_F32] = { "add_f32", "192 28x28", 3.0 * COUNT * 4 },
    [HARDSWISH_F32] = { "hardswish_f32", "192 28x28", 2.0 * COUNT * 4 },
    [SILU_F32] = { "silu_f32", "192 28x28", 2.0 * COUNT * 4 },
    [AVERAGE_F32] = { "average_f32", "192 28x28", COUNT * 4 },
    [ADD_U8] = { "add_u8", "192 28x28", 3.0 * COUNT },
    [MUL_U8] = { "mul_u8", "192 28x28", 2.0 * COUNT },
    [LOOKUP_U8] = { "lookup_u8", "192 28x28", 2.0 * COUNT },
    [SHUFFLE_U8] = { "shuffle_u8", "192 28x28", 2.0 * COUNT },
    [GRAM_F64] = { "gram_f64", "1280 7x7", 49.0 * 50 / 2 * 1280 },
};

static void run_other(void *user)
{
    static const struct kernel_add_u8 add = {
        .mode = ADD_FBGEMM, .scale_a = 0.1f, .scale_b = 0.2f, .inverse_out = 5.0f
    };
    static const struct kernel_mul_u8 mul = { .multiplier = 0.01f };
    static const struct kernel_conv whole = { .ih = PIXELS,
                                              .iw = 1,
                                              .ic = CHANNELS,
                                              .in_pitch = CHANNELS,
                                              .oh = 1,
                                              .ow = 1,
                                              .oc = CHANNELS,
                                              .out_pitch = CHANNELS,
                                              .kh = PIXELS,
                                              .kw = 1,
                                              .stride = 1 };
    const struct call *c = user;
    const struct kernel_table *k = c->k;
    const int n = CHANNELS;

    switch (c->other) {
    case ADD_F32:
        k->add_f32(c->in, n, c->in, n, c->out, n, PIXELS, n, 0.0f, 6.0f);
        break;
    case HARDSWISH_F32:
        k->hardswish_f32(c->in, n, c->out, n, PIXELS, n);
        break;
    case SILU_F32:
        k->silu_f32(c->in, n, c->out, n, PIXELS, n);
        break;
    case AVERAGE_F32:
        k->average_f32(&whole, c->in, c->out, (struct kernel_rect){ 0, 1, 0, 1 });
        break;
    case ADD_U8:
        k->add_u8(c->in, n, c->in, n, c->out, n, PIXELS, n, &add);
        break;
    case MUL_U8:
        k->mul_u8(c->in, n, c->in, 0, c->out, n, PIXELS, n, &mul);
        break;
    case LOOKUP_U8:
        k->lookup_u8(c->in, n, c->out, n, PIXELS, n, (const uint8_t *)c->code);
        break;
    case SHUFFLE_U8:
        k->shuffle_u8(c->in, n, c->out, n, PIXELS, n, 2);
        break;
    case GRAM_F64:
        k->gram_f64(c->in, 49, 1280, 1280, c->out, c->scratch);
        break;
    }
}

static status run_all(struct call *c)
{
    struct bench_time time;

    for (c->int8 = 0; c->int8 < 2; c->int8++)
        for (size_t i = 0; i < COUNT_OF(shapes); i++)
            if (!c->int8 || shapes[i].form != WINOGRAD)
                TRY(convolution(c, &shapes[i]));
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        c->other = (enum other)i;
        TRY(bench_time(run_other, c, 1, c->repeats, &time));
        print(c, others[i].name, others[i].shape, time.median, others[i].amount,
              c->other == GRAM_F64 ? "GMAC/s" : "GB/s", -1);
    }
    return OK;
}

status bench_kernel_run(const struct kernel_table *k, int repeats, int json)
{
    struct call c = { .k = k, .repeats = repeats, .json = json };
    status result = OK;

    TRY_OUT(make_room(&c));
    c.peak[0] = peak(k->peak_f32);
    c.peak[1] = peak(k->peak_u8);
    if (json)
        printf("{\"isa\": \"%s\", \"peak_f32_gmac_s\": %.2f, \"peak_u8_gmac_s\": %.2f}\n", k->isa,
               c.peak[0] / 1e9, c.peak[1] / 1e9);
    else
        printf("%s: this core's peak is %.1f GMAC/s in fp32 and %.1f in int8\n", k->isa, c.peak[0] / 1e9,
               c.peak[1] / 1e9);
    TRY_OUT(run_all(&c));
out:
    mem_free(c.in);
    mem_free(c.out);
    mem_free(c.packed);
    mem_free(c.scratch);
    mem_free(c.real);
    mem_free(c.code);
    return result;
}
