/* tests/kernel/test_winograd_f32.c: Winograd layers in fp32. `ref` by whole numbers, of which every step is
 * exact, and against double; every instruction set against `ref`, bit for bit: any list of tiles, of several
 * pictures. */
#include "kernel_test.h"

enum { PICTURES = 3, MOST_TILES = 400 };

struct layer {
    struct kernel_conv s;
    float *in[PICTURES], *weight, *bias, low, high;
};

static size_t map_floats(const struct kernel_conv *s, int c)
{
    return (size_t)s->oh * s->ow * c + 16;
}

static void make_layer(struct kernel_conv s, int adversarial, struct layer *l)
{
    *l = (struct layer){ .s = s,
                         .weight = test_memory((size_t)s.oc * 9 * s.ic * sizeof(float)),
                         .bias = test_memory((size_t)s.oc * sizeof(float)),
                         .low = test_between(0, 1) ? 0 : -INFINITY,
                         .high = test_between(0, 1) ? 6 : INFINITY };
    for (int p = 0; p < PICTURES; p++) {
        l->in[p] = test_memory(map_floats(&s, s.in_pitch) * sizeof(float));
        test_fill_f32(l->in[p], map_floats(&s, s.in_pitch), adversarial && p == 0);
    }
    test_fill_f32(l->weight, (size_t)s.oc * 9 * s.ic, 0);
    test_fill_f32(l->bias, (size_t)s.oc, 0);
}

static void free_layer(struct layer *l)
{
    for (int p = 0; p < PICTURES; p++)
        free(l->in[p]);
    free(l->weight);
    free(l->bias);
}

/* ---- which layers, which tiles ------------------------------------------------------------------------- */

static struct kernel_conv square(int side, int ic, int oc)
{
    return (struct kernel_conv){ side, side, ic, ic, side, side, oc, oc, 3, 3, 1, 1, 1, 0 };
}

static void test_side(void)
{
    static const struct {
        int h, w, ic, oc, side;
    } want[] = {
        { 6, 6, 16, 16, 0 },   { 7, 7, 16, 16, 2 },   { 12, 12, 16, 16, 2 }, { 13, 13, 16, 16, 4 },
        { 4, 14, 16, 16, 2 },  { 2, 55, 16, 16, 4 },  { 1, 53, 16, 16, 4 },  { 1, 52, 16, 16, 2 },
        { 14, 14, 15, 16, 0 }, { 14, 14, 24, 16, 0 }, { 14, 14, 16, 15, 0 }, { 14, 14, 32, 17, 4 },
    };
    struct kernel_conv s = square(14, 16, 16), other;

    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        s.ih = s.oh = want[i].h;
        s.iw = s.ow = want[i].w;
        s.ic = want[i].ic;
        s.oc = want[i].oc;
        CHECK_MSG(kernel_winograd_side(&s) == want[i].side, "%d x %d, %d to %d: %d", s.ih, s.iw, s.ic, s.oc,
                  kernel_winograd_side(&s));
    }
    s = square(14, 16, 16);
    other = s, other.stride = 2;
    CHECK(kernel_winograd_side(&other) == 0);
    other = s, other.pad_y = other.pad_x = 0, other.oh = other.ow = 12;
    CHECK(kernel_winograd_side(&other) == 0);
    other = s, other.kh = 1;
    CHECK(kernel_winograd_side(&other) == 0);
    other = s, other.oh = 13;
    CHECK(kernel_winograd_side(&other) == 0);
}

/* Every tile of so many pictures, in a random order; how many. */
static int all_tiles(const struct layer *l, int pictures, float *const *out, struct kernel_tile *tile)
{
    int side = kernel_winograd_side(&l->s), wide = (l->s.ow + side - 1) / side;
    int each = kernel_winograd_tiles(&l->s, side), count = each * pictures;

    for (int i = 0; i < count; i++)
        tile[i] = (struct kernel_tile){ l->in[i / each], out[i / each], i % each / wide, i % each % wide };
    for (int i = count - 1; i > 0; i--) {
        int j = test_between(0, i);
        struct kernel_tile t = tile[i];

        tile[i] = tile[j];
        tile[j] = t;
    }
    return count;
}

/* Tiles first..end - 1 in calls of `each`; packs in parts of `part` output channels. */
static void run(const struct kernel_table *k, const struct layer *l, const struct kernel_tile *tile,
                int count, int each, int part)
{
    const struct kernel_conv *s = &l->s;
    void *packed = test_memory(k->winograd_f32_packed_bytes(s)),
         *scratch = test_memory(k->winograd_f32_scratch_bytes(s));

    for (int o = 0; o < s->oc; o += part)
        k->winograd_f32_pack(s, o, s->oc - o < part ? s->oc - o : part, l->weight + (size_t)o * 9 * s->ic,
                             l->bias + o, packed);
    for (int i = 0; i < count; i += each)
        k->winograd_f32(s, packed, tile + i, count - i < each ? count - i : each, l->low, l->high, scratch);
    free(packed);
    free(scratch);
}

static void make_out(const struct kernel_conv *s, float **out)
{
    for (int p = 0; p < PICTURES; p++) {
        size_t n = map_floats(s, s->out_pitch);

        out[p] = test_memory(n * sizeof(float));
        for (size_t i = 0; i < n; i++)
            out[p][i] = 12345.0f;
    }
}

static void free_out(float **out)
{
    for (int p = 0; p < PICTURES; p++)
        free(out[p]);
}

/* ---- ref ----------------------------------------------------------------------------------------------- */

static double direct(const struct layer *l, int picture, int y, int x, int o)
{
    const struct kernel_conv *s = &l->s;
    double sum = l->bias[o];

    for (int t = 0; t < 9; t++)
        for (int c = 0; c < s->ic; c++) {
            int iy = y + t / 3 - 1, ix = x + t % 3 - 1;

            if (iy >= 0 && ix >= 0 && iy < s->ih && ix < s->iw)
                sum += (double)l->in[picture][((size_t)iy * s->iw + ix) * s->in_pitch + c] *
                       l->weight[((size_t)o * 9 + t) * s->ic + c];
        }
    return sum < l->low ? l->low : sum > l->high ? l->high : sum;
}

/* The largest distance from the direct sum. */
static double distance(const struct kernel_table *k, const struct layer *l)
{
    static struct kernel_tile tile[MOST_TILES];
    const struct kernel_conv *s = &l->s;
    float *out[PICTURES];
    double most = 0;

    make_out(s, out);
    run(k, l, tile, all_tiles(l, PICTURES, out, tile), MOST_TILES, s->oc);
    for (int p = 0; p < PICTURES; p++)
        for (int i = 0; i < s->oh * s->ow; i++)
            for (int o = 0; o < s->oc; o++) {
                double far = fabs(direct(l, p, i / s->ow, i % s->ow, o) -
                                  (double)out[p][(size_t)i * s->out_pitch + o]);

                most = far > most || far != far ? far : most;
            }
    free_out(out);
    return most;
}

/* 576 = 24 * 24: multiples of it keep every transformed weight whole. */
static void test_whole_numbers(struct kernel_conv s)
{
    struct layer l;

    make_layer(s, 0, &l);
    for (int p = 0; p < PICTURES; p++)
        for (size_t i = 0; i < map_floats(&s, s.in_pitch); i++)
            l.in[p][i] = (float)test_between(-1, 1);
    for (size_t i = 0; i < (size_t)s.oc * 9 * s.ic; i++)
        l.weight[i] = test_between(0, 3) ? 0 : (float)(576 * test_between(-1, 1));
    for (int i = 0; i < s.oc; i++)
        l.bias[i] = (float)test_between(-100, 100);
    l.low = -INFINITY;
    l.high = test_between(0, 1) ? 576 : INFINITY;
    CHECK_MSG(distance(kernel_select("ref"), &l) == 0, "%s: not the direct sum",
              test_shape_text(&s, &(struct kernel_rect){ 0 }));
    free_layer(&l);
}

static void test_ref(void)
{
    static const int sides[] = { 7, 8, 9, 13, 14, 15, 17 };
    struct layer l;

    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        struct kernel_conv s = square(sides[i], 16, 19);

        s.in_pitch += (int)i % 3;
        s.out_pitch += (int)i % 2;
        test_whole_numbers(s);
        make_layer(s, 0, &l);
        CHECK_MSG(distance(kernel_select("ref"), &l) < 2e-3, "%d x %d", sides[i], sides[i]);
        free_layer(&l);
    }
}

/* ---- every instruction set ----------------------------------------------------------------------------- */

static void compare(const struct kernel_table *ref, const struct kernel_table *isa, struct kernel_conv s,
                    int adversarial, int each)
{
    static struct kernel_tile tile[MOST_TILES], other[MOST_TILES];
    float *a[PICTURES], *b[PICTURES];
    struct layer l;
    int count, some;

    make_layer(s, adversarial, &l);
    make_out(&s, a);
    make_out(&s, b);
    count = all_tiles(&l, PICTURES, a, tile);
    some = test_between(0, 1) ? count : test_between(0, count);
    for (int i = 0; i < some; i++) {
        other[i] = tile[i];
        for (int p = 0; p < PICTURES; p++)
            other[i].out = tile[i].out == a[p] ? b[p] : other[i].out;
    }
    run(ref, &l, tile, some, MOST_TILES, s.oc);
    run(isa, &l, other, some, each, test_between(1, s.oc));
    for (int p = 0; p < PICTURES; p++) {
        size_t n = map_floats(&s, s.out_pitch);
        long at;

        test_one_nan(a[p], n);
        test_one_nan(b[p], n);
        at = test_differs_f32(a[p], b[p], n);
        CHECK_MSG(at < 0, "%s, %d of %d tiles by %d: %s: element %ld", isa->isa, some, count, each,
                  test_shape_text(&s, &(struct kernel_rect){ 0 }), at);
    }
    free_out(a);
    free_out(b);
    free_layer(&l);
}

static void test_isa(const struct kernel_table *ref, const struct kernel_table *isa)
{
    static const int sides[] = { 7, 9, 13, 14, 28 }, blocks[] = { 5, 11, MOST_TILES };

    for (int i = 0; i < 15; i++)
        compare(ref, isa, square(sides[i % 5], 32, 32 + i), i % 2, blocks[i / 5]);
    for (int oc = 16; oc <= 80; oc++)
        compare(ref, isa, square(oc % 2 ? 7 : 13, 16, oc), 0, MOST_TILES);
    for (int i = 0; i < 80; i++) {
        struct kernel_conv s = square(0, 16 * test_between(1, 6), test_between(16, 100));

        do {
            s.ih = s.oh = test_between(1, 30);
            s.iw = s.ow = test_between(1, 30);
        } while (kernel_winograd_side(&s) == 0);
        s.in_pitch += test_between(0, 2) ? 0 : test_between(1, 20);
        s.out_pitch += test_between(0, 2) ? 0 : test_between(1, 20);
        compare(ref, isa, s, i % 2, test_between(1, MOST_TILES));
    }
}

int main(void)
{
    test_side();
    test_ref();
    test_every_isa(test_isa);
    return check_result("kernel/winograd_f32");
}
