/* src/probe/attribution.h: what a method of picture-sized maps is made of. Private to the room. */
#ifndef PROBE_ATTRIBUTION_METHOD_H
#define PROBE_ATTRIBUTION_METHOD_H

#include "probe_parts.h"

/* The map under way is p->attributing. The clean picture runs first, then the altered ones in order. */
struct attribution_method {
    int by_gradient; /* each altered picture runs whole, and its gradient by the input is taken */
    int by_logit;    /* an altered picture's score is the class's logit, else its probability */
    int on_layer;    /* values are of the CAM layer's size, else of the picture's */
    int (*altered)(const struct attribution_how *how, int channels, int height, int width); /* how many */
    void (*begin)(struct probe *p);                 /* after the clean picture has run; or NULL */
    void (*alter)(struct probe *p, int k);          /* picture k into p->altered */
    void (*finish)(struct probe *p, float *values); /* from p->score, or from p->sum, the sum of gradients */
};

/* attribution_forward.c: from answers alone. */
extern const struct attribution_method attribution_scorecam, attribution_rise, attribution_occlusion;
/* attribution_gradient.c: from gradients. */
extern const struct attribution_method attribution_gradient, attribution_smoothgrad, attribution_intgrad;

#endif
