/* Plans as blocks: one that was laid into memory runs the same wherever that memory is seen. */
#include "engine/tiny.h"

enum { PIXELS = 12 * 12 * 3, CLASSES = 5 };

static void logits_of(const struct engine_plan *plan, const uint8_t *pixels, float *logits)
{
    struct engine_state *state = NULL;

    tiny_must(engine_state_make(plan, &state));
    engine_run(plan, state, pixels);
    memcpy(logits, engine_logits(plan, state), CLASSES * sizeof *logits);
    engine_state_free(state);
}

static void test_moved(int int8)
{
    struct engine_options options = { .arithmetic = ENGINE_AUTO };
    const struct kernel_table *k = kernel_select("auto");
    struct tiny t;
    struct engine e;
    struct engine_plan *first = NULL, *second = NULL;
    uint8_t pixels[PIXELS], *block, *moved;
    float want[CLASSES], now[CLASSES];
    size_t bytes;

    tiny_every(&t, int8, 1);
    tiny_pixels(&t, pixels, PIXELS);
    e = tiny_plan(&t, ENGINE_AUTO, 0, "auto");
    tiny_must(engine_plan_bytes(&t.binding, &options, k, &bytes));
    CHECK(bytes == engine_memory_used(e.plan, e.state).weights);
    block = mem_alloc(bytes, 1);
    moved = mem_alloc(bytes, 1);
    tiny_must(engine_plan_into(&t.binding, &options, k, block, &first));
    tiny_free(&t);
    logits_of(e.plan, pixels, want);
    logits_of(first, pixels, now);
    CHECK(memcmp(want, now, sizeof now) == 0);
    memcpy(moved, block, bytes);
    engine_plan_free(first);
    memset(block, 0xa5, bytes); /* no address of the first place is left in the second */
    tiny_must(engine_plan_take(moved, k, &second));
    logits_of(second, pixels, now);
    CHECK(memcmp(want, now, sizeof now) == 0);
    engine_plan_free(second);
    mem_free(block);
    mem_free(moved);
    engine_close(&e);
}

/* Two states of a plan do not see each other. */
static void test_two_states(void)
{
    struct tiny t;
    struct engine e;
    struct engine_state *other = NULL;
    uint8_t pixels[PIXELS], black[PIXELS] = { 0 };
    float want[CLASSES];

    tiny_every(&t, 0, 0);
    tiny_pixels(&t, pixels, PIXELS);
    e = tiny_plan(&t, ENGINE_AUTO, 0, "auto");
    tiny_must(engine_state_make(e.plan, &other));
    engine_run(e.plan, e.state, pixels);
    memcpy(want, engine_logits(e.plan, e.state), sizeof want);
    engine_run(e.plan, other, black);
    CHECK(memcmp(want, engine_logits(e.plan, other), sizeof want) != 0);
    CHECK(memcmp(want, engine_logits(e.plan, e.state), sizeof want) == 0);
    engine_state_free(other);
    engine_close(&e);
    tiny_free(&t);
}

static void test_refused(void)
{
    struct engine_options options = { .arithmetic = ENGINE_AUTO };
    const struct kernel_table *ref = kernel_select("ref"), *fast = kernel_select("auto");
    struct tiny t;
    struct engine_plan *plan = NULL, *taken = NULL;
    size_t bytes;
    void *block;

    if (strcmp(fast->isa, "ref") == 0) {
        check_skip("another instruction set", "this machine has one");
        return;
    }
    tiny_every(&t, 0, 0);
    tiny_must(engine_plan_bytes(&t.binding, &options, ref, &bytes));
    block = mem_alloc(bytes, 1);
    tiny_must(engine_plan_into(&t.binding, &options, ref, block, &plan));
    CHECK(engine_plan_take(block, fast, &taken) == ERR_MISMATCH && !taken);
    CHECK(strstr(error_last()->text, "ref") != NULL);
    engine_plan_free(plan);
    mem_free(block);
    tiny_free(&t);
}

int main(void)
{
    test_moved(0);
    test_moved(1);
    test_two_states();
    test_refused();
    CHECK(mem_live() == 0);
    return check_result("engine/plan");
}
