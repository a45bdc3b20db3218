/* ONNX files: protobuf, the graph, its constants and shapes, and what becomes of them; then the description
 * is parsed. Allocated: names and nodes, and weights, of which a dilated kernel has up to 1,024 for one in
 * the file. */
#include "deploy/deploy_parts.h"
#include "fuzz.h"
#include "model.h"

static const char *const seeds[] = { "tests/deploy/data/*.onnx", NULL };
static const char *const words[] = { "\x08\x08",
                                     "\x3a",
                                     "Conv",
                                     "Relu",
                                     "Gemm",
                                     "Reshape",
                                     "Transpose",
                                     "Slice",
                                     "Split",
                                     "Shape",
                                     "Gather",
                                     "ConstantOfShape",
                                     "Expand",
                                     "Ceil",
                                     "Max",
                                     "QLinearAdd",
                                     "Cast",
                                     "Pad",
                                     "MaxPool",
                                     "QuantizeLinear",
                                     "DequantizeLinear",
                                     "SAME_UPPER",
                                     "logits",
                                     "image",
                                     "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                                     "\xff\xff\xff\xff\x07",
                                     "../../etc/passwd",
                                     "\x1b[2J",
                                     NULL };
static const char *const marks[] = { "pads",
                                     "kernel_shape",
                                     "strides",
                                     "dilations",
                                     "group",
                                     "perm",
                                     "axis",
                                     "axes",
                                     "split",
                                     "allow",
                                     "keepdims",
                                     "\"\x04"
                                     "Conv",
                                     "\"\x07"
                                     "Reshape",
                                     "image",
                                     "logits",
                                     "Linear",
                                     "\x10\x07",
                                     "\x10\x01",
                                     "\x10\x03",
                                     NULL };

const struct fuzz_target fuzz_target = { .name = "onnx",
                                         .seeds = seeds,
                                         .words = words,
                                         .marks = marks,
                                         .most = 64 << 10,
                                         .bound = (size_t)256 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct deploy_options how = { .input = "resize squash bilinear mean 0 0 0 std 1 1 1", .skip = -1 };
    struct deploy_network n = { 0 };
    struct sketch d = { .path = "case",
                        .weights = { .mapping = (void *)(uintptr_t)bytes, .mapping_size = size } };
    struct model m = { 0 };
    status s = onnx_read(bytes, size, &how, &d, &n);

    fuzz_verdict(s);
    d.weights.mapping = n.weights.mapping = NULL; /* the driver's */
    sketch_free(&d);
    if (s == OK)
        fuzz_verdict(model_parse("case", n.description, n.size, &m));
    model_free(&m);
    deploy_free(&n);
    return 0;
}
