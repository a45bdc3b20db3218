/* Network descriptions: model_parse, shapes and all. What is allocated: 4,096 nodes. */
#include "fuzz.h"
#include "model.h"

static const char *const seeds[] = { "models/*.model", "models/demo/*.model",
                                     "tests/fixtures/tiny/tiny.model", NULL };
static const char *const words[] = { "conv ",
                                     "linear ",
                                     "relu ",
                                     "relu6 ",
                                     "hardswish ",
                                     "hardsigmoid ",
                                     "maxpool ",
                                     "avgpool ",
                                     "mean ",
                                     "add ",
                                     "mul ",
                                     "cat ",
                                     "slice ",
                                     "shuffle ",
                                     "output ",
                                     "cam ",
                                     "input ",
                                     "model ",
                                     " out 0",
                                     " kernel 0",
                                     " stride 0",
                                     " groups 0",
                                     " pad 2147483647",
                                     " out 2147483647",
                                     " kernel 65536",
                                     " begin 1",
                                     "#",
                                     "\n",
                                     "\r\n",
                                     "\t",
                                     "\033[2J",
                                     "\xc2\x9b",
                                     "\xff",
                                     NULL };
const struct fuzz_target fuzz_target = {
    .name = "model", .seeds = seeds, .words = words, .most = 64 << 10, .bound = (size_t)64 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct model m = { 0 };
    status s = model_parse("case.model", (const char *)bytes, size, &m);

    fuzz_verdict(s);
    for (int i = 0; s == OK && i < m.nodes; i++)
        if (m.node[i].c < 1 || m.node[i].h < 1 || m.node[i].w < 1)
            fuzz_fail("node %s is %d x %d x %d", m.node[i].name, m.node[i].c, m.node[i].h, m.node[i].w);
    model_free(&m);
    return 0;
}
