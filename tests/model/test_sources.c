/* In which forms a layer's tensors are found, and batch normalisations that are folded already. */
#include "checkpoint.h"

static void drop(struct tensor_table *t, const char *name)
{
    struct tensor_table without = { .source = t->source };

    t->source = NULL;
    for (int i = 0; i < t->count; i++)
        if (strcmp(t->entry[i].name, name) != 0)
            CHECK(table_take(&without, t->entry[i].name, &t->entry[i].tensor) == OK);
    table_free(t);
    *t = without;
}

static void drop_normalisation(struct tensor_table *t)
{
    static const char *const parts[] = { "n.weight", "n.bias", "n.running_mean", "n.running_var",
                                         "n.num_batches_tracked" };

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        drop(t, parts[i]);
}

static void check(struct tensor_table *t, status expected, const char *sentence)
{
    struct model m;
    struct model_binding b = { 0 };
    struct model_layer l = { 0 };

    make_model(&m);
    CHECK_MSG(model_bind(&m, t, NULL, &b) == expected, "%s", error_last()->text);
    if (expected != OK) {
        CHECK_MSG(strcmp(error_last()->text, sentence) == 0, "\n  is     %s\n  should %s", error_last()->text,
                  sentence);
    } else {
        CHECK(b.folded && b.unused == 0 && b.parameters == 23);
        CHECK(model_layer_load(&b, 1, &l) == OK && l.bias[0] == 5 && l.weight_real[0] == 7);
        model_layer_free(&l);
    }
    model_unbind(&b);
    table_free(t);
    model_free(&m);
}

/* The bias and the weights as they stand. */
static void test_folded(void)
{
    static const char *const bias[] = { "c.bias", "c.0.bias" };
    struct tensor_table t = { 0 };

    for (int i = 0; i < 2; i++) { /* the second as torch stores a convolution that it fused with its relu */
        make_float(&t);
        drop_normalisation(&t);
        if (i == 1) {
            drop(&t, "c.weight");
            put(&t, DTYPE_F32, "c.0.weight", 4, (int64_t[]){ 2, 3, 1, 1 });
        }
        *(float *)get(&t, i ? "c.0.weight" : "c.weight")->data = 7;
        *(float *)put(&t, DTYPE_F32, bias[i], 1, (int64_t[]){ 2 })->data = 5;
        check(&t, OK, "");
    }
    make_float(&t);
    drop_normalisation(&t); /* no bias says that it was folded */
    check(&t, ERR_MISSING, "x.pth: no tensor n.weight (the nearest is c.weight)");
    make_float(&t);
    put(&t, DTYPE_F32, "c.bias", 1, (int64_t[]){ 2 });
    drop(&t, "n.running_var"); /* partly there */
    check(&t, ERR_MISSING, "x.pth: no tensor n.running_var (the nearest is n.running_mean)");
    make_float(&t);
    put(&t, DTYPE_F32, "c.bias", 1, (int64_t[]){ 2 });
    drop_normalisation(&t);
    put_value(&t, "n.num_batches_tracked", 7); /* what counted was there */
    check(&t, ERR_MISSING, "x.pth: no tensor n.weight (the nearest is c.weight)");
}

/* One layer folded, the other not. */
static void test_mixed(void)
{
    static const char text[] = "model m\ninput image 3 4 4 resize 4 bilinear crop 4 mean 0 0 0 std 1 1 1\n"
                               "conv c image out 2 kernel 1 stride 1 pad 0 groups 1 weight c bn n eps 1e-5\n"
                               "conv d c out 2 kernel 1 stride 1 pad 0 groups 1 weight d bn k eps 1e-5\n"
                               "avgpool p d\nlinear f p out 5 weight f\noutput f\ncam d\n";
    struct model m;
    struct model_binding b;
    struct tensor_table t = { 0 };

    CHECK(model_parse("m.model", text, strlen(text), &m) == OK);
    make_float(&t);
    put(&t, DTYPE_F32, "d.weight", 4, (int64_t[]){ 2, 2, 1, 1 });
    put(&t, DTYPE_F32, "d.bias", 1, (int64_t[]){ 2 });
    CHECK(model_bind(&m, &t, NULL, &b) == ERR_MISMATCH);
    CHECK(strcmp(error_last()->text, "x.pth: d has a bias and no batch normalisation, as if that were folded "
                                     "already, but c has one: all must be folded, or none") == 0);
    table_free(&t);
    model_free(&m);
}

/* A network of ConvNeXt's ops bound to these; NULL: it fits. */
static void bind_next(struct tensor_table *t, const char *sentence, struct model_affine *out)
{
    static const char text[] = "model m\ninput image 3 4 4 resize 4 bilinear crop 4 mean 0 0 0 std 1 1 1\n"
                               "conv c image out 2 kernel 1 stride 1 pad 0 groups 1 weight c\n"
                               "layernorm l c weight l eps 1e-6\nscale s l weight gamma\n"
                               "avgpool p s\nlinear f p out 5 weight f\noutput f\ncam s\n";
    struct model m;
    struct model_binding b = { 0 };
    status result;

    CHECK(model_parse("m.model", text, strlen(text), &m) == OK);
    result = model_bind(&m, t, NULL, &b);
    CHECK_MSG((result == OK) == !sentence, "%s", error_last()->text);
    if (sentence)
        CHECK_MSG(strcmp(error_last()->text, sentence) == 0, "%s", error_last()->text);
    for (int i = 0; result == OK && i < 2; i++)
        CHECK(model_affine_load(&b, 2 + i, &out[i]) == OK);
    model_unbind(&b);
    table_free(t);
    model_free(&m);
}

static void make_next(struct tensor_table *t, int rank, int64_t second)
{
    t->source = mem_strdup("x.pth");
    put(t, DTYPE_F32, "c.weight", 2, (int64_t[]){ 2, 3 }); /* as a linear layer has them */
    *(float *)put(t, DTYPE_F32, "l.weight", 1, (int64_t[]){ 2 })->data = 3;
    *(float *)put(t, DTYPE_F32, "gamma", rank, (int64_t[]){ 2, second, 1 })->data = 4;
    put(t, DTYPE_F32, "f.weight", 2, (int64_t[]){ 5, 2 });
}

/* A layer normalisation may lack a shift, and a scale's tensor may have extents of 1. */
static void test_next(void)
{
    struct tensor_table t = { 0 };
    struct model_affine a[2] = { { 0 } };

    for (int rank = 1; rank <= 3; rank += 2) {
        make_next(&t, rank, 1);
        if (rank == 3)
            *(float *)put(&t, DTYPE_F32, "l.bias", 1, (int64_t[]){ 2 })->data = 5;
        bind_next(&t, NULL, a);
        CHECK(a[0].scale[0] == 3 && a[0].shift[0] == (rank == 3 ? 5 : 0) && a[1].scale[0] == 4 &&
              a[1].shift[0] == 0);
        model_affine_free(&a[0]);
        model_affine_free(&a[1]);
    }
    make_next(&t, 2, 3);
    bind_next(&t, "x.pth: tensor gamma is (2, 3) f32, but m.model:5 (scale s) needs (2, 1, 1) f32", NULL);
    make_next(&t, 1, 1);
    put(&t, DTYPE_F32, "l.bias", 1, (int64_t[]){ 3 });
    bind_next(&t, "x.pth: tensor l.bias is (3) f32, but m.model:4 (layernorm l) needs (2) f32", NULL);
}

int main(void)
{
    test_folded();
    test_mixed();
    test_next();
    CHECK(mem_live() == 0);
    return check_result("model/sources");
}
