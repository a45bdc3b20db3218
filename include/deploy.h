/* include/deploy.h
 * deploy: reads networks that other runtimes run, TFLite and ONNX files, as what the other rooms know: a
 * description (models/README.md) and a table of tensors with our names and layouts. Runs nothing.
 *
 *     struct deploy_network net = { 0 };
 *     TRY(deploy_load("mobilenet_v2_1.0_224_quant.tflite", NULL, &net));
 *     TRY(model_parse("mobilenet_v2_1.0_224_quant.tflite", net.description, net.size, &m));
 *     TRY(model_bind(&m, &net.weights, NULL, &b));
 *     ...
 *     deploy_free(&net);
 *
 * Commands and jobs that take either kind of file need not ask which it is: deploy_description and
 * deploy_weights stand for text_read_plain and weight_load.
 *
 * What the translation does to the graph: softmax at the end is taken off, so that the output is the logits;
 * of 1001 classes the first, the background, is left out; padding ops become part of the window that follows;
 * dilated kernels are widened with weights of zero; a fused activation is a node of its own; maps are
 * (C, H, W) and weights (oc, ic, kh, kw), whatever the file has. The CAM layer is the last map before the
 * classifier. Every node has its tensor's name in the file, made legal: letters, digits, '.', '_' and '-'.
 *
 * The table of a quantized file: P.weight s8 with scales and zero points (u8 codes less 128); P.bias s32 as
 * stored; of each output P.scale f64, P.zero_point s64, P.codes s32 (2) = { 0, 255 }, and P.offset s32 = 128
 * where the file's codes are signed: they are carried as u8, code + 128, and so is the zero point; of an
 * ONNX layer whose weights are u8 in the file P.weight_offset s32 = -128; of a sum whose constant is the
 * first operand P.first s32 = 1. Notes: `quantcam.deployed` = `tflite` or `onnx`, `quantcam.engine` =
 * `tflite` or `onnxruntime`, `quantcam.relu6` = `clamp`, and `tensor.NODE` = the file's own name of the
 * tensor that NODE computes.
 */
#ifndef QUANTCAM_DEPLOY_H
#define QUANTCAM_DEPLOY_H

#include "tensor.h"

enum deploy_kind { DEPLOY_NONE, DEPLOY_TFLITE, DEPLOY_ONNX };
/* What a file that begins so is; DEPLOY_HEAD bytes tell. */
enum { DEPLOY_HEAD = 15 };
enum deploy_kind deploy_begins(const uint8_t *head, size_t size);
/* The same of a file; NONE also where it cannot be read, which its reader will say. */
enum deploy_kind deploy_kind_of(const char *path);
const char *deploy_kind_name(enum deploy_kind kind); /* "TFLite", "ONNX" */

/* What such a file does not say. NULL in its place: nothing is given. */
struct deploy_options {
    const char *input; /* how a picture becomes the input, as an input line says it behind the extents:
                          "resize 256 bilinear crop 224 mean 0.485 ... std 0.229 ..."; NULL: not given.
                          Integers of usual scales have a default: the whole picture, its bytes as codes */
    int skip;          /* classes in front that are none: 0 or 1; -1: 1 where there are 1001 */
    int look;          /* the description is looked at, not run: where `input` is needed and not given, 0 .. 1
                          stands in its place */
};

struct deploy_network {
    char *description; /* a text that model_parse takes */
    size_t size;
    struct tensor_table weights; /* what model_bind takes with it; source, sha256 and file_bytes are the
                                    file's */
    struct text decided;         /* lines: what the file leaves open, and how it was taken */
    int classes, skipped;        /* of the logits; left out in front of them */
    struct text names;           /* a line a class, where the file has a list; else empty */
};
/* Local. ERR_FORMAT where the file is damaged, or holds what is not translated: one sentence that names the
 * op, its number and the file; ERR_USAGE where an option is needed, or does not fit; ERR_MISSING, ERR_IO;
 * ERR_MEMORY above 2 GiB. */
MUST_USE status deploy_load(const char *path, const struct deploy_options *how, struct deploy_network *out);
void deploy_free(struct deploy_network *n); /* idempotent */

/* The text of a description, whether the file is one or a network that holds one; *text is mem_free'd. */
MUST_USE status deploy_description(const char *path, const struct deploy_options *how, char **text,
                                   size_t *size);
/* The names of its classes, a line each; *out stays empty where the file has none, or is not deployed. */
MUST_USE status deploy_names(const char *path, const struct deploy_options *how, struct text *out);
/* The weights of a checkpoint (weight_load) or of a deployed network, which has no `state` (ERR_USAGE) and
 * whose remark is what was decided. */
MUST_USE status deploy_weights(const char *path, const char *state, const struct deploy_options *how,
                               struct tensor_table *out);

#endif
