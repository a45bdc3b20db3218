/* tests/gradient/test_train_op.c: ops without weights in training: differences of each, dropout's masks by
 * their keys, PACT by its published vector. */
#include "train_net.h"

static void one_op(const char *line)
{
    char text[1024];

    snprintf(text, sizeof text,
             "model net one op\ninput image 3 6 6 resize squash bilinear mean 0 0 0 std 1 1 1\n"
             "conv a image out 6 kernel 3 stride 1 pad 1 groups 1 weight a\n"
             "conv b image out 6 kernel 3 stride 1 pad 0 groups 1 weight b\navgpool v a\n%s\n"
             "linear fc x out 4 weight fc\nlinear fv v out 4 weight fv\nlinear fb b out 4 weight fb\n"
             "add s fc fv\nadd q s fb\nlinear end q out 3 weight end\noutput end\ncam a\n",
             line);
    train_differences(line, text, 5, 0.02);
}

static void dropout_by_key(void)
{
    static const char text[] = "model net two dropouts\n"
                               "input image 1 2 3 resize squash bilinear mean 0 std 1\n"
                               "dropout one image rate 0.25\ndropout two one rate 0.5\n"
                               "linear fc two out 6 weight fc\noutput fc\ncam image\n";
    static float x[SAMPLES * 6];
    static const double rates[] = { 0.25, 0.5 };
    struct train_net t;
    float *w;
    int dropped = 0;

    train_open(&t, text, NULL, "auto");
    w = train_find(&t, "fc.weight")->value;
    for (int i = 0; i < 36; i++)
        w[i] = i % 7 == 0;
    memset(train_find(&t, "fc.bias")->value, 0, 6 * sizeof *w);
    train_must(gradient_net_prepare(t.net));
    for (int i = 0; i < SAMPLES * 6; i++)
        x[i] = 1;
    train_batch(&t, SAMPLES);
    for (int branch = 0; branch < 2; branch++) {
        gradient_net_forward(t.net, GRADIENT_TRAIN, branch, x);
        for (int i = 0; i < SAMPLES * 6; i++) {
            float expected = 1;

            for (int l = 0; l < 2; l++) {
                uint64_t key = (uint64_t)(64 + 2 * l + branch) << 56 | 2ull << 32 | (uint64_t)(100 + i / 6);
                double u = (double)(random_u64(5, key, (uint64_t)(i % 6)) >> 11) * 0x1p-53;

                expected = u >= rates[l] ? expected * (float)(1 / (1 - rates[l])) : 0;
            }
            dropped += expected == 0;
            CHECK_MSG(gradient_net_logits(t.net, branch)[i] == expected, "branch %d, unit %d: %g, not %g",
                      branch, i, gradient_net_logits(t.net, branch)[i], expected);
        }
    }
    CHECK(dropped > SAMPLES * 5 && dropped < SAMPLES * 9);
    gradient_net_forward(t.net, GRADIENT_EVAL, 0, x);
    for (int i = 0; i < SAMPLES * 6; i++)
        CHECK(gradient_net_logits(t.net, 0)[i] == 1);
    train_close(&t);
}

/* saliency-and-training 2.3: alpha 1.5 in 2 bits. */
static void pact_by_hand(int through)
{
    static const char text[] = "model net pact\ninput image 1 2 4 resize squash bilinear mean 0 std 1\n"
                               "relu r image\nlinear fc r out 8 weight fc\noutput fc\ncam image\n";
    static const float x[8] = { -1, 0, .3f, .45f, .75f, 1.2f, 1.5f, 2.9f },
                       y[8] = { 0, 0, .5f, .5f, 1, 1, 1.5f, 1.5f };
    struct gradient_quantizer q[4] = { [1] = { .pact_bits = 2, .pact_through = through } };
    const struct gradient_settings s = { .quantizer = q };
    float d[8], read[8];
    double alpha = 64 + 128;
    struct train_net t;
    float *w;

    train_open(&t, text, &s, "auto");
    w = train_find(&t, "fc.weight")->value;
    for (int i = 0; i < 64; i++)
        w[i] = i % 9 == 0;
    memset(train_find(&t, "fc.bias")->value, 0, 8 * sizeof *w);
    train_find(&t, "r.alpha")->value[0] = 1.5f;
    train_must(gradient_net_prepare(t.net));
    train_batch(&t, 1);
    gradient_net_forward(t.net, GRADIENT_TRAIN, 0, x);
    for (int i = 0; i < 8; i++) {
        CHECK(gradient_net_logits(t.net, 0)[i] == y[i]);
        d[i] = (float)(1 << i);
        if (through && i > 0 && i < 6)
            alpha += ((double)y[i] - (double)x[i]) / 1.5 * (double)d[i];
    }
    gradient_net_activation_input(t.net, 1, read);
    CHECK(memcmp(read, x, sizeof read) == 0);
    gradient_net_backward(t.net, d, NULL);
    CHECK_MSG(fabs((double)train_find(&t, "r.alpha")->gradient[0] - alpha) < 1e-4, "alpha %g, not %g",
              train_find(&t, "r.alpha")->gradient[0], alpha);
    gradient_net_forward(t.net, GRADIENT_EVAL, 0, x);
    gradient_net_backward_input(t.net, d, read);
    for (int i = 0; i < 8; i++)
        CHECK(read[i] == (i > 0 && i < 6 ? d[i] : 0));
    train_close(&t);
}

int main(void)
{
    static const char *const lines[] = {
        "relu x a",
        "relu6 x a",
        "hardswish x a",
        "hardsigmoid x a",
        "silu x a",
        "sigmoid x a",
        "maxpool x a kernel 3 stride 2 pad 1",
        "maxpool x a kernel 2 stride 2 pad 0",
        "avgpool2d x a kernel 3 stride 2",
        "mean x a",
        "add x a a",
        "mul x a v",
        "mul x a a",
        "cat x a a",
        "slice x a begin 2 out 3",
        "shortcut x a stride 2 begin 1 out 9",
        "shuffle x a groups 3",
        "dropout x a rate 0.4",
    };

    for (size_t i = 0; i < COUNT_OF(lines); i++)
        one_op(lines[i]);
    dropout_by_key();
    pact_by_hand(0);
    pact_by_hand(1);
    return check_result("gradient/train_op");
}
