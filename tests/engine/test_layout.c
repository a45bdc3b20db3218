#include "check.h"
#include "engine/plan.h"

/* Three maps in a chain: the third takes the first one's place. */
static void test_chain(void)
{
    struct engine_buffer b[3] = { { .bytes = 100, .first = 0, .last = 1 },
                                  { .bytes = 100, .first = 1, .last = 2 },
                                  { .bytes = 100, .first = 2, .last = 3 } };
    size_t bytes;

    CHECK(engine_assign(b, 3, &bytes) == OK);
    CHECK(b[0].offset == 0 && b[1].offset == 192 && b[2].offset == 0);
    CHECK_MSG(bytes == 2 * 192 + 64, "%zu", bytes);
}

/* The largest goes first, a small one into the gap below it. */
static void test_gap(void)
{
    struct engine_buffer b[3] = { { .bytes = 64, .first = 0, .last = 5 },
                                  { .bytes = 640, .first = 2, .last = 3 },
                                  { .bytes = 64, .first = 4, .last = 4 } };
    size_t bytes;

    CHECK(engine_assign(b, 3, &bytes) == OK);
    CHECK(b[1].offset == 0 && b[0].offset == 704 && b[2].offset == 0);
    CHECK(bytes == 704 + 128 + 64);
}

/* Whole lanes, and at least one lane behind the last element. */
static size_t taken(const struct engine_buffer *b)
{
    return (b->bytes + 63) / 64 * 64 + 64;
}

static void test_random(void)
{
    struct random r = { .seed = 1 };
    struct engine_buffer b[60];

    for (int round = 0; round < 50; round++) {
        size_t bytes, end = 0;

        for (int i = 0; i < 60; i++) {
            b[i].bytes = 1 + random_below(&r, 5000);
            b[i].first = (int)random_below(&r, 40);
            b[i].last = b[i].first + (int)random_below(&r, 6);
        }
        CHECK(engine_assign(b, 60, &bytes) == OK);
        for (int i = 0; i < 60; i++) {
            end = b[i].offset + taken(&b[i]) > end ? b[i].offset + taken(&b[i]) : end;
            CHECK(b[i].offset % 64 == 0);
            for (int j = 0; j < i; j++)
                CHECK(b[i].last < b[j].first || b[j].last < b[i].first ||
                      b[i].offset + taken(&b[i]) <= b[j].offset || b[j].offset + taken(&b[j]) <= b[i].offset);
        }
        CHECK(bytes == end + 64);
    }
}

int main(void)
{
    test_chain();
    test_gap();
    test_random();
    CHECK(mem_live() == 0);
    return check_result("engine/layout");
}
