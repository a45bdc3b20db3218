#include "check.h"
#include "model.h"

#include <string.h>

#define HEAD  "model m  two words\n"
#define INPUT "input image 3 8 8 resize 9 bicubic crop 8 mean 0.1 0.2 0.3 std 1 2 3 quant q\n"
#define CONV  "conv a image out 4 kernel 3 stride 2 pad 1 groups 1 weight wa bn ba eps 1e-3\n"
#define TAIL  "avgpool p a\nlinear f p out 5 weight wf\noutput f\ncam a\n"

static void test_good(void)
{
    static const char text[] =
        "# a comment\n\n" HEAD INPUT "  " CONV "# more\n" TAIL "   # the end, without a newline";
    struct model m;
    uint8_t hash[HASH_SIZE];

    CHECK_MSG(model_parse("dir/m.model", text, sizeof text - 1, &m) == OK, "%s", error_last()->text);
    CHECK(strcmp(m.name, "m") == 0 && strcmp(m.title, "two words") == 0 &&
          strcmp(m.source, "dir/m.model") == 0);
    CHECK(m.input.channels == 3 && m.input.height == 8 && m.input.width == 8 && m.input.resize == 9);
    CHECK(strcmp(m.input.filter, "bicubic") == 0);
    CHECK(m.input.mean[2] == 0.3 && m.input.std[1] == 2);
    CHECK(m.nodes == 4 && m.classes == 5 && m.output == 3 && m.cam == 1);
    CHECK(m.node[0].op == OP_INPUT && strcmp(m.node[0].quant, "q") == 0 && m.node[0].inputs == 0);
    const struct model_node *a = &m.node[1];
    CHECK(a->op == OP_CONV && strcmp(a->name, "a") == 0 && a->line == 5 && a->inputs == 1 &&
          a->input[0] == 0);
    CHECK(a->kh == 3 && a->kw == 3 && a->stride == 2 && a->pad_y == 1 && a->end_x == 1 && a->groups == 1 &&
          a->c == 4);
    CHECK(strcmp(a->weight, "wa") == 0 && strcmp(a->bn, "ba") == 0 && a->bn_eps == 1e-3);
    CHECK(strcmp(a->quant, "wa") == 0); /* a convolution's scale lies at its weight unless stated */
    CHECK(model_find(&m, "p") == 2 && model_find(&m, "nobody") == -1);
    hash_bytes(text, sizeof text - 1, hash);
    CHECK(memcmp(hash, m.sha256, sizeof hash) == 0);
    model_free(&m);
    model_free(&m);
}

static void check_refused(const char *text, const char *expected)
{
    struct model m;
    status is = model_parse("x.model", text, strlen(text), &m);

    CHECK_MSG(is == ERR_FORMAT && strcmp(error_last()->text, expected) == 0, "\n  is     %s\n  should %s",
              is == OK ? "accepted" : error_last()->text, expected);
    CHECK(is == OK || m.node == NULL);
    if (is == OK)
        model_free(&m);
}

/* Frames that are not square, squashed pictures, one channel. */
static void test_frames(void)
{
    static const struct {
        const char *input;
        int channels, height, width, resize;
    } row[] = {
        { "input image 3 8 12 resize 9 bilinear crop 8 12 mean 0 0 0 std 1 2 3\n", 3, 8, 12, 9 },
        { "input image 3 8 12 resize squash bilinear mean 0 0 0 std 1 2 3\n", 3, 8, 12, 0 },
        { "input image 1 8 8 resize squash bicubic mean 0.5 std 0.25 quant q\n", 1, 8, 8, 0 },
    };

    for (size_t i = 0; i < COUNT_OF(row); i++) {
        char text[512];
        struct model m;

        snprintf(text, sizeof text, HEAD "%s" CONV TAIL, row[i].input);
        CHECK_MSG(model_parse("x.model", text, strlen(text), &m) == OK, "%s", error_last()->text);
        CHECK(m.input.channels == row[i].channels && m.input.height == row[i].height &&
              m.input.width == row[i].width && m.input.resize == row[i].resize);
        CHECK(m.node[0].c == row[i].channels && m.node[1].h == 4 && m.node[1].w == row[i].width / 2);
        CHECK(m.input.std[row[i].channels - 1] == (row[i].channels == 1 ? 0.25 : 3));
        model_free(&m);
    }
}

static void test_lines(void)
{
    check_refused("", "x.model: no model line");
    check_refused(INPUT, "x.model:1: 'input' where the model line is expected");
    check_refused("model\n", "x.model:1: model: the model's name is missing");
    check_refused(HEAD HEAD, "x.model:2: a second model line");
    check_refused(HEAD CONV, "x.model:2: the first node must be the input");
    check_refused(HEAD "convv a b\n", "x.model:2: unknown op 'convv' (did you mean 'conv'?)");
    check_refused(HEAD "outptu f\n", "x.model:2: unknown op 'outptu' (did you mean 'output'?)");
    check_refused(HEAD "ignore\n", "x.model:2: ignore: a pattern of tensors' names is missing");
    check_refused(HEAD "ignore a.* b.*\n", "x.model:2: 'b.*' after the pattern: a line has one");
    check_refused(HEAD "also a\n", "x.model:2: also: what may stand there instead is missing");
    check_refused(HEAD "also a b c\n", "x.model:2: 'c' after the second part: a line has two");
    check_refused(HEAD "ignroe a\n", "x.model:2: unknown op 'ignroe' (did you mean 'ignore'?)");
    check_refused(HEAD "xyzzy\n", "x.model:2: unknown op 'xyzzy'");
    check_refused(HEAD INPUT INPUT, "x.model:3: a second input; there is one");
    check_refused(HEAD INPUT CONV TAIL "cam a\n", "x.model:8: a second cam line");
    check_refused(HEAD INPUT CONV "output\n", "x.model:4: output: a node's name is missing");
    check_refused(HEAD INPUT CONV "cam a b\n", "x.model:4: 'b' after the node's name");
    check_refused(HEAD INPUT "cam b\n", "x.model:3: unknown node 'b': a node must stand above its users");
}

static void test_input(void)
{
#define REST " resize 9 bilinear crop 8 mean 0 0 0 std 1 1 1\n"
    check_refused(HEAD "input i 1 8 8" REST, "x.model:2: '0' where 'std' is expected");
    check_refused(HEAD "input i 2 8 8" REST, "x.model:2: channels '2' is neither 3 (RGB) nor 1 (grey)");
    check_refused(HEAD "input i 4 8 8" REST, "x.model:2: channels '4' is not a whole number from 1 to 3");
    check_refused(HEAD "input i 3 8 9" REST, "x.model:2: the input is 8x9 and crop is 8x8");
    check_refused(HEAD "input i 3 8 9 resize 9 bilinear crop 9 8\n",
                  "x.model:2: the input is 8x9 and crop is 9x8");
    check_refused(HEAD "input i 3 8 8 resize squash bilinear crop 8\n",
                  "x.model:2: 'crop' where 'mean' is expected");
    check_refused(HEAD "input i 3 8 8 rezise 9\n", "x.model:2: 'rezise' where 'resize' is expected");
    check_refused(HEAD "input i 3 8 8 resize 20000 bilinear\n",
                  "x.model:2: resize '20000' is not 'squash' or a whole number from 1 to 16384");
    check_refused(HEAD "input i 3 8 8 resize 9 bilinaer\n",
                  "x.model:2: unknown filter 'bilinaer' (did you mean 'bilinear'?)");
    check_refused(HEAD "input i 3 8 8 resize 9 bilinear crop 8 mean 0 x 0\n",
                  "x.model:2: mean 'x' is not a number");
    check_refused(HEAD "input i 3 8 8 resize 9 bilinear crop 8 mean 0 0 0 std 1 0 1\n",
                  "x.model:2: std 0 is not positive");
    check_refused(HEAD "input i 3 8 8 resize 9 bilinear crop 8 mean 0 0\n",
                  "x.model:2: input: mean is missing");
#undef REST
}

/* Another pipeline in place of the text's; what is wrong leaves the model as it is. */
static void test_choose_input(void)
{
    static const char text[] = HEAD INPUT CONV TAIL;
    static const struct {
        const char *pipeline, *says;
    } bad[] = { { "", "no pipeline" },
                { "resize 10 bilinear crop 9 mean 0 0 0 std 1 1 1", "the input is 8x8 and crop is 9x9" },
                { "resize 10 linear crop 8 mean 0 0 0 std 1 1 1", "unknown filter 'linear'" },
                { "resize 10 bilinear crop 8 mean 0 0 0 std 1 0 1", "std 0 is not positive" },
                { "resize 10 bilinear crop 8 mean 0 0 0 std 1 1", "std is missing" },
                { "resize 10 bilinear crop 8 mean 0 0 0 std 1 1 1 quant q",
                  "'quant' behind the last number" } };
    struct model m;

    CHECK(model_parse("m.model", text, sizeof text - 1, &m) == OK);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        CHECK(model_choose_input(&m, bad[i].pipeline) == ERR_USAGE);
        CHECK_MSG(strstr(error_last()->text, bad[i].says), "%s", error_last()->text);
        CHECK(m.input.resize == 9 && m.input.mean[1] == 0.2 && m.input.std[2] == 3);
    }
    CHECK(model_choose_input(&m, " resize squash  bilinear mean 0 0.5 0 std 1 4 1") == OK);
    CHECK(m.input.resize == 0 && m.input.mean[1] == 0.5 && m.input.std[1] == 4 && m.input.height == 8 &&
          strcmp(m.input.filter, "bilinear") == 0 && strcmp(m.node[0].quant, "q") == 0);
    model_free(&m);
}

static void test_nodes(void)
{
    check_refused(
        HEAD INPUT "conv a imaeg out 4\n",
        "x.model:3: unknown node 'imaeg' (did you mean 'image'?): a node must stand above its users");
    check_refused(HEAD INPUT "relu a\n", "x.model:3: relu a: 0 inputs, 1 needed");
    check_refused(HEAD INPUT "mul a image image weight a\n",
                  "x.model:3: mul a: it has two inputs, or one and a weight");
    check_refused(HEAD INPUT "add a image\n", "x.model:3: add a: it has two inputs, or one and a weight");
    check_refused(HEAD INPUT "relu\n", "x.model:3: relu: its name is missing");
    check_refused(HEAD INPUT "relu image image\n", "x.model:3: node 'image' is already defined in line 2");
    check_refused(HEAD INPUT "relu out image\n",
                  "x.model:3: a node cannot be called 'out', which is an attribute");
    check_refused(HEAD INPUT "conv a image kernal 3\n",
                  "x.model:3: unknown attribute 'kernal' (did you mean 'kernel'?)");
    check_refused(HEAD INPUT "relu a image stride 2\n", "x.model:3: relu has no attribute 'stride'");
    check_refused(HEAD INPUT "conv a image out 4 out 4\n", "x.model:3: attribute 'out' is given twice");
    check_refused(HEAD INPUT "conv a image out\n", "x.model:3: conv: out is missing");
    check_refused(HEAD INPUT "conv a image out 4x\n",
                  "x.model:3: out '4x' is not a whole number from 1 to 65536");
    check_refused(HEAD INPUT "conv a image out 0\n",
                  "x.model:3: out '0' is not a whole number from 1 to 65536");
    check_refused(HEAD INPUT "conv a image out 4 kernel 3 pad 1 groups 1 weight w\n",
                  "x.model:3: conv a: attribute 'stride' is missing");
    check_refused(HEAD INPUT "linear a image out 4\n", "x.model:3: linear a: attribute 'weight' is missing");
    check_refused(HEAD INPUT "conv a image out 4 kernel 3 stride 1 pad smae groups 1 weight w\n",
                  "x.model:3: pad 'smae' is not 'same' or a whole number from 0 to 64, or four, "
                  "TOP,LEFT,BOTTOM,RIGHT (did you mean 'same'?)");
    check_refused(HEAD INPUT "conv a image out 4 kernel 3 stride 1 pad -1 groups 1 weight w\n",
                  "x.model:3: pad '-1' is not 'same' or a whole number from 0 to 64, or four, "
                  "TOP,LEFT,BOTTOM,RIGHT");
    check_refused(HEAD INPUT "maxpool a image kernel 3 stride 2 pad 0 ceil yes\n",
                  "x.model:3: ceil 'yes' is not a whole number from 0 to 1");
    check_refused(HEAD INPUT "dropout a image rate 1\n", "x.model:3: rate 1 is not from 0 to below 1");
    check_refused(HEAD INPUT "dropout a image\n", "x.model:3: dropout a: attribute 'rate' is missing");
    check_refused(HEAD INPUT "conv a image out 4 kernel 3 stride 1 pad 0 ceil 1 groups 1 weight w\n",
                  "x.model:3: conv has no attribute 'ceil'");
    check_refused(HEAD INPUT "relu a image image\n", "x.model:3: unknown attribute 'image'");
}

static void test_whole(void)
{
    check_refused(HEAD INPUT CONV, "x.model: no output line");
    check_refused(HEAD INPUT CONV "avgpool p a\nlinear f p out 5 weight wf\noutput f\n",
                  "x.model: no cam line");
    check_refused(HEAD INPUT CONV "output a\ncam a\n",
                  "x.model:3: the output a is a conv of 4x4x4, not a linear layer, global pooling, or a "
                  "convolution or addition with one position, or a slice, quantize or dequantize of one");
    check_refused(HEAD INPUT "relu a image\navgpool p a\noutput p\ncam a\n", "x.model: no layer has weights");
    check_refused(HEAD INPUT CONV "avgpool p a\nlinear f p out 5 weight wf\noutput f\ncam p\n",
                  "x.model:4: the CAM layer p is 4x1x1: it has no map");
    check_refused(HEAD INPUT CONV "relu r a\n" TAIL, "x.model:4: nothing uses node 'r'");
}

/* What may give the logits, all of one position. */
static void test_outputs(void)
{
    static const char *const tail[] = {
        "avgpool p a\nconv f p out 6 kernel 1 stride 1 pad 0 groups 1 weight wf\noutput f\n",
        "avgpool p a\nlinear f p out 7 weight wf\nslice s f begin 1 out 6\noutput s\n",
        "avgpool p a\nlinear f p out 6 weight wf\ndequantize d f\noutput d\n",
        "avgpool p a\nlinear f p out 6 weight wf\nlinear g p out 6 weight wg\nadd s f g\nquantize q s quant "
        "q\noutput q\n",
        "conv f a out 6 kernel 4 stride 1 pad 0 groups 1 weight wf\noutput f\n",
    };

    for (size_t i = 0; i < COUNT_OF(tail); i++) {
        char text[1024];
        struct model m;

        snprintf(text, sizeof text, HEAD INPUT CONV "%scam a\n", tail[i]);
        CHECK_MSG(model_parse("x.model", text, strlen(text), &m) == OK, "%s", error_last()->text);
        CHECK(m.classes == 6 && m.node[m.output].c == 6);
        model_free(&m);
    }
    check_refused(HEAD INPUT CONV "slice s a begin 1 out 2\noutput s\ncam a\n",
                  "x.model:4: the output s is a slice of 2x4x4, not a linear layer, global pooling, or a "
                  "convolution or addition with one position, or a slice, quantize or dequantize of one");
    check_refused(HEAD INPUT CONV "relu r a\noutput r\ncam a\n",
                  "x.model:4: the output r is a relu of 4x4x4, not a linear layer, global pooling, or a "
                  "convolution or addition with one position, or a slice, quantize or dequantize of one");
}

static void test_hostile(void)
{
    struct model m;
    char *long_line = mem_alloc(4096, 1);
    size_t used;

    CHECK(model_parse("x", "model m\0\n", 9, &m) == ERR_FORMAT &&
          strcmp(error_last()->text, "x: not a text") == 0);
    CHECK(model_parse("x", "model \xff\n", 8, &m) == ERR_FORMAT);
    used = (size_t)snprintf(long_line, 4096, "model ");
    memset(long_line + used, 'a', MODEL_NAME);
    CHECK(model_parse("x", long_line, strlen(long_line), &m) == ERR_FORMAT &&
          strstr(error_last()->text, "longer"));
    for (used = 0; used + 2 < 400; used += 2)
        memcpy(long_line + used, "m ", 2);
    CHECK(model_parse("x", long_line, used, &m) == ERR_FORMAT &&
          strstr(error_last()->text, "more than 48 words"));
    mem_free(long_line);
}

static int parsed(const struct text *t, const char *expected)
{
    struct model m;
    status s = model_parse("x", t->data, t->size, &m);
    int good = expected ? s == ERR_FORMAT && strstr(error_last()->text, expected) : s == OK;

    CHECK_MSG(good, "%s: %s", expected ? expected : "accepted", s == OK ? "accepted" : error_last()->text);
    model_free(&m);
    return good;
}

/* A network of `nodes` nodes, one of which joins `inputs`, with a name of `letters`, `words` in a line,
 * `patterns` of what is ignored. Refused with these words, or accepted. */
static void grown(int nodes, int inputs, int letters, int words, int patterns, const char *expected)
{
    static const char name[] = "a";
    struct text t = { .max = 1 << 20 };
    int made = 2 + inputs + 1;

    CHECK(text_add(&t, "model m") == OK);
    for (int i = 2; i < words; i++)
        CHECK(text_add(&t, " w") == OK);
    CHECK(text_add(&t, "\n" INPUT "conv ") == OK);
    for (int i = 0; i < letters; i++)
        CHECK(text_add(&t, "%s", name) == OK);
    CHECK(text_add(&t, " image out 4 kernel 3 stride 2 pad 1 groups 1 weight wa\n") == OK);
    for (int i = 0; i < inputs; i++) {
        CHECK(text_add(&t, "relu r%d ", i) == OK);
        for (int k = 0; k < letters; k++)
            CHECK(text_add(&t, "%s", name) == OK);
        CHECK(text_add(&t, "\n") == OK);
    }
    CHECK(text_add(&t, "cat c%d", made - 1) == OK);
    for (int i = 0; i < inputs; i++)
        CHECK(text_add(&t, " r%d", i) == OK);
    CHECK(text_add(&t, "\n") == OK);
    for (; made < nodes - 2; made++)
        CHECK(text_add(&t, "relu n%d %s%d\n", made, made == 3 + inputs ? "c" : "n", made - 1) == OK);
    CHECK(text_add(&t, "avgpool p %s%d\nlinear f p out 5 weight wf\noutput f\ncam c%d\n",
                   made == 3 + inputs ? "c" : "n", made - 1, 2 + inputs) == OK);
    for (int i = 0; i < patterns; i++)
        CHECK(text_add(&t, "ignore aux%d.*\n", i) == OK);
    parsed(&t, expected);
    text_free(&t);
}

/* The largest that is taken, and one more. */
static void test_maxima(void)
{
    grown(10, 2, 1, 3, 0, NULL);
    grown(MODEL_MAX_NODES, 2, 1, 3, 0, NULL);
    grown(MODEL_MAX_NODES + 1, 2, 1, 3, 0, "x:4098: more than 4096 nodes");
    grown(30, MODEL_MAX_INPUTS, 1, 3, 0, NULL);
    grown(30, MODEL_MAX_INPUTS + 1, 1, 3, 0, "x:21: ");
    grown(10, 2, MODEL_NAME - 1, 3, 0, NULL);
    grown(10, 2, MODEL_NAME, 3, 0, "x:3: ");
    grown(10, 2, 1, 48, 0, NULL);
    grown(10, 2, 1, 49, 0, "x:1: more than 48 words");
    grown(10, 2, 1, 3, MODEL_MAX_IGNORES, NULL);
    grown(10, 2, 1, 3, MODEL_MAX_IGNORES + 1, ": more than 64 patterns");
}

/* Every prefix of a whole description, cut anywhere, is either good or refused with a line. */
static void test_prefixes(void)
{
    static const char text[] = HEAD INPUT CONV TAIL;
    struct model m;

    for (size_t size = 0; size < sizeof text; size++)
        if (model_parse("x", text, size, &m) == OK)
            model_free(&m);
}

static void test_file(void)
{
    struct model m;

    CHECK(model_read("tests/fixtures/tiny/tiny.model", &m) == OK);
    CHECK(strcmp(m.source, "tests/fixtures/tiny/tiny.model") == 0 && m.nodes > 2);
    model_free(&m);
    CHECK(model_read("tests/fixtures/tiny/none.model", &m) == ERR_MISSING && m.nodes == 0);
}

int main(void)
{
    test_file();
    test_good();
    test_frames();
    test_lines();
    test_input();
    test_choose_input();
    test_nodes();
    test_whole();
    test_outputs();
    test_hostile();
    test_maxima();
    test_prefixes();
    CHECK(mem_live() == 0);
    return check_result("model/parse");
}
