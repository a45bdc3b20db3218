/* tests/cli/test_explain.c: `explain` of the tiny network in three precisions, against its rooms. */
#include "cli/explain.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

#define TINY "tests/fixtures/tiny/"
enum { EDGE = 8, PIXELS = EDGE * EDGE, STEPS = 10 };

static char path[] = "/tmp/quantcam-explain-XXXXXX";

static void draw(uint8_t *pixels)
{
    struct random random = { .seed = 3 };
    const struct image image = { EDGE, EDGE, pixels };

    for (int i = 0; i < PIXELS * 3; i++)
        pixels[i] = (uint8_t)random_below(&random, 256);
    CHECK(close(mkstemp(path)) == 0 && image_write_png(path, &image) == OK);
}

static status add(struct network_set *set, const char *name, const char *file)
{
    const struct network_how how = { .model = TINY "tiny.model", .isa = "auto" };

    return network_set_add(set, &how, name, file);
}

static double value(const struct explain *e, int i, const char *name)
{
    return e->side[i].value[measure_find(measure_table, name) - measure_table];
}

static void test_values(const struct explain *e)
{
    CHECK(isnan(value(e, 0, "entropy_int")) && !isnan(value(e, 0, "entropy_real")));
    CHECK(!isnan(value(e, 1, "entropy_int")) && isnan(value(e, 0, "rmse_raw")));
    CHECK(isnan(value(e, 1, "rmse_{method}")) && isnan(value(e, 1, "top1")));
    CHECK(value(e, 1, "rmse_resolved") ==
          rmse_maps(probe_map(e->probe, 0, 0), probe_map(e->probe, 1, 0), PIXELS));
    /* The third precision is the second's file. */
    for (int k = 0; measure_table[k].name; k++)
        CHECK(memcmp(&e->side[1].value[k], &e->side[2].value[k], sizeof(double)) == 0);
    CHECK(memcmp(e->side[1].curve, e->side[2].curve, sizeof e->side[1].curve) == 0);
    CHECK(memcmp(e->side[1].box, e->side[2].box, sizeof e->side[1].box) == 0);
}

/* Nothing is gone at deletion's first step, all is there at insertion's last: the answer's probability. */
static void test_curves(const struct explain *e)
{
    for (int i = 0; i < e->set.count; i++) {
        CHECK(!e->side[i].odd);
        CHECK(e->side[i].curve[PROBE_DELETION][0] == probe_shown(e->probe, i)->score[0]);
        CHECK(e->side[i].curve[PROBE_INSERTION][STEPS] == probe_shown(e->probe, i)->score[0]);
        CHECK(e->side[i].curve[PROBE_DELETION][STEPS] != probe_shown(e->probe, i)->score[0]);
    }
}

int main(void)
{
    const struct explain_how how = { .steps = STEPS,
                                     .deletion = IMAGE_SUBSTRATE_ZERO,
                                     .insertion = IMAGE_SUBSTRATE_BLUR };
    struct explain *e = mem_alloc(1, sizeof *e);
    uint8_t pixels[PIXELS * 3];

    draw(pixels);
    CHECK(add(&e->set, "", TINY "fp32.pth") == OK && strcmp(e->set.name[0], "fp32") == 0);
    CHECK(add(&e->set, "", TINY "per_channel.pth") == OK && strcmp(e->set.name[1], "int8") == 0);
    CHECK(add(&e->set, "again", TINY "per_channel.pth") == OK && strcmp(e->set.name[2], "again") == 0);
    CHECK(explain_open(&how, e) == OK && explain_picture(path, &how, e) == OK && e->info.width == EDGE);
    CHECK(memcmp(e->pixels[0], pixels, sizeof pixels) == 0);
    if (!check_failed) {
        test_values(e);
        test_curves(e);
    }
    CHECK(add(&e->set, "int8", TINY "per_tensor.pth") == ERR_USAGE);
    CHECK(strstr(error_last()->text, "there is a precision 'int8' already") != NULL);
    explain_free(e);
    mem_free(e);
    unlink(path);
    CHECK(mem_live() == 0);
    return check_result("cli/explain");
}
