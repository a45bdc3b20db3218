/* src/weight/packed.c: how a quantized tensor lies in a safetensors file: the words that say so, and codes of
 * few bits, several a byte. */
#include "weight_parts.h"

#include <string.h>

static const char per_tensor[] = "per_tensor", per_channel[] = "per_channel ", odd_word[] = " odd",
                  bits_word[] = " bits ", dense_word[] = " dense", shape_word[] = " shape ";

/* Bits that a code takes in the file; 8: a byte each, nothing is packed. */
static int width_of(int bits, int dense)
{
    if (dense && bits)
        return bits;
    return bits == 0 || bits > 4 ? 8 : bits > 2 ? 4 : 2;
}

int packed_is(const struct tensor *t)
{
    return t->quantization != TENSOR_REAL && width_of(t->bits, t->dense) < 8;
}

uint64_t weight_bytes(const struct tensor *t)
{
    uint64_t count = (uint64_t)tensor_count(t);

    return packed_is(t) ? tensor_packed_bytes(count, width_of(t->bits, t->dense))
                        : count * dtype_size(t->dtype);
}

/* ---- the words ----------------------------------------------------------------------------------------- */

/* A number without sign or leading zeros; *at moves behind it. */
static int take_number(const char **at, int64_t most, int64_t *out)
{
    char digits[20];
    size_t size = strspn(*at, "0123456789");

    if (size == 0 || size >= sizeof digits)
        return 0;
    memcpy(digits, *at, size);
    digits[size] = '\0';
    *at += size;
    return text_parse_int(digits, 0, most, out);
}

static int take_word(const char **at, const char *word)
{
    size_t size = strlen(word);

    if (strncmp(*at, word, size) != 0)
        return 0;
    *at += size;
    return 1;
}

static int take_shape(const char **at, struct packed_mark *out)
{
    const int64_t most = INT64_C(1) << 32;
    int64_t count = 1;

    for (out->rank = 0; out->rank == 0 || take_word(at, ","); out->rank++)
        if (out->rank == TENSOR_MAX_RANK || !take_number(at, most, &out->dim[out->rank]) ||
            __builtin_mul_overflow(count, out->dim[out->rank], &count) || count > most)
            return 0;
    return 1;
}

int packed_read_mark(const char *text, struct packed_mark *out)
{
    int64_t number;

    *out = (struct packed_mark){ .axis = -1 };
    if (take_word(&text, per_channel)) {
        if (!take_number(&text, TENSOR_MAX_RANK - 1, &number))
            return 0;
        out->axis = (int)number;
    } else if (!take_word(&text, per_tensor)) {
        return 0;
    }
    out->odd = take_word(&text, odd_word);
    if (take_word(&text, bits_word)) {
        if (!take_number(&text, 7, &number) || number < 2)
            return 0;
        out->bits = (int)number;
        out->dense = take_word(&text, dense_word);
        if (width_of(out->bits, out->dense) < 8 && !(take_word(&text, shape_word) && take_shape(&text, out)))
            return 0;
    }
    return *text == '\0';
}

status packed_write_mark(const struct tensor *t, struct text *out)
{
    if (t->quantization == TENSOR_PER_CHANNEL)
        TRY(text_add(out, "%s%d", per_channel, t->axis));
    else
        TRY(text_add(out, "%s", per_tensor));
    if (t->odd)
        TRY(text_add(out, "%s", odd_word));
    if (t->bits)
        TRY(text_add(out, "%s%d%s", bits_word, t->bits, t->dense ? dense_word : ""));
    for (int i = 0; packed_is(t) && i < t->rank; i++)
        TRY(text_add(out, "%s%lld", i ? "," : shape_word, (long long)t->dim[i]));
    return OK;
}

/* ---- the codes ----------------------------------------------------------------------------------------- */

/* The lowest bits of a byte are the first code's; one may end in the next byte. */
static int code_at(const uint8_t *bytes, uint64_t i, int width)
{
    uint64_t at = i * (uint64_t)width / 8;
    int shift = (int)(i * (uint64_t)width % 8), half = 1 << (width - 1), code = bytes[at] >> shift;

    if (shift + width > 8)
        code |= bytes[at + 1] << (8 - shift);
    code &= 2 * half - 1;
    return code < half ? code : code - 2 * half;
}

static void put_code(uint8_t *bytes, uint64_t i, int width, int code)
{
    uint64_t at = i * (uint64_t)width / 8;
    int shift = (int)(i * (uint64_t)width % 8), bits = (code & ((1 << width) - 1)) << shift;

    bytes[at] |= (uint8_t)bits;
    if (shift + width > 8)
        bytes[at + 1] |= (uint8_t)(bits >> 8);
}

static status check_codes(const int8_t *codes, uint64_t count, int bits)
{
    int low = -(1 << (bits - 1)), high = -low - 1;

    for (uint64_t i = 0; i < count; i++)
        if (codes[i] < low || codes[i] > high)
            return FAIL(ERR_FORMAT, "code %llu is %d, and %d bits hold %d to %d", (unsigned long long)i,
                        codes[i], bits, low, high);
    return OK;
}

status packed_open(struct tensor *t, const struct packed_mark *m)
{
    int width = width_of(m->bits, m->dense);
    const uint8_t *bytes = t->data;
    struct tensor codes = { 0 };
    uint64_t count, held = (uint64_t)tensor_count(t);
    status result;

    if (width == 8 && t->dtype != DTYPE_S8)
        return FAIL(ERR_FORMAT, "codes of %d bits that are not of type I8", m->bits);
    if (width == 8) {
        t->bits = m->bits;
        return check_codes(t->data, held, m->bits);
    }
    if (t->dtype != DTYPE_U8 || t->rank != 1)
        return FAIL(ERR_FORMAT, "packed codes that are not one row of type U8");
    count = 1;
    for (int i = 0; i < m->rank; i++)
        count *= (uint64_t)m->dim[i];
    if (held != tensor_packed_bytes(count, width))
        return FAIL(ERR_FORMAT, "%llu bytes hold the %llu codes of %d bits, and %llu would",
                    (unsigned long long)held, (unsigned long long)count, m->bits,
                    (unsigned long long)tensor_packed_bytes(count, width));
    if (count * (uint64_t)width % 8 && bytes[held - 1] >> (count * (uint64_t)width % 8))
        return FAIL(ERR_FORMAT, "bits are set behind the last code");
    TRY(tensor_alloc(&codes, DTYPE_S8, m->rank, m->dim));
    for (uint64_t i = 0; i < count; i++)
        ((int8_t *)codes.data)[i] = (int8_t)code_at(bytes, i, width);
    codes.bits = m->bits;
    codes.dense = m->dense;
    result = check_codes(codes.data, count, m->bits);
    if (result != OK) {
        tensor_free(&codes);
        return result;
    }
    tensor_free(t);
    *t = codes;
    return OK;
}

status packed_close(const struct tensor *t, struct tensor *out)
{
    int width = width_of(t->bits, t->dense);
    uint64_t count = (uint64_t)tensor_count(t);
    int8_t *codes;
    status result;

    MEM_TRY(codes, (size_t)count + 1, 1);
    result = tensor_copy_bytes(t, codes);
    if (result == OK)
        result = check_codes(codes, count, t->bits);
    if (result == OK)
        result = tensor_alloc(out, DTYPE_U8, 1, &(int64_t){ (int64_t)tensor_packed_bytes(count, width) });
    for (uint64_t i = 0; i < count && result == OK; i++)
        put_code(out->data, i, width, codes[i]);
    mem_free(codes);
    return result;
}

/* Parameters of few bits' codes would be most of the file in 8 bytes each; where bits were chosen for their
 * size, those of 8 bits are narrow, too. */
static int fits_f32(const struct tensor *t)
{
    int fits = packed_is(t) || t->dense;

    for (int i = 0; i < t->channels; i++)
        fits &= t->scale[i] == (double)(float)t->scale[i] && t->zero_point[i] == (int32_t)t->zero_point[i];
    return fits;
}

status packed_params(const struct tensor *t, struct tensor *scale, struct tensor *zero_point)
{
    int narrow = fits_f32(t);
    const int64_t channels = t->channels;

    TRY(tensor_alloc(scale, narrow ? DTYPE_F32 : DTYPE_F64, 1, &channels));
    TRY(tensor_alloc(zero_point, narrow ? DTYPE_S32 : DTYPE_S64, 1, &channels));
    for (int i = 0; i < t->channels; i++)
        if (narrow) {
            ((float *)scale->data)[i] = (float)t->scale[i];
            ((int32_t *)zero_point->data)[i] = (int32_t)t->zero_point[i];
        } else {
            ((double *)scale->data)[i] = t->scale[i];
            ((int64_t *)zero_point->data)[i] = t->zero_point[i];
        }
    return OK;
}
