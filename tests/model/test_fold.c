/* Tiny networks against PyTorch's own folding and conversion (tests/fixtures/tiny/make_tiny.py). */
#include "check.h"
#include "model.h"
#include "weight.h"

#include <math.h>
#include <string.h>

#define TINY "tests/fixtures/tiny/"

/* The expected values, taken from the front one after the other. */
struct expected {
    const char *at, *end;
};

static void check_bytes(struct expected *e, const void *is, size_t size, const char *what)
{
    CHECK_MSG((size_t)(e->end - e->at) >= size && memcmp(e->at, is, size) == 0, "%s", what);
    e->at += size;
}

/* Some output channels at a time give the bytes of all. */
static void check_rows(const struct model_binding *b, int node, const struct model_layer *all)
{
    size_t each = (size_t)(all->ic * all->kh * all->kw);
    struct model_layer l;

    for (int first = 0; first < all->oc; first += 3) {
        CHECK(model_layer_rows(b, node, first, 3, &l) == OK);
        CHECK(l.oc == (all->oc - first < 3 ? all->oc - first : 3) && l.ic == all->ic && l.kh == all->kh);
        CHECK(memcmp(l.bias, all->bias + first, (size_t)l.oc * sizeof *l.bias) == 0);
        CHECK(memcmp(l.weight_real, all->weight_real + (size_t)first * each,
                     (size_t)l.oc * each * sizeof *l.weight_real) == 0);
        model_layer_free(&l);
    }
}

static void check_layer(const struct model_binding *b, int node, struct expected *e)
{
    const char *name = b->model->node[node].name;
    struct model_layer l = { 0 };
    size_t oc, weights;

    CHECK_MSG(model_layer_load(b, node, &l) == OK, "%s", error_last()->text);
    oc = (size_t)l.oc;
    weights = oc * (size_t)(l.ic * l.kh * l.kw);
    check_bytes(e, l.bias, oc * sizeof *l.bias, name);
    if (b->form == PRECISION_REAL) {
        CHECK(!l.weight_int && !l.scale);
        check_bytes(e, l.weight_real, weights * sizeof *l.weight_real, name);
    } else {
        CHECK(!l.weight_real);
        check_bytes(e, l.weight_int, weights, name);
        check_bytes(e, &(int32_t){ l.scales }, sizeof(int32_t), name);
        check_bytes(e, l.scale, (size_t)l.scales * sizeof *l.scale, name);
    }
    if (b->form == PRECISION_REAL)
        check_rows(b, node, &l);
    model_layer_free(&l);
    model_layer_free(&l);
}

/* `file`, whose name begins with that of the expected values. */
/* Rounded weights are what the codes stand for, the biases the same. */
static void check_rounded(const struct model_binding *codes, const char *name)
{
    const struct model_reading how = { .form = PRECISION_ROUNDED };
    struct model_binding b;

    CHECK_MSG(model_bind(codes->model, codes->weights, &how, &b) == OK, "%s", error_last()->text);
    CHECK(b.form == PRECISION_ROUNDED && b.qat == codes->qat && b.weight_bits == codes->weight_bits);
    for (int i = 0; i < b.model->nodes; i++) {
        struct model_layer is, should;
        size_t wrong = 0, count;

        CHECK(b.q[i].scale == codes->q[i].scale && b.q[i].zero_point == codes->q[i].zero_point);
        if (!model_has_weights(&b.model->node[i]))
            continue;
        CHECK(model_layer_load(&b, i, &is) == OK && model_layer_load(codes, i, &should) == OK);
        count = (size_t)is.oc * (size_t)(is.ic * is.kh * is.kw);
        for (size_t j = 0; j < count; j++) {
            double scale = should.scale[should.scales > 1 ? j / (count / (size_t)is.oc) : 0];

            wrong += is.weight_real[j] != dequantize_value(should.weight_int[j], scale, 0);
        }
        CHECK_MSG(wrong == 0 && !is.weight_int && memcmp(is.bias, should.bias, (size_t)is.oc * 4) == 0,
                  "%s: %zu of %zu weights of node %d", name, wrong, count, i);
        model_layer_free(&is);
        model_layer_free(&should);
    }
    model_unbind(&b);
}

static void check_checkpoint(const struct model *m, const char *file, enum precision_form precision, int qat,
                             int per_channel)
{
    char name[32];
    char path[128], *bytes;
    size_t size;
    struct tensor_table weights = { 0 };
    struct model_binding b = { 0 };

    snprintf(name, sizeof name, "%.*s", (int)strcspn(file, "-."), file);
    snprintf(path, sizeof path, TINY "%s", file);
    CHECK_MSG(weight_load(path, NULL, &weights) == OK, "%s", error_last()->text);
    snprintf(path, sizeof path, TINY "%s.bin", name);
    CHECK(text_read_file(path, 1 << 20, &bytes, &size) == OK);
    CHECK_MSG(model_bind(m, &weights, NULL, &b) == OK, "%s: %s", name, error_last()->text);
    CHECK(b.form == precision && b.qat == qat && b.per_channel == per_channel && b.unused == 0);

    struct expected e = { bytes, bytes + size };
    for (int i = 0; i < m->nodes; i++)
        if (m->node[i].op == OP_CONV || m->node[i].op == OP_LINEAR)
            check_layer(&b, i, &e);
    for (int i = 0; i < m->nodes && precision == PRECISION_CODES; i++) {
        double q[2] = { b.q[i].scale, b.q[i].zero_point };
        check_bytes(&e, q, sizeof q, m->node[i].name);
    }
    CHECK_MSG(e.at == e.end, "%s", name);
    if (precision == PRECISION_CODES)
        check_rounded(&b, name);
    model_unbind(&b);
    model_unbind(&b);
    table_free(&weights);
    mem_free(bytes);
}

/* One 1x1 convolution by hand: gamma 2, beta 1, mean 3, var 0.25 with eps 0: r = 2, W' = 4 W, b' = -11. */
static void test_by_hand(void)
{
    static const char text[] = "model m\ninput image 3 2 2 resize 2 bilinear crop 2 mean 0 0 0 std 1 1 1\n"
                               "conv c image out 1 kernel 1 stride 1 pad 0 groups 1 weight c bn n eps 1e-30\n"
                               "avgpool p c\nlinear f p out 1 weight f\noutput f\ncam c\n";
    static const struct {
        const char *name;
        int rank;
        int64_t dim[4];
        float value[3];
    } tensors[] = {
        { "c.weight", 4, { 1, 3, 1, 1 }, { 1, -0.5f, 3 } },
        { "n.weight", 1, { 1 }, { 2 } },
        { "n.bias", 1, { 1 }, { 1 } },
        { "n.running_mean", 1, { 1 }, { 3 } },
        { "n.running_var", 1, { 1 }, { 0.25f } },
        { "f.weight", 2, { 1, 1 }, { 7 } },
    };
    struct tensor_table weights = { 0 };
    struct model m = { 0 };
    struct model_binding b = { 0 };
    struct model_layer l = { 0 };

    CHECK_MSG(model_parse("hand", text, strlen(text), &m) == OK, "%s", error_last()->text);
    for (size_t i = 0; i < COUNT_OF(tensors); i++) {
        struct tensor t;
        CHECK(tensor_alloc(&t, DTYPE_F32, tensors[i].rank, tensors[i].dim) == OK);
        memcpy(t.data, tensors[i].value, (size_t)tensor_count(&t) * sizeof(float));
        CHECK(table_take(&weights, tensors[i].name, &t) == OK);
    }
    CHECK_MSG(model_bind(&m, &weights, NULL, &b) == OK, "%s", error_last()->text);
    CHECK(b.parameters == 3 + 1 + 1 && b.parameter_bytes == 20 && b.macs == 3 * 4 + 1);
    CHECK(model_layer_load(&b, model_find(&m, "c"), &l) == OK);
    CHECK(l.weight_real[0] == 4 && l.weight_real[1] == -2 && l.weight_real[2] == 12 && l.bias[0] == -11);
    model_layer_free(&l);
    CHECK(model_layer_load(&b, model_find(&m, "f"), &l) == OK);
    CHECK(l.weight_real[0] == 7 && l.bias[0] == 0); /* the file has no bias */
    model_layer_free(&l);
    model_unbind(&b);
    model_free(&m);
    table_free(&weights);
}

/* A batch normalisation alone: r = 1 / sqrt(3 + 1), scale 3 r, shift 1 - mean * scale. A linear layer on a
 * map: the file's columns are (c, h, w), the sums' (h, w, c). The first under the names of older files. */
static void test_alone(void)
{
    static const char text[] = "model m\ninput image 3 1 2 resize squash bilinear mean 0 0 0 std 1 1 1\n"
                               "also .n1 .n.1\nalso .none .more\nbatchnorm n image weight x.n1 eps 1\n"
                               "linear f n out 2 weight f\noutput f\ncam image\n";
    static const struct { const char *name; int rank; int64_t dim[2]; float value[12]; } tensors[] = {
        { "x.n.1.weight", 1, { 3 }, { 3, 0, -2 } },     { "x.n.1.bias", 1, { 3 }, { 1, 2, 3 } },
        { "x.n.1.running_mean", 1, { 3 }, { 0.5f, 7, 1 } }, { "x.n.1.running_var", 1, { 3 }, { 3, 0, 3 } },
        { "f.weight", 2, { 2, 6 }, { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } },
    };
    static const float rows[] = { 1, 3, 5, 2, 4, 6, 7, 9, 11, 8, 10, 12 };
    struct tensor_table weights = { 0 };
    struct model m = { 0 };
    struct model_binding b = { 0 };
    struct model_affine a = { 0 };
    struct model_layer l = { 0 };
    const char *suffix;

    CHECK_MSG(model_parse("alone", text, strlen(text), &m) == OK, "%s", error_last()->text);
    for (size_t i = 0; i < COUNT_OF(tensors); i++) {
        struct tensor t;
        CHECK(tensor_alloc(&t, DTYPE_F32, tensors[i].rank, tensors[i].dim) == OK);
        memcpy(t.data, tensors[i].value, (size_t)tensor_count(&t) * sizeof(float));
        CHECK(table_take(&weights, tensors[i].name, &t) == OK);
    }
    CHECK_MSG(model_bind(&m, &weights, NULL, &b) == OK, "%s", error_last()->text);
    CHECK(b.parameters == 12 + 6 && b.parameter_bytes == 18 * 4 && b.macs == 12 && b.unused == 0);
    CHECK(model_affine_load(&b, 1, &a) == OK && a.channels == 3);
    CHECK(a.scale[0] == 1.5f && a.scale[1] == 0 && a.scale[2] == -1);
    CHECK(a.shift[0] == 0.25f && a.shift[1] == 2 && a.shift[2] == 4);
    model_affine_free(&a);
    CHECK(model_affine_tensor(&b, 1, 3, &suffix) && strcmp(suffix, ".running_var") == 0 &&
          !model_affine_tensor(&b, 1, 4, &suffix));
    CHECK(model_layer_load(&b, 2, &l) == OK && l.oc == 2 && l.ic == 3 && l.kh == 1 && l.kw == 2);
    CHECK(memcmp(l.weight_real, rows, sizeof rows) == 0);
    model_layer_free(&l);
    CHECK(model_layer_rows(&b, 2, 1, 1, &l) == OK && l.oc == 1); /* the second row alone */
    CHECK(memcmp(l.weight_real, rows + 6, 6 * sizeof *rows) == 0);
    model_layer_free(&l);
    ((float *)weights.entry[3].tensor.data)[1] = -1;
    CHECK(model_affine_load(&b, 1, &a) == ERR_NUMERIC && !a.scale);
    CHECK(strstr(error_last()->text, "value 1 of tensor x.n.1.running_var is -1"));
    ((float *)weights.entry[3].tensor.data)[1] = 3;
    ((float *)weights.entry[0].tensor.data)[1] = 3e38f;
    CHECK(model_affine_load(&b, 1, &a) == ERR_NUMERIC && strstr(error_last()->text, "x.n1 overflows"));
    model_unbind(&b);
    model_free(&m);
    table_free(&weights);
}

/* A value that is none is named by its place in the file, wherever it stands. */
static void check_odd(const char *name, int at, float value, const char *sentence)
{
    static const char text[] = "model m\ninput image 3 2 2 resize 2 bilinear crop 2 mean 0 0 0 std 1 1 1\n"
                               "conv c image out 2 kernel 2 stride 1 pad 0 groups 1 weight c bn n eps 1e-5\n"
                               "avgpool p c\nlinear f p out 1 weight f\noutput f\ncam image\n";
    static const struct {
        const char *name;
        int rank;
        int64_t dim[4];
    } tensors[] = {
        { "c.weight", 4, { 2, 3, 2, 2 } }, { "n.weight", 1, { 2 } },      { "n.bias", 1, { 2 } },
        { "n.running_mean", 1, { 2 } },    { "n.running_var", 1, { 2 } }, { "f.weight", 2, { 1, 2 } },
    };
    struct tensor_table weights = { .source = mem_strdup("x.pth") };
    struct model m = { 0 };
    struct model_binding b = { 0 };
    struct model_layer l = { 0 };

    CHECK_MSG(model_parse("odd", text, strlen(text), &m) == OK, "%s", error_last()->text);
    for (size_t i = 0; i < COUNT_OF(tensors); i++) {
        struct tensor t;
        CHECK(tensor_alloc(&t, DTYPE_F32, tensors[i].rank, tensors[i].dim) == OK);
        for (int64_t k = 0; k < tensor_count(&t); k++)
            ((float *)t.data)[k] = strcmp(tensors[i].name, "n.running_var") != 0;
        if (strcmp(name, tensors[i].name) == 0)
            ((float *)t.data)[at] = value;
        CHECK(table_take(&weights, tensors[i].name, &t) == OK);
    }
    CHECK(model_bind(&m, &weights, NULL, &b) == OK);
    CHECK(model_layer_load(&b, model_find(&m, "c"), &l) == ERR_NUMERIC && !l.bias && !l.weight_real);
    CHECK_MSG(strcmp(error_last()->text, sentence) == 0, "\n  is     %s\n  should %s", error_last()->text,
              sentence);
    model_unbind(&b);
    table_free(&weights);
    model_free(&m);
}

static void test_odd_values(void)
{
#define FINITE ": weights must be finite"
    check_odd("c.weight", 17, NAN, "x.pth: value 17 of tensor c.weight is nan" FINITE);
    check_odd("c.weight", 0, -INFINITY, "x.pth: value 0 of tensor c.weight is -inf" FINITE);
    check_odd("c.weight", 23, INFINITY, "x.pth: value 23 of tensor c.weight is inf" FINITE);
    check_odd("n.weight", 1, NAN, "x.pth: value 1 of tensor n.weight is nan" FINITE);
    check_odd("n.bias", 0, INFINITY, "x.pth: value 0 of tensor n.bias is inf" FINITE);
    check_odd("n.running_mean", 1, INFINITY, "x.pth: value 1 of tensor n.running_mean is inf" FINITE);
    check_odd("n.running_var", 1, INFINITY, "x.pth: value 1 of tensor n.running_var is inf" FINITE);
    check_odd("n.running_var", 0, -1,
              "x.pth: value 0 of tensor n.running_var is -1: a variance is not negative");
    check_odd("c.weight", 0, 3e38f, "x.pth: c.weight: folding its batch normalisation overflows");
#undef FINITE
}

int main(void)
{
    test_odd_values();
    struct model m = { 0 };
    char *text = NULL;
    size_t size;

    test_by_hand();
    test_alone();
    CHECK(text_read_file(TINY "tiny.model", 1 << 16, &text, &size) == OK);
    CHECK_MSG(model_parse("tiny.model", text, size, &m) == OK, "%s", error_last()->text);
    check_checkpoint(&m, "fp32.pth", PRECISION_REAL, 0, 0);
    check_checkpoint(&m, "fp32-2017.pth", PRECISION_REAL, 0, 0);
    check_checkpoint(&m, "fp32-zip64.pth", PRECISION_REAL, 0, 0);
    check_checkpoint(&m, "fp32-shared.pth", PRECISION_REAL, 0, 0);
    check_checkpoint(&m, "fp32.safetensors", PRECISION_REAL, 0, 0);
    check_checkpoint(&m, "per_channel.pth", PRECISION_CODES, 0, 1);
    check_checkpoint(&m, "per_channel-lists.pth", PRECISION_CODES, 0, 1);
    check_checkpoint(&m, "per_channel-narrow.pth", PRECISION_CODES, 0, 1);
    check_checkpoint(&m, "per_tensor.pth", PRECISION_CODES, 0, 0);
    check_checkpoint(&m, "per_tensor-linear1.pth", PRECISION_CODES, 0, 0);
    check_checkpoint(&m, "qat_on.pth", PRECISION_CODES, 1, 0);
    check_checkpoint(&m, "qat_off.pth", PRECISION_CODES, 1, 0);
    check_checkpoint(&m, "qat_off-flags.pth", PRECISION_CODES, 1, 0);
    model_free(&m);
    mem_free(text);
    CHECK(mem_live() == 0);
    return check_result("model/fold");
}
