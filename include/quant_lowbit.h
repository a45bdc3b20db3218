/* include/quant_lowbit.h
 * The checkpoint of a trained low-bit network (saliency-and-training 2.9): what a trainer has, PACT's alphas
 * and master weights, as the codes that the engine runs. Knows nothing of files.
 *
 *     struct quant_lowbit_node node[nodes];                     // bits, and what training found
 *     TRY(quant_lowbit(&model, &master, node, &table));
 *     weight_save("net.safetensors", &table, notes, count);     // notes: those of the table
 *
 * The table has, of each convolution and linear layer P, P.weight: codes of its bits, packed in the file up
 * to 4; levels without a zero are odd (tensor.h), step a_w / n, and zero-aligned ones step 2 a_w / n; of no
 * bits f32; P.bias and batch normalisation's four tensors as trained, f32; of each relu NODE.alpha, f32, and
 * NODE.codes, 0 and n, or 0 and 0 alone where it has no PACT. Its notes: quantcam.model, quantcam.arithmetic
 * = pact, and quantcam.layers, a line a layer or PACT:
 *     conv1 weights sawb 4 bits a_w 0.61803
 *     relu1 pact 2 bits alpha 1.9375
 *     fc weights real
 */
#ifndef QUANTCAM_QUANT_LOWBIT_H
#define QUANTCAM_QUANT_LOWBIT_H

#include "model.h"
#include "quant_train.h"

/* Of a convolution or linear layer `weights`, whose form and bits count; of a relu bits and alpha of its
 * PACT; bits 0: real; others are not looked at. */
struct quant_lowbit_node {
    struct quant_weights weights;
    int bits;
    float alpha;
};
/* Local. master: the fp32 checkpoint, in the description's names; node: (nodes). *out owns its tensors.
 * ERR_USAGE: bits that a form has not, or other than 2 to 8, an alpha below PACT_LEAST_ALPHA; ERR_NUMERIC:
 * weights that are not finite, or all 0; model_bind's errors, of the master as of the result. */
MUST_USE status quant_lowbit(const struct model *m, const struct tensor_table *master,
                             const struct quant_lowbit_node *node, struct tensor_table *out);

#endif
