/* src/cli/infer.c: pictures asked of the probe one by one, and the HDF5 file of the answers. */
#include "infer.h"

#include <string.h>
#include <unistd.h>

enum { NAME_SIZE = OPTION_NAME + MODEL_NAME + 16 };

struct output {
    const struct infer *r;
    const struct infer_pictures *pictures;
    struct h5_file file;
    char name[NAME_SIZE]; /* of the dataset in hand */
};

/* ---- what is asked ------------------------------------------------------------------------------------- */

/* Bytes of the largest node that may be stored, as real numbers: the CAM layer's, with `tap` any. */
static size_t layer_bytes(const struct infer *r)
{
    const struct model *m = &r->set.of[0].model;
    const struct model_node *cam = &m->node[m->cam];
    size_t most = (size_t)cam->c * (size_t)cam->h * (size_t)cam->w;

    for (int i = 0; i < m->nodes && (r->how.tap || r->how.gradient); i++) {
        size_t size = (size_t)m->node[i].c * (size_t)m->node[i].h * (size_t)m->node[i].w;

        most = size > most ? size : most;
    }
    return most * sizeof(float);
}

status infer_open(struct infer *r, const struct infer_how *how)
{
    const struct probe_how probe = {
        .sign = CAM_ABSMAX, .methods = 1u << how->cam, .of_class = how->of_class, .method_raw = 1
    };

    r->how = *how;
    MEM_TRY(r->pixels, image_pipeline_bytes(&r->set.of[0].pipeline), 1);
    MEM_TRY(r->layer, layer_bytes(r), 1);
    return network_set_probe(&r->set, &probe, &r->probe);
}

void infer_free(struct infer *r)
{
    probe_free(r->probe);
    network_set_close(&r->set);
    mem_free(r->pixels);
    mem_free(r->layer);
    memset(r, 0, sizeof *r);
}

/* ---- pictures ------------------------------------------------------------------------------------------ */

status infer_open_pixels(const struct infer *r, struct infer_pictures *p)
{
    const struct image_pipeline *in = &r->set.of[0].pipeline;
    int64_t dim[H5_MOST_AXES];

    TRY(h5_open(p->pixels, p->pixels, H5_READ, &p->file));
    TRY(h5_shape(&p->file, "pixels", 4, dim));
    if (dim[1] != in->height || dim[2] != in->width || dim[3] != in->channels || dim[0] > INT32_MAX)
        return FAIL(ERR_MISMATCH,
                    "%s: /pixels holds %lld x %lld x %lld pictures, the network takes %d x %d x %d",
                    p->pixels, (long long)dim[1], (long long)dim[2], (long long)dim[3], in->height, in->width,
                    in->channels);
    p->count = (int)dim[0];
    return OK;
}

static status read_pixels(const struct infer *r, const struct infer_pictures *p, int i)
{
    struct image_info info;

    if (p->path)
        return image_load(p->path[i], &r->set.of[0].pipeline, r->pixels, &info);
    return h5_get(&p->file, "pixels", H5_U8, i, r->pixels);
}

static status write_path(const struct output *o, int i)
{
    char name[OPTION_SIZE + 16];

    snprintf(name, sizeof name, "%s:%d", o->pictures->pixels, i);
    return h5_put_text(&o->file, "path", i, o->pictures->path ? o->pictures->path[i] : name);
}

/* ---- the file ------------------------------------------------------------------------------------------ */

/* The dataset of precision i, in its group where there are several. */
static const char *name_of(struct output *o, int i, const char *what)
{
    const struct network_set *set = &o->r->set;

    snprintf(o->name, sizeof o->name, "%s%s%s", set->count > 1 ? set->name[i] : "", set->count > 1 ? "/" : "",
             what);
    return o->name;
}

/* The codes that a map has or was rounded to. */
static status add_params(const struct h5_set *set, const struct quant_params *q)
{
    const struct {
        const char *name;
        int64_t value;
    } whole[] = { { "zero_point", q->zero_point }, { "low", q->low }, { "high", q->high } };

    if (q->scale == 0)
        return OK;
    TRY(h5_attribute_write(set, "scale", H5_F64, 0, &q->scale));
    for (size_t i = 0; i < COUNT_OF(whole); i++)
        TRY(h5_attribute_write(set, whole[i].name, H5_S64, 0, &whole[i].value));
    return OK;
}

/* A dataset of maps like `m`, (N, c, h, w) or (c, h, w): u8 codes, or f32 real values. */
static status add_map(struct output *o, const char *name, int rank, const int64_t *dim,
                      const struct engine_map *m)
{
    const struct h5_type type = { .kind = m->codes ? H5_U8 : H5_F32 };
    struct h5_set set;

    TRY(h5_set_create(&o->file, name, &type, rank, dim, H5_UNFILLED, &set));
    return h5_set_finish(&set, add_params(&set, &m->q));
}

struct note {
    const char *name, *text; /* NULL: there is none */
};

static status add_notes(const struct h5_set *on, const struct note *note, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (note[i].text)
            TRY(h5_attribute_write_text(on, note[i].name, H5_TEXT, note[i].text));
    return OK;
}

static status describe_file(const struct output *o)
{
    const struct network_set *set = &o->r->set;
    const int one = set->count == 1;
    const struct h5_set root = h5_root(&o->file);
    const struct note notes[] = { { "model", set->of[0].model.name },
                                  { "precision", one ? set->name[0] : NULL },
                                  { "cam", cam_method_name(o->r->how.cam) },
                                  { "isa", set->of[0].kernels->isa },
                                  { "engine", one ? network_engine(&set->of[0]) : NULL } };

    return add_notes(&root, notes, COUNT_OF(notes));
}

/* Beside others a precision says what it is by its logits. */
static status describe_precision(struct output *o, int i)
{
    const struct network_set *set = &o->r->set;
    const struct note notes[] = { { "precision", set->name[i] }, { "engine", network_engine(&set->of[i]) } };
    struct h5_set logits;

    if (set->count == 1)
        return OK;
    TRY(h5_set_open(&o->file, name_of(o, i, "logits"), NULL, &logits));
    return h5_set_finish(&logits, add_notes(&logits, notes, COUNT_OF(notes)));
}

static status create_precision(struct output *o, int i)
{
    const struct engine *e = &o->r->set.of[i].engine;
    const struct engine_map a = engine_cam_map(e->plan, e->state);
    const struct model_node *g = &o->r->set.of[i].model.node[o->r->set.of[i].asked_node];
    const int64_t n = o->pictures->count, classes = engine_classes(e->plan);

    TRY(h5_add(&o->file, name_of(o, i, "logits"), H5_F32, 0, 2, (int64_t[]){ n, classes }));
    TRY(h5_add(&o->file, name_of(o, i, "last_conv"), H5_F32, 0, 4, (int64_t[]){ n, a.c, a.h, a.w }));
    TRY(h5_add(&o->file, name_of(o, i, "cam"), H5_F32, 0, 3, (int64_t[]){ n, a.h, a.w }));
    if (o->r->how.gradient)
        TRY(h5_add(&o->file, name_of(o, i, "gradient"), H5_F32, 0, 4, (int64_t[]){ n, g->c, g->h, g->w }));
    return describe_precision(o, i);
}

static status create_codes(struct output *o, int i)
{
    const struct engine *e = &o->r->set.of[i].engine;
    const struct engine_map a = engine_cam_map(e->plan, e->state);

    if (!a.codes)
        return OK;
    return add_map(o, name_of(o, i, "last_conv_int"), 4, (int64_t[]){ o->pictures->count, a.c, a.h, a.w },
                   &a);
}

static status create(struct output *o, const char *part)
{
    const struct infer_pictures *p = o->pictures;
    const struct image_pipeline *in = &o->r->set.of[0].pipeline;
    const int64_t n = p->count;
    size_t longest = p->path ? 16 : strlen(p->pixels) + 16;

    for (int i = 0; p->path && i < p->count; i++)
        longest = strlen(p->path[i]) > longest ? strlen(p->path[i]) : longest;
    TRY(h5_create(part, part, &(struct h5_form){ 0 }, &o->file));
    TRY(h5_add(&o->file, "path", H5_TEXT, longest, 1, &n));
    TRY(h5_add(&o->file, "pixels", H5_U8, 0, 4, (int64_t[]){ n, in->height, in->width, in->channels }));
    for (int i = 0; i < o->r->set.count; i++)
        TRY(create_precision(o, i));
    TRY(describe_file(o));
    for (int i = 0; i < o->r->set.count; i++)
        TRY(create_codes(o, i));
    return OK;
}

/* ---- a picture ----------------------------------------------------------------------------------------- */

/* The codes or real values of every node of precision i that shows them. */
static status write_nodes(struct output *o, int i)
{
    const struct network *net = &o->r->set.of[i];
    char node[MODEL_NAME + 8];

    for (int k = 0; k < net->model.nodes; k++) {
        struct engine_map m = engine_node_map(net->engine.plan, net->engine.state, k);

        if (!m.codes && !m.real)
            continue;
        snprintf(node, sizeof node, "%s/%s", m.codes ? "codes" : "values", net->model.node[k].name);
        probe_layer_copy(&m, o->r->layer);
        TRY(add_map(o, name_of(o, i, node), 3, (int64_t[]){ m.c, m.h, m.w }, &m));
        TRY(h5_put(&o->file, o->name, -1, o->r->layer));
    }
    return OK;
}

/* The CAM layer, as real values and as codes. */
static status write_layer(struct output *o, int i, int picture)
{
    const struct probe_shown *s = probe_shown(o->r->probe, i);
    const struct engine_map real = {
        .c = s->layer.c, .h = s->layer.h, .w = s->layer.w, .pitch = s->layer.c, .real = s->act
    };

    probe_layer_copy(&real, o->r->layer);
    TRY(h5_put(&o->file, name_of(o, i, "last_conv"), picture, o->r->layer));
    if (!s->layer.codes)
        return OK;
    probe_layer_copy(&s->layer, o->r->layer);
    return h5_put(&o->file, name_of(o, i, "last_conv_int"), picture, o->r->layer);
}

/* DESIGN 7.1: infer's map alone is in the raw sign; where that is undefined it is its own rule's. */
static status write_cam(struct output *o, int i, int picture)
{
    const struct probe_shown *s = probe_shown(o->r->probe, i);
    const struct cam_projection *p = &s->method[o->r->how.cam];

    for (int k = 0; p->raw_sign < 0 && k < s->layer.h * s->layer.w; k++)
        p->values[k] = -p->values[k];
    return h5_put(&o->file, name_of(o, i, "cam"), picture, p->values);
}

static status write_gradient(struct output *o, int i, int picture)
{
    const struct network *net = &o->r->set.of[i];
    const struct model_node *n = &net->model.node[net->asked_node];
    struct engine_map g = { .c = n->c, .h = n->h, .w = n->w, .pitch = n->c };

    gradient_run(net->asked.plan, net->asked.state, &net->engine, probe_class(o->r->probe, i, -1));
    g.real = gradient_map(net->asked.plan, net->asked.state);
    probe_layer_copy(&g, o->r->layer);
    return h5_put(&o->file, name_of(o, i, "gradient"), picture, o->r->layer);
}

static status write_precision(struct infer *r, struct output *o, int i, int picture)
{
    probe_run(r->probe, i, r->pixels);
    TRY(probe_answer(r->probe, i));
    TRY(probe_look(r->probe, i));
    TRY(probe_methods(r->probe, i, probe_class(r->probe, i, -1)));
    r->undefined[i] += probe_shown(r->probe, i)->method[r->how.cam].raw_sign == 0;
    TRY(h5_put(&o->file, name_of(o, i, "logits"), picture, probe_shown(r->probe, i)->logits));
    TRY(write_layer(o, i, picture));
    TRY(write_cam(o, i, picture));
    if (r->how.gradient)
        TRY(write_gradient(o, i, picture));
    return r->how.tap && picture == 0 ? write_nodes(o, i) : OK;
}

static status write_pictures(struct infer *r, struct output *o)
{
    for (int k = 0; k < o->pictures->count; k++) {
        TRY(read_pixels(r, o->pictures, k));
        TRY(write_path(o, k));
        TRY(h5_put(&o->file, "pixels", k, r->pixels));
        for (int i = 0; i < r->set.count; i++)
            TRY(write_precision(r, o, i, k));
    }
    return OK;
}

status infer_write(struct infer *r, const struct infer_pictures *p, const char *out)
{
    struct output o = { .r = r, .pictures = p };
    char part[OPTION_SIZE + 8];
    status result;

    snprintf(part, sizeof part, "%s.part", out);
    if (p->count > 0)
        TRY(read_pixels(r, p, 0));
    result = create(&o, part);
    if (result == OK)
        result = write_pictures(r, &o);
    result = h5_close(&o.file, result);
    if (result == OK && rename(part, out) != 0)
        result = FAIL(ERR_IO, "%s: cannot rename it to %s", part, out);
    if (result != OK)
        unlink(part);
    return result;
}
