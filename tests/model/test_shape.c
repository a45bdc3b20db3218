#include "check.h"
#include "model.h"

#include <string.h>

#define HEAD "model m\ninput i 3 9 9 resize 9 bilinear crop 9 mean 0 0 0 std 1 1 1\n"
#define CONV(name, in, out) "conv " name " " in " out " out " kernel 3 stride 2 pad 1 groups 1 weight w\n"

/* The shape of the last node before `output`, by a description whose rest is always the same. */
static void check_shape(const char *nodes, const char *name, int c, int h, int w)
{
    char text[2048];
    struct model m;
    int node;

    snprintf(text, sizeof text, HEAD "%savgpool P %s\nlinear F P out 2 weight w\noutput F\ncam i\n", nodes,
             name);
    CHECK_MSG(model_parse("x.model", text, strlen(text), &m) == OK, "%s", error_last()->text);
    node = model_find(&m, name);
    CHECK_MSG(node >= 0 && m.node[node].c == c && m.node[node].h == h && m.node[node].w == w, "%s: %dx%dx%d",
              name, m.node[node].c, m.node[node].h, m.node[node].w);
    model_free(&m);
}

static void check_refused(const char *nodes, const char *expected)
{
    char text[2048];
    struct model m;

    snprintf(text, sizeof text, HEAD "%s", nodes);
    CHECK(model_parse("x.model", text, strlen(text), &m) == ERR_FORMAT);
    CHECK_MSG(strcmp(error_last()->text, expected) == 0, "\n  is     %s\n  should %s", error_last()->text,
              expected);
}

static void test_shapes(void)
{
    check_shape(CONV("a", "i", "4"), "a", 4, 5, 5); /* (9 + 2 - 3) / 2 + 1 */
    check_shape("conv a i out 6 kernel 7 stride 1 pad 0 groups 3 weight w\n", "a", 6, 3, 3);
    check_shape("conv a i out 6 kernel 9 stride 4 pad 0 groups 1 weight w\n", "a", 6, 1, 1);
    check_shape("maxpool a i kernel 3 stride 2 pad 1\n", "a", 3, 5, 5);
    check_shape("maxpool a i kernel 2 stride 2 pad 0\n", "a", 3, 4,
                4); /* the odd row and column are dropped */
    check_shape("dropout a i rate 0.25\n", "a", 3, 9, 9);
    /* ceil: (9 - 2 + 1) / 2 + 1; a window that begins in the padding at the end does not count */
    check_shape("maxpool a i kernel 2 stride 2 pad 0 ceil 1\n", "a", 3, 5, 5);
    check_shape("maxpool a i kernel 3 stride 2 pad 0 ceil 1\n", "a", 3, 4, 4);
    check_shape("maxpool a i kernel 3 stride 4 pad 1 ceil 1\n", "a", 3, 3, 3);
    check_shape("maxpool a i kernel 2 stride 3 pad 1 ceil 1\n", "a", 3, 4, 4);
    check_shape("maxpool a i kernel 2 stride 5 pad 1 ceil 1\n", "a", 3, 2, 2);
    check_shape("maxpool a i kernel 2 stride 5 pad 1 ceil 0\n", "a", 3, 2, 2);
    check_shape("relu a i\nrelu6 b a\nhardswish c b\nhardsigmoid d c\n", "d", 3, 9, 9);
    check_shape("silu a i\nsigmoid b a\nbatchnorm c b weight n eps 1e-5\n", "c", 3, 9, 9);
    check_shape("layernorm a i weight n eps 1e-6\ngelu b a\nscale c b weight g\n", "c", 3, 9, 9);
    check_shape("avgpool2d a i kernel 2 stride 2\n", "a", 3, 4, 4);
    check_shape("avgpool2d a i kernel 3 stride 1\n", "a", 3, 7, 7);
    check_shape("clip a i low -1 high 1\nleakyrelu b a slope 0.1\nquantize c b quant q\ndequantize d c\n",
                "d", 3, 9, 9);
    check_shape("shortcut a i stride 2 begin 2 out 7\n", "a", 7, 5, 5);
    check_shape("linear a i out 7 weight v\n", "a", 7, 1, 1);
    check_shape("mean a i\n", "a", 3, 1, 1);
    check_shape("relu a i\nadd b a i\n", "b", 3, 9, 9);
    check_shape("avgpool a i\nmul b i a\n", "b", 3, 9, 9);
    check_shape("relu a i\ncat b a i a\n", "b", 9, 9, 9);
    check_shape(CONV("a", "i", "8") "slice b a begin 2 out 3\nslice c a begin 0 out 2\ncat d b c\n", "d", 5,
                5, 5);
    check_shape(CONV("a", "i", "8") "shuffle b a groups 4\n", "b", 8, 5, 5);
    check_shape("avgpool a i\nlinear b a out 7 weight v\n", "b", 7, 1, 1);
}

/* TensorFlow's "same": as many outputs as strides begun; of what lacks the smaller half stands before. */
static void check_same(int size, int kernel, int stride, int extent, int pad)
{
    char text[512];
    struct model m;

    snprintf(text, sizeof text,
             "model m\ninput i 3 %d %d resize 99 bilinear crop %d mean 0 0 0 std 1 1 1\n"
             "conv a i out 4 kernel %d stride %d pad same groups 1 weight w\n"
             "avgpool P a\nlinear F P out 2 weight w\noutput F\ncam i\n",
             size, size, size, kernel, stride);
    CHECK_MSG(model_parse("x.model", text, strlen(text), &m) == OK, "%s", error_last()->text);
    CHECK_MSG(m.node[1].pad_same && m.node[1].h == extent && m.node[1].w == extent &&
                  m.node[1].pad_y == pad && m.node[1].pad_x == pad,
              "%d by %d/%d: %d, pad %d", size, kernel, stride, m.node[1].h, m.node[1].pad_y);
    model_free(&m);
}

static void test_same(void)
{
    check_same(9, 3, 1, 9, 1);
    check_same(9, 3, 2, 5, 1);
    check_same(8, 3, 2, 4, 0); /* one lacks: it stands at the end */
    check_same(8, 5, 2, 4, 1); /* three lack */
    check_same(9, 5, 2, 5, 2);
    check_same(8, 2, 1, 8, 0);
    check_same(9, 1, 2, 5, 0); /* nothing lacks */
    check_same(2, 7, 3, 1, 2);
}

/* The four pads of a node, in the order of the grammar. */
static void check_pads(const char *line, int c, int h, int w, int top, int left, int bottom, int right)
{
    char text[512];
    struct model m;
    const struct model_node *n;

    snprintf(text, sizeof text,
             "model m\ninput i 3 8 9 resize squash bilinear mean 0 0 0 std 1 1 1\n%s\n"
             "avgpool P a\nlinear F P out 2 weight w\noutput F\ncam i\n",
             line);
    CHECK_MSG(model_parse("x.model", text, strlen(text), &m) == OK, "%s", error_last()->text);
    n = &m.node[1];
    CHECK_MSG(n->c == c && n->h == h && n->w == w, "%s: %dx%dx%d", line, n->c, n->h, n->w);
    CHECK_MSG(n->pad_y == top && n->pad_x == left && n->end_y == bottom && n->end_x == right,
              "%s: %d,%d,%d,%d", line, n->pad_y, n->pad_x, n->end_y, n->end_x);
    model_free(&m);
}

/* Maps of 8 x 9: what rows lack columns need not. */
static void test_pads(void)
{
    check_pads("conv a i out 4 kernel 3 stride 2 pad same groups 1 weight w", 4, 4, 5, 0, 1, 1, 1);
    check_pads("maxpool a i kernel 2 stride 2 pad same", 3, 4, 5, 0, 0, 0, 1);
    check_pads("conv a i out 4 kernel 1x7 stride 1 pad 0,3,0,3 groups 1 weight w", 4, 8, 9, 0, 3, 0, 3);
    check_pads("conv a i out 4 kernel 7x1 stride 1 pad same groups 1 weight w", 4, 8, 9, 3, 0, 3, 0);
    check_pads("conv a i out 4 kernel 5x2 stride 3 pad 4,0,1,2 groups 1 weight w", 4, 3, 4, 4, 0, 1, 2);
    check_pads("avgpool2d a i kernel 2x3 stride 1 pad 1,0,0,1", 3, 8, 8, 1, 0, 0, 1);
    check_pads("avgpool2d a i kernel 3 stride 2 pad 1 count 1 ceil 1", 3, 5, 5, 1, 1, 1, 1);
    check_pads("pad a i pad 0,1,2,3", 3, 10, 13, 0, 1, 2, 3);
}

static void test_refusals(void)
{
    check_refused("conv a i out 4 kernel 10 stride 1 pad 0 groups 1 weight w\n",
                  "x.model:3: conv a: kernel 10x10 does not fit into i's 9x9 map with pad 0,0,0,0");
    check_refused("conv a i out 4 kernel 1 stride 1 pad 0 groups 3 weight w\n",
                  "x.model:3: conv a: groups 3 divides not both the 3 input and the 4 output channels");
    check_refused("conv a i out 3 kernel 1 stride 1 pad 0 groups 2 weight w\n",
                  "x.model:3: conv a: groups 2 divides not both the 3 input and the 3 output channels");
    check_refused("conv a i out 4 kernel 1 stride 1 pad 0 groups 1 weight w bn b\n",
                  "x.model:3: conv a: bn and eps belong together");
    check_refused("conv a i out 4 kernel 1 stride 1 pad 0 groups 1 weight w eps 1e-5\n",
                  "x.model:3: conv a: bn and eps belong together");
    check_refused("maxpool a i kernel 3 stride 2 pad 2\n",
                  "x.model:3: maxpool a: pad 2 is more than half of kernel 3x3");
    check_refused("avgpool2d a i kernel 1x4 stride 1 pad 0,0,1,2\n",
                  "x.model:3: avgpool2d a: pad 1 is more than half of kernel 1x4");
    check_refused("pad a i pad same\n", "x.model:3: pad a: pad same has no meaning without a kernel");
    check_refused("clip a i low 1 high 1\n", "x.model:3: clip a: low 1 is not below high 1");
    check_refused(CONV("a", "i", "3") "add b a i\n", "x.model:4: add b: a is 3x5x5 and i is 3x9x9");
    check_refused("avgpool a i\nmul b a i\n", "x.model:4: mul b: a is 3x1x1 and i is 3x9x9");
    check_refused("avgpool a i\nadd b i a\n", "x.model:4: add b: i is 3x9x9 and a is 3x1x1");
    check_refused(CONV("a", "i", "3") "cat b a i\n", "x.model:4: cat b: a is 5x5 and i is 9x9");
    check_refused("slice a i begin 2 out 2\n", "x.model:3: slice a: channels 2..3 of i, which has 3");
    check_refused("shuffle a i groups 2\n", "x.model:3: shuffle a: groups 2 does not divide i's 3 channels");
    check_refused("conv a i out 1000 kernel 1 stride 1 pad 0 groups 1 weight w\nlinear b a out 2 weight v\n",
                  "x.model:4: linear b: a's 1000x9x9 values are more than 65536");
    check_refused("shortcut a i stride 2 begin 2 out 4\n",
                  "x.model:3: shortcut a: channels 2..4 of 4 are not there for i's 3");
    check_refused("avgpool2d a i kernel 10 stride 1\n",
                  "x.model:3: avgpool2d a: kernel 10x10 does not fit into i's 9x9 map with pad 0,0,0,0");
    check_refused("batchnorm a i weight n eps 0\n", "x.model:3: batchnorm a: eps 0 is not positive");
}

int main(void)
{
    test_shapes();
    test_same();
    test_pads();
    test_refusals();
    CHECK(mem_live() == 0);
    return check_result("model/shape");
}
