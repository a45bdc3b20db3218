/* src/probe/probe.c: buffers for the largest of the networks, and which one is in hand. */
#include "probe_parts.h"

#include <string.h>

struct image_pipeline probe_pipeline(const struct model *m)
{
    const struct model_input *in = &m->input;

    return (struct image_pipeline){ .resize = in->resize,
                                    .height = in->height,
                                    .width = in->width,
                                    .channels = in->channels,
                                    .filter =
                                        strcmp(in->filter, "bicubic") == 0 ? IMAGE_BICUBIC : IMAGE_BILINEAR };
}

/* The most that any precision of any network takes. */
struct extent {
    size_t pixels, seen, cells, values, classes; /* seen: values of a picture */
    int channels, precisions;
};

static struct probe_size size_of(const struct probe_network *n, int i)
{
    const struct model_input *in = &n->model[i]->input;
    struct engine_map m = engine_cam_map(n->engine[i].plan, n->engine[i].state);

    return (struct probe_size){
        .height = in->height, .width = in->width, .channels = in->channels, .h = m.h, .w = m.w, .c = m.c
    };
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static struct extent measure(const struct probe *p)
{
    struct extent most = { 0 };

    for (int i = 0; i < p->networks; i++) {
        const struct probe_network *n = &p->network[i];

        for (int k = 0; k < n->precisions; k++) {
            struct probe_size s = size_of(n, k);
            size_t cells = (size_t)s.h * (size_t)s.w, pixels = (size_t)s.height * (size_t)s.width;

            most.pixels = larger(most.pixels, pixels);
            most.seen = larger(most.seen, pixels * (size_t)s.channels);
            most.cells = larger(most.cells, cells);
            most.values = larger(most.values, cells * (size_t)s.c);
            most.channels = s.c > most.channels ? s.c : most.channels;
        }
        most.classes = larger(most.classes, (size_t)engine_classes(n->engine[0].plan));
        most.precisions = n->precisions > most.precisions ? n->precisions : most.precisions;
    }
    return most;
}

/* Answers of the precisions are put side by side. */
static status check_network(const struct probe_network *n)
{
    if (n->precisions < 1 || n->precisions > PROBE_PRECISIONS)
        return FAIL(ERR_RANGE, "%s: %d precisions, 1 to %d are possible", n->model[0]->name, n->precisions,
                    PROBE_PRECISIONS);
    for (int i = 1; i < n->precisions; i++)
        if (engine_classes(n->engine[i].plan) != engine_classes(n->engine[0].plan))
            return FAIL(ERR_MISMATCH, "%s: precision %d has %d classes, the first %d", n->model[i]->name,
                        i + 1, engine_classes(n->engine[i].plan), engine_classes(n->engine[0].plan));
    return OK;
}

static status make_view(const struct probe_how *how, const struct extent *most, struct probe_view *v)
{
    MEM_TRY(v->shown.logits, most->classes, sizeof(float));
    MEM_TRY(v->shown.cam.values, most->cells, sizeof(float));
    MEM_TRY(v->grid, most->cells, sizeof(float));
    MEM_TRY(v->map[0], most->pixels, sizeof(float));
    MEM_TRY(v->map[1], most->pixels, sizeof(float));
    if (how->input)
        MEM_TRY(v->input, most->pixels, sizeof(float));
    for (int m = 0; m < CAM_METHODS; m++)
        if (how->methods >> m & 1)
            MEM_TRY(v->shown.method[m].values, most->cells, sizeof(float));
    return OK;
}

/* What curves and maps of the picture's size both alter. */
static status make_altered(struct probe *p, const struct extent *most)
{
    MEM_TRY(p->picture, most->seen, sizeof(float));
    MEM_TRY(p->work, most->seen, sizeof(float));
    MEM_TRY(p->scratch, most->pixels, sizeof *p->scratch);
    return OK;
}

static status make_curves(struct probe *p, const struct extent *most)
{
    MEM_TRY(p->away, most->seen, sizeof(float));
    MEM_TRY(p->blank, most->seen, sizeof(float));
    MEM_TRY(p->order, most->pixels, sizeof *p->order);
    return OK;
}

/* The most altered pictures that a map takes of any network. */
static size_t most_scores(const struct probe *p, const struct extent *most)
{
    size_t scores = 1;

    for (int i = 0; i < p->networks; i++)
        for (int k = 0; k < p->network[i].precisions; k++)
            for (int m = 0; m < ATTRIBUTIONS; m++) {
                const struct model_input *in = &p->network[i].model[k]->input;

                if (p->how.attribution.methods >> m & 1)
                    scores =
                        larger(scores, (size_t)attribution_forwards(&p->how.attribution, (enum attribution)m,
                                                                    most->channels, in->height, in->width));
            }
    return scores;
}

static status make_attributions(struct probe *p, const struct extent *most)
{
    MEM_TRY(p->fill, most->seen, sizeof(float));
    MEM_TRY(p->base, most->seen, sizeof(float));
    MEM_TRY(p->altered, most->seen, sizeof(float));
    MEM_TRY(p->mask, most->pixels, sizeof(float));
    MEM_TRY(p->sum, larger(most->seen, (size_t)most->channels), sizeof *p->sum);
    MEM_TRY(p->chosen, (size_t)most->channels, sizeof *p->chosen);
    MEM_TRY(p->score, most_scores(p, most), sizeof(float));
    for (int m = 0; m < ATTRIBUTIONS; m++)
        for (int k = 0; k < 2 && (p->how.attribution.methods >> m & 1); k++) {
            MEM_TRY(p->attributed[m][k].values, larger(most->pixels, most->cells), sizeof(float));
            MEM_TRY(p->attributed[m][k].map, most->pixels, sizeof(float));
        }
    return OK;
}

/* Networks with frames of one size share a workspace. */
static int frame_of(const struct probe *p, int network)
{
    const struct model_input *in = &p->network[network].model[0]->input;
    int i = 0;

    while (p->network[i].model[0]->input.height != in->height ||
           p->network[i].model[0]->input.width != in->width)
        i++;
    return i;
}

static status make_room(struct probe *p, const struct kernel_table *k)
{
    struct extent most;

    for (int i = 0; i < p->networks; i++)
        TRY(check_network(&p->network[i]));
    most = measure(p);
    for (int i = 0; i < p->networks; i++)
        if (frame_of(p, i) == i)
            TRY(wsol_create(p->network[i].model[0]->input.width, p->network[i].model[0]->input.height,
                            &p->wsol[i]));
    for (int i = 0; i < p->networks && p->how.together > 0; i++)
        for (int j = 0; j < p->network[i].precisions; j++)
            TRY(engine_group_make(p->network[i].engine[j].plan, p->how.together, &p->group[i][j]));
    for (int i = 0; i < most.precisions; i++)
        TRY(make_view(&p->how, &most, &p->view[i]));
    MEM_TRY(p->act, most.values + 16, sizeof *p->act); /* kernels may read a vector more */
    MEM_TRY(p->negative, most.cells, sizeof *p->negative);
    MEM_TRY(p->probability, most.classes, sizeof *p->probability);
    MEM_TRY(p->finished[0], most.pixels, sizeof(float));
    MEM_TRY(p->finished[1], most.pixels, sizeof(float));
    if (p->how.curves > 0 || p->how.road || p->how.attribution.methods || p->how.removal)
        TRY(make_altered(p, &most));
    if (p->how.curves > 0 || p->how.road || p->how.removal)
        TRY(make_curves(p, &most));
    if (p->how.attribution.methods)
        TRY(make_attributions(p, &most));
    return cam_workspace_create((int)most.cells, most.channels, k, &p->cam);
}

status probe_create(const struct probe_network *network, int networks, const struct probe_how *how,
                    const struct kernel_table *k, struct probe **out)
{
    struct probe *p;
    status result;

    *out = NULL;
    BUG_IF(networks < 1 || networks > PROBE_NETWORKS || how->curves < 0 ||
           how->together < 0);
    MEM_TRY(p, 1, sizeof *p);
    memcpy(p->network, network, (size_t)networks * sizeof *network);
    p->networks = networks;
    p->how = *how;
    p->kernels = k;
    result = make_room(p, k);
    if (result != OK) {
        probe_free(p);
        return result;
    }
    probe_aim(p, 0);
    *out = p;
    return OK;
}

void probe_free(struct probe *p)
{
    if (!p)
        return;
    void *const block[] = { p->act,     p->negative, p->probability, p->finished[0], p->finished[1],
                            p->picture, p->away,     p->blank,       p->work,        p->order,
                            p->scratch, p->fill,     p->altered,     p->mask,        p->score,
                            p->sum,     p->chosen,   p->base };

    for (size_t i = 0; i < COUNT_OF(block); i++)
        mem_free(block[i]);
    for (int i = 0; i < PROBE_PRECISIONS; i++) {
        struct probe_view *v = &p->view[i];

        mem_free(v->shown.logits);
        mem_free(v->shown.cam.values);
        mem_free(v->grid);
        for (int m = 0; m < CAM_METHODS; m++)
            mem_free(v->shown.method[m].values);
        mem_free(v->map[0]);
        mem_free(v->map[1]);
        mem_free(v->input);
    }
    for (int m = 0; m < ATTRIBUTIONS; m++)
        for (int k = 0; k < 2; k++) {
            mem_free(p->attributed[m][k].values);
            mem_free(p->attributed[m][k].map);
        }
    for (int i = 0; i < p->networks; i++)
        wsol_free(p->wsol[i]);
    for (int i = 0; i < p->networks; i++)
        for (int k = 0; k < PROBE_PRECISIONS; k++)
            engine_group_free(p->group[i][k]);
    cam_workspace_free(p->cam);
    image_road_free(p->road.fill);
    mem_free(p);
}

struct probe_how *probe_how_of(struct probe *p)
{
    return &p->how;
}

void probe_forget(struct probe_view *v)
{
    v->made[0] = v->made[1] = v->boxed = v->viewed = 0;
}

void probe_aim(struct probe *p, int network)
{
    const struct probe_network *n = &p->network[network];

    BUG_IF(network < 0 || network >= p->networks);
    p->aim = network;
    p->classes = engine_classes(n->engine[0].plan);
    for (int i = 0; i < n->precisions; i++) {
        p->size[i] = size_of(n, i);
        p->view[i].shown.classes = p->classes;
        probe_forget(&p->view[i]);
    }
    probe_see(p, 0);
}

struct wsol_workspace *probe_frame(const struct probe *p)
{
    return p->wsol[frame_of(p, p->aim)];
}
