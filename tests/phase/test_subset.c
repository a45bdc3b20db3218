#include "made.h"

/* k = round(0.1 * 18) = 2. raw = 7 i mod 20: 19 at i = 17, 18 at i = 14; resolved = 3 i mod 20 / 2: 9.5 at i
 * = 13, 9 at i = 6. Images 5 and 7 are bad: their zeros would not be chosen anyway, and they must not be in
 * the control. */
static void test_selections(const struct made *m)
{
    int64_t image[6], last = -1;
    uint8_t raw[6], resolved[6], control[6], state[6];
    int controls = 0, used = 0;

    if (!made_fetch_ok(m, "/models/net/subset/image", 6, image) ||
        !made_fetch_ok(m, "/models/net/subset/in_raw_int8", 6, raw) ||
        !made_fetch_ok(m, "/models/net/subset/in_resolved_int8", 6, resolved) ||
        !made_fetch_ok(m, "/models/net/subset/in_control", 6, control) ||
        !made_fetch_ok(m, "/models/net/subset/status", 6, state))
        return;
    for (int i = 0; i < 6; i++) {
        if (image[i] < 0) {
            CHECK(state[i] == STORE_MISSING && !raw[i] && !resolved[i] && !control[i]);
            continue;
        }
        used++;
        CHECK(state[i] == STORE_MISSING && image[i] > last && (raw[i] || resolved[i] || control[i]));
        CHECK(raw[i] == (image[i] == 17 || image[i] == 14));
        CHECK(resolved[i] == (image[i] == 13 || image[i] == 6));
        CHECK(!control[i] || (image[i] != MADE_BAD_A && image[i] != MADE_BAD_B));
        controls += control[i];
        last = image[i];
    }
    CHECK(controls == 2 && used >= 4);
}

int main(void)
{
    struct made *m = mem_alloc(1, sizeof *m);
    int code;

    CHECK(made_begin(m, "subset") == OK);
    if (!check_failed) {
        CHECK(subset_select(&m->run) == OK);
        CHECK(m->c.rank != 0 || (m->run.threshold[0][0] == 18 && m->run.threshold[0][1] == 9));
        test_selections(m);
        CHECK(subset_select(&m->run) == OK); /* a resume does it again, and finds the same */
        test_selections(m);
    }
    made_end(m, &code, "subset");
    mem_free(m);
    return code;
}
