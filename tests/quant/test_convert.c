/* The int8 checkpoint: names, types, the order of codes. */
#include <math.h>

#include "made.h"

static const struct tensor *find(const struct quant_result *r, const char *name)
{
    const struct tensor *t = table_find(&r->table, name);

    CHECK_MSG(t != NULL, "%s", name);
    return t;
}

/* One 2 x 2 layer over three channels: memory is (oc, kh, kw, ic), the file (oc, ic, kh, kw). */
static void layout(int per_channel)
{
    static const char text[] = "model one  one layer\n"
                               "input image 3 4 4 resize 4 bilinear crop 4 mean 0 0 0 std 1 1 1 quant quant\n"
                               "conv a image out 2 kernel 2 stride 1 pad 0 groups 1 weight a\n"
                               "avgpool pool a\n"
                               "linear fc pool out 2 weight fc\n"
                               "output fc\n"
                               "cam a\n";
    struct made m = { 0 };
    struct quant_line line[3] = { { .node = 0 }, { .node = 1 }, { .node = 3 } };
    struct quant_result r = { .line = line, .lines = 3 };
    float w[24];
    const struct tensor *t;
    struct model_binding b = { 0 };

    for (int i = 0; i < 24; i++)
        w[i] = (float)(i - 12) / (i < 12 ? 10.0f : 20.0f); /* -1.2 .. -0.1, 0 .. 0.55 */
    tiny_describe(&m.net, text);
    tiny_real(&m.net, "a", ".weight", 4, (int64_t[]){ 2, 3, 2, 2 }, w);
    tiny_real(&m.net, "fc", ".weight", 2, (int64_t[]){ 2, 2 }, (float[]){ 1, 2, 3, 4 });
    tiny_real(&m.net, "fc", ".bias", 1, (int64_t[]){ 2 }, (float[]){ 5, 6 });
    made_bind(&m, 1);
    m.options.per_channel = per_channel;
    m.options.weight_mse = 0;
    made_fold(&m);
    for (int i = 0; i < 3; i++)
        line[i].q = (struct quant_params){ 0.5, 7 + i, 0, 255, 0 };
    tiny_must(quant_convert(&m.work, &r));
    t = find(&r, "a.weight");
    CHECK(t->dtype == DTYPE_S8 && t->rank == 4 && t->dim[1] == 3 && tensor_is_contiguous(t));
    CHECK(t->quantization == (per_channel ? TENSOR_PER_CHANNEL : TENSOR_PER_TENSOR) && t->axis == 0);
    CHECK(t->channels == (per_channel ? 2 : 1) && line[1].scales == t->channels);
    CHECK(t->scale[0] == (double)(1.2f / 127.5f));
    for (int i = 0; i < 24; i++) {
        double scale = t->scale[i < 12 || !per_channel ? 0 : 1];

        CHECK_MSG(fabs(scale * tensor_at(t, i) - (double)w[i]) <= 0.5001 * scale, "%d", i);
    }
    CHECK(!per_channel || t->scale[1] == (double)(0.55f / 127.5f));
    CHECK(line[1].weight_sqnr_db > 40 && isfinite(line[1].weight_sqnr_db));
    CHECK(tensor_at(find(&r, "fc.bias"), 1) == 6 && tensor_at(find(&r, "a.bias"), 1) == 0);
    CHECK(find(&r, "fc.weight")->rank == 2);
    CHECK(tensor_at(find(&r, "quant.scale"), 0) == 0.5 && tensor_at(find(&r, "quant.zero_point"), 0) == 7);
    CHECK(tensor_at(find(&r, "fc.zero_point"), 0) == 9 && r.table.count == 10);
    tiny_must(model_bind(&m.net.model, &r.table, NULL, &b));
    CHECK(b.form == PRECISION_CODES && b.per_channel == per_channel && b.unused == 0 &&
          b.q[3].zero_point == 9);
    model_unbind(&b);
    table_free(&r.table);
    made_free(&m);
}

int main(void)
{
    layout(0);
    layout(1);
    return check_result("quant_convert");
}
