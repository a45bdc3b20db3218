/* src/weight/params.c: scales and zero points of a tensor that is read. */
#include "weight_parts.h"

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
