/* src/report/overview.c: what quantization changed in one network. */
#include "overview.h"

#include <string.h>

/* A value of p (side 1) or of the first precision (0). */
static status ask(struct store_reader *r, const struct overview *o, int side, int set, const char *measure,
                  struct value *out)
{
    return value_read(r, &(struct value_key){ o->network, side ? o->p : 0, set, measure }, out);
}

static status ask_change(struct store_reader *r, const struct overview *o, int set, const char *measure,
                         struct overview_change *out)
{
    TRY(value_difference(r, &(struct value_key){ o->network, o->p, set, measure }, &out->change));
    for (int side = 0; side < 2; side++)
        TRY(ask(r, o, side, set, measure, &out->of[side]));
    return OK;
}

static status read_curves(struct store_reader *r, struct overview *o)
{
    const struct store_layout *l = store_reader_layout(r);
    static const char *const kind[] = { "deletion", "insertion" };
    struct overview_change *const to[] = { &o->deletion, &o->insertion };
    char measure[2 * STORE_NAME];

    for (int i = 0; i < 2; i++) {
        TRY(ask_change(r, o, o->set, kind[i], to[i]));
        for (int scorer = 0; scorer < 2; scorer++) {
            snprintf(measure, sizeof measure, "%s_on_%s", kind[i], l->precision[scorer ? o->p : 0].name);
            TRY(value_difference(r, &(struct value_key){ o->network, o->p, o->set, measure },
                                 &o->cross[scorer][i]));
        }
    }
    return OK;
}

static status read_sign(struct store_reader *r, struct overview *o)
{
    int set[2] = { 0,
                   value_set(store_reader_layout(r), "raw", store_reader_layout(r)->precision[o->p].name) };

    for (int i = 0; i < 2; i++) {
        TRY(ask(r, o, 1, set[i], "sign_flipped", &o->sign[i].flipped));
        TRY(ask(r, o, 1, set[i], "raw_undefined", &o->sign[i].undefined));
        TRY(ask(r, o, 1, set[i], "rmse_raw", &o->sign[i].raw));
        TRY(ask(r, o, 1, set[i], "rmse_resolved", &o->sign[i].own));
        TRY(ask(r, o, 1, set[i], "rmse_aligned", &o->sign[i].aligned));
    }
    return OK;
}

status overview_read(struct store_reader *r, int network, int p, struct overview *out)
{
    const struct store_layout *l = store_reader_layout(r);
    struct value same, p_value;

    memset(out, 0, sizeof *out);
    out->network = network;
    out->p = p;
    TRY(ask(r, out, 1, 0, "same_top1", &same));
    out->images = same.images;
    out->changed = same;
    out->changed.value = 100 - same.value;
    out->changed.low = 100 - same.high;
    out->changed.high = 100 - same.low;
    TRY(ask_change(r, out, 0, "top1", &out->top1));
    TRY(ask(r, out, 1, 0, "top1_p", &p_value));
    out->top1_p = p_value.value;
    TRY(ask(r, out, 1, 0, "rmse_aligned", &out->rmse));
    TRY(ask(r, out, 1, 0, "correlation", &out->correlation));
    TRY(ask(r, out, 1, 0, "box_iou", &out->box));
    out->set = value_set(l, "control", "");
    if (out->set < 0)
        out->set = value_set(l, "aligned", l->precision[p].name);
    if (l->steps == 0)
        out->set = -1;
    TRY(read_curves(r, out));
    TRY(ask_change(r, out, 0, "iou", &out->iou));
    TRY(ask(r, out, 1, 0, "frame_iou", &out->frame));
    for (int side = 0; side < 2; side++) {
        TRY(ask(r, out, side, 0, "size", &out->size[side]));
        TRY(ask(r, out, side, 0, "inference", &out->time[side]));
    }
    return read_sign(r, out);
}

static double ratio(const struct value v[2])
{
    return !v[0].why && !v[1].why && v[0].value > 0 && v[1].value > 0 ? v[0].value / v[1].value : 0;
}

double overview_size_ratio(const struct overview *o)
{
    return ratio(o->size);
}

double overview_time_ratio(const struct overview *o)
{
    return ratio(o->time);
}
