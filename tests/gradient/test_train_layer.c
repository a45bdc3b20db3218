/* tests/gradient/test_train_layer.c: convolutions in training against sums in double, any kernel, stride,
 * padding, groups, Winograd's too. */
#include "train_net.h"

struct shape {
    int ic, h, oc, kernel, stride, pad, groups;
};

/* The convolution conv1 is read by global pooling and a linear layer: its output's gradient is a row a
 * sample, divided by the positions. */
static void text_of(const struct shape *s, char *text, size_t size)
{
    snprintf(text, size,
             "model net one convolution\ninput image 3 %d %d resize squash bilinear mean 0 0 0 std 1 1 1\n"
             "conv first image out %d kernel 1 stride 1 pad 0 groups 1 weight first\n"
             "conv conv first out %d kernel %d stride %d pad %d groups %d weight conv\n"
             "silu act conv\navgpool pool act\nlinear fc pool out 3 weight fc\noutput fc\ncam act\n",
             s->h, s->h, s->ic, s->oc, s->kernel, s->stride, s->pad, s->groups);
}

static double slope_of_silu(double v)
{
    double g = 1 / (1 + exp(-v));

    return g * (1 + v * (1 - g));
}

/* Everything once more in double: (samples) gradients of conv.weight, conv.bias and first.bias. */
struct slow {
    double weight[4096], bias[64], first[64];
};
static double first_map[16][16][64], d_first[16][16][64];

static void slow_sample(const struct shape *s, const struct train_net *t, const float *x, const float *d,
                        struct slow *out)
{
    const float *w = train_find(t, "conv.weight")->value, *b = train_find(t, "conv.bias")->value,
                *fw = train_find(t, "first.weight")->value, *fb = train_find(t, "first.bias")->value,
                *fc = train_find(t, "fc.weight")->value;
    int o = (s->h + 2 * s->pad - s->kernel) / s->stride + 1, ic = s->ic / s->groups, oc = s->oc / s->groups,
        k = s->kernel;

    memset(d_first, 0, sizeof d_first);
    for (int y = 0; y < s->h; y++)
        for (int i = 0; i < s->h; i++)
            for (int c = 0; c < s->ic; c++) {
                double v = (double)fb[c];

                for (int j = 0; j < 3; j++)
                    v += (double)fw[c * 3 + j] * (double)x[(y * s->h + i) * 3 + j];
                first_map[y][i][c] = v;
            }
    for (int p = 0; p < o * o; p++)
        for (int c = 0; c < s->oc; c++) {
            double v = (double)b[c], g = 0;

            for (int q = 0; q < k * k * ic; q++) {
                int j = q % ic, iy = p / o * s->stride - s->pad + q / ic / k,
                    ix = p % o * s->stride - s->pad + q / ic % k;

                if (iy >= 0 && iy < s->h && ix >= 0 && ix < s->h)
                    v += (double)w[((c * ic + j) * k + q / ic / k) * k + q / ic % k] *
                         first_map[iy][ix][c / oc * ic + j];
            }
            for (int j = 0; j < 3; j++)
                g += (double)d[j] * (double)fc[j * s->oc + c];
            g *= slope_of_silu(v) / (o * o);
            out->bias[c] += g;
            for (int q = 0; q < k * k * ic; q++) {
                int j = q % ic, ky = q / ic / k, kx = q / ic % k, iy = p / o * s->stride - s->pad + ky,
                    ix = p % o * s->stride - s->pad + kx, at = ((c * ic + j) * k + ky) * k + kx;

                if (iy < 0 || iy >= s->h || ix < 0 || ix >= s->h)
                    continue;
                out->weight[at] += g * first_map[iy][ix][c / oc * ic + j];
                d_first[iy][ix][c / oc * ic + j] += g * (double)w[at];
            }
        }
    for (int y = 0; y < s->h; y++)
        for (int i = 0; i < s->h; i++)
            for (int c = 0; c < s->ic; c++)
                out->first[c] += d_first[y][i][c];
}

static void close_to(const struct shape *s, const char *what, const float *ours, const double *slow,
                     int64_t count)
{
    double most = 0;
    int far = 0;

    for (int64_t i = 0; i < count; i++)
        most = fabs(slow[i]) > most ? fabs(slow[i]) : most;
    for (int64_t i = 0; i < count; i++)
        far += !(fabs((double)ours[i] - slow[i]) <= 1e-5 * most);
    CHECK_MSG(far == 0, "%s: %d of %lld: %d>%d %dx%d kernel %d stride %d pad %d groups %d", what, far,
              (long long)count, s->ic, s->oc, s->h, s->h, s->kernel, s->stride, s->pad, s->groups);
}

static void one_shape(const struct shape *s, const char *isa)
{
    enum { FEW = 10 };
    static float x[FEW * 16 * 16 * 3], d[FEW * 3];
    static struct slow slow;
    char text[1024];
    struct train_net t;

    memset(&slow, 0, sizeof slow);
    text_of(s, text, sizeof text);
    train_open(&t, text, NULL, isa);
    train_batch(&t, FEW);
    train_fill(&t, x, FEW * train_pixels(&t), 1);
    train_fill(&t, d, FEW * 3, 1);
    gradient_net_forward(t.net, GRADIENT_TRAIN, 0, x);
    gradient_net_backward(t.net, d, NULL);
    for (int i = 0; i < FEW; i++)
        slow_sample(s, &t, x + (size_t)i * train_pixels(&t), d + 3 * i, &slow);
    close_to(s, "weight", train_find(&t, "conv.weight")->gradient, slow.weight,
             train_find(&t, "conv.weight")->count);
    close_to(s, "bias", train_find(&t, "conv.bias")->gradient, slow.bias, s->oc);
    close_to(s, "input", train_find(&t, "first.bias")->gradient, slow.first, s->ic);
    train_close(&t);
}

/* Logits of a linear layer whose weights are quantized, of unit vectors: the weights that quant defines. */
static void quantized(enum quant_weights_form form, int bits)
{
    struct gradient_quantizer q[4] = { [1] = { .weights = { .form = form, .bits = bits } } };
    const struct gradient_settings s = { .quantizer = q };
    float x[16 * 16] = { 0 }, expected[16 * 7];
    struct quant_weights w = { .form = form, .bits = bits };
    const struct gradient_parameter *p;
    struct train_net t;

    train_open(&t,
               "model n n\ninput image 1 4 4 resize squash bilinear mean 0 std 1\n"
               "linear fc image out 7 weight fc\noutput fc\ncam image\n",
               &s, "auto");
    p = train_find(&t, "fc.weight");
    memset(train_find(&t, "fc.bias")->value, 0, 7 * sizeof(float));
    train_must(gradient_net_prepare(t.net));
    train_must(quant_weights_measure(&w, p->value, p->count));
    quant_weights_apply(&w, p->value, p->count, expected);
    for (int i = 0; i < 16; i++)
        x[17 * i] = 1;
    train_batch(&t, 16);
    gradient_net_forward(t.net, GRADIENT_TRAIN, 0, x);
    for (int i = 0; i < 16 * 7; i++)
        CHECK_MSG(gradient_net_logits(t.net, 0)[i] == expected[i % 7 * 16 + i / 7], "form %d, %d bits, %d",
                  form, bits, i);
    train_close(&t);
}

int main(void)
{
    static const struct shape shapes[] = {
        { 4, 7, 5, 3, 1, 1, 1 },   { 4, 7, 6, 3, 2, 1, 2 },  { 6, 8, 6, 3, 1, 1, 6 },
        { 6, 9, 6, 5, 2, 2, 6 },   { 3, 8, 4, 2, 1, 0, 1 },  { 5, 6, 33, 1, 1, 0, 1 },
        { 8, 9, 8, 1, 2, 0, 4 },   { 2, 11, 3, 7, 3, 2, 1 }, { 16, 16, 16, 3, 1, 1, 1 },
        { 16, 8, 20, 3, 1, 1, 1 }, { 2, 5, 2, 3, 1, 2, 1 },  { 4, 6, 4, 1, 1, 1, 2 },
    };

    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        one_shape(&shapes[i], "ref");
        one_shape(&shapes[i], "auto");
    }
    for (int form = 0; form < QUANT_WEIGHTS_FORMS; form++)
        for (int bits = 2; bits <= 8; bits *= 2)
            quantized((enum quant_weights_form)form, bits);
    return check_result("gradient/train_layer");
}
