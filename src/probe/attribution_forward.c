/* src/probe/attribution_forward.c: ScoreCAM, RISE and occlusion: the altered pictures that each runs, and the
 * map of the scores. */
#include "attribution.h"

#include <string.h>

/* p->altered becomes the picture times p->mask. */
static void mask_picture(struct probe *p)
{
    int channels = p->channels;

    for (int i = 0; i < probe_pixels(p); i++)
        for (int c = 0; c < channels; c++)
            p->altered[i * channels + c] = p->picture[i * channels + c] * p->mask[i];
}

/* ---- ScoreCAM -------------------------------------------------------------------------------------------
 */

static int count_channels(const struct attribution_how *how, int channels, int height, int width)
{
    return how->channels > 0 && how->channels < channels ? how->channels : channels;
}

/* The layer stays in p->act. */
static void choose_channels(struct probe *p)
{
    const struct engine *e = probe_engine(p, p->attributing.precision);
    struct engine_map layer = engine_cam_map(e->plan, e->state);

    engine_map_copy_real(&layer, p->act);
    scorecam_choose(p->act, layer.h * layer.w, layer.c, p->how.attribution.channels, p->sum, p->chosen);
}

static void mask_by_channel(struct probe *p, int k)
{
    const struct probe_size *s = &p->size[p->attributing.precision];

    scorecam_mask(p->act, s->h, s->w, s->c, p->chosen[k], p->height, p->width, p->mask);
    mask_picture(p);
}

static void weigh_channels(struct probe *p, float *values)
{
    const struct probe_size *s = &p->size[p->attributing.precision];

    scorecam_map(p->act, s->h * s->w, s->c, p->chosen, p->attributing.count, p->score, p->sum, values);
}

const struct attribution_method attribution_scorecam = { .by_logit = 1,
                                                         .on_layer = 1,
                                                         .altered = count_channels,
                                                         .begin = choose_channels,
                                                         .alter = mask_by_channel,
                                                         .finish = weigh_channels };

/* ---- RISE -----------------------------------------------------------------------------------------------
 */

static struct rise rise_of(const struct probe *p)
{
    const struct attribution_how *how = &p->how.attribution;

    return (struct rise){ .masks = how->masks,
                          .cells = how->cells,
                          .keep = how->keep,
                          .seed = how->seed,
                          .key = p->attributing.key };
}

static int count_masks(const struct attribution_how *how, int channels, int height, int width)
{
    return how->masks;
}

static void mask_at_random(struct probe *p, int k)
{
    const struct rise r = rise_of(p);

    rise_mask(&r, k, p->height, p->width, p->mask);
    mask_picture(p);
}

static void weigh_masks(struct probe *p, float *values)
{
    const struct rise r = rise_of(p);

    rise_map(&r, p->height, p->width, p->score, p->mask, p->sum, values);
}

const struct attribution_method attribution_rise = { .altered = count_masks,
                                                     .alter = mask_at_random,
                                                     .finish = weigh_masks };

/* ---- occlusion ------------------------------------------------------------------------------------------
 */

static struct occlusion occlusion_of(const struct attribution_how *how)
{
    return (struct occlusion){ .window = how->window, .stride = how->stride };
}

static int count_windows(const struct attribution_how *how, int channels, int height, int width)
{
    const struct occlusion o = occlusion_of(how);

    return occlusion_windows(&o, height, width);
}

static void cover(struct probe *p, int k)
{
    const struct occlusion o = occlusion_of(&p->how.attribution);
    size_t pixel = (size_t)p->channels, line = (size_t)p->width * pixel;
    int32_t edge[4];

    occlusion_window(&o, p->height, p->width, k, edge);
    memcpy(p->altered, p->picture, (size_t)p->height * line * sizeof *p->altered);
    for (int y = edge[1]; y < edge[3]; y++) {
        size_t at = (size_t)y * line + (size_t)edge[0] * pixel;

        memcpy(p->altered + at, p->fill + at, (size_t)(edge[2] - edge[0]) * pixel * sizeof *p->altered);
    }
}

static void average_windows(struct probe *p, float *values)
{
    const struct occlusion o = occlusion_of(&p->how.attribution);

    occlusion_map(&o, p->height, p->width, p->attributing.clean, p->score, values);
}

const struct attribution_method attribution_occlusion = { .altered = count_windows,
                                                          .alter = cover,
                                                          .finish = average_windows };
