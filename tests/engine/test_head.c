/* tests/engine/test_head.c: pictures whose last layers run together show what each shows alone. */
#include <string.h>

#include "check.h"
#include "cli/network.h"
#include "engine/state.h"

enum { PLACES = 5, PIXELS = 224 * 224 * 3 };

static void must(status s)
{
    CHECK_MSG(s == OK, "%s", error_last()->text);
    if (s != OK)
        exit(check_result("engine/head"));
}

static void draw(uint64_t seed, uint8_t *pixels)
{
    struct random r = { .seed = seed };

    for (int i = 0; i < PIXELS; i++)
        pixels[i] = (uint8_t)random_below(&r, 256);
}

/* Logits, and every node that can be seen. */
static void compare(const struct network *n, const struct engine_state *is, const struct engine_state *want,
                    const char *what)
{
    const struct engine_plan *plan = n->engine.plan;
    size_t classes = (size_t)engine_classes(plan);
    int seen = 0;

    CHECK_MSG(memcmp(engine_logits(plan, is), engine_logits(plan, want), classes * sizeof(float)) == 0,
              "%s, %s: other logits", n->model.name, what);
    for (int i = 0; i < n->model.nodes; i++) {
        struct engine_map a = engine_node_map(plan, is, i), b = engine_node_map(plan, want, i);
        size_t values = a.real || a.codes ? (size_t)(a.h * a.w * a.pitch - (a.pitch - a.c)) : 0;

        if (values == 0)
            continue;
        seen++;
        CHECK_MSG(a.real ? memcmp(a.real, b.real, values * sizeof(float)) == 0
                         : memcmp(a.codes, b.codes, values) == 0,
                  "%s, %s: another %s", n->model.name, what, n->model.node[i].name);
    }
    CHECK(seen > 0);
}

/* Places are filled in any order, not all of them, and again. */
static void test_network(const char *model, const char *weights, const char *isa, int is_there)
{
    static const int rounds[][PLACES] = { { 3, 0, 4, -1 }, { 1, -1 }, { 0, 1, 2, 3, 4 } };
    static uint8_t pixels[PLACES][PIXELS];
    const struct network_how how = { .model = model, .isa = isa };
    struct engine_state *alone = NULL;
    struct engine_group *g = NULL;
    struct network n = { 0 };

    if (!kernel_select(isa))
        return;
    must(network_open(&how, weights, &n));
    must(engine_state_make(n.engine.plan, &alone));
    must(engine_group_make(n.engine.plan, PLACES, &g));
    CHECK_MSG((g != NULL) == is_there, "%s", model);
    for (size_t r = 0; g && r < COUNT_OF(rounds); r++) {
        int count = 0;

        for (; count < PLACES && rounds[r][count] >= 0; count++) {
            int i = rounds[r][count];

            draw(10 * r + (uint64_t)i, pixels[i]);
            engine_group_run(g, n.engine.state, i, pixels[i]);
        }
        engine_group_finish(g);
        for (int k = 0; k < count; k++) {
            engine_run(n.engine.plan, alone, pixels[rounds[r][k]]);
            engine_group_show(g, n.engine.state, rounds[r][k]);
            compare(&n, n.engine.state, alone, isa);
        }
    }
    engine_group_free(g);
    engine_state_free(alone);
    network_close(&n);
}

int main(void)
{
    static const char *const isa[] = { "avx2", "auto" };

    for (size_t i = 0; i < COUNT_OF(isa); i++) {
        test_network("models/mobilenet_v2.model", NETWORK_RANDOM_REAL, isa[i], 1);
        test_network("models/mobilenet_v2.model", NETWORK_RANDOM_CODES, isa[i], 1);
        test_network("models/mobilenet_v3_large.model", NETWORK_RANDOM_REAL, isa[i], 1);
        test_network("models/mobilenet_v3_large.model", NETWORK_RANDOM_CODES, isa[i], 1);
    }
    test_network("models/resnet18.model", NETWORK_RANDOM_CODES, "auto", 1);
    test_network("models/shufflenet_v2_x0_5.model", NETWORK_RANDOM_REAL, "auto", 1);
    test_network("models/squeezenet1_1.model", NETWORK_RANDOM_REAL, "auto", 0); /* its classifier is a map */
    engine_group_free(NULL);
    return check_result("engine/head");
}
