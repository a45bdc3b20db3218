/* Which calibration pictures are taken, on any number of ranks: the list, the draw, and those that drop out.
 */
#include "check.h"
#include "phase_calibrate.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LISTED = 100, TAKEN = 10 };
static struct comm all;
static char list[] = "/tmp/quantcam_list_XXXXXX";

static void write_list(void)
{
    struct text text = { .max = 1 << 16 };

    CHECK(mkstemp(list) >= 0);
    for (int i = 0; i < LISTED; i++)
        CHECK(text_add(&text, "/none/p%03d.png\n", i) == OK);
    CHECK(text_write_file(list, text.data, text.size) == OK);
    text_free(&text);
}

/* The number in the name; they rise. */
static void numbers(int limit, uint64_t seed, int out[TAKEN])
{
    const struct calibrate_source source = {
        .images = "", .labels = "", .synsets = "", .list = list, .network = "n", .limit = limit, .seed = seed
    };
    struct calibrate_pictures p;

    CHECK_MSG(calibrate_pictures_list(&all, &source, &p) == OK, "%s", error_last()->text);
    CHECK(p.count == limit && !p.label);
    for (int i = 0; i < p.count && i < TAKEN; i++) {
        out[i] = atoi(p.path[i] + strlen("/none/p"));
        CHECK(i == 0 || out[i] > out[i - 1]);
    }
    calibrate_pictures_free(&p);
}

static void test_taken(void)
{
    int even[TAKEN], one[TAKEN], again[TAKEN], other[TAKEN];

    numbers(TAKEN, 0, even);
    numbers(TAKEN, 1, one);
    numbers(TAKEN, 1, again);
    numbers(TAKEN, 2, other);
    for (int i = 0; i < TAKEN; i++)
        CHECK(even[i] == 10 * i);
    CHECK(memcmp(one, again, sizeof one) == 0 && memcmp(one, other, sizeof one) != 0);
    CHECK(memcmp(one, even, sizeof one) != 0 && one[TAKEN - 1] < LISTED);
}

static void test_dropped(void)
{
    const struct calibrate_source source = {
        .images = "", .labels = "", .synsets = "", .list = list, .network = "n", .limit = 4
    };
    const struct image_pipeline pipeline = { .resize = 8, .height = 8, .width = 8, .channels = 3 };
    const uint8_t drop[4] = { 1, 0, 1, 0 };
    struct calibrate_pictures p;

    CHECK(calibrate_pictures_list(&all, &source, &p) == OK);
    calibrate_pictures_drop(&p, drop);
    CHECK(p.count == 2 && strcmp(p.path[0], "/none/p025.png") == 0 &&
          strcmp(p.path[1], "/none/p075.png") == 0);
    CHECK(calibrate_pictures_read(&all, &pipeline, &p) == ERR_FORMAT);
    CHECK(strstr(error_last()->text, "/none/p025.png: none of 2 calibration pictures can be read"));
    calibrate_pictures_free(&p);
}

int main(int argc, char **argv)
{
    CHECK(comm_init(&argc, &argv, &all) == OK);
    if (all.rank == 0)
        write_list();
    test_taken();
    test_dropped();
    if (all.rank == 0)
        unlink(list);
    comm_finish(&all);
    return check_result("phase/calibrate_pictures");
}
