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

int main(void)
{
    struct probed t;

    probed_open(&t);
    test_aim(&t);
    test_refused(&t);
    probed_close(&t);
    CHECK(mem_live() == 0);
    return check_result("probe/probe");
}
