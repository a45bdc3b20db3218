/* The four demo networks on pictures drawn afresh, against what PyTorch computed
 * (tests/fixtures/make_demo_oracle.py): the pixels, every int8 logit and the last convolution's codes bit for
 * bit, fp32 within 1e-4 of the largest logit, on every instruction set. */
#include <ftw.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "h5.h"
#include "cli/network.h"
#include "image_synth.h"

#define FIXTURE "tests/fixtures/demo_oracle.h5"
enum { MOST = 256, CLASSES = 16, SIDE = 224, FRAME = SIDE * SIDE * 3, PATH = 64, SEED = 77 };

static int pictures;
static char path[MOST][PATH + 1];
static uint8_t readable[MOST];
static uint32_t crc[MOST];
static uint8_t *frames; /* (pictures, SIDE, SIDE, 3) */

static void must(status s)
{
    CHECK_MSG(s == OK, "%s", error_last()->text);
    if (s != OK)
        exit(check_result("engine/demo"));
}

static void read_list(const struct h5_file *file)
{
    static char raw[MOST * PATH];
    int64_t dim[H5_MOST_AXES];

    must(h5_shape(file, "path", 1, dim));
    pictures = (int)dim[0];
    CHECK(pictures >= 100 && pictures <= MOST);
    must(h5_get(file, "path", H5_TEXT, -1, raw));
    must(h5_get(file, "readable", H5_U8, -1, readable));
    must(h5_get(file, "crc32", H5_U32, -1, crc));
    for (int i = 0; i < pictures; i++)
        memcpy(path[i], raw + i * PATH, PATH);
}

static int remove_one(const char *name, const struct stat *info, int kind, struct FTW *where)
{
    return remove(name);
}

/* The same pictures, decoded and cropped: their bytes are Pillow's. */
static void draw_and_load(void)
{
    struct image_pipeline pipeline = { .resize = 256,
                                       .height = SIDE,
                                       .width = SIDE,
                                       .channels = 3,
                                       .filter = IMAGE_BILINEAR,
                                       .order = IMAGE_ORDER_PILLOW13 };
    struct synth_options options = { .images = pictures, .seed = SEED };
    char root[] = "/tmp/quantcam-demo-XXXXXX", folder[64], name[256];
    struct image_info info;

    CHECK(mkdtemp(root) != NULL);
    snprintf(folder, sizeof folder, "%s/set", root);
    must(synth_write(folder, &options));
    frames = mem_alloc((size_t)pictures, FRAME);
    for (int i = 0; i < pictures; i++) {
        uint8_t *frame = frames + (size_t)i * FRAME;
        status s;

        must(text_path(name, sizeof name, folder, path[i]));
        s = image_load(name, &pipeline, frame, &info);
        CHECK_MSG((s == OK) == readable[i], "%s: %s", path[i], s == OK ? "readable" : error_last()->text);
        if (readable[i])
            CHECK_MSG(hash_crc32(0, frame, FRAME) == crc[i], "%s: pixels differ from Pillow's", path[i]);
    }
    CHECK(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
}

/* One picture's logits and, for the first few, the last convolution. */
static void compare(struct engine e, int picture, const float *logits, const void *conv)
{
    struct engine_map m = engine_cam_map(e.plan, e.state);
    const float *ours = engine_logits(e.plan, e.state);
    float largest = 0, conv_largest = 0;

    for (int c = 0; c < CLASSES; c++)
        largest = fmaxf(largest, fabsf(logits[c]));
    for (int c = 0; c < CLASSES; c++)
        CHECK_MSG(m.codes ? ours[c] == logits[c] : fabsf(ours[c] - logits[c]) <= 1e-4f * largest,
                  "%s, class %d: %.9g, PyTorch %.9g", path[picture], c, (double)ours[c], (double)logits[c]);
    if (!conv)
        return;
    for (int i = 0; !m.codes && i < m.c * m.h * m.w; i++)
        conv_largest = fmaxf(conv_largest, fabsf(((const float *)conv)[i]));
    for (int c = 0; c < m.c; c++)
        for (int i = 0; i < m.h * m.w; i++) {
            size_t here = (size_t)i * (size_t)m.pitch + (size_t)c,
                   there = (size_t)c * (size_t)(m.h * m.w) + (size_t)i;

            CHECK(m.codes ? m.codes[here] == ((const uint8_t *)conv)[there]
                          : fabsf(m.real[here] - ((const float *)conv)[there]) <= 1e-4f * conv_largest);
        }
}

static void test_network(const struct h5_file *file, const char *net, int int8, const char *isa)
{
    const char *precision = int8 ? "int8" : "fp32", *conv = int8 ? "last_conv_int" : "last_conv";
    char model[128], weights[128], name[128];
    struct engine_options options = { .arithmetic = ENGINE_AUTO };
    struct network n = { 0 };
    int64_t dim[H5_MOST_AXES];
    float logits[CLASSES];
    void *kept;

    snprintf(model, sizeof model, "models/demo/%s.model", net);
    snprintf(weights, sizeof weights, "models/demo/%s_%s.pth", net, precision);
    must(network_open(&(struct network_how){ .model = model, .isa = isa, .options = options }, weights,
                      &n));
    CHECK(engine_form(n.engine.plan) == (int8 ? PRECISION_CODES : PRECISION_REAL) &&
          engine_classes(n.engine.plan) == CLASSES);
    snprintf(name, sizeof name, "%s/%s/%s", net, precision, conv);
    must(h5_shape(file, name, 4, dim));
    kept = mem_alloc((size_t)(dim[1] * dim[2] * dim[3]), sizeof(float));
    for (int i = 0; i < pictures; i++) {
        int with_conv = i < (int)dim[0];

        if (!readable[i])
            continue;
        if (with_conv)
            must(h5_get(file, name, int8 ? H5_U8 : H5_F32, i, kept));
        snprintf(model, sizeof model, "%s/%s/logits", net, precision);
        must(h5_get(file, model, H5_F32, i, logits));
        engine_run(n.engine.plan, n.engine.state, frames + (size_t)i * FRAME);
        compare(n.engine, i, logits, with_conv ? kept : NULL);
    }
    mem_free(kept);
    network_close(&n);
}

int main(void)
{
    static const char *const nets[] = { "mobilenet_v2", "mobilenet_v3_large", "resnet18",
                                        "shufflenet_v2_x0_5" };
    const char *names[8];
    int usable[8], count = kernel_list(names, usable);
    struct h5_file file;

    must(h5_open(FIXTURE, FIXTURE, H5_READ, &file));
    read_list(&file);
    draw_and_load();
    for (size_t i = 0; i < COUNT_OF(nets); i++)
        for (int int8 = 0; int8 < 2; int8++)
            test_network(&file, nets[i], int8, "auto");
    /* test_plan compares instruction sets; one whole network more. */
    for (int i = 0; i < count; i++)
        if (usable[i] && i + 1 < count)
            test_network(&file, "shufflenet_v2_x0_5", 1, names[i]);
    must(h5_close(&file, OK));
    mem_free(frames);
    CHECK(mem_live() == 0);
    return check_result("engine/demo");
}
