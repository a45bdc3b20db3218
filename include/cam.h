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
};

enum { CAM_MAX_EDGE = 256, CAM_MAX_OUT = 4096 };    /* of a projection; of a finished map */

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

/* ---- further methods, in closed form (explanations 2) --------------------------------------------------
 * Where the classifier is global pooling and one linear layer, or two with a hardswish between, the gradient
 * of a class's score is known without a backward pass, and constant over the map:
 *   one layer   y_c = sum_k W[c,k] P_k + b_c,  P = mean over the map of A;  G_k = dy_c/dP_k = W[c,k]
 *   two layers  z = W1 P + b1,  y_c = W2[c,:] h(z) + b2_c;                  G = W1^T (h'(z) * W2[c,:])
 * and g_k = dy_c/dA_k(i,j) = G_k / HW. For int8 all of it is that of the dequantized layers in real
 * arithmetic, as is A; the layers' requantization has no gradient.
 *
 *     TRY(cam_take(w, act, 7, 7, 1280, &head, class_index));    // once a picture: checks, pools, gradient
 *     TRY(cam_compute(w, CAM_LAYERCAM, CAM_ABSMAX, 0, &p));     // each method wanted
 */
enum cam_method {
    CAM_EIGEN,       /* cam_eigen */
    CAM_CAM,         /* sum_k G_k A_k, Zhou et al.'s; GradCAM and XGradCAM give the same map */
    CAM_LAYERCAM,    /* sum_k relu(g_k) A_k */
    CAM_GRADCAMPP,   /* sum_k w_k A_k, w_k = HW relu(g) a, a = g^2 / (2 g^2 + (sum_ij A_k) g^3 + 1e-6) */
    CAM_HIRESCAM,    /* sum_k g_k A_k: of these classifiers CAM / HW */
    CAM_EIGENGRAD,   /* EigenCAM of g_k A_k, with its sign rules */
    CAM_ABLATION,    /* sum_k w_k A_k, w_k = (y_c - y_c with A_k set to 0) / y_c; all 0 where y_c is 0 */
    CAM_UNCENTRED,   /* EigenCAM without centring, the paper's form; >= 0 where A is */
    CAM_METHODS
};
/* "eigen", "cam", "layercam", "gradcampp", "hirescam", "eigengrad", "ablation", "uncentred". */
const char *cam_method_name(enum cam_method m);
#define CAM_METHOD_NAMES "eigen|cam|layercam|gradcampp|hirescam|eigengrad|ablation|uncentred"
int cam_method_needs_head(enum cam_method m);

/* The classifier behind the pooling, real values, the caller's. */
struct cam_head {
    int classes, channels;
    int hidden;                  /* width of the layer between, at most CAM_MAX_HIDDEN; 0 = one layer */
    const float *weight, *bias;  /* the last layer's: (classes, hidden, else channels), (classes) */
    const float *first_weight, *first_bias;    /* (hidden, channels), (hidden); NULL where hidden = 0 */
};
enum { CAM_MAX_HIDDEN = 4096 };

/* Takes one picture's activations, as cam_eigen; act and head are borrowed until the next cam_take. head may
 * be NULL, then only methods that need none can follow. ERR_NUMERIC: act or the score is not finite;
 * ERR_RANGE: the layer between is too wide; ERR_MISMATCH: head is of another number of channels. */
MUST_USE status cam_take(struct cam_workspace *w, const float *act, int h, int width, int channels,
                         const struct cam_head *head, int class_index);
/* One method's projection of the picture taken. EIGEN and EIGENGRAD fill `out` as cam_eigen does; of the
 * others raw_sign is 1 (their sign needs no rule; uncentred: `rule`), constant says that all values are 0,
 * and sigma_ratio is 0 but for uncentred. All sums in double in one order. BUG_IF the method needs a head and
 * none was taken. ERR_NUMERIC where a value leaves f32. Source: pytorch-grad-cam 1.5.7, but
 * that ablation sets to 0 as its paper does, where the library takes min - 1e7 unless min is 0. */
MUST_USE status cam_compute(struct cam_workspace *w, enum cam_method method, enum cam_sign rule,
                            int with_raw, struct cam_projection *out);

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
