/* src/model/params.c: what a quantized checkpoint says of an output's codes. */
#include "model_parts.h"

/* The highest code of quint8, whatever range was calibrated (numerics 1.1), and of 16 bits. */
enum { TORCHS_HIGHEST = 255, WIDEST = 65535 };

static status check_one(const struct model_binding *b, const struct model_node *n, const struct tensor *t)
{
    return tensor_count(t) == 1 ? OK : model_mismatch(b, n, t, "one value");
}

int model_bits_of(int low, int high)
{
    int bits = 1;

    while (high - low >= 1 << bits)
        bits++;
    return bits;
}

/* P.codes, the lowest and the highest that exist; torch's files have none. */
static status read_codes(const struct model_binding *b, const struct model_node *n, struct quant_params *out)
{
    const struct tensor *codes = model_tensor(b, n->quant, ".codes");
    int most = b->form == PRECISION_ROUNDED ? WIDEST : TORCHS_HIGHEST;
    double low, high;

    *out = (struct quant_params){ .high = TORCHS_HIGHEST };
    if (!codes)
        return OK;
    low = tensor_count(codes) == 2 ? tensor_at(codes, 0) : -1;
    high = tensor_count(codes) == 2 ? tensor_at(codes, 1) : -1;
    if (!(low == 0 && high > 0 && high <= most) || high != (double)(int)high)
        return model_mismatch(b, n, codes, "0 and the highest code, up to %d", most);
    out->high = (int)high;
    return OK;
}

status model_read_params(const struct model_binding *b, const struct model_node *n, struct quant_params *out)
{
    const struct tensor *scale, *zero;
    double zero_point;

    TRY(model_need(b, &scale, n->quant, ".scale"));
    TRY(model_need(b, &zero, n->quant, ".zero_point"));
    TRY(check_one(b, n, scale));
    TRY(check_one(b, n, zero));
    zero_point = tensor_at(zero, 0);
    TRY(read_codes(b, n, out));
    if (!(zero_point >= out->low && zero_point <= out->high) || zero_point != (double)(int)zero_point)
        return model_mismatch(b, n, zero, "a whole number from %d to %d, not %g", out->low, out->high,
                              zero_point);
    out->scale = tensor_at(scale, 0);
    out->zero_point = (int)zero_point;
    return model_is_scale(out->scale) ? OK
                                      : model_mismatch(b, n, scale, "a positive scale, not %g", out->scale);
}
