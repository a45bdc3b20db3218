/* tests/kernel/test_unit_f32.c: inverted residual blocks in fp32: every instruction set, ref too, against
 * ref's layers one by one, bit for bit. */
#include "kernel_test.h"

/* A unit with what it reads. */
struct unit_case {
    struct kernel_unit unit;
    float *weight[KERNEL_UNIT_PARTS], *bias[KERNEL_UNIT_PARTS];
    struct kernel_unit_f32 bounds;
    float *in, *added;
    size_t out_floats;
    struct kernel_rect rect;
};

static const struct kernel_conv *part(const struct unit_case *c, enum kernel_unit_part p)
{
    return &c->unit.part[p];
}

/* What the unit puts out. */
static const struct kernel_conv *last_part(const struct unit_case *c)
{
    return part(c, c->unit.projects ? KERNEL_UNIT_PROJECT : KERNEL_UNIT_DEPTHWISE);
}

/* What the unit reads. */
static const struct kernel_conv *first_part(const struct unit_case *c)
{
    return part(c, c->unit.expands ? KERNEL_UNIT_EXPAND : KERNEL_UNIT_DEPTHWISE);
}

static float *random_values(size_t n, int adversarial)
{
    float *p = test_memory((n + 16) * sizeof *p);

    test_fill_f32(p, n + 16, adversarial);
    return p;
}

static void test_window(struct kernel_conv *s, int kernel, int stride)
{
    int height, width;

    do {
        s->pad_y = test_between(0, 3) ? kernel / 2 : test_between(0, kernel - 1);
        s->pad_x = test_between(0, 3) ? kernel / 2 : test_between(0, kernel - 1);
        height = s->ih + s->pad_y + (test_between(0, 2) ? kernel / 2 : test_between(0, kernel - 1));
        width = s->iw + s->pad_x + (test_between(0, 2) ? kernel / 2 : test_between(0, kernel - 1));
    } while (height < kernel || width < kernel);
    s->kh = s->kw = kernel;
    s->stride = stride;
    s->oh = (height - kernel) / stride + 1;
    s->ow = (width - kernel) / stride + 1;
}

/* The unit that ends before its projection. */
static struct kernel_unit unprojected(struct kernel_unit u)
{
    struct kernel_conv *d = &u.part[KERNEL_UNIT_DEPTHWISE];

    u.projects = u.added_pitch = 0;
    d->out_pitch = d->oc + (test_between(0, 2) ? 0 : test_between(1, 20));
    return u;
}

static struct kernel_unit random_unit(void)
{
    static const int expanded[] = { 1,  7,  8,  15, 16, 17, 24, 31,  32,  33,
                                    47, 48, 49, 64, 72, 96, 97, 113, 144, 200 };
    static const int narrow[] = { 1, 3, 7, 8, 12, 15, 16, 17, 24, 31, 32, 33, 40, 47, 48, 56, 64, 80 };
    struct kernel_unit u = { .expands = test_between(0, 3) > 0, .projects = 1 };
    struct kernel_conv *e = &u.part[KERNEL_UNIT_EXPAND], *d = &u.part[KERNEL_UNIT_DEPTHWISE],
                       *o = &u.part[KERNEL_UNIT_PROJECT];

    d->ih = test_between(1, 14);
    d->iw = test_between(0, 2) ? test_between(1, 30) : test_between(29, 70);
    d->ic = d->oc = expanded[test_between(0, 19)];
    if (u.expands) {
        *e = (struct kernel_conv){ .ih = d->ih, .iw = d->iw, .ic = narrow[test_between(0, 17)] };
        if (test_between(0, 2))
            test_window(e, 1, 1);
        else
            test_window(e, test_between(2, 5), test_between(1, 2));
        if (e->kh == 1) {
            e->pad_y = e->pad_x = 0;
            e->oh = e->ih;
            e->ow = e->iw;
        }
        e->oc = d->ic;
        e->in_pitch = e->ic + (test_between(0, 2) ? 0 : test_between(1, 20));
        d->ih = e->oh;
        d->iw = e->ow;
    } else {
        d->in_pitch = d->ic + (test_between(0, 2) ? 0 : test_between(1, 20));
    }
    test_window(d, test_between(0, 1) ? 3 : 5, test_between(1, 2));
    *o = (struct kernel_conv){ .ih = d->oh, .iw = d->ow, .ic = d->oc, .oh = d->oh, .ow = d->ow };
    o->kh = o->kw = o->stride = 1;
    o->oc = narrow[test_between(0, 17)];
    o->out_pitch = o->oc + (test_between(0, 2) ? 0 : test_between(1, 20));
    u.added_pitch = test_between(0, 1) ? o->oc + test_between(0, 3) : 0;
    for (int i = 0; i < KERNEL_UNIT_PROJECT; i++)
        u.function[i] = test_between(0, 1) ? KERNEL_UNIT_NONE
                                           : (enum kernel_unit_function)test_between(0, KERNEL_UNIT_SILU);
    return u.expands && test_between(0, 2) == 0 ? unprojected(u) : u;
}

static struct unit_case make_case(struct kernel_unit u, int adversarial)
{
    struct unit_case c = { .unit = u };
    const struct kernel_conv *reads = first_part(&c), *o = last_part(&c);

    for (int i = 0; i < KERNEL_UNIT_PARTS; i++) {
        const struct kernel_conv *s = &u.part[i];
        size_t terms = (size_t)(s->kh * s->kw) * (size_t)(i == KERNEL_UNIT_DEPTHWISE ? 1 : s->ic);

        c.weight[i] = random_values(terms * (size_t)s->oc, adversarial && test_between(0, 3) == 0);
        c.bias[i] = random_values((size_t)s->oc, 0);
        c.bounds.low[i] = test_between(0, 3) ? -INFINITY : 0;
        c.bounds.high[i] = test_between(0, 1) ? 6 : INFINITY;
        for (int j = 0; test_between(0, 3) == 0 && j < s->oc; j++)
            c.bias[i][j] = 0.0f;
    }
    c.bounds.add_low = test_between(0, 3) ? -INFINITY : 0;
    c.bounds.add_high = test_between(0, 3) ? INFINITY : 6;
    c.in = random_values((size_t)reads->ih * reads->iw * reads->in_pitch, adversarial);
    c.added = u.added_pitch ? random_values((size_t)o->oh * o->ow * u.added_pitch, adversarial) : NULL;
    c.out_floats = (size_t)o->oh * o->ow * o->out_pitch + 16;
    c.rect = test_rect(o);
    return c;
}

static void free_case(struct unit_case *c)
{
    for (int i = 0; i < KERNEL_UNIT_PARTS; i++) {
        free(c->weight[i]);
        free(c->bias[i]);
    }
    free(c->in);
    free(c->added);
}

static float *canary(size_t n)
{
    float *out = test_memory(n * sizeof *out);

    for (size_t i = 0; i < n; i++)
        out[i] = 12345.0f;
    return out;
}

/* One whole layer of ref, its output tightly packed. */
static float *run_layer(const struct unit_case *c, enum kernel_unit_part p, const float *in, int in_pitch)
{
    const struct kernel_table *ref = kernel_select("ref");
    struct kernel_conv s = *part(c, p);
    struct kernel_rect all = { 0, s.oh, 0, s.ow };
    int depthwise = p == KERNEL_UNIT_DEPTHWISE;
    float *out = test_memory(((size_t)s.oh * s.ow * s.oc + 16) * sizeof *out);
    void *packed;

    s.in_pitch = in_pitch;
    s.out_pitch = s.oc;
    packed = test_memory((depthwise ? ref->depthwise_f32_packed_bytes : ref->conv_f32_packed_bytes)(&s));
    (depthwise ? ref->depthwise_f32_pack : ref->conv_f32_pack)(&s, c->weight[p], c->bias[p], packed);
    (depthwise ? ref->depthwise_f32 : ref->conv_f32)(&s, packed, in, out, all, c->bounds.low[p],
                                                     c->bounds.high[p], NULL);
    if (p != KERNEL_UNIT_PROJECT && c->unit.function[p] != KERNEL_UNIT_NONE)
        (c->unit.function[p] == KERNEL_UNIT_SILU ? ref->silu_f32 : ref->hardswish_f32)(out, s.oc, out, s.oc,
                                                                                       s.oh * s.ow, s.oc);
    free(packed);
    return out;
}

/* The layers one by one, and of the last one's output the rectangle. */
static float *run_layers(const struct unit_case *c)
{
    const struct kernel_table *ref = kernel_select("ref");
    const struct kernel_conv *o = last_part(c);
    float *out = canary(c->out_floats), *expanded = NULL, *convolved, *last;

    if (c->unit.expands)
        expanded = run_layer(c, KERNEL_UNIT_EXPAND, c->in, first_part(c)->in_pitch);
    convolved = run_layer(c, KERNEL_UNIT_DEPTHWISE, expanded ? expanded : c->in,
                          expanded ? part(c, KERNEL_UNIT_EXPAND)->oc : first_part(c)->in_pitch);
    last = c->unit.projects ? run_layer(c, KERNEL_UNIT_PROJECT, convolved, o->ic) : convolved;
    if (c->added)
        ref->add_f32(last, o->oc, c->added, c->unit.added_pitch, last, o->oc, o->oh * o->ow, o->oc,
                     c->bounds.add_low, c->bounds.add_high);
    for (int y = c->rect.y0; y < c->rect.y1; y++)
        for (int x = c->rect.x0; x < c->rect.x1; x++) {
            size_t place = (size_t)y * o->ow + x;

            memcpy(out + place * o->out_pitch, last + place * o->oc, (size_t)o->oc * sizeof *out);
        }
    free(expanded);
    if (last != convolved)
        free(last);
    free(convolved);
    test_one_nan(out, c->out_floats);
    return out;
}

static float *run_unit(const struct kernel_table *k, const struct unit_case *c,
                       const struct kernel_rect *rect, int rects)
{
    float *out = canary(c->out_floats);
    size_t bytes = k->unit_f32_packed_bytes(&c->unit);
    void *packed = test_memory(bytes), *scratch = test_memory(k->unit_f32_scratch_bytes(&c->unit));

    for (int i = c->unit.expands ? KERNEL_UNIT_EXPAND : KERNEL_UNIT_DEPTHWISE;
         i < KERNEL_UNIT_PARTS - !c->unit.projects; i++)
        k->unit_f32_pack(&c->unit, (enum kernel_unit_part)i, c->weight[i], c->bias[i], packed);
    for (int i = 0; i < rects; i++)
        k->unit_f32(&c->unit, packed, c->in, c->added, out, rect[i], &c->bounds, scratch);
    free(packed);
    free(scratch);
    test_one_nan(out, c->out_floats);
    return out;
}

static void compare(const struct kernel_table *k, struct kernel_unit u, int adversarial)
{
    struct unit_case c = make_case(u, adversarial);
    const struct kernel_rect r = c.rect;
    int my = test_between(r.y0, r.y1), mx = test_between(r.x0, r.x1);
    struct kernel_rect parts[] = {
        { r.y0, my, r.x0, mx }, { r.y0, my, mx, r.x1 }, { my, r.y1, r.x0, mx }, { my, r.y1, mx, r.x1 }
    };
    float *layers = run_layers(&c), *whole = run_unit(k, &c, &r, 1), *split = run_unit(k, &c, parts, 4);
    long at = test_differs_f32(layers, whole, c.out_floats),
         cut = test_differs_f32(whole, split, c.out_floats);

    CHECK_MSG(at < 0 && cut < 0, "%s, expands %d, projects %d, %d %d: %s: element %ld, in 4 parts %ld",
              k->isa, u.expands, u.projects, (int)u.function[0], (int)u.function[1],
              test_shape_text(part(&c, KERNEL_UNIT_DEPTHWISE), &r), at, cut);
    free(layers);
    free(whole);
    free(split);
    free_case(&c);
}

/* Blocks of mobilenet_v2, efficientnet_lite0 and _b0, their maps smaller. */
static struct kernel_unit block(int width, int ic, int expanded, int oc, int kernel, int stride)
{
    int out = (width - 1) / stride + 1;

    return (
        struct kernel_unit){ .expands = 1,
                             .projects = 1,
                             .part = { { 6, width, ic, ic, 6, width, expanded, expanded, 1, 1, 1, 0, 0, 0 },
                                       { 6, width, expanded, expanded, 5 / stride + 1, out, expanded,
                                         expanded, kernel, kernel, stride, kernel / 2, kernel / 2, 0 },
                                       { 5 / stride + 1, out, expanded, expanded, 5 / stride + 1, out, oc, oc,
                                         1, 1, 1, 0, 0, 0 } },
                             .added_pitch = ic == oc ? ic : 0 };
}

static void test_table(const struct kernel_table *k)
{
    struct kernel_unit stem = block(112, 3, 32, 16, 3, 1), wide = block(112, 16, 96, 24, 3, 2);

    stem.part[KERNEL_UNIT_EXPAND] = (struct kernel_conv){ 12, 224, 3, 3, 6, 112, 32, 32, 3, 3, 2, 1, 1, 0 };
    compare(k, stem, 0);
    compare(k, wide, 0);
    wide.function[KERNEL_UNIT_EXPAND] = wide.function[KERNEL_UNIT_DEPTHWISE] = KERNEL_UNIT_SILU;
    compare(k, unprojected(wide), 0);
    compare(k, block(56, 24, 144, 24, 3, 1), 0);
    compare(k, block(56, 24, 144, 40, 5, 2), 0);
    compare(k, block(28, 32, 192, 64, 3, 2), 0);
    compare(k, block(28, 40, 240, 40, 5, 1), 1);
    compare(k, block(14, 64, 384, 64, 3, 1), 0);
    compare(k, block(7, 160, 960, 320, 3, 1), 0);
    for (int width = 1; width <= 31; width++)
        compare(k, block(width, 24, 40, 24, 3, 1), 0);
    for (int i = 0; i < 300; i++)
        compare(k, random_unit(), i % 2);
}

static void test_isa(const struct kernel_table *ref, const struct kernel_table *isa)
{
    (void)ref;
    test_table(isa);
}

/* By hand: one channel, 2 x 2, the expansion doubles, the depthwise window sums what is inside and is at most
 * 25, the projection adds 1, and then the input; at most 32. */
static void test_hand(void)
{
    float two[] = { 2 }, ones[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, zero[] = { 0 }, in[] = { 1, 2, 3, 7 };
    struct unit_case c = {
        .unit = { .part = { { 2, 2, 1, 1, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0 },
                            { 2, 2, 1, 1, 2, 2, 1, 1, 3, 3, 1, 1, 1, 0 },
                            { 2, 2, 1, 1, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0 } },
                  .expands = 1,
                  .projects = 1,
                  .added_pitch = 1 },
        .weight = { two, ones, ones },
        .bias = { zero, zero, ones },
        .bounds = { { -INFINITY, -INFINITY, -INFINITY }, { INFINITY, 25, INFINITY }, -INFINITY, 32 },
        .in = in,
        .added = in,
        .out_floats = 4 + 16,
        .rect = { 0, 2, 0, 2 }
    };
    float *out = run_unit(kernel_select("ref"), &c, &c.rect, 1);

    CHECK(out[0] == 27 && out[1] == 28 && out[2] == 29 && out[3] == 32 && out[4] == 12345.0f);
    free(out);
    /* The hard swish of -2, 4, 6 and 14 is -1 / 3, 4, 6 and 14; the windows' sum, not projected, is the
     * output. */
    in[0] = -1;
    c.unit.function[KERNEL_UNIT_EXPAND] = KERNEL_UNIT_HARDSWISH;
    c.unit.projects = c.unit.added_pitch = 0;
    c.bounds.high[KERNEL_UNIT_DEPTHWISE] = INFINITY;
    out = run_unit(kernel_select("ref"), &c, &c.rect, 1);
    CHECK(out[0] == out[3] && out[1] == out[2] && fabsf(out[0] - (24.0f - 1.0f / 3)) < 1e-5f);
    free(out);
}

int main(void)
{
    test_hand();
    test_table(kernel_select("ref"));
    test_every_isa(test_isa);
    return check_result("kernel/unit_f32");
}
