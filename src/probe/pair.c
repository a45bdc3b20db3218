/* src/probe/pair.c: how far two precisions of one network differ on one picture. */
#include "probe_parts.h"

static void compare_maps(struct probe *p, int i, struct probe_pair *out)
{
    const struct cam_projection *first = &p->view[0].shown.cam, *second = &p->view[i].shown.cam;
    int cells = p->h * p->w, first_needs = 0, second_needs = 0;
    struct rmse_side a = { first->values, first->raw_sign, probe_map(p, 0, 0), NULL },
                     b = { second->values, second->raw_sign, probe_map(p, i, 0), NULL };

    rmse_needs_flipped(&a, &b, cells, &first_needs, &second_needs);
    a.map_flipped = first_needs ? probe_map(p, 0, 1) : NULL;
    b.map_flipped = second_needs ? probe_map(p, i, 1) : NULL;
    rmse_pair(&a, &b, cells, probe_pixels(p), &out->rmse);
    compare_pair(&(struct compare_side){ a.projection, a.map_resolved },
                 &(struct compare_side){ b.projection, b.map_resolved }, p->h, p->w, p->height, p->width,
                 &out->alike);
}

static void compare_methods(struct probe *p, int i, struct probe_pair *out)
{
    for (int m = 0; m < CAM_METHODS; m++) {
        const float *a = p->view[0].shown.method[m].values, *b = p->view[i].shown.method[m].values;

        if (!(p->how.methods >> m & 1))
            continue;
        cam_finish(a, p->h, p->w, p->height, p->width, p->finished[0]);
        cam_finish(b, p->h, p->w, p->height, p->width, p->finished[1]);
        out->method_rmse[m] = rmse_maps(p->finished[0], p->finished[1], probe_pixels(p));
        out->method_correlation[m] = rmse_correlation(a, b, p->h * p->w);
    }
}

void probe_pair(struct probe *p, int i, struct probe_pair *out)
{
    BUG_IF(i < 1 || i >= p->network[p->aim].precisions);
    *out = (struct probe_pair){ 0 };
    compare_maps(p, i, out);
    compare_methods(p, i, out);
}

float probe_box_iou(const int32_t a[4], const int32_t b[4])
{
    int64_t w = (int64_t)(a[2] < b[2] ? a[2] : b[2]) - (a[0] > b[0] ? a[0] : b[0]) + 1;
    int64_t h = (int64_t)(a[3] < b[3] ? a[3] : b[3]) - (a[1] > b[1] ? a[1] : b[1]) + 1;
    int64_t both = w > 0 && h > 0 ? w * h : 0;
    int64_t area_a = (int64_t)(a[2] - a[0] + 1) * (a[3] - a[1] + 1),
            area_b = (int64_t)(b[2] - b[0] + 1) * (b[3] - b[1] + 1);

    if (a[0] < 0 || b[0] < 0)
        return a[0] < 0 && b[0] < 0;
    return (float)((double)both / (double)(area_a + area_b - both));
}
