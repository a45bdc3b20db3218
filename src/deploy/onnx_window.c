/* The window of a convolution or a pool, with its padding in numbers. */
#include "onnx_parts.h"

#include <string.h>

/* The numbers of an attribute, `otherwise` each where it is not there. */
static status get_numbers(const struct onnx_node *n, const char *name, int count, int64_t otherwise, int low,
                          int high, int *out)
{
    const struct onnx_attribute *a = onnx_attribute(n, name);

    if (a && a->count != count)
        return FAIL(ERR_FORMAT, "its %s are %d numbers, and maps need %d", name, a->count, count);
    for (int i = 0; i < count; i++) {
        int64_t number = a ? a->wholes[i] : otherwise;

        if (number < low || number > high)
            return FAIL(ERR_FORMAT, "one of its %s is %lld", name, (long long)number);
        out[i] = (int)number;
    }
    return OK;
}

/* ceil(extent / stride) windows; what these lack is padding, the odd cell after the map, or before it. */
static void pad_same(int extent, int kernel, int stride, int lower, int *before, int *after)
{
    int lacking = ((extent + stride - 1) / stride - 1) * stride + kernel - extent;

    lacking = lacking > 0 ? lacking : 0;
    *before = lower ? (lacking + 1) / 2 : lacking / 2;
    *after = lacking - *before;
}

static int window_extent(int extent, int kernel, int stride, int before, int after, int ceil)
{
    int room = extent + before + after - kernel, out;

    if (room < 0)
        return 0;
    out = (room + (ceil ? stride - 1 : 0)) / stride + 1;
    return ceil && (out - 1) * stride >= extent + before ? out - 1 : out;
}

status onnx_window(const struct onnx_node *n, const struct tensor *in, const struct tensor *weight,
                   struct onnx_window *out)
{
    const char *how = onnx_words(n, "auto_pad");
    int kernel[2], stride[2], dilation[2], pad[4], h = (int)in->dim[2], w = (int)in->dim[3], high, wide;

    if (weight && (weight->rank != 4 || weight->dim[2] > 64 || weight->dim[3] > 64))
        return FAIL(ERR_FORMAT, "its weights are no kernels of up to 64 x 64");
    TRY(get_numbers(n, "kernel_shape", 2, 0, weight ? 0 : 1, 1 << 12, kernel));
    for (int i = 0; i < 2 && weight; i++) {
        if (kernel[i] && kernel[i] != weight->dim[2 + i])
            return FAIL(ERR_FORMAT, "its kernel_shape is not its weights'");
        kernel[i] = (int)weight->dim[2 + i];
    }
    TRY(get_numbers(n, "strides", 2, 1, 1, 64, stride));
    TRY(get_numbers(n, "dilations", 2, 1, 1, 64, dilation));
    TRY(get_numbers(n, "pads", 4, 0, 0, 1 << 12, pad));
    high = (kernel[0] - 1) * dilation[0] + 1;
    wide = (kernel[1] - 1) * dilation[1] + 1;
    if (strcmp(how, "SAME_UPPER") == 0 || strcmp(how, "SAME_LOWER") == 0) {
        pad_same(h, high, stride[0], how[5] == 'L', &pad[0], &pad[2]);
        pad_same(w, wide, stride[1], how[5] == 'L', &pad[1], &pad[3]);
    } else if (strcmp(how, "VALID") == 0) {
        memset(pad, 0, sizeof pad);
    } else if (*how && strcmp(how, "NOTSET") != 0) {
        return FAIL(ERR_FORMAT, "its auto_pad '%.40s' is unknown", how);
    }
    *out = (struct onnx_window){ .kh = kernel[0],
                                 .kw = kernel[1],
                                 .stride_h = stride[0],
                                 .stride_w = stride[1],
                                 .dilation_h = dilation[0],
                                 .dilation_w = dilation[1],
                                 .top = pad[0],
                                 .left = pad[1],
                                 .bottom = pad[2],
                                 .right = pad[3],
                                 .ceil = onnx_whole(n, "ceil_mode", 0) != 0 };
    out->h = window_extent(h, high, stride[0], pad[0], pad[2], out->ceil);
    out->w = window_extent(w, wide, stride[1], pad[1], pad[3], out->ceil);
    return out->h > 0 && out->w > 0
               ? OK
               : FAIL(ERR_FORMAT, "its %dx%d window does not fit into the %dx%d map", high, wide, h, w);
}

status onnx_line(const struct onnx_node *n, const struct tensor *in, const struct tensor *weight, int *before,
                 int *length)
{
    const char *how = onnx_words(n, "auto_pad");
    int stride, dilation, pad[2];

    if (in->rank != 3 || in->dim[1] != 1 || weight->rank != 3 || weight->dim[0] != 1 || weight->dim[1] != 1 ||
        weight->dim[2] > 64 || (*how && strcmp(how, "NOTSET") != 0))
        return FAIL(ERR_FORMAT,
                    "it is no convolution of maps, and along channels with one kernel of up to 64");
    TRY(get_numbers(n, "strides", 1, 1, 1, 1, &stride));
    TRY(get_numbers(n, "dilations", 1, 1, 1, 1, &dilation));
    TRY(get_numbers(n, "pads", 2, 0, 0, 64, pad));
    *before = pad[0];
    *length = (int)(in->dim[2] + pad[0] + pad[1] - weight->dim[2] + 1);
    return *length > 0 ? OK : FAIL(ERR_FORMAT, "its kernel is longer than the channels");
}
