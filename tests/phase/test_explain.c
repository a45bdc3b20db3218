#include "made.h"

/* Half-pixel centres: of 2 pixels, 1 and 0, eight; a map's byte is 255 times the product, rounded. */
static const double side[MADE_EDGE] = { 1, 1, 0.875, 0.625, 0.375, 0.125, 0, 0 };

/* Without curves no picture is read: what is left are the rows' states and the full-size maps. */
static void test_rows(const struct made *m)
{
    static uint8_t map[6][MADE_EDGE * MADE_EDGE];
    int64_t image[6], damaged = 0;
    uint8_t state[6], missing[6] = { 0 };

    CHECK(store_missing(m->run.store, STORE_ROWS_SUBSET, 0, 1, missing, &damaged) == OK && damaged == 0);
    if (!made_fetch_ok(m, "/models/net/subset/image", 6, image) ||
        !made_fetch_ok(m, "/models/net/subset/status", 6, state) ||
        !made_fetch_ok(m, "/models/net/subset/fp32/cam_u8", 6, map))
        return;
    for (int i = 0; i < 6; i++) {
        CHECK(!missing[i] && state[i] == (image[i] < 0 ? STORE_UNUSED : STORE_OK));
        /* The projection is positive in the first of 2 x 2 pixels alone: the map falls from that corner. */
        for (int k = 0; k < MADE_EDGE * MADE_EDGE; k++) {
            int whole = (int)(255 * side[k / MADE_EDGE] * side[k % MADE_EDGE] + 0.5);

            CHECK_MSG(map[i][k] == (image[i] < 0 ? 0 : whole), "row %d, pixel %d: %d, not %d", i, k,
                      map[i][k], whole);
        }
    }
}

/* A row of another selection than the one that was explained is found by its CRC and done again. */
static void test_stale(const struct made *m)
{
    uint8_t missing[6] = { 0 }, in_raw[6];
    int64_t damaged = 0;

    if (!made_fetch_ok(m, "/models/net/subset/in_raw_int8", 6, in_raw))
        return;
    in_raw[1] ^= 1;
    CHECK(comm_agree(&m->c, m->c.rank == 0
                                ? store_write(m->run.store, "/models/net/subset/in_raw_int8", 0, 6, in_raw)
                                : OK) == OK);
    CHECK(store_missing(m->run.store, STORE_ROWS_SUBSET, 0, 1, missing, &damaged) == OK);
    for (int i = 0; i < 6; i++)
        CHECK(missing[i] == (i == 1));
    CHECK(damaged == 1);
}

int main(void)
{
    struct made *m = mem_alloc(1, sizeof *m);
    int code;

    CHECK(made_begin(m, "explain") == OK);
    if (!check_failed) {
        CHECK(subset_select(&m->run) == OK && explain_subsets(&m->run) == OK);
        test_rows(m);
        test_stale(m);
        CHECK(explain_subsets(&m->run) == OK);
        test_rows(m);
    }
    made_end(m, &code, "explain");
    mem_free(m);
    return code;
}
