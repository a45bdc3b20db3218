/* tests/gradient/test_plan.c: a plan as a block that others take, and what it keeps. */
#include "engine/tiny.h"
#include "gradient.h"

enum { PIXELS = 12 * 12 * 3 };

static void taken(void)
{
    const struct kernel_table *k = kernel_select("auto");
    struct tiny t;
    struct engine e;
    struct gradient_path path;
    struct gradient own, other = { 0 };
    uint8_t pixels[PIXELS];
    size_t bytes;
    void *block, *moved;

    tiny_more(&t, 0, 0, 0);
    path = (struct gradient_path){ .from = t.model.output, .to = 0 };
    tiny_pixels(&t, pixels, PIXELS);
    e = tiny_plan(&t, ENGINE_AUTO, 1, "auto");
    engine_run(e.plan, e.state, pixels);
    tiny_must(gradient_open(&t.binding, path, k, &own));
    tiny_must(gradient_plan_bytes(&t.binding, path, k, &bytes));
    CHECK(bytes == gradient_plan_size(own.plan) && gradient_state_size(own.plan) > 0);
    block = mem_alloc(bytes, 1);
    moved = mem_alloc(bytes, 1);
    tiny_must(gradient_plan_into(&t.binding, path, k, block, &other.plan));
    gradient_plan_free(other.plan);
    memcpy(moved, block, bytes); /* no addresses */
    mem_free(block);
    tiny_must(gradient_plan_take(moved, k, &other.plan));
    tiny_must(gradient_state_make(other.plan, &other.state));
    gradient_run(own.plan, own.state, &e, 4);
    gradient_run(other.plan, other.state, &e, 4);
    CHECK(memcmp(gradient_map(own.plan, own.state), gradient_map(other.plan, other.state),
                 PIXELS * sizeof(float)) == 0);
    gradient_close(&other);
    CHECK(strcmp(k->isa, "ref") == 0 ||
          gradient_plan_take(moved, kernel_select("ref"), &other.plan) == ERR_MISMATCH);
    mem_free(moved);
    gradient_close(&own);
    gradient_close(&own);
    engine_close(&e);
    tiny_free(&t);
}

/* A path to a late node keeps late weights alone. */
static void small(void)
{
    struct tiny t;
    struct gradient late, early;

    tiny_every(&t, 0, 0);
    tiny_must(gradient_open(&t.binding, (struct gradient_path){ t.model.output, t.model.cam },
                            kernel_select("auto"), &late));
    tiny_must(gradient_open(&t.binding, (struct gradient_path){ t.model.output, 0 }, kernel_select("auto"),
                            &early));
    CHECK(2 * gradient_plan_size(late.plan) < gradient_plan_size(early.plan));
    CHECK(2 * gradient_state_size(late.plan) < gradient_state_size(early.plan));
    gradient_close(&late);
    gradient_close(&early);
    tiny_free(&t);
}

int main(void)
{
    taken();
    small();
    CHECK(mem_live() == 0);
    return check_result("gradient/plan");
}
