/* tests/gradient/test_train_batch.c: a network's life: loaded from a checkpoint, prepared, given batches of
 * any size, in turn. */
#include "train_net.h"

static const char text[] = "model net n\ninput image 1 4 4 resize squash bilinear mean 0 std 1\n"
                           "conv a image out 5 kernel 3 stride 1 pad 1 groups 1 weight a bn b eps 1e-05\n"
                           "relu r a\nlinear fc r out 3 weight fc\noutput fc\ncam r\n";

static void load(void)
{
    struct tensor_table table = { 0 };
    struct model_binding b = { 0 };
    struct train_net t, other;

    train_open(&t, text, NULL, "auto");
    train_open(&other, text, NULL, "auto");
    for (int i = 0; i < t.parameters; i++) {
        struct tensor v = { 0 };
        char name[300];

        snprintf(name, sizeof name, "module.%s", t.p[i].name);
        train_must(tensor_alloc(&v, DTYPE_F32, t.p[i].rank, t.p[i].dim));
        for (int64_t j = 0; j < t.p[i].count; j++)
            ((float *)v.data)[j] = (float)(100 * i + (int)j);
        train_must(table_take(&table, name, &v));
    }
    train_must(model_bind(&t.m, &table, NULL, &b));
    train_must(gradient_net_load(t.net, &b));
    for (int i = 0; i < t.parameters; i++)
        for (int64_t j = 0; j < t.p[i].count; j++)
            CHECK(t.p[i].value[j] == (float)(100 * i + (int)j));
    b.folded = 1;
    CHECK(gradient_net_load(t.net, &b) == ERR_MISMATCH);
    model_unbind(&b);
    table_free(&table);
    gradient_net_free(other.net);
    model_free(&other.m);
    train_close(&t);
}

static void prepare(void)
{
    struct gradient_quantizer q[8] = { [1] = { .weights = { .form = QUANT_SAWB_ZERO, .bits = 2 } } };
    const struct gradient_settings s = { .quantizer = q };
    struct train_net t;
    float *w;

    train_open(&t, text, &s, "auto");
    CHECK(gradient_net_weights(t.net, 1).steps == 2 && gradient_net_weights(t.net, 1).scale > 0);
    CHECK(gradient_net_weights(t.net, 3).bits == 0);
    w = train_find(&t, "fc.weight")->value;
    w[4] = NAN;
    CHECK(gradient_net_prepare(t.net) == ERR_NUMERIC);
    CHECK_MSG(strcmp(error_last()->text, "fc.weight: value 4 is nan, which is not finite") == 0, "%s",
              error_last()->text);
    train_close(&t);
}

/* A small batch after a large one, and a larger one, give what they give alone. */
static void batches(void)
{
    static const int sizes[] = { 9, 3, 19, 9 };
    static float x[MOST_VALUES], d[SAMPLES * 3], first[45];
    struct train_net t;

    train_open(&t, text, NULL, "auto");
    train_fill(&t, x, SAMPLES * train_pixels(&t), 1);
    train_fill(&t, d, SAMPLES * 3, 1);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        size_t before = gradient_net_bytes(t.net);

        train_batch(&t, sizes[i]);
        CHECK(gradient_net_bytes(t.net) >= before && gradient_net_bytes(t.net) > 0);
        gradient_net_forward(t.net, GRADIENT_TRAIN, 0, x);
        gradient_net_backward(t.net, d, NULL);
        if (i == 0)
            memcpy(first, train_find(&t, "a.weight")->gradient, sizeof first);
    }
    CHECK(memcmp(first, train_find(&t, "a.weight")->gradient, sizeof first) == 0);
    train_close(&t);
}

static void too_many(void)
{
    struct gradient_batch b = { .samples = 1 << 20, .chunks = 1 << 17 };
    struct train_net t;

    CHECK(gradient_batch_samples(&(struct gradient_batch){ .samples = 19, .first = 1, .chunks = 2 }) == 11);
    CHECK(gradient_batch_samples(&(struct gradient_batch){ .samples = 19, .first = 3, .chunks = 0 }) == 0);
    train_open(&t, text, NULL, "auto");
    CHECK(gradient_net_batch(t.net, &b) == ERR_RANGE);
    train_close(&t);
}

int main(void)
{
    load();
    prepare();
    batches();
    too_many();
    return check_result("gradient/train_batch");
}
