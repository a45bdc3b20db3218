#include "check.h"
#include "deploy/onnx_parts.h"
#include "wire.h"

/* Relu(x) * w = y, opset 13, and what the tests change in it. */
struct parts {
    struct wire model, graph, node, constant, given, output, more;
};

static void write_info(struct wire *out, const char *name, int type, int channels)
{
    struct wire dim = { 0 }, shape = { 0 }, tensor = { 0 }, kind = { 0 };

    *out = (struct wire){ 0 };
    wire_text(&dim, 2, "N");
    wire_message(&shape, 1, &dim);
    dim.size = 0;
    wire_whole(&dim, 1, channels);
    wire_message(&shape, 1, &dim);
    wire_whole(&tensor, 1, type);
    wire_message(&tensor, 2, &shape);
    wire_message(&kind, 1, &tensor);
    wire_text(out, 1, name);
    wire_message(out, 2, &kind);
}

static void write_node(struct wire *out, const char *op, const char *a, const char *b, const char *y)
{
    *out = (struct wire){ 0 };
    wire_text(out, 1, a);
    if (b)
        wire_text(out, 1, b);
    wire_text(out, 2, y);
    wire_text(out, 3, "node");
    wire_text(out, 4, op);
}

static void start(struct parts *p)
{
    static const float two[] = { 2, -3 };

    *p = (struct parts){ 0 };
    write_node(&p->node, "Relu", "x", NULL, "r");
    wire_message(&p->graph, 1, &p->node);
    write_node(&p->node, "Mul", "r", "w", "y");
    wire_whole(&p->constant, 1, 2);
    wire_whole(&p->constant, 2, ONNX_F32);
    wire_text(&p->constant, 8, "w");
    wire_bytes(&p->constant, 9, two, sizeof two);
    write_info(&p->given, "x", ONNX_F32, 2);
    write_info(&p->output, "y", ONNX_F32, 2);
}

static void finish(struct parts *p)
{
    struct wire opset = { 0 };

    wire_message(&p->graph, 1, &p->node);
    wire_message(&p->graph, 5, &p->constant);
    wire_message(&p->graph, 11, &p->given);
    wire_message(&p->graph, 12, &p->output);
    if (p->more.size)
        wire_message(&p->graph, 11, &p->more);
    wire_whole(&p->model, 1, 8);
    wire_text(&p->model, 2, "pytorch");
    wire_message(&p->model, 7, &p->graph);
    wire_whole(&opset, 2, 13);
    wire_message(&p->model, 8, &opset);
}

static status open_parts(struct parts *p, struct onnx *x)
{
    finish(p);
    return onnx_open("case.onnx", p->model.bytes, p->model.size, x);
}

static void check_refused(struct parts *p, const char *words)
{
    struct onnx x;

    CHECK(open_parts(p, &x) != OK);
    CHECK_MSG(strstr(error_last()->text, words), "%s", error_last()->text);
    onnx_close(&x);
}

static void test_sound(void)
{
    struct parts p;
    struct onnx x;
    const struct tensor *w;

    start(&p);
    CHECK_MSG(open_parts(&p, &x) == OK, "%s", error_last()->text);
    CHECK(x.nodes == 2 && x.value.count == 4 && x.givens == 1 && x.outputs == 1 && x.opset == 13);
    CHECK(strcmp(x.producer, "pytorch") == 0 && strcmp(x.node[1].op, "Mul") == 0 && !*x.node[1].domain);
    CHECK(x.node[1].inputs == 2 && x.node[1].input[0] == x.node[0].output[0]);
    w = table_find(&x.value, "w");
    CHECK(w && w->rank == 1 && w->dim[0] == 2 && tensor_at(w, 1) == -3 && !w->owned);
    CHECK(x.of[x.given[0]].type == ONNX_F32 && x.of[x.given[0]].maker == -1);
    CHECK(x.value.entry[x.given[0]].tensor.rank == 2 && x.value.entry[x.given[0]].tensor.dim[0] == 0 &&
          x.value.entry[x.given[0]].tensor.dim[1] == 2);
    CHECK(x.of[x.node[0].output[0]].readers == 1 && x.of[x.node[0].output[0]].reader == 1);
    CHECK(x.of[x.output[0]].readers == 1 && x.of[x.output[0]].reader == -1 && x.of[x.output[0]].maker == 1);
    onnx_close(&x);
}

static void test_attributes(void)
{
    static const float reals[] = { 1.5f, -2 };
    static const uint8_t wholes[] = { 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 };
    struct parts p;
    struct onnx x;
    struct wire a = { 0 };
    const struct onnx_attribute *at;

    start(&p);
    wire_text(&a, 1, "pads");
    wire_bytes(&a, 8, wholes, sizeof wholes); /* packed: 3, -1 */
    wire_whole(&a, 8, 7);
    wire_message(&p.node, 5, &a);
    a.size = 0;
    wire_text(&a, 1, "some");
    wire_real(&a, 2, .25f);
    wire_whole(&a, 3, -4);
    wire_text(&a, 4, "SAME_UPPER");
    wire_bytes(&a, 7, reals, sizeof reals);
    wire_message(&p.node, 5, &a);
    a.size = 0;
    wire_text(&a, 1, "value");
    wire_message(&a, 5, &p.constant);
    wire_message(&p.node, 5, &a);
    CHECK_MSG(open_parts(&p, &x) == OK, "%s", error_last()->text);
    CHECK(x.node[1].attributes == 3);
    at = x.node[1].attribute;
    CHECK(strcmp(at->name, "pads") == 0 && at->count == 3 && at->wholes[0] == 3 && at->wholes[1] == -1 &&
          at->wholes[2] == 7);
    CHECK(at[1].real == .25f && at[1].whole == -4 && strcmp(at[1].text, "SAME_UPPER") == 0 &&
          at[1].count == 2 && at[1].reals[1] == -2);
    CHECK(at[2].tensor && at[2].type == ONNX_F32 && tensor_at(at[2].tensor, 0) == 2);
    onnx_close(&x);
    start(&p);
    a.size = 0;
    wire_whole(&a, 4, 16); /* a text that is a number is left out */
    wire_message(&p.node, 5, &a);
    CHECK(open_parts(&p, &x) == OK && !*x.node[1].attribute->text);
    onnx_close(&x);
    start(&p);
    a.size = 0;
    wire_text(&a, 1, "then_branch");
    wire_message(&a, 6, &p.graph);
    wire_message(&p.node, 5, &a);
    check_refused(&p, "node 1 (Mul node): it holds a graph of its own");
}

static void test_refused(void)
{
    struct parts p;

    start(&p);
    write_node(&p.node, "Mul", "late", "w", "y");
    check_refused(&p, "node 1 (Mul node): its input late is not computed before it");
    start(&p);
    write_node(&p.node, "Mul", "r", "w", "r");
    check_refused(&p, "its output r is there already");
    start(&p);
    write_node(&p.node, "Mul", "r", "w", "x");
    check_refused(&p, "its output x is there already");
    start(&p);
    write_info(&p.output, "nothing", ONNX_F32, 2);
    check_refused(&p, "nothing computes the output nothing");
    start(&p);
    wire_text(&p.node, 2, "\033[2J");
    check_refused(&p, "no printable text");
    start(&p);
    wire_message(&p.graph, 5, &p.constant);
    check_refused(&p, "without a name or a second one");
    start(&p);
    wire_message(&p.graph, 15, &p.constant);
    check_refused(&p, "sparse");
    start(&p);
    p.constant.bytes[1] = 3;
    check_refused(&p, "tensor w: it has 8 bytes, and its shape says 3 elements of 4");
}

/* Every beginning of a file is refused or read, and nothing leaks; the graph is never half there. */
static void test_truncated(void)
{
    struct parts p;
    struct onnx x;
    int sound = 0;

    start(&p);
    finish(&p);
    for (size_t size = 0; size <= p.model.size; size++) {
        uint8_t *copy = mem_alloc(size + 1, 1), *end = copy + 1;

        memcpy(end, p.model.bytes, size);
        if (onnx_open("case.onnx", end, size, &x) == OK) {
            CHECK(size == p.model.size);
            sound++;
        }
        onnx_close(&x);
        mem_free(copy);
    }
    CHECK(sound == 1);
}

int main(void)
{
    test_sound();
    test_attributes();
    test_refused();
    test_truncated();
    CHECK(mem_live() == 0);
    return check_result("deploy/onnx_read");
}
