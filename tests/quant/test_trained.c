/* The int8 checkpoint of a network that was trained by fake quantization: its codes by hand, and that it is
 * bound as it was made. */
#include "made.h"

static const struct tensor *tensor_of(const struct tensor_table *t, const char *name)
{
    const struct tensor *found = table_find(t, name);

    CHECK_MSG(found != NULL, "%s", name);
    return found;
}

static void check_table(const struct tensor_table *t)
{
    const struct tensor *a = tensor_of(t, "a.weight");

    /* Rows 1, -1/2, 1/4 and 2, 0, -2: the largest lies just below 127.5 steps. */
    CHECK(a && a->dtype == DTYPE_S8 && a->quantization == TENSOR_PER_CHANNEL && a->channels == 2);
    CHECK(a && !memcmp(a->data, (int8_t[]){ 127, -64, 32, 127, 0, -127 }, 6));
    CHECK(a && a->scale[0] == (double)(1 / 127.5f) && a->scale[1] == (double)(2 / 127.5f));
    CHECK(*(float *)tensor_of(t, "quant.scale")->data == 1 / 255.0f);
    CHECK(*(float *)tensor_of(t, "a.scale")->data == 5.1f / 255.0f &&
          *(int64_t *)tensor_of(t, "a.zero_point")->data == 0);
    CHECK(*(int64_t *)tensor_of(t, "b.zero_point")->data == 51);
    CHECK(!strcmp(table_note(t, "quantcam.engine"), "fbgemm") &&
          !strcmp(table_note(t, "quantcam.relu6"), "clamp"));
}

int main(void)
{
    struct made m;
    struct tensor_table t, none;
    struct model_binding b;
    struct quant_range range[16];

    made_pair(&m, MADE_PAIR("relu6"));
    memcpy(table_find(&m.net.table, "a.weight")->data, (float[]){ 1, -.5f, .25f, 2, 0, -2 },
           6 * sizeof(float));
    for (int i = 0; i < 16; i++)
        range[i] = (struct quant_range){ 1, -1 };
    range[made_node(&m, "image")] = (struct quant_range){ 0, 1 };
    range[made_node(&m, "a")] = (struct quant_range){ 0, 5.1f };
    range[made_node(&m, "b")] = (struct quant_range){ -1, 4 };
    CHECK(quant_trained(&m.net.binding, range, &t) == ERR_NUMERIC && t.count == 0);
    CHECK_MSG(strstr(error_last()->text, "fc: no range of its output was observed"), "%s",
              error_last()->text);
    range[made_node(&m, "fc")] = (struct quant_range){ -3, 3 };
    tiny_must(quant_trained(&m.net.binding, range, &t));
    check_table(&t);
    tiny_must(model_bind(&m.net.model, &t, NULL, &b));
    CHECK(b.form == PRECISION_CODES && b.fbgemm && b.relu6_clamps &&
          b.q[made_node(&m, "b")].zero_point == 51);
    CHECK(quant_trained(&b, range, &none) == ERR_MISMATCH);
    model_unbind(&b);
    table_free(&t);
    made_free(&m);
    return check_result("quant/trained");
}
