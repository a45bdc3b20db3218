/* tests/kernel/test_unit_u8.c: units of codes: every instruction set against ref's layers one by one, chained
 * here, bit for bit. */
#include "kernel_test.h"
#include "requant_test.h"

enum { EXPAND = KERNEL_UNIT_EXPAND, DEPTHWISE = KERNEL_UNIT_DEPTHWISE, PROJECT = KERNEL_UNIT_PROJECT };

/* A unit with everything that it takes. */
struct unit_case {
    struct kernel_unit u;
    struct requant_case requant[KERNEL_UNIT_PARTS];
    struct kernel_unit_u8 how;
    int8_t *weight[KERNEL_UNIT_PARTS];
    uint8_t *in, *added;
    size_t out_bytes;
};

static int channels(void)
{
    static const int some[] = {
        1, 3, 8, 15, 16, 17, 24, 31, 32, 33, 40, 48, 63, 64, 65, 72, 96, 116, 144, 160
    };

    return some[test_between(0, 19)];
}

/* Extents of a layer whose input is known; each side has padding of its own. */
static void window(struct kernel_conv *s, int kernel, int stride, int pad)
{
    int height, width;

    do {
        s->pad_y = test_between(0, 2) ? pad : test_between(0, kernel - 1);
        s->pad_x = test_between(0, 2) ? pad : test_between(0, kernel - 1);
        height = s->ih + s->pad_y + (test_between(0, 2) ? pad : test_between(0, kernel - 1));
        width = s->iw + s->pad_x + (test_between(0, 2) ? pad : test_between(0, kernel - 1));
    } while (height < kernel || width < kernel);
    s->kh = s->kw = kernel;
    s->stride = stride;
    s->oh = (height - kernel) / stride + 1;
    s->ow = (width - kernel) / stride + 1;
    s->in_pitch = s->ic;
    s->out_pitch = s->oc;
    s->zero_point_in = test_between(0, 3) ? test_between(0, 255) : 0;
}

static void next(const struct kernel_conv *s, struct kernel_conv *to)
{
    to->ih = s->oh;
    to->iw = s->ow;
    to->ic = s->oc;
}

/* stem: the expansion has windows of its own. */
static struct kernel_unit unit_shape(int kernel, int stride)
{
    struct kernel_unit u = { .expands = test_between(0, 5) > 0, .projects = 1 };
    struct kernel_conv *e = &u.part[EXPAND], *d = &u.part[DEPTHWISE], *p = &u.part[PROJECT];
    int stem = u.expands && test_between(0, 3) == 0;

    e->ih = test_between(5, 17);
    e->iw = test_between(5, test_between(0, 3) ? 31 : 66);
    e->ic = stem ? test_between(1, 4) : channels();
    e->oc = channels();
    if (stem)
        window(e, 3, test_between(1, 2), test_between(0, 1));
    else
        window(e, 1, 1, 0);
    if (!stem) {
        e->oh = e->ih;
        e->ow = e->iw;
    }
    next(e, d);
    if (!u.expands)
        d->ic = e->ic;
    d->oc = d->ic;
    window(d, kernel, stride, d->ih < kernel || d->iw < kernel ? kernel / 2 : test_between(0, kernel / 2));
    next(d, p);
    p->oc = channels();
    window(p, 1, 1, 0);
    p->oh = p->ih;
    p->ow = p->iw;
    if (test_between(0, 2) == 0)
        (u.expands ? e : d)->in_pitch += test_between(1, 20);
    if (test_between(0, 2) == 0)
        p->out_pitch += test_between(1, 20);
    if (test_between(0, 1))
        u.added_pitch = p->oc + (test_between(0, 1) ? 0 : test_between(1, 20));
    return u;
}

static struct kernel_add_u8 add_case(void)
{
    return (struct kernel_add_u8){ .mode = test_between(0, 1) ? ADD_FBGEMM : ADD_QNNPACK,
                                   .scale_a = 0.02f + test_real() / 100,
                                   .scale_b = 0.03f + test_real() / 100,
                                   .offset_a = test_real(),
                                   .offset_b = test_real(),
                                   .inverse_out = 30.0f + test_real(),
                                   .relu = test_between(0, 1),
                                   .a_multiplier = test_between(1 << 18, 1 << 22),
                                   .b_multiplier = test_between(1 << 18, 1 << 22),
                                   .shift = test_between(19, 22),
                                   .zero_point_a = test_between(0, 255),
                                   .zero_point_b = test_between(0, 255),
                                   .zero_point_out = test_between(0, 255),
                                   .high = test_between(200, 255) };
}

static const struct kernel_conv *first_part(const struct kernel_unit *u)
{
    return &u->part[u->expands ? EXPAND : DEPTHWISE];
}

static struct unit_case case_of(struct kernel_unit u, int kind)
{
    struct unit_case c = { .u = u };
    const struct kernel_conv *first = first_part(&u), *last = &u.part[PROJECT];
    size_t in = (size_t)first->ih * first->iw * first->in_pitch + 64,
           added = (size_t)last->oh * last->ow * (size_t)u.added_pitch + 64;

    for (int i = u.expands ? EXPAND : DEPTHWISE; i < KERNEL_UNIT_PARTS; i++) {
        const struct kernel_conv *s = &u.part[i];
        size_t n = (size_t)s->oc * s->kh * s->kw * (i == DEPTHWISE ? 1 : s->ic);

        c.weight[i] = test_memory(n);
        test_fill_s8(c.weight[i], n, kind / 4 % 4);
        c.requant[i] = requant_case(s);
        c.how.requant[i] = c.requant[i].requant;
    }
    c.how.add = add_case();
    c.in = test_memory(in);
    c.added = test_memory(added);
    test_fill_u8(c.in, in, kind % 4);
    test_fill_u8(c.added, added, 0);
    c.out_bytes = (size_t)last->oh * last->ow * last->out_pitch + 64;
    return c;
}

static void case_free(struct unit_case *c)
{
    for (int i = c->u.expands ? EXPAND : DEPTHWISE; i < KERNEL_UNIT_PARTS; i++) {
        requant_case_free(&c->requant[i]);
        free(c->weight[i]);
    }
    free(c->in);
    free(c->added);
}

/* A whole layer by ref. */
static uint8_t *layer(const struct unit_case *c, int part, const uint8_t *in)
{
    const struct kernel_table *k = kernel_select("ref");
    const struct kernel_conv *s = &c->u.part[part];
    struct kernel_rect all = { 0, s->oh, 0, s->ow };
    int depthwise = part == DEPTHWISE;
    void *packed = test_memory((depthwise ? k->depthwise_u8_packed_bytes : k->conv_u8_packed_bytes)(s)),
         *scratch = test_memory((depthwise ? k->depthwise_u8_scratch_bytes : k->conv_u8_scratch_bytes)(s));
    size_t n = (size_t)s->oh * s->ow * s->out_pitch + 64;
    uint8_t *out = test_memory(n);

    memset(out, 0xA5, n);
    (depthwise ? k->depthwise_u8_pack : k->conv_u8_pack)(s, c->weight[part], packed);
    (depthwise ? k->depthwise_u8 : k->conv_u8)(s, packed, in, out, all, &c->how.requant[part], KERNEL_EXACT,
                                               scratch);
    free(packed);
    free(scratch);
    return out;
}

/* The unit's output by its layers. */
static uint8_t *expected(const struct unit_case *c)
{
    const struct kernel_conv *p = &c->u.part[PROJECT];
    uint8_t *expanded = c->u.expands ? layer(c, EXPAND, c->in) : NULL,
            *inner = layer(c, DEPTHWISE, expanded ? expanded : c->in), *out = layer(c, PROJECT, inner);

    if (c->u.added_pitch > 0)
        kernel_select("ref")->add_u8(c->added, c->u.added_pitch, out, p->out_pitch, out, p->out_pitch,
                                     p->oh * p->ow, p->oc, &c->how.add);
    free(expanded);
    free(inner);
    return out;
}

static uint8_t *run(const struct kernel_table *k, const struct unit_case *c, const struct kernel_rect *rect,
                    int count)
{
    const struct kernel_unit *u = &c->u;
    void *packed = test_memory(k->unit_u8_packed_bytes(u)),
         *scratch = test_memory(k->unit_u8_scratch_bytes(u));
    uint8_t *out = test_memory(c->out_bytes);

    memset(out, 0xA5, c->out_bytes);
    memset(packed, 0x5A, k->unit_u8_packed_bytes(u));
    memset(scratch, 0x5A, k->unit_u8_scratch_bytes(u));
    for (int i = u->expands ? EXPAND : DEPTHWISE; i < KERNEL_UNIT_PARTS; i++)
        k->unit_u8_pack(u, (enum kernel_unit_part)i, c->weight[i], packed);
    for (int i = 0; i < count; i++)
        k->unit_u8(u, packed, c->in, c->added, out, rect[i], &c->how, scratch);
    free(packed);
    free(scratch);
    return out;
}

static void compare(const struct kernel_table *k, const struct unit_case *c, const uint8_t *whole)
{
    const struct kernel_conv *p = &c->u.part[PROJECT];
    struct kernel_rect rect[4] = { test_rect(p) }, r = rect[0];
    int my = test_between(r.y0, r.y1), mx = test_between(r.x0, r.x1);
    uint8_t *want = test_memory(c->out_bytes), *got;
    long at;

    memset(want, 0xA5, c->out_bytes);
    for (int y = r.y0; y < r.y1; y++)
        for (int x = r.x0; x < r.x1; x++)
            memcpy(want + (size_t)(y * p->ow + x) * p->out_pitch,
                   whole + (size_t)(y * p->ow + x) * p->out_pitch, (size_t)p->oc);
    for (int parts = 1; parts <= 4; parts += 3) {
        got = run(k, c, rect, parts);
        at = test_differs_u8(want, got, c->out_bytes);
        CHECK_MSG(at < 0,
                  "%s in %d: unit of %dx%dx%d, %d: %s, modes %d %d %d, added %d: element %ld: %d, not %d",
                  k->isa, parts, first_part(&c->u)->ih, first_part(&c->u)->iw, first_part(&c->u)->ic,
                  first_part(&c->u)->kh, test_shape_text(&c->u.part[DEPTHWISE], &r), c->how.requant[0].mode,
                  c->how.requant[1].mode, c->how.requant[2].mode, c->u.added_pitch, at, got[at < 0 ? 0 : at],
                  want[at < 0 ? 0 : at]);
        free(got);
        for (int i = 0; i < 4; i++)
            rect[i] = (struct kernel_rect){ i / 2 ? my : r.y0, i / 2 ? r.y1 : my, i % 2 ? mx : r.x0,
                                            i % 2 ? r.x1 : mx };
    }
    free(want);
}

int main(void)
{
    const char *names[8];
    int usable[8], count = kernel_list(names, usable);

    for (int i = 0; i < 1200; i++) {
        struct unit_case c = case_of(unit_shape(i % 3 ? 3 : 5, i / 3 % 2 + 1), i);
        uint8_t *whole = expected(&c);

        for (int k = 0; k < count; k++)
            if (usable[k])
                compare(kernel_select(names[k]), &c, whole);
        free(whole);
        case_free(&c);
    }
    for (int k = 0; k < count; k++)
        if (!usable[k])
            check_skip(names[k], "this machine cannot run it");
    return check_result("kernel/unit_u8");
}
