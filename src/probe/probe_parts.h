/* src/probe/probe_parts.h: what the files of the room share. Private to the room. */
#ifndef PROBE_PARTS_H
#define PROBE_PARTS_H

#include "probe_attribution.h"

/* A precision's input and CAM layer. */
struct probe_size {
    int height, width, channels, h, w, c;
};

/* One precision: what it showed, and what was made of it since probe_look. */
struct probe_view {
    struct probe_shown shown;
    float *grid;   /* (h * w) of precision 0: the projection there, where it is of another grid */
    float *map[2]; /* (H, W) of the projection, and of its negative */
    float *input;  /* (H, W) of the input gradient, where how.input */
    int32_t box[4];
    struct measure_view measured;
    int made[2], boxed, viewed; /* map, box, measured are there */
};

/* A curve that is under way. */
struct probe_walk {
    int precision, class_index, clean_step;
    const float *to; /* what altered pixels become */
    float *curve, *logits;
    int step;    /* the next one */
    int begun;   /* the engine holds the step before */
    int waiting; /* steps in the engine's batch */
};

/* ROAD that is under way, and the room for it. */
struct probe_road {
    struct image_road *fill; /* of pictures of these extents */
    int height, width, channels;
    int precision, class_index;
    double clean; /* probability of the class */
    float *change;
    int order, step; /* the next one */
    int waiting;     /* steps in the engine's batch */
};

/* A map of the picture's size: what was made of a method in the first precision, or in another one. */
struct probe_attributed {
    float *values; /* (h, w) un-ReLU'd */
    float *map;    /* (H, W) finished */
    int h, w;
};

/* A map of the picture's size that is under way. */
struct probe_attributing {
    int precision, class_index;
    enum attribution method;
    uint32_t key;
    int count, next, scored; /* altered pictures: of the map, the next one, those whose score is there */
    float clean;             /* the clean picture's score */
};

struct probe {
    struct probe_network network[PROBE_NETWORKS];
    int networks, aim;
    struct probe_how how;
    struct engine_group *group[PROBE_NETWORKS][PROBE_PRECISIONS]; /* NULL: pictures run one by one */
    const struct kernel_table *kernels;
    struct probe_size size[PROBE_PRECISIONS]; /* of the aimed network; the first's input is the frame */
    int classes;
    int seen;                    /* the precision as which altered pictures are seen */
    int height, width, channels; /* of its input */
    struct cam_workspace *cam;
    struct wsol_workspace *wsol[PROBE_NETWORKS]; /* of network i; NULL where an earlier one's has the size */
    struct probe_view view[PROBE_PRECISIONS];
    float *act;         /* (h * w, c) */
    float *negative;    /* (h * w) */
    float *probability; /* (classes) */
    float *finished[2]; /* (H, W): maps that are not kept */
    /* Curves and ROAD, all NULL where there is neither. */
    float *picture, *away, *blank, *work; /* (H, W, channels) normalized: clean, two substrates, altered */
    int32_t *order, *scratch;             /* (H * W) */
    struct probe_walk walk;
    struct probe_road road;
    /* Maps of the picture's size, all NULL where how.attribution.methods is 0. */
    float *fill, *base, *altered; /* (H, W, channels): what windows show; where intgrad's way begins; the
                                   * picture altered next */
    float *mask, *score;          /* (H, W); of the altered pictures */
    double *sum;                  /* (H, W, channels) of gradients, (H, W) of masks, or one a channel */
    int32_t *chosen;              /* channels */
    struct probe_attributed attributed[ATTRIBUTIONS][2];
    struct probe_attributing attributing;
};

static inline const struct engine *probe_engine(const struct probe *p, int i)
{
    BUG_IF(i < 0 || i >= p->network[p->aim].precisions);
    return &p->network[p->aim].engine[i];
}

/* probe.c: nothing has been made of the precision's projection. */
void probe_forget(struct probe_view *v);
/* probe.c: the aimed network's. */
struct wsol_workspace *probe_frame(const struct probe *p);

/* size.c: is precision i's projection on the first's grid? A view's projection is brought to a grid (h, w),
 * in `values`. */
int probe_one_grid(const struct probe *p, int i);
void probe_to_grid(struct measure_view *v, int h, int w, float *values);

/* curve.c: normalizes the picture that is altered; table out. */
void probe_normalize(struct probe *p, const uint8_t *pixels, float table[3][256]);

/* Of a picture that is altered. */
static inline int probe_pixels(const struct probe *p)
{
    return p->height * p->width;
}

#endif
