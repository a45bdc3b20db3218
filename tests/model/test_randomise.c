/* tests/model/test_randomise.c: draws in the place of the last layers' weights. */
#include "checkpoint.h"

#include <math.h>

/* f: 5 x 2, c: 2 x 3; f's weights are 0 .. 9: mean 4.5, deviation sqrt(8.25). */
static void fill(struct tensor_table *t)
{
    for (int i = 0; i < t->count; i++) {
        float *x = t->entry[i].tensor.data;

        for (int64_t k = 0; t->entry[i].tensor.dtype == DTYPE_F32 && k < tensor_count(&t->entry[i].tensor);
             k++)
            x[k] = (float)k + (strstr(t->entry[i].name, "running_var") ? 1 : 0);
    }
}

static double drawn(uint64_t seed, int node, int place)
{
    struct random r = { seed, UINT64_C(131) << 56 | (uint64_t)(uint32_t)node, 2 * (uint64_t)place };

    return random_normal(&r);
}

/* Layer `node` of a binding: its weights and biases. */
static void load(const struct model_binding *b, int node, float *weight, float *bias)
{
    struct model_layer l;

    CHECK(model_layer_load(b, node, &l) == OK);
    memcpy(weight, l.weight_real, (size_t)(l.oc * l.ic * l.kh * l.kw) * sizeof *weight);
    memcpy(bias, l.bias, (size_t)l.oc * sizeof *bias);
    model_layer_free(&l);
}

static void test_layers(const struct model *m, const struct tensor_table *t)
{
    struct model_binding b = { 0 };
    int c = model_find(m, "c"), f = model_find(m, "f");
    float trained_c[6], trained_f[10], w[10], bias[5], trained_bias[5];

    CHECK(model_bind(m, t, NULL, &b) == OK);
    load(&b, c, trained_c, bias);
    load(&b, f, trained_f, trained_bias);
    CHECK(model_randomise(&b, 3, 7) == ERR_RANGE &&
          strstr(error_last()->text, "the network has 2 with weights"));
    CHECK(model_randomise(&b, 1, 7) == OK);
    load(&b, c, w, bias);
    CHECK(memcmp(w, trained_c, sizeof trained_c) == 0);
    load(&b, f, w, bias);
    CHECK(memcmp(bias, trained_bias, sizeof bias) == 0);
    for (int i = 0; i < 10; i++)
        CHECK(w[i] == (float)(4.5 + sqrt(8.25) * drawn(7, f, i)));
    for (int first = 0; first < 5; first += 2) { /* some output channels at a time are the same */
        struct model_layer l;

        CHECK(model_layer_rows(&b, f, first, 2, &l) == OK);
        CHECK(memcmp(l.weight_real, w + 2 * first, (size_t)l.oc * 2 * sizeof *w) == 0);
        model_layer_free(&l);
    }
    model_unbind(&b);
}

/* The convolution is drawn before its batch normalisation is folded: factor gamma / sqrt(var + eps). */
static void test_folding(const struct model *m, const struct tensor_table *t)
{
    struct model_binding b = { 0 };
    int c = model_find(m, "c");
    float trained[6], w[6], bias[5], trained_bias[5];

    CHECK(model_bind(m, t, NULL, &b) == OK);
    load(&b, c, trained, trained_bias);
    CHECK(model_randomise(&b, 2, 8) == OK);
    load(&b, c, w, bias);
    CHECK(memcmp(bias, trained_bias, 2 * sizeof *bias) == 0);
    for (int i = 0; i < 6; i++) { /* channel 1's gamma is 1, its variance 2; channel 0's gamma is 0 */
        double right = i < 3 ? 0 : (2.5 + sqrt(35.0 / 12) * drawn(8, c, i)) / sqrt(2 + 1e-5);

        CHECK_MSG(fabs((double)w[i] - right) < 1e-5, "weight %d: %g, not %g", i, (double)w[i], right);
    }
    model_unbind(&b);
}

/* c and f have weights; c's outputs lie before f. */
static void test_graph(const struct model *m)
{
    int all, c = model_find(m, "c"), f = model_find(m, "f");

    CHECK(model_last_layers(m, 1, &all) == f && all == 2);
    CHECK(model_last_layers(m, 2, NULL) == c && model_last_layers(m, 3, NULL) == -1);
    CHECK(model_hangs_on(m, f, f) && !model_hangs_on(m, model_find(m, "p"), f));
    CHECK(model_hangs_on(m, model_find(m, "p"), c) && model_hangs_on(m, c, c) && !model_hangs_on(m, 0, c));
}

int main(void)
{
    struct tensor_table t = { 0 };
    struct model m = { 0 };

    make_model(&m);
    make_float(&t);
    fill(&t);
    test_layers(&m, &t);
    test_folding(&m, &t);
    test_graph(&m);
    table_free(&t);
    model_free(&m);
    CHECK(mem_live() == 0);
    return check_result("model/randomise");
}
