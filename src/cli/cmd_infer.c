/* src/cli/cmd_infer.c: images through one network: logits, last-conv activations and EigenCAM to an HDF5
 * file. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base_option.h"
#include "cam.h"
#include "cmd.h"
#include "h5.h"
#include "network.h"

struct settings {
    char model[OPTION_SIZE], weights[OPTION_SIZE], pixels[OPTION_SIZE], output[OPTION_SIZE], isa[OPTION_SIZE];
    struct model_reading reading;
    char resize[OPTION_SIZE];
    int engine, cam, tap, saturate, filter, pillow;
};

static const struct option_row rows[] = {
    CMD_ROW_MODEL,
    { .name = "weights",
      .kind = OPTION_PATH,
      .where = offsetof(struct settings, weights),
      .values = "FILE",
      .help = "its checkpoint, in any precision" },
    { .name = "output",
      .kind = OPTION_PATH,
      .where = offsetof(struct settings, output),
      .values = "FILE",
      .letter = 'o',
      .help = "the HDF5 file to write" },
    { .name = "pixels",
      .kind = OPTION_PATH,
      .where = offsetof(struct settings, pixels),
      .values = "FILE",
      .help = "an HDF5 file whose /pixels (N,H,W,channels) u8 stand in place of images" },
    { .name = "preprocess.resize",
      .kind = OPTION_TEXT,
      .where = offsetof(struct settings, resize),
      .values = "model|squash|PIXELS",
      .help = "the short side, before the crop; squash: the whole picture to the network's height and width; "
              "model: as the description says" },
    { .name = "preprocess.filter",
      .kind = OPTION_CHOICE,
      .where = offsetof(struct settings, filter),
      .values = "model|bilinear|bicubic",
      .help = "of the resize; model: as the description says" },
    { .name = "preprocess.pillow",
      .kind = OPTION_CHOICE,
      .where = offsetof(struct settings, pillow),
      .values = "13|12",
      .help = "whose order of resize passes: 13 the cheaper one first, 12 horizontal first" },
    CMD_ROW_LAYER,
    CMD_ROW_STATE,
    CMD_ROW_UNUSED,
    CMD_ROW_RELU6,
    CMD_ROW_ENGINE,
    CMD_ROW_ISA,
    { .name = "cam",
      .kind = OPTION_CHOICE,
      .where = offsetof(struct settings, cam),
      .values = CAM_METHOD_NAMES,
      .help = "method of /cam; those with a class explain the network's own answer" },
    { .name = "tap",
      .kind = OPTION_CHOICE,
      .where = offsetof(struct settings, tap),
      .values = "none|all",
      .help = "all: stored codes of every node for the first image, /codes/NODE" },
    { .name = "numerics.saturate",
      .kind = OPTION_CHOICE,
      .where = offsetof(struct settings, saturate),
      .values = "off|fbgemm-avx2|fbgemm-vnni",
      .help = "imitate fbgemm's 16-bit sums on CPUs without VNNI, or with it (depthwise layers alone)" },
};
static const struct option_table table = {
    .usage = "quantcam infer --model M --weights W IMAGE... -o OUT.h5",
    .about =
        "Runs images through one network. OUT.h5 gets /path (N), /pixels (N,H,W,channels) as the network saw "
        "them,\n"
        "/logits (N,classes), /last_conv (N,C,h,w) real values, of codes also /last_conv_int with "
        "attributes\n"
        "scale and zero_point, and /cam (N,h,w): the method's projection, un-ReLU'd; EigenCAM's in the sign\n"
        "that numpy gives.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .words_low = 0,
    .words_high = 1 << 20,
};

struct infer {
    struct settings set;
    struct network net;
    int count, height, width;
    char *const *path; /* images, or NULL */
    struct h5_file pixel_file, out;
    char part[OPTION_SIZE + 8]; /* the output while it is being written */
    uint8_t *pixels;            /* (height, width, channels) */
    float *planes;              /* (c, h * w) of the CAM layer */
    uint8_t *codes;             /* (c, h * w) of the largest node */
    struct probe *probe;
    struct model_head head; /* where the method needs it */
    int sign_undefined;
};

/* ---- before any output exists ----------------------------------------------------------------------- */

static status open_input(struct infer *r, const struct option_words *words)
{
    int64_t dim[H5_MOST_AXES];

    r->height = r->net.model.input.height;
    r->width = r->net.model.input.width;
    r->path = words->word;
    r->count = words->count;
    if (!r->set.pixels[0])
        return OK;
    TRY(h5_open(r->set.pixels, r->set.pixels, H5_READ, &r->pixel_file));
    TRY(h5_shape(&r->pixel_file, "pixels", 4, dim));
    if (dim[1] != r->height || dim[2] != r->width || dim[3] != r->net.pipeline.channels || dim[0] > INT32_MAX)
        return FAIL(ERR_MISMATCH,
                    "%s: /pixels holds %lld x %lld x %lld pictures, the network takes %d x %d x %d",
                    r->set.pixels, (long long)dim[1], (long long)dim[2], (long long)dim[3], r->height,
                    r->width, r->net.pipeline.channels);
    r->count = (int)dim[0];
    r->path = NULL;
    return OK;
}

static status read_pixels(struct infer *r, int i)
{
    struct image_info info;

    if (r->path)
        return image_load(r->path[i], &r->net.pipeline, r->pixels, &info);
    return h5_get(&r->pixel_file, "pixels", H5_U8, i, r->pixels);
}

static status allocate(struct infer *r)
{
    struct engine_map a = engine_cam_map(r->net.engine.plan, r->net.engine.state);
    size_t hw = (size_t)a.h * (size_t)a.w, most = hw * (size_t)a.c;
    const struct probe_network network = { .model = &r->net.model,
                                           .precisions = 1,
                                           .engine = { r->net.engine },
                                           .head = { r->head.weight ? &r->head : NULL } };
    const struct probe_how how = { .sign = CAM_ABSMAX, .methods = 1u << r->set.cam, .method_raw = 1 };

    for (int i = 0; i < r->net.model.nodes; i++) {
        const struct model_node *n = &r->net.model.node[i];
        size_t size = (size_t)n->c * (size_t)n->h * (size_t)n->w;

        most = size > most ? size : most;
    }
    MEM_TRY(r->pixels, image_pipeline_bytes(&r->net.pipeline), 1);
    MEM_TRY(r->planes, hw * (size_t)a.c, sizeof *r->planes);
    MEM_TRY(r->codes, most, 1);
    return probe_create(&network, 1, &how, r->net.kernels, &r->probe);
}

/* ---- the file --------------------------------------------------------------------------------------- */

/* A dataset of codes, (N, c, h, w) or (c, h, w), with what they mean. */
static status add_codes(struct infer *r, const char *name, int rank, const int64_t *dim,
                        const struct quant_params *q)
{
    struct h5_set set;
    status result;

    TRY(h5_set_create(&r->out, name, &(struct h5_type){ .kind = H5_U8 }, rank, dim, H5_UNFILLED, &set));
    result = h5_attribute_write(&set, "scale", H5_F64, 0, &q->scale);
    if (result == OK)
        result = h5_attribute_write(&set, "zero_point", H5_S64, 0, &(int64_t){ q->zero_point });
    return h5_set_finish(&set, result);
}

static status describe_output(const struct infer *r, int codes)
{
    const struct {
        const char *name, *text;
    } note[] = {
        { "model", r->net.model.name },
        { "precision", r->net.precision },
        { "cam", cam_method_name((enum cam_method)r->set.cam) },
        { "isa", r->net.kernels->isa },
        { "engine", codes ? engine_arithmetic_name(engine_arithmetic_used(r->net.engine.plan)) : NULL },
    };
    struct h5_set root = h5_root(&r->out);

    for (size_t i = 0; i < COUNT_OF(note); i++)
        if (note[i].text)
            TRY(h5_attribute_write_text(&root, note[i].name, H5_TEXT, note[i].text));
    return OK;
}

static status create_output(struct infer *r)
{
    struct engine_map a = engine_cam_map(r->net.engine.plan, r->net.engine.state);
    int64_t n = r->count, classes = engine_classes(r->net.engine.plan);
    size_t longest = strlen(r->set.pixels) + 16;

    for (int i = 0; r->path && i < r->count; i++)
        longest = strlen(r->path[i]) > longest ? strlen(r->path[i]) : longest;
    snprintf(r->part, sizeof r->part, "%s.part", r->set.output);
    TRY(h5_create(r->part, r->part, &(struct h5_form){ 0 }, &r->out));
    TRY(h5_add(&r->out, "path", H5_TEXT, longest, 1, &n));
    TRY(h5_add(&r->out, "pixels", H5_U8, 0, 4,
               (int64_t[]){ n, r->height, r->width, r->net.pipeline.channels }));
    TRY(h5_add(&r->out, "logits", H5_F32, 0, 2, (int64_t[]){ n, classes }));
    TRY(h5_add(&r->out, "last_conv", H5_F32, 0, 4, (int64_t[]){ n, a.c, a.h, a.w }));
    TRY(h5_add(&r->out, "cam", H5_F32, 0, 3, (int64_t[]){ n, a.h, a.w }));
    TRY(describe_output(r, a.codes != NULL));
    return a.codes ? add_codes(r, "last_conv_int", 4, (int64_t[]){ n, a.c, a.h, a.w }, &a.q) : OK;
}

static status write_codes(struct infer *r)
{
    for (int i = 0; i < r->net.model.nodes; i++) {
        struct engine_map m = engine_node_map(r->net.engine.plan, r->net.engine.state, i);
        char name[MODEL_NAME + 8];

        if (!m.codes)
            continue;
        snprintf(name, sizeof name, "codes/%s", r->net.model.node[i].name);
        probe_layer_copy(&m, r->codes);
        TRY(add_codes(r, name, 3, (int64_t[]){ m.c, m.h, m.w }, &m.q));
        TRY(h5_put(&r->out, name, -1, r->codes));
    }
    return OK;
}

static status write_path(struct infer *r, int i)
{
    char name[OPTION_SIZE + 16];

    snprintf(name, sizeof name, "%s:%d", r->set.pixels, i);
    return h5_put_text(&r->out, "path", i, r->path ? r->path[i] : name);
}

/* DESIGN 7.1: infer's map alone is in the raw sign; where that is undefined it is its own rule's. */
static status write_cam(struct infer *r, int i)
{
    const struct cam_projection *p = &probe_shown(r->probe, 0)->method[r->set.cam];
    const struct engine_map *a = &probe_shown(r->probe, 0)->layer;

    r->sign_undefined += p->raw_sign == 0;
    for (int j = 0; p->raw_sign < 0 && j < a->h * a->w; j++)
        p->values[j] = -p->values[j];
    return h5_put(&r->out, "cam", i, p->values);
}

static status infer_one(struct infer *r, int i)
{
    const struct probe_shown *s = probe_shown(r->probe, 0);
    struct engine_map real;

    TRY(read_pixels(r, i));
    probe_run(r->probe, 0, r->pixels);
    TRY(probe_answer(r->probe, 0));
    TRY(probe_look(r->probe, 0));
    TRY(probe_methods(r->probe, 0, s->top[0]));
    real = (struct engine_map){
        .c = s->layer.c, .h = s->layer.h, .w = s->layer.w, .pitch = s->layer.c, .real = s->act
    };
    probe_layer_copy(&real, r->planes);
    TRY(write_path(r, i));
    TRY(h5_put(&r->out, "pixels", i, r->pixels));
    TRY(h5_put(&r->out, "logits", i, s->logits));
    TRY(h5_put(&r->out, "last_conv", i, r->planes));
    if (s->layer.codes) {
        probe_layer_copy(&s->layer, r->codes);
        TRY(h5_put(&r->out, "last_conv_int", i, r->codes));
    }
    TRY(write_cam(r, i));
    return r->set.tap && i == 0 ? write_codes(r) : OK;
}

/* ---- the command ------------------------------------------------------------------------------------ */

static const struct settings usual = { .isa = "auto", .resize = "model" };

static status check_settings(const struct settings *s, const struct option_words *words)
{
    static const char whole[] = "--pixels are as the network takes them";
    int pixels = s->pixels[0] != 0;
    const struct option_idle idle[] = { { pixels, "preprocess.resize", whole },
                                        { pixels, "preprocess.filter", whole },
                                        { pixels, "preprocess.pillow", whole } };

    if (!s->model[0] || !s->weights[0])
        return FAIL(ERR_USAGE, "infer: --model and --weights are needed");
    if (!s->output[0])
        return FAIL(ERR_USAGE, "infer: -o OUT.h5 is needed");
    if (!s->pixels[0] && words->count == 0)
        return FAIL(ERR_USAGE, "infer: no image and no --pixels");
    if (s->pixels[0] && words->count > 0)
        return FAIL(ERR_USAGE, "infer: images and --pixels exclude each other");
    return option_idle_check(&table, s, &usual, idle, COUNT_OF(idle));
}

static status run(struct infer *r, const struct option_words *words)
{
    struct engine_options options = { .arithmetic = (enum engine_arithmetic)r->set.engine,
                                      .saturate = (enum engine_saturation)r->set.saturate,
                                      .keep = r->set.tap };
    const struct network *const net = &r->net;

    TRY(check_settings(&r->set, words));
    TRY(network_open(r->set.model, r->set.weights, &r->set.reading, &options, r->set.isa, &r->net));
    TRY(network_check_relu6(&r->set.reading, &net, 1));
    TRY(network_check_arithmetic(&options, &net, 1));
    if (r->set.tap && engine_form(net->engine.plan) != PRECISION_CODES)
        return FAIL(ERR_USAGE, "--tap=all has no effect: %s has no codes", r->set.weights);
    network_say(r->set.weights, &r->net.decided);
    TRY(image_pipeline_change(&r->net.pipeline, r->set.resize, r->set.filter, r->set.pillow));
    if (cam_method_needs_head((enum cam_method)r->set.cam))
        TRY(network_head(&r->net, r->set.weights, &r->set.reading, &r->head));
    TRY(open_input(r, words));
    TRY(allocate(r));
    if (r->count > 0)
        TRY(read_pixels(r, 0));
    TRY(create_output(r));
    for (int i = 0; i < r->count; i++)
        TRY(infer_one(r, i));
    TRY(h5_close(&r->out, OK));
    if (rename(r->part, r->set.output) != 0)
        return FAIL(ERR_IO, "%s: cannot rename it to %s", r->part, r->set.output);
    r->part[0] = '\0';
    return OK;
}

static void summary(const struct infer *r)
{
    int codes = engine_form(r->net.engine.plan) == PRECISION_CODES;

    printf("%s  %s%s%s  %s  %d %s  %s\n", r->net.model.name, r->net.precision, codes ? " " : "",
           codes ? engine_arithmetic_name(engine_arithmetic_used(r->net.engine.plan)) : "",
           r->net.kernels->isa, r->count, r->count == 1 ? "image" : "images", r->set.output);
    if (r->sign_undefined)
        log_info("infer: the raw sign is undefined for %d images; their /cam has the sign of the rule absmax",
                 r->sign_undefined);
}

int cmd_infer(int argc, char **argv)
{
    struct infer r = { .set = usual };
    struct option_words words = { 0 };
    status result = option_read_args(&table, &r.set, argc, argv, &words);

    if (result == OK && words.help) {
        option_help(&table, &r.set, words.help, stdout);
        return 0;
    }
    if (result == OK)
        result = run(&r, &words);
    result = h5_close(&r.out, h5_close(&r.pixel_file, result));
    if (result == OK)
        summary(&r);
    else
        log_error("%s", error_last()->text);
    if (r.part[0])
        unlink(r.part);
    probe_free(r.probe);
    model_head_free(&r.head);
    network_close(&r.net);
    mem_free(r.pixels);
    mem_free(r.planes);
    mem_free(r.codes);
    return error_exit_code(result);
}
