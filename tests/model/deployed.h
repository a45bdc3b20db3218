/* tests/model/deployed.h: a small network of integers as another runtime has them, and its table, made by
 * hand.
 */
#ifndef QUANTCAM_TEST_MODEL_DEPLOYED_H
#define QUANTCAM_TEST_MODEL_DEPLOYED_H

#include "checkpoint.h"

/* A branch in real numbers, a layer without a scale of its own, and logits that leave the background out. */
static const char deployed_description[] =
    "model d\ninput image 3 4 4 resize squash bilinear mean 0 0 0 std 1 1 1 quant q\n"
    "conv c image out 2 kernel 3 stride 1 pad 1,0,1,2 groups 1 weight c\n"
    "relu6 r c quant r\n"
    "avgpool2d a r kernel 3 stride 1 pad 1\n"
    "dequantize d r\nbatchnorm n d weight n eps 1e-5\nleakyrelu l n slope 0.5\nquantize e l quant e\n"
    "add s a e quant s\n"
    "avgpool p s quant p\n"
    "conv f p out 4 kernel 1 stride 1 pad 0 groups 1 weight f\n"
    "slice o f begin 1 out 3\noutput o\ncam s\n";

/* Of a node: its scale, its zero point and how far the file's codes lie from ours. */
static inline void put_params(struct tensor_table *t, const char *node, double scale, int zero_point,
                              int offset)
{
    char name[64];

    snprintf(name, sizeof name, "%s.scale", node);
    put_value(t, name, scale);
    snprintf(name, sizeof name, "%s.zero_point", node);
    *(int64_t *)put(t, DTYPE_S64, name, 0, NULL)->data = zero_point;
    snprintf(name, sizeof name, "%s.codes", node);
    ((int32_t *)put(t, DTYPE_S32, name, 1, (int64_t[]){ 2 })->data)[1] = 255;
    if (!offset)
        return;
    snprintf(name, sizeof name, "%s.offset", node);
    *(int32_t *)put(t, DTYPE_S32, name, 0, NULL)->data = offset;
}

/* Weights count up from -5; the convolution's have scales 0.5 and 0.25 and zero points 3 and 0, and biases
 * 100 and -100. */
static inline void make_deployed(struct tensor_table *t, const char *engine)
{
    static const char *const vectors[] = { "n.weight", "n.bias", "n.running_mean", "n.running_var" };
    struct tensor *w;

    t->source = mem_strdup("x.tflite");
    put_codes(t, "c.weight", 4, (int64_t[]){ 2, 3, 3, 3 }, 2);
    w = get(t, "c.weight");
    w->scale[1] = 0.25;
    w->zero_point[0] = 3;
    for (int i = 0; i < 54; i++)
        ((int8_t *)w->data)[i] = (int8_t)(i - 5);
    w = put(t, DTYPE_S32, "c.bias", 1, (int64_t[]){ 2 });
    ((int32_t *)w->data)[0] = 100;
    ((int32_t *)w->data)[1] = -100;
    put_codes(t, "f.weight", 4, (int64_t[]){ 4, 2, 1, 1 }, 1);
    for (int i = 0; i < 8; i++)
        ((int8_t *)get(t, "f.weight")->data)[i] = (int8_t)(i - 5);
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        w = put(t, DTYPE_F32, vectors[i], 1, (int64_t[]){ 2 });
        for (int k = 0; k < 2; k++)
            ((float *)w->data)[k] = i == 2 ? 0.0f : 1.0f;
    }
    put_params(t, "q", 0.5, 128, 0);
    put_params(t, "c", 0.125, 10, 128);
    put_params(t, "r", 0.25, 0, 128);
    put_params(t, "e", 0.25, 7, 0);
    put_params(t, "s", 0.5, 3, 0);
    put_params(t, "p", 0.375, 4, 0);
    if (engine)
        CHECK(table_add_note(t, "quantcam.engine", engine) == OK);
}

#endif
