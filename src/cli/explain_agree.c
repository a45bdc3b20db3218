/* src/cli/explain_agree.c: the agreement of maps with saliency and with each other, a row a picture. */
#include "explain_agree.h"

#include <math.h>
#include <string.h>

static const struct density_scores none = { NAN, NAN, NAN };

status explain_agree_open(const struct truth_pictures *list, const struct truth_how *how, unsigned methods,
                  struct agree *out)
{
    *out = (struct agree){ .methods = methods, .kind = how->from[TRUTH_MASK] ? TRUTH_MASK : TRUTH_DENSITY };
    return truth_open(list, how, &out->truths);
}

static void forget(struct agree *a)
{
    truth_free(&a->truth);
    mem_free(a->seen);
    a->seen = NULL;
}

void explain_agree_close(struct agree *a)
{
    forget(a);
    truth_close(a->truths);
    mem_free(a->map[0]);
    mem_free(a->map[1]);
    *a = (struct agree){ .truths = NULL };
}

static status make_room(struct agree *a, size_t values)
{
    if (values <= a->room)
        return OK;
    for (int k = 0; k < 2; k++) {
        mem_free(a->map[k]);
        MEM_TRY(a->map[k], values, sizeof(float));
    }
    a->room = values;
    return OK;
}

/* The truth in the frame of the network, least to most. */
static status show_truth(struct agree *a, const struct model_input *in)
{
    int pixels = in->width * in->height;
    struct saliency_map m;
    float low, high;

    TRY(saliency_resize(&a->truth.map, in->width, in->height, &m));
    tensor_range(m.value, pixels, &low, &high);
    a->seen = mem_alloc((size_t)pixels, 1);
    for (int i = 0; i < pixels && a->seen && high > low; i++)
        m.value[i] = (m.value[i] - low) / (high - low);
    if (a->seen)
        cam_bytes(m.value, pixels, a->seen);
    saliency_free(&m);
    return a->seen ? OK : FAIL(ERR_MEMORY, "no memory for %d pixels", pixels);
}

/* In the frame of the truth; of a pair the first precision's map stands in the truth's place. */
static status compare(struct agree *a, struct explain *e, int p, int method, int width, int height)
{
    int64_t count = (int64_t)width * height;

    TRY(probe_compared(e->probe, p, method, IMAGE_BILINEAR, width, height, a->map[0]));
    if (truth_is_there(a->truth.state))
        density_compare(a->map[0], a->truth.map.value, count, &a->with_truth[p][method]);
    if (p == 0)
        return OK;
    TRY(probe_compared(e->probe, 0, method, IMAGE_BILINEAR, width, height, a->map[1]));
    density_compare(a->map[0], a->map[1], count, &a->with_first[p][method]);
    return OK;
}

status explain_agree_picture(struct agree *a, struct explain *e, int i)
{
    const struct model_input *in = &e->set.of[0].model.input;
    int there, width = in->width, height = in->height;

    forget(a);
    TRY(truth_read(a->truths, a->kind, i, NULL, &a->truth));
    there = truth_is_there(a->truth.state);
    if (there) {
        TRY(show_truth(a, in));
        width = a->truth.map.width;
        height = a->truth.map.height;
    }
    TRY(make_room(a, (size_t)width * (size_t)height));
    for (int p = 0; p < e->set.count; p++)
        for (int m = 0; m < CAM_METHODS; m++) {
            a->with_truth[p][m] = a->with_first[p][m] = none;
            if (a->methods >> m & 1)
                TRY(compare(a, e, p, m, width, height));
        }
    return OK;
}

/* ---- CSV ----------------------------------------------------------------------------------------------- */

/* The columns in their order: their names, or the values. */
static status add_columns(const struct agree *a, const struct explain *e, int names, struct text *out)
{
    static const char *const score[] = { "sim", "cc", "kld" };

    for (int p = 0; p < e->set.count; p++)
        for (int pair = 0; pair <= (p > 0); pair++)
            for (int m = 0; m < CAM_METHODS; m++) {
                const struct density_scores *s = pair ? &a->with_first[p][m] : &a->with_truth[p][m];
                const double value[] = { s->sim, s->cc, s->kld };

                for (size_t k = 0; k < COUNT_OF(score) && (a->methods >> m & 1); k++)
                    if (names)
                        TRY(text_add(out, ",%s%s%s_%s_%s", e->set.name[p], pair ? "_vs_" : "",
                                     pair ? e->set.name[0] : "", score[k],
                                     cam_method_name((enum cam_method)m)));
                    else if (isnan(value[k]))
                        TRY(text_add(out, ","));
                    else
                        TRY(text_add(out, ",%.6g", value[k]));
            }
    return text_add(out, "\n");
}

status explain_agree_head(const struct agree *a, const struct explain *e, struct text *out)
{
    TRY(text_add(out, "picture,network"));
    return add_columns(a, e, 1, out);
}

status explain_agree_row(const struct agree *a, const struct explain *e, const char *picture,
                         struct text *out)
{
    TRY(text_add(out, "%s", strpbrk(picture, ",\"") ? "\"" : ""));
    for (const char *c = picture; *c; c++)
        TRY(text_add(out, "%s%c", *c == '"' ? "\"" : "", *c));
    TRY(text_add(out, "%s,%s", strpbrk(picture, ",\"") ? "\"" : "", e->set.who));
    return add_columns(a, e, 0, out);
}
