/* src/kernel/avx512vnni/depthwise_u8.c: depthwise convolution of u8 codes, 32 channels of a position at a
 * time. Four taps are interleaved byte by byte and vpdpbusd adds their products, exactly. */
#include "../isa.h"
#include "depthwise_taps.h"
#include "requant.h"

/* A block's parameters: where its sums start (bias_int included) and how they become codes. zero_point: of
 * the weights of a 3x3 kernel, where they have some: then codes count in the windows' sums as they are. */
struct block {
    __m256i start[PARTS];
    __m256 multiplier[PARTS], bias_real[PARTS];
    __m256i zero_point[PARTS];
};

/* Scratch: the blocks, a position of zero points, the list of an edge position's taps. */
static size_t zero_bytes(const struct kernel_conv *s)
{
    return (size_t)blocks(s) * LANES;
}

static size_t scratch_bytes(const struct kernel_conv *s)
{
    return (size_t)blocks(s) * sizeof(struct block) + tile_round(zero_bytes(s)) +
           (size_t)tap_groups(s) * GROUP * sizeof(uint8_t *);
}

/* What all parts of a call share. */
struct sweep {
    const struct kernel_conv *s;
    const char *packed;
    const struct block *block;
    const uint8_t *zeros; /* a position of zero points */
    int real;             /* fbgemm: a real bias, by fma(bias_real, inverse, sum) */
    __m256 inverse;
    __m256i zero_point, low, high;
    int zero_points; /* the weights have some */
};

/* `count` values in the order of `channel`, zeros for those that are not there. */
static inline __attribute__((always_inline)) void order(const void *from, int count, __m256 part[PARTS])
{
    __mmask32 keep = count >= LANES ? ~(__mmask32)0 : (__mmask32)((1u << count) - 1);
    __m512 a = _mm512_maskz_loadu_ps((__mmask16)keep, from);
    __m512 b = _mm512_maskz_loadu_ps((__mmask16)(keep >> 16), (const float *)from + 16);
    __m512i place = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 0, 1, 2, 3, 16, 17, 18, 19);

#pragma GCC unroll 4
    for (int q = 0; q < PARTS; q++, place = _mm512_add_epi32(place, _mm512_set1_epi32(4)))
        part[q] = _mm512_castps512_ps256(_mm512_permutex2var_ps(a, place, b));
}

static void load_block(struct block *b, const struct kernel_requant *q, const int32_t *start, int first,
                       int count)
{
    int real = !scalar_bias_is_int(q);
    __m256 bias[PARTS];

    order(q->multiplier + first, count, b->multiplier);
    order(real ? (const void *)(q->bias_real + first) : (const void *)(q->bias_int + first), count, bias);
#pragma GCC unroll 4
    for (int i = 0; i < PARTS; i++) {
        __m256i begin = _mm256_loadu_si256((const __m256i *)(start + i * PART));

        b->bias_real[i] = real ? bias[i] : _mm256_setzero_ps();
        b->start[i] = real ? begin : _mm256_add_epi32(begin, _mm256_castps_si256(bias[i]));
    }
}

/* Of 3x3 kernels; codes: the zero points that a window's sum has, 9 of them. */
static void load_zero_points(struct block *b, const int32_t *zero_point, int codes, int count)
{
    __m256 part[PARTS];

    order(zero_point, count, part);
#pragma GCC unroll 4
    for (int i = 0; i < PARTS; i++) {
        b->zero_point[i] = _mm256_castps_si256(part[i]);
        b->start[i] =
            _mm256_add_epi32(b->start[i], _mm256_mullo_epi32(b->zero_point[i], _mm256_set1_epi32(codes)));
    }
}

static inline __attribute__((always_inline)) __m256i rounded(const struct sweep *w, const struct block *b,
                                                             int part, __m256i acc)
{
    __m256 v = _mm256_cvtepi32_ps(acc);

    if (w->real)
        v = _mm256_fmadd_ps(b->bias_real[part], w->inverse, v);
    return _mm256_cvtps_epi32(_mm256_mul_ps(v, b->multiplier[part]));
}

/* Packing puts the channels back in order. */
static inline __attribute__((always_inline)) void store(const struct sweep *w, const struct block *b,
                                                        const struct sums *acc, uint8_t *out, int left)
{
    __m256i lo = _mm256_packs_epi32(rounded(w, b, 0, acc->part[0]), rounded(w, b, 1, acc->part[1]));
    __m256i hi = _mm256_packs_epi32(rounded(w, b, 2, acc->part[2]), rounded(w, b, 3, acc->part[3]));
    __m256i codes =
        _mm256_packus_epi16(_mm256_adds_epi16(lo, w->zero_point), _mm256_adds_epi16(hi, w->zero_point));

    codes = _mm256_min_epu8(_mm256_max_epu8(codes, w->low), w->high);
    if (left >= LANES)
        _mm256_storeu_si256((__m256i *)out, codes);
    else if (left == LANES / 2)
        _mm_storeu_si128((__m128i *)out, _mm256_castsi256_si128(codes));
    else
        _mm256_mask_storeu_epi8(out, (__mmask32)((1ull << left) - 1), codes);
}

/* One position, its taps by a list: any kernel, any edge. */
static inline __attribute__((always_inline)) void position(const struct sweep *w, int groups,
                                                           const uint8_t *const *tap, uint8_t *out)
{
    const struct kernel_conv *s = w->s;
    const struct block *b = w->block;
    const char *p = w->packed;
    struct sums acc;

    for (int c = 0; c < s->oc; c += LANES, b++) {
        memcpy(&acc, b->start, sizeof acc);
        p += LANES * sizeof(int32_t);
#pragma GCC unroll 3
        for (int i = 0; i < groups * GROUP; i += GROUP, p += LANES * GROUP) {
            struct group g = interleave(tap[i] + c, tap[i + 1] + c, tap[i + 2] + c, tap[i + 3] + c);

            add_group(&acc, &g, p);
        }
        store(w, b, &acc, out + c, s->oc - c);
    }
}

/* A row of `count` positions of a 5x5 convolution whose windows all lie inside, from the first tap of the
 * first, for a block of channels. */
static void inside_five(const struct sweep *w, const struct block *b, const char *p, const uint8_t *in,
                        uint8_t *out, int count, int left)
{
    const struct kernel_conv *s = w->s;
    size_t pitch = (size_t)s->in_pitch, row = pitch * (size_t)s->iw;

    for (int m = 0; m < count; m++, in += (size_t)s->stride * pitch, out += s->out_pitch) {
        struct sums acc = { { b->start[0], b->start[1], b->start[2], b->start[3] } };

#pragma GCC unroll 7
        for (int i = 0; i < 25; i += GROUP) {
            const uint8_t *tap[GROUP];
            struct group g;

#pragma GCC unroll 4
            for (int j = 0; j < GROUP; j++) {
                int t = tile_min(i + j, 24);

                tap[j] = in + (size_t)(t / 5) * row + (size_t)(t % 5) * pitch;
            }
            g = interleave(tap[0], tap[1], tap[2], tap[3]);
            add_group(&acc, &g, p + i * LANES);
        }
        store(w, b, &acc, out, left);
    }
}

/* Three rows of a 3x3 window; one outside the picture is a position of zero points, and its pitch is 0. */
struct rows {
    const uint8_t *at[3];
    size_t pitch[3];
};

/* The three taps of column ix, from channel c on. */
static inline __attribute__((always_inline)) struct group column(const struct sweep *w, const struct rows *r,
                                                                 int ix, int c)
{
    const uint8_t *a = w->zeros, *b = a, *d = a;

    if (ix >= 0 && ix < w->s->iw) {
        a = r->at[0] + (size_t)ix * r->pitch[0] + c;
        b = r->at[1] + (size_t)ix * r->pitch[1] + c;
        d = r->at[2] + (size_t)ix * r->pitch[2] + c;
    }
    return interleave(a, b, d, a);
}

/* The sum of a column's three codes. */
static inline __attribute__((always_inline)) struct sums column_sum(const struct group *g)
{
    static const _Alignas(32) char ones[LANES] = { 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0,
                                                   1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0 };
    struct sums s;

#pragma GCC unroll 4
    for (int q = 0; q < PARTS; q++) {
        s.part[q] = _mm256_setzero_si256();
        dot_half(&s.part[q], g->part[q], ones);
    }
    return s;
}

/* What the weights' zero points take away of the sums. */
static inline __attribute__((always_inline)) void take_window(struct sums *acc, const struct block *b,
                                                              const struct sums *x, const struct sums *y,
                                                              const struct sums *z)
{
#pragma GCC unroll 4
    for (int q = 0; q < PARTS; q++) {
        __m256i window = _mm256_add_epi32(_mm256_add_epi32(x->part[q], y->part[q]), z->part[q]);

        acc->part[q] = _mm256_sub_epi32(acc->part[q], _mm256_mullo_epi32(window, b->zero_point[q]));
    }
}

/* Positions x0..x1 of a row of a 3x3 convolution, a block of channels from c on: a column serves three
 * positions, or with stride 2 every second one two. zero: its weights have zero points. */
static inline __attribute__((always_inline)) void three(const struct sweep *w, const struct block *b,
                                                        const char *p, const struct rows *r, int x0, int x1,
                                                        int c, uint8_t *out, int stride, int zero)
{
    int ix = x0 * stride - w->s->pad_x, left = w->s->oc - c;
    struct group first = column(w, r, ix, c), second;
    struct sums sum[3];

    if (stride == 1)
        second = column(w, r, ix + 1, c);
    if (zero)
        sum[0] = column_sum(&first);
    if (zero && stride == 1)
        sum[1] = column_sum(&second);
    for (int x = x0; x < x1; x++, ix += stride, out += w->s->out_pitch) {
        struct sums acc = { { b->start[0], b->start[1], b->start[2], b->start[3] } };
        struct group third = column(w, r, ix + 2, c);

        if (stride == 2)
            second = column(w, r, ix + 1, c);
        add_group(&acc, &first, p);
        add_group(&acc, &second, p + LANES * GROUP);
        add_group(&acc, &third, p + 2 * LANES * GROUP);
        if (zero) {
            sum[2] = column_sum(&third);
            if (stride == 2)
                sum[1] = column_sum(&second);
            take_window(&acc, b, &sum[0], &sum[1], &sum[2]);
            sum[0] = sum[stride];
            sum[1] = sum[2];
        }
        store(w, b, &acc, out, left);
        first = stride == 1 ? second : third;
        second = third;
    }
}

/* Row y of the rectangle of a 3x3 convolution, edges and all. out: its first position. */
static void row_of_three(const struct sweep *w, const uint8_t *in, int y, int x0, int x1, uint8_t *out)
{
    const struct kernel_conv *s = w->s;
    const char *p = w->packed + LANES * sizeof(int32_t);
    struct rows r;

    for (int i = 0; i < 3; i++) {
        int iy = y * s->stride - s->pad_y + i, outside = iy < 0 || iy >= s->ih;

        r.pitch[i] = outside ? 0 : (size_t)s->in_pitch;
        r.at[i] = outside ? w->zeros : in + (size_t)iy * s->iw * s->in_pitch;
    }
    for (int c = 0; c < s->oc; c += LANES, p += block_bytes(s))
        if (w->zero_points && s->stride == 1)
            three(w, w->block + c / LANES, p, &r, x0, x1, c, out + c, 1, 1);
        else if (w->zero_points)
            three(w, w->block + c / LANES, p, &r, x0, x1, c, out + c, 2, 1);
        else if (s->stride == 1)
            three(w, w->block + c / LANES, p, &r, x0, x1, c, out + c, 1, 0);
        else
            three(w, w->block + c / LANES, p, &r, x0, x1, c, out + c, 2, 0);
}

static void inside(const struct sweep *w, const uint8_t *in, uint8_t *out, int count)
{
    const struct kernel_conv *s = w->s;
    const char *p = w->packed + LANES * sizeof(int32_t);
    const struct block *b = w->block;

    for (int c = 0; c < s->oc; c += LANES, p += block_bytes(s), b++)
        inside_five(w, b, p, in + c, out + c, count, s->oc - c);
}

static void list_taps(const struct kernel_conv *s, const uint8_t *in, const uint8_t *zeros, int y, int x,
                      const uint8_t **tap)
{
    int top = y * s->stride - s->pad_y, left = x * s->stride - s->pad_x;

    for (int ky = 0; ky < s->kh; ky++)
        for (int kx = 0; kx < s->kw; kx++) {
            int iy = top + ky, ix = left + kx, outside = iy < 0 || iy >= s->ih || ix < 0 || ix >= s->iw;

            tap[tap_place(s, ky, kx)] = outside ? zeros : in + ((size_t)iy * s->iw + ix) * s->in_pitch;
        }
}

static void edge(const struct sweep *w, const uint8_t *in, const uint8_t *zeros, int y, int x,
                 const uint8_t **tap, uint8_t *out)
{
    const struct kernel_conv *s = w->s;

    list_taps(s, in, zeros, y, x, tap);
    if (tap_groups(s) == 3)
        position(w, 3, tap, out);
    else
        position(w, tap_groups(s), tap, out);
}

/* A position's 32 channels from c on, in order: the sums, in which all taps of the groups count that stand
 * for none, and as many sums of codes less their zero points. */
static inline __attribute__((always_inline)) void sum_in_order(const struct kernel_conv *s, const char *p,
                                                               const uint8_t *const *tap, int c,
                                                               __m512i acc[2], __m512i window[2])
{
    __m256i none = _mm256_set1_epi32(-GROUP * tap_groups(s) * s->zero_point_in);
    struct sums sum, codes = { { none, none, none, none } };
    char ones[LANES * GROUP];

    memset(ones, 1, sizeof ones);
    memcpy(&sum, p, sizeof sum);
    p += LANES * sizeof(int32_t);
    for (int i = 0; i < tap_groups(s) * GROUP; i += GROUP, p += LANES * GROUP) {
        struct group g = interleave(tap[i] + c, tap[i + 1] + c, tap[i + 2] + c, tap[i + 3] + c);

        add_group(&sum, &g, p);
        add_group(&codes, &g, ones);
    }
    for (int i = 0; i < 2; i++) {
        const __m256i *part = i ? codes.part : sum.part;
        __m512i a = _mm512_inserti64x4(_mm512_castsi256_si512(part[0]), part[1], 1),
                b = _mm512_inserti64x4(_mm512_castsi256_si512(part[2]), part[3], 1);
        __m512i *to = i ? window : acc;

        to[0] = _mm512_shuffle_i32x4(a, b, _MM_SHUFFLE(2, 0, 2, 0));
        to[1] = _mm512_shuffle_i32x4(a, b, _MM_SHUFFLE(3, 1, 3, 1));
    }
}

/* What scalar_requant_is_rare names, and other windows than 3x3 with zero points: apart, so that other sums
 * keep their registers. */
static void rare(const struct sweep *w, const struct kernel_requant *requant, const uint8_t *in, uint8_t *out,
                 struct kernel_rect rect, const uint8_t **tap)
{
    const struct kernel_conv *s = w->s;
    const char *p = w->packed;
    int is_rare = scalar_requant_is_rare(requant);
    size_t element = scalar_requant_bytes(requant);
    __m512i acc[2], window[2];
    struct requant_block half[2];

    for (int c = 0; c < s->oc; c += LANES, p += block_bytes(s)) {
        int halves = s->oc - c > REQUANT_VECTOR ? 2 : 1;

        for (int i = 0; i < halves; i++)
            requant_load(&half[i], requant, c + i * REQUANT_VECTOR,
                         tile_min(REQUANT_VECTOR, s->oc - c - i * REQUANT_VECTOR));
        for (int y = rect.y0; y < rect.y1; y++)
            for (int x = rect.x0; x < rect.x1; x++) {
                uint8_t *to = out + (((size_t)y * s->ow + (size_t)x) * s->out_pitch + (size_t)c) * element;

                list_taps(s, in, w->zeros, y, x, tap);
                sum_in_order(s, p, tap, c, acc, window);
                for (int i = 0; i < halves; i++, to += REQUANT_VECTOR * element) {
                    __m512i sum = _mm512_add_epi32(acc[i], half[i].bias_int[0]);

                    if (requant->mode == REQUANT_REAL) {
                        requant_store_values(&half[i], (const __m512i[]){ acc[i], acc[i] },
                                             (float *)(void *)to);
                        continue;
                    }
                    if (requant->weight_zero_point)
                        sum = _mm512_sub_epi32(sum,
                                               _mm512_mullo_epi32(window[i], half[i].weight_zero_point[0]));
                    requant_narrow_round(
                        &half[i],
                        is_rare ? requant_round_rare(&half[i], 0, sum) : requant_round(&half[i], 0, sum), to);
                }
            }
    }
}

static void depthwise_u8(const struct kernel_conv *s, const void *packed, const uint8_t *in, uint8_t *out,
                         struct kernel_rect rect, const struct kernel_requant *requant,
                         enum kernel_saturation saturation, void *scratch)
{
    struct block *block = scratch;
    uint8_t *zeros = (uint8_t *)(block + blocks(s));
    const uint8_t **tap = (const uint8_t **)(zeros + tile_round(zero_bytes(s)));
    struct sweep w = { s,
                       packed,
                       block,
                       zeros,
                       !scalar_bias_is_int(requant),
                       _mm256_set1_ps(requant->mode == REQUANT_FBGEMM_TENSOR ? requant->inverse : 1.0f),
                       _mm256_set1_epi16((short)requant->zero_point_out),
                       _mm256_set1_epi8((char)requant->low),
                       _mm256_set1_epi8((char)requant->high),
                       requant->weight_zero_point != NULL };
    int of_three = s->kh == 3 && s->kw == 3 && s->stride <= 2, of_five = s->kh == 5 && s->kw == 5;
    /* Columns a..b have their whole window inside the picture. */
    int a = tile_max(rect.x0, (s->pad_x + s->stride - 1) / s->stride);
    int b = tile_min(rect.x1, s->iw + s->pad_x >= s->kw ? (s->iw + s->pad_x - s->kw) / s->stride + 1 : 0);

    (void)saturation;
    memset(zeros, s->zero_point_in, zero_bytes(s));
    for (int i = 0; i < GROUP * tap_groups(s); i++)
        tap[i] = zeros;
    if (scalar_requant_is_rare(requant) || (w.zero_points && !of_three)) {
        rare(&w, requant, in, out, rect, tap);
        return;
    }
    for (int i = 0; i < blocks(s); i++) {
        load_block(&block[i], requant, (const int32_t *)((const char *)packed + block_bytes(s) * (size_t)i),
                   i * LANES, s->oc - i * LANES);
        if (w.zero_points)
            load_zero_points(&block[i], requant->weight_zero_point + i * LANES, 9 * s->zero_point_in,
                             s->oc - i * LANES);
    }
    for (int y = rect.y0; y < rect.y1; y++) {
        int iy = y * s->stride - s->pad_y, x = rect.x0;
        uint8_t *row = out + (size_t)y * s->ow * s->out_pitch;

        if (of_three && rect.x0 < rect.x1) {
            row_of_three(&w, in, y, rect.x0, rect.x1, row + (size_t)x * s->out_pitch);
            continue;
        }
        if (of_five && iy >= 0 && iy + s->kh <= s->ih && a < b) {
            const uint8_t *from =
                in + ((size_t)iy * s->iw + (size_t)(a * s->stride - s->pad_x)) * s->in_pitch;

            for (; x < a; x++)
                edge(&w, in, zeros, y, x, tap, row + (size_t)x * s->out_pitch);
            inside(&w, from, row + (size_t)a * s->out_pitch, b - a);
            x = b;
        }
        for (; x < rect.x1; x++)
            edge(&w, in, zeros, y, x, tap, row + (size_t)x * s->out_pitch);
    }
}

void depthwise_u8_fill_avx512vnni(struct kernel_table *t)
{
    t->depthwise_u8_packed_bytes = packed_bytes;
    t->depthwise_u8_pack = pack;
    t->depthwise_u8_scratch_bytes = scratch_bytes;
    t->depthwise_u8 = depthwise_u8;
}
