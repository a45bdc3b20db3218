/* tests/probe/test_probe.c: room for several networks, and what is refused. */
#include "probe_test.h"

/* Two networks that are one: aiming changes nothing of what is shown. */
static void test_aim(struct probed *t)
{
    const struct probe_network two[] = { t->network, t->network };
    const struct probe_how how = { .sign = CAM_ABSMAX, .raw = 1 };
    struct probe *p = NULL;
    float logits[CLASSES], cam[CELLS];

    must(probe_create(two, 2, &how, kernel_select("auto"), &p));
    probed_look(p, t);
    memcpy(logits, probe_shown(p, 1)->logits, sizeof logits);
    memcpy(cam, probe_shown(p, 1)->cam.values, sizeof cam);
    probe_aim(p, 1);
    CHECK(probe_shown(p, 1)->classes == CLASSES);
    probed_look(p, t);
    CHECK(memcmp(logits, probe_shown(p, 1)->logits, sizeof logits) == 0);
    CHECK(memcmp(cam, probe_shown(p, 1)->cam.values, sizeof cam) == 0);
    probe_free(p);
}

static void test_refused(const struct probed *t)
{
    const struct probe_how how = { .sign = CAM_ABSMAX };
    struct probe_network n = t->network;
    struct probe *p = NULL;

    n.precisions = 0;
    CHECK(probe_create(&n, 1, &how, kernel_select("auto"), &p) == ERR_RANGE && p == NULL);
    CHECK(strcmp(error_last()->text, "tiny: 0 precisions, 1 to 8 are possible") == 0);
    n.precisions = PROBE_PRECISIONS + 1;
    CHECK(probe_create(&n, 1, &how, kernel_select("auto"), &p) == ERR_RANGE && p == NULL);
    probe_free(NULL);
}

/* A second precision whose CAM layer is another one. */
static void test_other_layer(struct probed *t)
{
    const struct probe_how how = { .sign = CAM_ABSMAX };
    struct probed other = { .network = t->network };
    struct probe_network n = t->network;
    struct probe *p = NULL;

    other.model = t->model;
    other.model.cam = model_find(&other.model, "fc");
    probed_engine(&other, 1, TINY "per_tensor.pth");
    n.engine[1] = other.network.engine[1];
    CHECK(probe_create(&n, 1, &how, kernel_select("auto"), &p) == ERR_MISMATCH && p == NULL);
    CHECK_MSG(strcmp(error_last()->text, "tiny: precision 2 has 3 classes and maps of 3 x 1 x 1, the first 3 "
                                         "and 4 x 4 x 4") == 0,
              "%s", error_last()->text);
    engine_close(&n.engine[1]);
    gradient_close(&other.network.by_input[1]);
}

int main(void)
{
    struct probed t;

    probed_open(&t);
    test_aim(&t);
    test_refused(&t);
    test_other_layer(&t);
    probed_close(&t);
    CHECK(mem_live() == 0);
    return check_result("probe/probe");
}
