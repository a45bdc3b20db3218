/* src/weight/params.c: extents, scales and zero points of a tensor that is read. */
#include "weight_parts.h"

status weight_set_strides(struct tensor *t)
{
    const int64_t most = INT64_C(1) << 32;
    int64_t step = 1;

    for (int i = t->rank - 1; i >= 0; i--) {
        int64_t dim = t->dim[i];

        t->stride[i] = step;
        if (dim > most || (dim > 0 && step > most / dim))
            return FAIL(ERR_FORMAT, "it has more than 2^32 elements");
        step *= dim > 0 ? dim : 1;
    }
    return OK;
}

status weight_alloc_params(struct tensor *t, int axis, int64_t *all)
{
    int channels = axis < 0 ? 1 : (int)t->dim[axis];

    *all += channels;
    if (*all > WEIGHT_MAX_ALL_CHANNELS)
        return FAIL(ERR_MEMORY, "the quantized tensors have more than %d channels", WEIGHT_MAX_ALL_CHANNELS);
    t->quantization = axis < 0 ? TENSOR_PER_TENSOR : TENSOR_PER_CHANNEL;
    t->axis = axis < 0 ? 0 : axis;
    t->channels = channels;
    MEM_TRY(t->scale, (size_t)t->channels, sizeof *t->scale);
    MEM_TRY(t->zero_point, (size_t)t->channels, sizeof *t->zero_point);
    return OK;
}

status weight_set_params(struct tensor *t, int channel, double scale, double zero_point)
{
    if (!(zero_point >= -2147483648.0 && zero_point <= 2147483647.0) ||
        zero_point != (double)(int64_t)zero_point)
        return FAIL(ERR_FORMAT, "a quantized tensor with zero point %g", zero_point);
    t->scale[channel] = scale;
    t->zero_point[channel] = (int64_t)zero_point;
    return OK;
}
