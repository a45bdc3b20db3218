/* tests/cli/test_network.c: the demo networks against PyTorch, from the pictures' files to the logits. The
 * oracle is tests/fixtures/demo_oracle.h5 (make_demo_oracle.py says what it holds); its pictures are drawn
 * here. */
#include "cli/network.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "h5.h"
#include "image_synth.h"

#define ORACLE "tests/fixtures/demo_oracle.h5"
enum { PICTURES = 104, SEED = 77, CLASSES = 16, SIDE = 224, BYTES = SIDE * SIDE * 3, PATH_SIZE = 64 };
enum { MOST_VALUES = 1 << 16 };

struct oracle {
    struct h5_file file;
    uint32_t crc[PICTURES];
    uint8_t readable[PICTURES];
    char path[PICTURES][PATH_SIZE + 1];
};

static char folder[] = "/tmp/quantcam-network-XXXXXX";
static char set[sizeof folder + 8];

static void read_oracle(struct oracle *o)
{
    char path[PICTURES][PATH_SIZE];

    CHECK(h5_open(ORACLE, ORACLE, H5_READ, &o->file) == OK);
    CHECK(h5_get(&o->file, "crc32", H5_U32, -1, o->crc) == OK);
    CHECK(h5_get(&o->file, "readable", H5_U8, -1, o->readable) == OK);
    CHECK(h5_get(&o->file, "path", H5_TEXT, -1, path) == OK);
    for (int i = 0; i < PICTURES; i++) {
        memcpy(o->path[i], path[i], PATH_SIZE);
        o->path[i][PATH_SIZE] = 0;
    }
}

static const char *in_set(const char *name)
{
    static char path[sizeof set + PATH_SIZE + 2];

    snprintf(path, sizeof path, "%s/%s", set, name);
    return path;
}

/* (PICTURES, BYTES): what the networks see; zeros for the truncated picture. */
static uint8_t *draw_pictures(const struct oracle *o)
{
    struct image_pipeline pipeline = { .resize = 256,
                                       .height = SIDE,
                                       .width = SIDE,
                                       .channels = 3,
                                       .filter = IMAGE_BILINEAR,
                                       .order = IMAGE_ORDER_PILLOW13 };
    uint8_t *pixels = mem_alloc(PICTURES, BYTES);

    CHECK(mkdtemp(folder) != NULL);
    snprintf(set, sizeof set, "%s/set", folder);
    CHECK(synth_write(set, &(struct synth_options){ .images = PICTURES, .seed = SEED }) == OK);
    for (int i = 0; pixels && i < PICTURES; i++) {
        struct image_info info;
        status s = image_load(in_set(o->path[i]), &pipeline, pixels + (size_t)i * BYTES, &info);

        CHECK_MSG(s == (o->readable[i] ? OK : ERR_FORMAT), "%s", o->path[i]);
        if (o->readable[i])
            CHECK_MSG(hash_crc32(0, pixels + (size_t)i * BYTES, BYTES) == o->crc[i], "%s", o->path[i]);
    }
    return pixels;
}

static void remove_pictures(const struct oracle *o)
{
    for (int i = 0; i < PICTURES; i++)
        unlink(in_set(o->path[i]));
    for (int c = 0; c < SYNTH_CLASSES; c++)
        rmdir(in_set(synth_class_name(c)));
    unlink(in_set("boxes.csv"));
    unlink(in_set("labels.csv"));
    rmdir(set);
    rmdir(folder);
}

/* The largest |ours - theirs| of n values over the largest |theirs|. */
static double distance(const float *ours, const float *theirs, int n)
{
    double far = 0.0, most = 0.0;

    for (int i = 0; i < n; i++) {
        far = fmax(far, fabs((double)ours[i] - (double)theirs[i]));
        most = fmax(most, fabs((double)theirs[i]));
    }
    return far / most;
}

/* The CAM layer's activations of the first pictures; the oracle's are (K, c, h, w). */
static void check_map(const struct oracle *o, const char *group, const struct engine_map *m, int row)
{
    static float real[MOST_VALUES], ours[MOST_VALUES];
    static uint8_t codes[MOST_VALUES];
    int64_t dim[H5_MOST_AXES];
    char name[128];
    int wrong = 0, hw = m->h * m->w;

    snprintf(name, sizeof name, "%s/%s", group, m->codes ? "last_conv_int" : "last_conv");
    CHECK(h5_shape(&o->file, name, 4, dim) == OK);
    if (row >= dim[0])
        return;
    CHECK(dim[1] == m->c && dim[2] == m->h && dim[3] == m->w);
    CHECK((m->codes ? h5_get(&o->file, name, H5_U8, row, codes)
                    : h5_get(&o->file, name, H5_F32, row, real)) == OK);
    for (int c = 0; c < m->c; c++)
        for (int i = 0; i < hw; i++) {
            if (m->codes)
                wrong += m->codes[i * m->pitch + c] != codes[c * hw + i];
            else
                ours[c * hw + i] = m->real[i * m->pitch + c];
        }
    CHECK_MSG(wrong == 0, "%s, picture %d: %d codes differ", name, row, wrong);
    if (m->real)
        CHECK_MSG(distance(ours, real, m->c * hw) <= 1e-4, "%s, picture %d", name, row);
}

static void check_network(const struct oracle *o, const uint8_t *pixels, const char *name,
                          const char *precision)
{
    struct network net = { 0 };
    struct network_how how = { .isa = "auto" };
    char model[128], weights[128], group[96], logits[128];
    float theirs[PICTURES][CLASSES];
    int exact = strcmp(precision, "int8") == 0;

    how.model = model;
    snprintf(model, sizeof model, "models/demo/%s.model", name);
    snprintf(weights, sizeof weights, "models/demo/%s_%s.pth", name, precision);
    snprintf(group, sizeof group, "%s/%s", name, precision);
    snprintf(logits, sizeof logits, "%s/logits", group);
    CHECK(h5_get(&o->file, logits, H5_F32, -1, theirs) == OK);
    CHECK_MSG(network_open(&how, weights, &net) == OK, "%s", weights);
    if (!net.engine.plan)
        return;
    CHECK(engine_classes(net.engine.plan) == CLASSES);
    for (int i = 0, row = 0; i < PICTURES; i++) {
        const float *ours;
        struct engine_map map;

        if (!o->readable[i])
            continue;
        engine_run(net.engine.plan, net.engine.state, pixels + (size_t)i * BYTES);
        ours = engine_logits(net.engine.plan, net.engine.state);
        if (exact)
            CHECK_MSG(memcmp(ours, theirs[i], sizeof theirs[i]) == 0, "%s, picture %d", group, i);
        else
            CHECK_MSG(distance(ours, theirs[i], CLASSES) <= 1e-4, "%s, picture %d", group, i);
        map = engine_cam_map(net.engine.plan, net.engine.state);
        check_map(o, group, &map, row++);
    }
    network_close(&net);
}

int main(void)
{
    static const char *const names[] = { "mobilenet_v2", "mobilenet_v3_large", "resnet18",
                                         "shufflenet_v2_x0_5" };
    struct oracle oracle = { 0 };
    uint8_t *pixels;

    read_oracle(&oracle);
    pixels = draw_pictures(&oracle);
    for (size_t k = 0; pixels && k < COUNT_OF(names); k++) {
        check_network(&oracle, pixels, names[k], "fp32");
        check_network(&oracle, pixels, names[k], "int8");
    }
    mem_free(pixels);
    remove_pictures(&oracle);
    CHECK(h5_close(&oracle.file, OK) == OK);
    CHECK(mem_live() == 0);
    return check_result("cli/network");
}
