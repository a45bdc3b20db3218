/* src/kernel/avx2/pool.c: maximum and average pooling, vectors over channels. */
#include <string.h>

#include "../isa.h"
#include "../scalar.h"
#include "vector_f32.h"

enum { CODES = 32 };

static inline void store_codes(uint8_t *out, int left, __m256i v)
{
    uint8_t all[CODES];

    if (left >= CODES) {
        _mm256_storeu_si256((__m256i *)out, v);
    } else {
        _mm256_storeu_si256((__m256i *)all, v);
        memcpy(out, all, (size_t)left);
    }
}

/* The part of output position o's window that lies inside the picture. */
static void window(const struct kernel_conv *s, int o, int pad, int kernel, int size, int *from, int *to)
{
    *from = scalar_max(o * s->stride - pad, 0);
    *to = scalar_min(o * s->stride - pad + kernel, size);
}

/* A NaN, once met, stays. */
static void maxpool_f32(const struct kernel_conv *s, const float *in, float *out, struct kernel_rect rect)
{
    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            float *to = out + ((size_t)y * s->ow + x) * s->out_pitch;
            int y0, y1, x0, x1;

            window(s, y, s->pad_y, s->kh, s->ih, &y0, &y1);
            window(s, x, s->pad_x, s->kw, s->iw, &x0, &x1);
            for (int c = 0; c < s->oc; c += VECTOR) {
                __m256 most = _mm256_set1_ps(-INFINITY);

                for (int iy = y0; iy < y1; iy++)
                    for (int ix = x0; ix < x1; ix++) {
                        __m256 v = _mm256_loadu_ps(in + ((size_t)iy * s->iw + ix) * s->in_pitch + c);

                        /* vmaxps gives its second operand where either is NaN; where v is, it must be taken.
                         */
                        most = _mm256_blendv_ps(_mm256_max_ps(v, most), v, _mm256_cmp_ps(v, v, _CMP_UNORD_Q));
                    }
                vector_store(to + c, s->oc - c, most);
            }
        }
}

static void maxpool_u8(const struct kernel_conv *s, const uint8_t *in, uint8_t *out, struct kernel_rect rect)
{
    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            uint8_t *to = out + ((size_t)y * s->ow + x) * s->out_pitch;
            int y0, y1, x0, x1;

            window(s, y, s->pad_y, s->kh, s->ih, &y0, &y1);
            window(s, x, s->pad_x, s->kw, s->iw, &x0, &x1);
            for (int c = 0; c < s->oc; c += CODES) {
                __m256i most = _mm256_setzero_si256();

                for (int iy = y0; iy < y1; iy++)
                    for (int ix = x0; ix < x1; ix++) {
                        const uint8_t *tap = in + ((size_t)iy * s->iw + ix) * s->in_pitch + c;

                        most = _mm256_max_epu8(most, _mm256_loadu_si256((const __m256i *)tap));
                    }
                store_codes(to + c, s->oc - c, most);
            }
        }
}

/* The first tap of position (y, x). */
static size_t tap_of(const struct kernel_conv *s, int y, int x)
{
    return ((size_t)y * s->stride * s->iw + (size_t)x * s->stride) * s->in_pitch;
}

static void average_f32(const struct kernel_conv *s, const float *in, float *out, struct kernel_rect rect)
{
    __m256 count = _mm256_set1_ps((float)(s->kh * s->kw));

    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            const float *first = in + tap_of(s, y, x);
            float *to = out + ((size_t)y * s->ow + x) * s->out_pitch;

            for (int c = 0; c < s->oc; c += VECTOR) {
                __m256 sum = _mm256_setzero_ps();

                for (int ky = 0; ky < s->kh; ky++)
                    for (int kx = 0; kx < s->kw; kx++)
                        sum = _mm256_add_ps(
                            sum, _mm256_loadu_ps(first + ((size_t)ky * s->iw + kx) * s->in_pitch + c));
                vector_store(to + c, s->oc - c, _mm256_div_ps(sum, count));
            }
        }
}

/* Eight channels of a window: the sum of codes less their zero points. */
static __m256i window_sum(const struct kernel_conv *s, const uint8_t *first)
{
    __m256i sum = _mm256_set1_epi32(-s->zero_point_in * s->kh * s->kw);

    for (int ky = 0; ky < s->kh; ky++)
        for (int kx = 0; kx < s->kw; kx++) {
            const __m128i *p = (const __m128i *)(first + ((size_t)ky * s->iw + kx) * s->in_pitch);

            sum = _mm256_add_epi32(sum, _mm256_cvtepu8_epi32(_mm_loadl_epi64(p)));
        }
    return sum;
}

static void average_u8(const struct kernel_conv *s, const uint8_t *in, uint8_t *out, struct kernel_rect rect,
                       float factor)
{
    __m256i zero = _mm256_set1_epi32(s->zero_point_in), most = _mm256_set1_epi32(32767),
            least = _mm256_set1_epi32(-32768);

    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            const uint8_t *first = in + tap_of(s, y, x);
            uint8_t *to = out + ((size_t)y * s->ow + x) * s->out_pitch;

            for (int c = 0; c < s->oc; c += VECTOR) {
                __m256 v = _mm256_cvtepi32_ps(window_sum(s, first + c));
                __m256i code = _mm256_cvtps_epi32(_mm256_mul_ps(v, _mm256_set1_ps(factor)));
                int32_t all[VECTOR];

                code = _mm256_add_epi32(_mm256_max_epi32(_mm256_min_epi32(code, most), least), zero);
                _mm256_storeu_si256((__m256i *)all, code);
                for (int j = 0; j < scalar_min(VECTOR, s->oc - c); j++)
                    to[c + j] = (uint8_t)scalar_min(scalar_max(all[j], 0), 255);
            }
        }
}

void pool_fill_avx2(struct kernel_table *t)
{
    t->maxpool_f32 = maxpool_f32;
    t->maxpool_u8 = maxpool_u8;
    t->average_f32 = average_f32;
    t->average_u8 = average_u8;
}
