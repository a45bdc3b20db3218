/* tests/gradient/test_train_linear.c: linear layers in training: of maps and rows, against sums in double. */
#include "train_net.h"

/* Logits are of one layer: dW[o][c, y, x] = sum of d[o] x[y, x, c]. */
static void by_sums(int h, int w, int out, int samples)
{
    static float x[MOST_VALUES], d[SAMPLES * 80];
    char text[512];
    struct train_net t;
    const struct gradient_parameter *weight, *bias;
    int far = 0, pixels = h * w * 3;

    snprintf(text, sizeof text,
             "model net a linear layer\ninput image 3 %d %d resize squash bilinear mean 0 0 0 std 1 1 1\n"
             "linear fc image out %d weight fc\noutput fc\ncam image\n",
             h, w, out);
    train_open(&t, text, NULL, "auto");
    train_batch(&t, samples);
    train_fill(&t, x, (size_t)(samples * pixels), 1);
    train_fill(&t, d, (size_t)(samples * out), 1);
    gradient_net_forward(t.net, GRADIENT_TRAIN, 0, x);
    gradient_net_backward(t.net, d, NULL);
    weight = train_find(&t, "fc.weight");
    bias = train_find(&t, "fc.bias");
    CHECK(weight->count == (int64_t)out * pixels && weight->fan_in == pixels && bias->fan_in == pixels);
    for (int o = 0; o < out; o++) {
        double sum = 0;

        for (int i = 0; i < samples; i++)
            sum += (double)d[i * out + o];
        far += fabs(sum - (double)bias->gradient[o]) > 1e-5;
        for (int p = 0; p < pixels; p++) {
            int c = p / (h * w), at = p % (h * w) * 3 + c;

            sum = 0;
            for (int i = 0; i < samples; i++)
                sum += (double)d[i * out + o] * (double)x[i * pixels + at];
            far += fabs(sum - (double)weight->gradient[o * pixels + p]) > 1e-5;
        }
    }
    CHECK_MSG(far == 0, "%d of %d x %d far, %d outputs, %d samples", far, h, w, out, samples);
    train_close(&t);
}

int main(void)
{
    by_sums(1, 2, 3, 5);
    by_sums(5, 7, 70, 19);
    by_sums(9, 8, 33, 16);
    train_differences("two layers, one read twice",
                      "model net n\ninput image 1 3 4 resize squash bilinear mean 0 std 1\n"
                      "linear a image out 9 weight a\nsilu s a\nlinear b s out 9 weight b\nadd c b s\n"
                      "relu r c\nlinear fc r out 4 weight fc\noutput fc\ncam image\n",
                      11, 0.01);
    return check_result("gradient/train_linear");
}
