/* src/deploy/onnx_fold.h: a constant that is computed, and what computes numbers of numbers (onnx_compute.c).
 */
#ifndef QUANTCAM_ONNX_FOLD_H
#define QUANTCAM_ONNX_FOLD_H

#include "onnx_parts.h"

/* A node whose inputs are constants, and what it gives: whole numbers, or f32. */
struct fold {
    struct onnx *x;
    const struct onnx_node *n;
    int real; /* elements are f32 */
    struct tensor out;
    int type;
};

/* The result, zeros. ERR_FORMAT above ONNX_MAX_FOLDED elements. */
MUST_USE status onnx_fold_start(struct fold *f, int rank, const int64_t *dim);
/* Its element i: whole or real, as the result is. */
void onnx_fold_put(struct fold *f, int64_t i, int64_t whole, double real);
/* Element `from` of t as its element `to`. */
void onnx_fold_copy(struct fold *f, int64_t to, const struct tensor *t, int64_t from);

/* Add, Sub, Mul, Div, Max, Min of two constants, in the shape that the op's output has; ReduceProd; Ceil,
 * Floor, Neg, Sqrt, Clip of each element. */
MUST_USE status onnx_fold_two(struct fold *f);
MUST_USE status onnx_fold_product(struct fold *f);
MUST_USE status onnx_fold_one(struct fold *f);

#endif
