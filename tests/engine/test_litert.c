/* tests/engine/test_litert.c: small TFLite files from the file to every tensor's codes, as LiteRT computed
 * them in two readings (tests/fixtures/make_deployed_fixtures.py), on every instruction set. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "deploy.h"
#include "engine.h"

enum { SIDE = 17, PICTURE = SIDE * SIDE * 3 };

static void must(status s)
{
    CHECK_MSG(s == OK, "%s", error_last()->text);
    if (s != OK)
        exit(check_result("engine/litert"));
}

/* The node that has a tensor of the file. */
static int node_of(const struct model *m, const struct tensor_table *t, const char *name)
{
    for (int i = 0; i < t->notes; i++)
        if (strncmp(t->note[i].key, "tensor.", 7) == 0 && strcmp(t->note[i].value, name) == 0)
            return model_find(m, t->note[i].key + 7);
    return -1;
}

static long differ(const struct engine_map *m, const uint8_t *codes)
{
    long bad = 0;

    for (int c = 0; c < m->c; c++)
        for (int i = 0; i < m->h * m->w; i++)
            bad += m->codes[i * m->pitch + c] != *codes++;
    return bad;
}

/* Compares a reading's tensors; returns what follows them. */
static const uint8_t *check_tensors(const char *what, const struct model *m,
                                    const struct tensor_table *weights, const struct engine *e,
                                    const uint8_t *at)
{
    int shown = 0;

    for (;;) {
        unsigned length = at[0] | (unsigned)at[1] << 8;
        char name[256];
        uint32_t count;
        int node;

        at += 2;
        if (length == 0)
            break;
        memcpy(name, at, length);
        name[length] = '\0';
        memcpy(&count, at + length, 4);
        at += length + 4;
        node = node_of(m, weights, name);
        if (node >= 0) { /* what moves values or became a window's padding has none */
            struct engine_map map = engine_node_map(e->plan, e->state, node);

            CHECK_MSG(map.codes && (uint32_t)(map.c * map.h * map.w) == count, "%s: %s is not shown", what,
                      name);
            if (map.codes)
                CHECK_MSG(differ(&map, at) == 0, "%s: %s: %ld of %u differ", what, name, differ(&map, at),
                          count);
            shown++;
        }
        at += count;
    }
    CHECK_MSG(shown >= 4, "%s: %d tensors", what, shown);
    return at;
}

static void check_file(const char *file, const char *isa)
{
    static const enum engine_arithmetic reading[] = { ENGINE_TFLITE, ENGINE_XNNPACK };
    const struct kernel_table *k = kernel_select(isa);
    struct deploy_network net = { 0 };
    struct model m = { 0 };
    struct model_binding b = { 0 };
    char path[512], what[512], *codes = NULL;
    size_t size = 0;
    const uint8_t *at;

    snprintf(path, sizeof path, "tests/fixtures/deployed/%s.tflite", file);
    must(deploy_load(path, NULL, &net));
    must(model_parse(path, net.description, net.size, &m));
    must(model_bind(&m, &net.weights, NULL, &b));
    snprintf(path, sizeof path, "tests/fixtures/deployed/%s.codes", file);
    must(text_read_file(path, 1 << 20, &codes, &size));
    at = (const uint8_t *)codes + PICTURE;
    for (int r = 0; r < 2; r++) {
        struct engine_options options = { .arithmetic = reading[r], .keep = 1 };
        struct engine e = { 0 };

        snprintf(what, sizeof what, "%s %s %s", file, engine_arithmetic_name(reading[r]), isa);
        must(engine_open(&b, &options, k, &e));
        engine_run(e.plan, e.state, (const uint8_t *)codes);
        at = check_tensors(what, &m, &net.weights, &e, at);
        engine_close(&e);
    }
    CHECK(at == (const uint8_t *)codes + size);
    mem_free(codes);
    model_unbind(&b);
    model_free(&m);
    deploy_free(&net);
}

int main(void)
{
    static const char *const files[] = { "dilated_int8",     "excited_int8",   "excited_uint8",
                                         "inception_uint8",  "leaky_int8",     "multiplied_int8",
                                         "multiplied_uint8", "padded_int8",    "padded_uint8",
                                         "shuffled_int8",    "shuffled_uint8", "constant_int8",
                                         "constant_uint8",   "moved_int8",     "moved_uint8" };
    static const char *const isa[] = { "ref", "avx2", "avx512vnni" };

    for (size_t i = 0; i < COUNT_OF(isa); i++) {
        if (!kernel_select(isa[i])) {
            check_skip(isa[i], "this machine has it not");
            continue;
        }
        for (size_t f = 0; f < COUNT_OF(files); f++)
            check_file(files[f], isa[i]);
    }
    CHECK(mem_live() == 0);
    return check_result("engine/litert");
}
