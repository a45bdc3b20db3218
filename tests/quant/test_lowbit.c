/* tests/quant/test_lowbit.c: the checkpoint of a trained low-bit network from master weights: levels by hand,
 * what the file takes, that it is read and bound as it was made, and what is refused. */
#include "quant_lowbit.h"

#include "../model/lowbit.h"
#include "weight.h"

#include <math.h>
#include <unistd.h>

static struct quant_lowbit_node node[32];

static void put_real(struct tensor_table *t, const char *name, int rank, const int64_t *dim,
                     const float *values)
{
    struct tensor *x = put(t, DTYPE_F32, name, rank, dim);

    memcpy(x->data, values, (size_t)tensor_count(x) * sizeof *values);
}

/* a: 1 and -1 by SAWB; f: the specification's DoReFa vector and zeros. */
static void make_master(struct model *m, struct tensor_table *t)
{
    static const float dorefa[12] = { -.5f, -.2f, -.05f, 0, .1f, .3f, .4f };
    float b[36], c[8];

    CHECK(model_parse("low.model", lowbit_description, strlen(lowbit_description), m) == OK);
    *t = (struct tensor_table){ .source = mem_strdup("master") };
    for (int i = 0; i < 36; i++)
        b[i] = (float)(i - 18) / 18;
    for (int i = 0; i < 8; i++)
        c[i] = (float)(i % 3 - 1) * 0.5f + 0.01f * (float)i;
    put_real(t, "a.weight", 4, (int64_t[]){ 2, 1, 1, 1 }, (float[]){ 1, -1 });
    lowbit_norm(t, "an", 2);
    put_real(t, "b.weight", 4, (int64_t[]){ 2, 2, 3, 3 }, b);
    lowbit_vector(t, "b.bias", 2, -0.5, 0.75);
    put_real(t, "c.weight", 4, (int64_t[]){ 4, 2, 1, 1 }, c);
    lowbit_norm(t, "cn", 4);
    put_real(t, "f.weight", 2, (int64_t[]){ 3, 4 }, dorefa);
    lowbit_vector(t, "f.bias", 3, -1, 1);
    memset(node, 0, sizeof node);
    node[model_find(m, "a")].weights = (struct quant_weights){ .form = QUANT_SAWB, .bits = 2 };
    node[model_find(m, "b")].weights = (struct quant_weights){ .form = QUANT_LARGEST, .bits = 8 };
    node[model_find(m, "c")].weights = (struct quant_weights){ .form = QUANT_SAWB_ZERO, .bits = 4 };
    node[model_find(m, "f")].weights = (struct quant_weights){ .form = QUANT_DOREFA_PLAIN, .bits = 4 };
    node[model_find(m, "ra")] = (struct quant_lowbit_node){ .bits = 2, .alpha = 1.5f };
    node[model_find(m, "rb")] = (struct quant_lowbit_node){ .bits = 4, .alpha = 2.5f };
    node[model_find(m, "rd")] = (struct quant_lowbit_node){ .bits = 8, .alpha = 6 };
}

static const struct tensor *codes_of(const struct tensor_table *t, const char *name, int bits, int odd,
                                     uint64_t bytes)
{
    const struct tensor *w = table_find(t, name);

    CHECK_MSG(w && w->dtype == DTYPE_S8 && w->quantization == TENSOR_PER_TENSOR && w->bits == bits &&
                  w->odd == odd,
              "%s", name);
    CHECK_MSG(w && weight_bytes(w) == bytes, "%s: %llu bytes", name,
              (unsigned long long)(w ? weight_bytes(w) : 0));
    return w;
}

static void check_table(const struct tensor_table *t)
{
    static const int8_t dorefa[] = { -8, -4, -1, 0, 1, 4, 6, 0, 0, 0, 0, 0 };
    const struct tensor *w;
    float a_w = (float)(3.12 * 1.0 + -2.064 * 1.0);

    /* (1 / 1.056 + 1) / 2 times 3 is 2.92: code 3 - 2, level 3; -1 is code 0 - 2, level -3. */
    w = codes_of(t, "a.weight", 2, 1, 1);
    CHECK(w && ((int8_t *)w->data)[0] == 1 && ((int8_t *)w->data)[1] == -2 && w->scale[0] == (double)a_w / 3);
    w = codes_of(t, "b.weight", 0, 0, 36);
    CHECK(w && ((int8_t *)w->data)[0] == -127 && ((int8_t *)w->data)[18] == 0 &&
          ((int8_t *)w->data)[27] == 63); /* 190.5 */
    CHECK(w && w->scale[0] == 1.0 / 127);
    w = codes_of(t, "c.weight", 4, 0, 4);
    CHECK(w && ((int8_t *)w->data)[1] == 0 && w->scale[0] > 0);
    /* Levels -15 -7 -1 1 3 9 13 of 15, of which 0 is 1. */
    w = codes_of(t, "f.weight", 4, 1, 6);
    CHECK(w && !memcmp(w->data, dorefa, sizeof dorefa) && w->scale[0] == 1.0 / 15);
    CHECK(*(float *)table_find(t, "rb.alpha")->data == 2.5f);
    CHECK(((int32_t *)table_find(t, "rb.codes")->data)[0] == 0 &&
          ((int32_t *)table_find(t, "rb.codes")->data)[1] == 15);
    CHECK(table_find(t, "an.running_var") && table_find(t, "b.bias") && !table_find(t, "a.bias"));
    CHECK(!strcmp(table_note(t, "quantcam.arithmetic"), "pact") &&
          !strcmp(table_note(t, "quantcam.model"), "low"));
    CHECK_MSG(strstr(table_note(t, "quantcam.layers"),
                     "a weights sawb 2 bits a_w 1.05599999\nra pact 2 bits alpha 1.5\n") &&
                  strstr(table_note(t, "quantcam.layers"), "f weights dorefa-plain 4 bits a_w 1\n"),
              "%s", table_note(t, "quantcam.layers"));
}

static void test_made(void)
{
    char path[] = "/tmp/quantcam_lowbit_XXXXXX.safetensors";
    struct model m;
    struct tensor_table master, t, back;
    struct weight_note notes[3];
    struct model_binding b;

    make_master(&m, &master);
    CHECK_MSG(quant_lowbit(&m, &master, node, &t) == OK, "%s", error_last()->text);
    check_table(&t);
    CHECK(t.notes == 3 && mkstemps(path, 12) >= 0);
    for (int i = 0; i < 3; i++)
        notes[i] = (struct weight_note){ t.note[i].key, t.note[i].value };
    CHECK_MSG(weight_save(path, &t, notes, 3) == OK, "%s", error_last()->text);
    CHECK_MSG(weight_load(path, NULL, &back) == OK, "%s", error_last()->text);
    check_table(&back);
    CHECK_MSG(model_bind(&m, &back, NULL, &b) == OK, "%s", error_last()->text);
    CHECK(b.lowbit && b.weight_bits == 2 && b.activation_bits == 2 && b.q[m.cam].scale == 6.0 / 255);
    model_unbind(&b);
    unlink(path);
    table_free(&back);
    table_free(&t);
    table_free(&master);
    model_free(&m);
}

/* Weights and a relu without bits stay as they are. */
static void test_real(void)
{
    struct model m;
    struct tensor_table master, t;
    struct model_binding b;

    make_master(&m, &master);
    node[model_find(&m, "b")].weights.bits = node[model_find(&m, "rb")].bits = 0;
    CHECK_MSG(quant_lowbit(&m, &master, node, &t) == OK, "%s", error_last()->text);
    CHECK(table_find(&t, "b.weight")->quantization == TENSOR_REAL && !table_find(&t, "rb.alpha") &&
          ((float *)table_find(&t, "b.weight")->data)[35] == 17.0f / 18);
    CHECK_MSG(strstr(table_note(&t, "quantcam.layers"), "b weights real\nrb real\n"), "%s",
              table_note(&t, "quantcam.layers"));
    CHECK(model_bind(&m, &t, NULL, &b) == OK && b.unused == 0);
    CHECK(b.q[model_find(&m, "rb")].scale == 0 && !model_lowbit_integer(&b, model_find(&m, "b")) &&
          !model_lowbit_integer(&b, model_find(&m, "c")) && model_lowbit_integer(&b, model_find(&m, "f")));
    model_unbind(&b);
    table_free(&t);
    table_free(&master);
    model_free(&m);
}

/* ---- refusals ------------------------------------------------------------------------------------------ */

static void refused(const char *who, struct quant_lowbit_node as, status expected, const char *words)
{
    struct model m;
    struct tensor_table master, t;

    make_master(&m, &master);
    node[model_find(&m, who)] = as;
    CHECK_MSG(quant_lowbit(&m, &master, node, &t) == expected && strstr(error_last()->text, words),
              "'%s' lacks '%s'", error_last()->text, words);
    CHECK(t.count == 0);
    table_free(&master);
    model_free(&m);
}

static void test_refused(void)
{
    struct model m;
    struct tensor_table master, t;

    refused("rb", (struct quant_lowbit_node){ .bits = 4 }, ERR_USAGE, "rb: alpha is 0: at least 0.000976562");
    refused("rb", (struct quant_lowbit_node){ .bits = 4, .alpha = NAN }, ERR_USAGE, "rb: alpha is nan");
    refused("rb", (struct quant_lowbit_node){ .bits = 9, .alpha = 1 }, ERR_USAGE,
            "rb: 9 bits: low-bit networks have");
    refused("b", (struct quant_lowbit_node){ .weights = { .form = QUANT_SAWB, .bits = 6 } }, ERR_USAGE,
            "b: weights of 6 bits");
    refused("b", (struct quant_lowbit_node){ .weights = { .form = QUANT_DOREFA, .bits = 1 } }, ERR_USAGE,
            "b: 1 bits");
    make_master(&m, &master);
    memset(master.entry[0].tensor.data, 0, 2 * sizeof(float));
    CHECK(quant_lowbit(&m, &master, node, &t) == ERR_NUMERIC &&
          strstr(error_last()->text, "a: all weights are 0"));
    m.cam = model_find(&m, "c");
    CHECK(quant_lowbit(&m, &master, node, &t) != OK);
    table_free(&master);
    model_free(&m);
    make_master(&m, &master);
    m.cam = model_find(&m, "c"); /* which is its reader's to choose */
    CHECK(quant_lowbit(&m, &master, node, &t) == OK);
    table_free(&t);
    table_free(&master);
    model_free(&m);
}

int main(void)
{
    test_made();
    test_real();
    test_refused();
    CHECK_MSG(mem_live() == 0, "%ld blocks", mem_live());
    return check_result("quant/lowbit");
}
