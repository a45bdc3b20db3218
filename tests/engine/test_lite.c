/* Two thin networks against what PyTorch computed (tests/fixtures/lite/make_lite.py): "same" padding, relu6
 * that clamps, ceil_mode, cats, a classifier without a linear layer. Every int8 code and logit bit for bit,
 * fp32 within 1e-4 of the largest value, on every instruction set. */
#include <hdf5.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "h5.h"
#include "engine.h"
#include "weight.h"

#define FOLDER  "tests/fixtures/lite/"
#define FIXTURE FOLDER "lite.h5"
enum { PIECE = 36 * 36 * 3, MOST = 18 * 18 * 20, CLASSES = 7 };

struct bound {
    struct model model;
    struct tensor_table weights;
    struct model_binding binding;
};

static void must(status s)
{
    CHECK_MSG(s == OK, "%s", error_last()->text);
    if (s != OK)
        exit(check_result("engine/lite"));
}

static void open_network(const char *net, const char *form, struct bound *b)
{
    char path[128], *text;
    size_t size;

    snprintf(path, sizeof path, FOLDER "%s.model", net);
    must(text_read_file(path, 1 << 20, &text, &size));
    must(model_parse(path, text, size, &b->model));
    mem_free(text);
    snprintf(path, sizeof path, FOLDER "%s_%s.pth", net, form);
    must(weight_load(path, NULL, &b->weights));
    must(model_bind(&b->model, &b->weights, NULL, &b->binding));
    /* torch's converted ReLU6 clamps; a .pth has no notes that could say so */
    CHECK(!b->binding.relu6_clamps);
    b->binding.relu6_clamps = b->binding.form == PRECISION_CODES;
}

static void close_network(struct bound *b)
{
    model_unbind(&b->binding);
    table_free(&b->weights);
    model_free(&b->model);
}

/* Compares a node with its dataset, where there is one; whether there is. */
static int compare_node(const struct h5_file *file, const char *net, const char *form,
                        const struct model_node *n, const struct engine_map *m)
{
    static uint8_t codes[MOST];
    static float real[MOST];
    char name[MODEL_NAME * 2];
    float largest = 0;
    int wrong = 0, count = n->h * n->w * n->c;

    snprintf(name, sizeof name, "%s/%s/%s", net, form, n->name);
    if (H5Lexists(file->id, name, H5P_DEFAULT) <= 0)
        return 0;
    BUG_IF(count > MOST);
    must(h5_get(file, name, m->codes ? H5_U8 : H5_F32, -1, m->codes ? (void *)codes : real));
    for (int i = 0; !m->codes && i < count; i++)
        largest = fmaxf(largest, fabsf(real[i]));
    for (int i = 0; i < count; i++) {
        size_t at = (size_t)(i / n->c) * (size_t)m->pitch + (size_t)(i % n->c);

        wrong += m->codes ? m->codes[at] != codes[i] : !(fabsf(m->real[at] - real[i]) <= 1e-4f * largest);
    }
    CHECK_MSG(wrong == 0, "%s: %d of %d values differ", name, wrong, count);
    return 1;
}

static void compare_logits(const struct h5_file *file, const char *net, const char *form, int image,
                           struct engine e)
{
    float logits[CLASSES], largest = 0;
    char name[64];

    snprintf(name, sizeof name, "%s/%s/logits", net, form);
    must(h5_get(file, name, H5_F32, image, logits));
    for (int i = 0; i < CLASSES; i++)
        largest = fmaxf(largest, fabsf(logits[i]));
    for (int i = 0; i < CLASSES; i++)
        CHECK_MSG(engine_form(e.plan) == PRECISION_CODES
                      ? engine_logits(e.plan, e.state)[i] == logits[i]
                      : fabsf(engine_logits(e.plan, e.state)[i] - logits[i]) <= 1e-4f * largest,
                  "%s image %d class %d: %.9g, PyTorch %.9g", name, image, i,
                  (double)engine_logits(e.plan, e.state)[i], (double)logits[i]);
}

/* nodes: how many datasets are to be met. */
static void test_network(const struct h5_file *file, const char *net, const char *form, const char *isa,
                         int nodes)
{
    struct engine_options options = { .arithmetic = ENGINE_AUTO, .keep = 1 };
    struct engine e = { 0 };
    struct bound b = { 0 };
    uint8_t pixels[PIECE];
    char name[64];
    int met = 0;

    open_network(net, form, &b);
    must(engine_open(&b.binding, &options, kernel_select(isa), &e));
    if (strcmp(form, "fp32") != 0)
        CHECK(strcmp(engine_arithmetic_name(engine_arithmetic_used(e.plan)), form) == 0);
    snprintf(name, sizeof name, "%s/pixels", net);
    for (int image = 1; image >= 0; image--) {
        must(h5_get(file, name, H5_U8, image, pixels));
        engine_run(e.plan, e.state, pixels);
        compare_logits(file, net, form, image, e);
    }
    for (int i = 0; i < b.model.nodes; i++) {
        struct engine_map m = engine_node_map(e.plan, e.state, i);

        met += compare_node(file, net, form, &b.model.node[i], &m);
    }
    CHECK_MSG(met == nodes, "%s %s: %d nodes were compared", net, form, met);
    engine_close(&e);
    close_network(&b);
}

/* Without its note a file's relu6 runs as relu: other codes. */
static void test_note(const struct h5_file *file)
{
    struct engine_options options = { .arithmetic = ENGINE_AUTO };
    struct engine e[2] = { { 0 }, { 0 } };
    struct bound b = { 0 };
    uint8_t pixels[PIECE];

    open_network("lite", "fbgemm", &b);
    must(h5_get(file, "lite/pixels", H5_U8, 0, pixels));
    for (int i = 0; i < 2; i++) {
        b.binding.relu6_clamps = i;
        must(engine_open(&b.binding, &options, kernel_select("auto"), &e[i]));
        engine_run(e[i].plan, e[i].state, pixels);
    }
    CHECK(memcmp(engine_logits(e[0].plan, e[0].state), engine_logits(e[1].plan, e[1].state),
                 CLASSES * sizeof(float)) != 0);
    engine_close(&e[0]);
    engine_close(&e[1]);
    close_network(&b);
}

int main(void)
{
    const char *names[8];
    int usable[8], count = kernel_list(names, usable);
    struct h5_file file;

    must(h5_open(FIXTURE, FIXTURE, H5_READ, &file));
    for (int i = 0; i < count; i++) {
        if (!usable[i]) {
            check_skip(names[i], "not on this CPU");
            continue;
        }
        test_network(&file, "lite", "fp32", names[i], 1);
        test_network(&file, "lite", "fbgemm", names[i], 14);
        test_network(&file, "lite", "qnnpack", names[i], 14);
        test_network(&file, "fire", "fp32", names[i], 1);
        test_network(&file, "fire", "fbgemm", names[i], 14);
        test_network(&file, "fire", "qnnpack", names[i], 14);
    }
    test_note(&file);
    must(h5_close(&file, OK));
    CHECK(mem_live() == 0);
    return check_result("engine/lite");
}
