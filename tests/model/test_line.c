#include "check.h"
#include "model/line.h"

#include <string.h>

/* The attributes of a node's line, `words` being what stands behind its inputs; the status, and what is said
 * where it is not OK. */
static status read_words(enum model_op op, const char *words, struct model_node *n)
{
    static struct model m;
    struct line l = { .m = &m, .number = 7 };
    static char text[256];

    strcpy(m.source, "x.model");
    snprintf(text, sizeof text, "op %s", words);
    l.count = text_split(text, l.words, LINE_WORDS);
    l.next = 1;
    *n = (struct model_node){ .op = op, .name = "a" };
    return line_attributes(&l, n);
}

static void refused(enum model_op op, const char *words, const char *expected)
{
    struct model_node n;
    status is = read_words(op, words, &n);

    CHECK_MSG(is == ERR_FORMAT && strcmp(error_last()->text, expected) == 0, "\n  is     %s\n  should %s",
              is == OK ? "accepted" : error_last()->text, expected);
}

static void test_windows(void)
{
    struct model_node n;

    CHECK(read_words(OP_MAXPOOL, "kernel 3 stride 2 pad 1 ceil 1", &n) == OK);
    CHECK(n.kh == 3 && n.kw == 3 && n.stride == 2 && n.ceil == 1 && !n.pad_same);
    CHECK(n.pad_y == 1 && n.pad_x == 1 && n.end_y == 1 && n.end_x == 1);
    CHECK(read_words(OP_MAXPOOL, "pad 0,1,2,64 kernel 1x64 stride 1", &n) == OK);
    CHECK(n.kh == 1 && n.kw == 64 && n.pad_y == 0 && n.pad_x == 1 && n.end_y == 2 && n.end_x == 64);
    CHECK(read_words(OP_AVGPOOL2D, "kernel 3 stride 2 pad same count 1", &n) == OK);
    CHECK(n.pad_same && n.counted && !n.pad_y);
    CHECK(read_words(OP_AVGPOOL2D, "kernel 3 stride 2", &n) == OK && !n.pad_y && !n.counted);
    CHECK(read_words(OP_MAXPOOL, "kernel 3 stride 2 pad 1 quant q", &n) == OK && strcmp(n.quant, "q") == 0);
}

static void test_numbers(void)
{
    struct model_node n;

    CHECK(read_words(OP_PAD, "pad 1,-1,3,-64", &n) == OK && n.pad_x == -1 && n.end_x == -64);
    CHECK(read_words(OP_CLIP, "low -1 high 2.5", &n) == OK && n.low == -1 && n.high == 2.5);
    CHECK(read_words(OP_LEAKYRELU, "slope 0.125 quant q", &n) == OK && n.slope == 0.125);
    CHECK(read_words(OP_GELU, "approximate 1", &n) == OK && n.approximate == 1);
    CHECK(read_words(OP_GELU, "", &n) == OK && n.approximate == 0);
    CHECK(read_words(OP_LAYERNORM, "weight w eps 1e-6", &n) == OK && n.bn_eps == 1e-6);
    CHECK(read_words(OP_QUANTIZE, "quant q", &n) == OK && strcmp(n.quant, "q") == 0);
    CHECK(read_words(OP_DEQUANTIZE, "", &n) == OK && !n.quant[0]);
    CHECK(read_words(OP_LINEAR, "out 2 weight w", &n) == OK && strcmp(n.quant, "w") == 0);
}

static void test_refusals(void)
{
    refused(OP_MAXPOOL, "kernel 0 stride 1 pad 0",
            "x.model:7: kernel '0' is not a whole number from 1 to 64, or two as in 1x7");
    refused(OP_MAXPOOL, "kernel 1x",
            "x.model:7: kernel '1x' is not a whole number from 1 to 64, or two as in 1x7");
    refused(OP_MAXPOOL, "kernel 1x2x3",
            "x.model:7: kernel '1x2x3' is not a whole number from 1 to 64, or two as in 1x7");
    refused(OP_MAXPOOL, "kernel 65x1",
            "x.model:7: kernel '65x1' is not a whole number from 1 to 64, or two as in 1x7");
#define NO_PAD(is, least)                                                                                    \
    "x.model:7: pad '" is "' is not 'same' or a whole number from " least                                    \
    " to 64, or four, TOP,LEFT,BOTTOM,RIGHT"
    refused(OP_PAD, "pad 1,2,3", NO_PAD("1,2,3", "-64"));
    refused(OP_PAD, "pad 1,2,3,4,5", NO_PAD("1,2,3,4,5", "-64"));
    refused(OP_PAD, "pad 1,2,,4", NO_PAD("1,2,,4", "-64"));
    refused(OP_PAD, "pad 1,2,3,65", NO_PAD("1,2,3,65", "-64"));
    refused(OP_PAD, "pad -65", NO_PAD("-65", "-64"));
    refused(OP_MAXPOOL, "kernel 3 stride 2 pad 1,-1,3,4", NO_PAD("1,-1,3,4", "0"));
    refused(OP_PAD, "", "x.model:7: pad a: attribute 'pad' is missing");
    refused(OP_CLIP, "low 0", "x.model:7: clip a: attribute 'high' is missing");
    refused(OP_LEAKYRELU, "slope x", "x.model:7: slope 'x' is not a number");
    refused(OP_GELU, "approximate 2", "x.model:7: approximate '2' is not a whole number from 0 to 1");
    refused(OP_SCALE, "", "x.model:7: scale a: attribute 'weight' is missing");
    refused(OP_QUANTIZE, "", "x.model:7: quantize a: attribute 'quant' is missing");
    refused(OP_DEQUANTIZE, "quant q", "x.model:7: dequantize has no attribute 'quant'");
    refused(OP_CONV, "count 1", "x.model:7: conv has no attribute 'count'");
}

int main(void)
{
    test_windows();
    test_numbers();
    test_refusals();
    return check_result("model/line");
}
