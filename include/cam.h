/* include/cam.h
 * cam: class-activation maps from one layer's activations. Knows nothing of files, models or ranks.
 *
 *     struct cam_workspace *w = NULL;
 *     TRY(cam_workspace_create(49, 1280, kernels, &w));       // the largest map that will come
 *     struct cam_projection p = { .values = row };            // (h * w) f32
 *     TRY(cam_eigen(w, act, 7, 7, 1280, CAM_ABSMAX, with_raw, &p));
 *     cam_finish(p.values, 7, 7, 224, 224, map);              // ReLU, scale, resize, scale: in [0, 1]
 *
 * The projection is un-ReLU'd, in the sign of the rule (DESIGN 7.1); a map is ReLU'd and scaled (explanations
 * 1.1 steps 6-9). Every function is local and, workspaces apart, allocates nothing. Results are equal bits on
 * every x86 and instruction set, but for raw_sign, which is LAPACK's.
 */
#ifndef QUANTCAM_CAM_H
#define QUANTCAM_CAM_H

#include "kernel.h"
#include "tensor.h"

/* How a map's own sign is chosen (explanations 1.3). */
enum cam_sign {
    CAM_ABSMAX,    /* flip if abs(min p) > abs(max p); on a tie the first extreme becomes positive */
    CAM_MEANACT    /* flip if sum p * (mean over channels of act) < 0 */
};

struct cam_projection {
    float *values;        /* (h * w), the caller's, filled by the call: M v1 in the sign of the rule */
    float sigma_ratio;    /* sigma2 / sigma1; 0 for a constant activation */
    int raw_sign;         /* +1 or -1: numpy's sign relative to `values`; 0 = undefined (sigma_ratio > 0.999,
                           * constant, or not asked for) */
    int constant;         /* every channel is constant over the map: values are all 0 */
    int flat;             /* methods with a gradient: that is 0 all over the layer, and so are the values */
    int undefined;        /* gradcampp: positions and channels with g > 0 where a has no value: taken as 0 */
};

enum { CAM_MAX_EDGE = 256, CAM_MAX_PIXELS = 4096, CAM_MAX_OUT = 4096 }; /* of a projection; of a map */

struct cam_workspace;
/* max_pixels: h * w, 1 .. 4096; max_channels at least 1. About 8 max_pixels (2 max_pixels + 2.5 max_channels)
 * bytes. Sets OpenBLAS to one thread. ERR_RANGE, ERR_MEMORY. */
MUST_USE status cam_workspace_create(int max_pixels, int max_channels, const struct kernel_table *k,
                                     struct cam_workspace **out);
void cam_workspace_free(struct cam_workspace *w);    /* NULL is fine */

/* EigenCAM: projection of the centred activations on their first right singular vector.
 *   act   (h * width, channels) f32, contiguous, real values (of the stored integers it is the same map);
 *         63 bytes behind its last element may be read too (kernel.h)
 * The map comes from the Gram matrix in double with our reproducible eigen-solver; with_raw also takes
 * the sign that numpy.linalg.svd gives the centred f32 matrix: dgesdd's, in double also for float32, by LQ
 * and dgesdd of the square factor (explanations 1.3, which names sgesdd: its sign is another).
 * ERR_NUMERIC if act has NaN, infinity or a value of 2^100 or more, whose sums would not be finite (checked
 * here, before anything), or LAPACK does not converge.
 * Source: Bany Muhammad & Yeasin (EigenCAM); steps 1-5 as pytorch-grad-cam 084273b. */
MUST_USE status cam_eigen(struct cam_workspace *w, const float *act, int h, int width, int channels,
                          enum cam_sign rule, int with_raw, struct cam_projection *out);

/* Leading two eigenvalues (largest first) and the first, normalised eigenvector of a symmetric positive
 * semidefinite n x n matrix (row-major double, destroyed): Householder to tridiagonal form, bisection,
 * inverse iteration; plain C, one order of operations, equal bits on every x86. The vector's sign has no
 * meaning. scratch: 9 * n doubles. lambda[1] = 0 where n = 1. ERR_NUMERIC if g has NaN or infinity. */
MUST_USE status cam_eigen_leading(double *g, int n, double lambda[2], double *vector, double *scratch);

/* ---- further methods (explanations 2.1, saliency-and-training 1.5) -----------------------------------
 * With A_k channel k of the layer, S_k its sum over the map, HW its positions, y_c the explained class's
 * logit and g_k = dy_c/dA_k at each position, which is handed in (gradient.h). Where only global pooling and
 * one linear layer follow, g_k is W[c,k] / HW all over the map.
 *
 *     struct cam_class of = { .gradient = g };
 *     TRY(cam_take(w, act, 7, 7, 1280, &of));                   // once a picture: checks, sums
 *     TRY(cam_compute(w, CAM_LAYERCAM, CAM_ABSMAX, 0, &p));     // each method wanted
 */
enum cam_method {
    CAM_EIGEN,              /* cam_eigen */
    CAM_CAM,                /* sum_k w_k A_k with w_k = sum_ij g_k: Zhou et al.'s where pooling and one linear
                             * layer follow, else HW times CAM_GRADCAM */
    CAM_GRADCAM,            /* w_k = sum_ij g_k / HW */
    CAM_LAYERCAM,           /* sum_k relu(g_k) A_k */
    CAM_GRADCAMPP,          /* w_k = sum_ij relu(g) a, a = 1 / (2 + S_k g) where g is not 0 and 2 + S_k g > 0,
                             * else 0: Chattopadhay et al. 2018 */
    CAM_GRADCAMPP_EPS,      /* a = g^2 / (2 g^2 + S_k g^3 + 1e-6): pytorch-grad-cam */
    CAM_GRADCAMPP_TORCHCAM, /* w_k = sum_ij relu(g)^3: torchcam 0.5 */
    CAM_HIRESCAM,           /* sum_k g_k A_k */
    CAM_XGRADCAM,           /* w_k = sum_ij g_k A_k / (S_k + 1e-7): pytorch-grad-cam */
    CAM_EIGENGRAD,          /* EigenCAM of g_k A_k, with its sign rules */
    CAM_ABLATION,           /* w_k = (y_c - y_c with A_k set to 0) / y_c; all 0 where y_c is 0 */
    CAM_UNCENTRED,          /* EigenCAM without centring, the paper's form; >= 0 where A is */
    CAM_METHODS
};
const char *cam_method_name(enum cam_method m); /* as in the list */
#define CAM_METHOD_NAMES                                                                                     \
    "eigen|cam|gradcam|layercam|gradcampp|gradcampp-eps|gradcampp-torchcam|hirescam|xgradcam|eigengrad|"     \
    "ablation|uncentred"
/* What a method takes beside the layer. HEAD: a classifier in closed form, of which it sets channels to 0. */
enum cam_needs { CAM_NEEDS_NOTHING, CAM_NEEDS_GRADIENT, CAM_NEEDS_HEAD };
enum cam_needs cam_method_needs(enum cam_method m);
/* Does any of the methods (bit m: method m) need that? */
int cam_methods_need(unsigned methods, enum cam_needs what);

/* Global pooling P = S / HW of the layer and a classifier behind it, real values, the caller's:
 *   one layer   y_c = sum_k W[c,k] P_k + b_c
 *   two layers  z = W1 P + b1,  y_c = W2[c,:] h(z) + b2_c,  h hardswish
 * Of integers these are the dequantized layers in real arithmetic. */
struct cam_head {
    int classes, channels;
    int hidden;                  /* width of the layer between, at most CAM_MAX_HIDDEN; 0 = one layer */
    const float *weight, *bias;  /* the last layer's: (classes, hidden, else channels), (classes) */
    const float *first_weight, *first_bias;    /* (hidden, channels), (hidden); NULL where hidden = 0 */
};
enum { CAM_MAX_HIDDEN = 4096 };

/* The class that is explained. */
struct cam_class {
    const float *gradient;       /* (h * width, channels) g; NULL where no method takes it */
    const struct cam_head *head; /* NULL where no method takes it */
    int index;                   /* of the head */
};

/* Takes one picture's activations, as cam_eigen; act and what `of` has are borrowed until the next cam_take.
 * of may be NULL. ERR_NUMERIC: act or the gradient is not finite; ERR_RANGE: the layer between is too wide;
 * ERR_MISMATCH: head is of another number of channels. */
MUST_USE status cam_take(struct cam_workspace *w, const float *act, int h, int width, int channels,
                         const struct cam_class *of);
/* One method's projection of the picture taken. EIGEN and EIGENGRAD fill `out` as cam_eigen does; of the
 * others raw_sign is 1 (their sign needs no rule; uncentred: `rule`), constant says that all values are 0,
 * and sigma_ratio is 0 but for uncentred. All sums in double in one order. BUG_IF the method needs what was
 * not taken. ERR_NUMERIC where a value leaves f32 or the head's score is not finite. Source: pytorch-grad-cam
 * 1.5.7, torchcam 0.5.0 and the papers, as the list says; ablation sets to 0 as its paper does, where the
 * library takes min - 1e7 unless min is 0. */
MUST_USE status cam_compute(struct cam_workspace *w, enum cam_method method, enum cam_sign rule,
                            int with_raw, struct cam_projection *out);

/* Turns the map so that its scalar product with the first's, in double, is not negative; 0 leaves it as it
 * is. Returns 1, or -1 where it was turned (DESIGN 7.1). */
int cam_align(const float *first, float *values, int count);

/* pytorch-grad-cam's steps 6-9: values (h, w) -> map (out_h, out_w): ReLU, min-max by (max + 1e-7), bilinear
 * resize (half-pixel centres, edges replicated), and min-max once more. All f32, one order. A constant map is
 * all 0. */
void cam_finish(const float *values, int h, int w, int out_h, int out_w, float *map);
/* The same of values that have the map's size already, however small they are: ReLU, (v - min) / (max - min);
 * a constant map is all 0. map may be values. */
void cam_scale(const float *values, int count, float *map);
/* A finished map's values as bytes: 255 times each, rounded to nearest, ties to even. */
void cam_bytes(const float *map, int count, uint8_t *out);
/* The resize alone (un-ReLU'd projections too). */
void cam_resize(const float *values, int h, int w, int out_h, int out_w, float *out);

#endif
