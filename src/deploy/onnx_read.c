/* The messages of an ONNX file: model, graph, nodes, attributes and what the graph takes and gives. */
#include "onnx_parts.h"

#include <string.h>
#include <unistd.h>

/* Fields of the messages, by message. */
enum {
    MODEL_VERSION = 1,
    MODEL_PRODUCER = 2,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    OPSET_DOMAIN = 1,
    OPSET_VERSION = 2
};
enum { GRAPH_NODE = 1, GRAPH_CONSTANT = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12, GRAPH_SPARSE = 15 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5, NODE_DOMAIN = 7 };
enum {
    ATTR_NAME = 1,
    ATTR_REAL = 2,
    ATTR_WHOLE = 3,
    ATTR_TEXT = 4,
    ATTR_TENSOR = 5,
    ATTR_GRAPH = 6,
    ATTR_REALS = 7,
    ATTR_WHOLES = 8,
    ATTR_GRAPHS = 11
};
enum {
    INFO_NAME = 1,
    INFO_TYPE = 2,
    TYPE_TENSOR = 1,
    TENSOR_TYPE = 1,
    TENSOR_SHAPE = 2,
    SHAPE_DIM = 1,
    DIM_VALUE = 1
};

/* ---- values ------------------------------------------------------------------------------------------ */

/* The value called `name`, which becomes one if there is none; "": -1. */
static status find_value(struct onnx *x, const char *name, int *out)
{
    const struct tensor *t = table_find(&x->value, name);
    struct tensor none = { 0 };

    *out = -1;
    if (!*name)
        return OK;
    if (t) {
        *out = (int)((const struct tensor_entry *)(const void *)((const char *)t -
                                                                 offsetof(struct tensor_entry, tensor)) -
                     x->value.entry);
        return OK;
    }
    *out = x->value.count;
    if (*out == ONNX_MAX_VALUES)
        return FAIL(ERR_MEMORY, "more than %d values", ONNX_MAX_VALUES);
    TRY(mem_room(&x->of, *out, &x->capacity, sizeof *x->of));
    x->of[*out] = (struct onnx_value){ .maker = -1, .reader = -1 };
    return table_take(&x->value, name, &none);
}

static status add_number(int **list, int *count, int *capacity, int value)
{
    TRY(mem_room(list, *count, capacity, sizeof **list));
    (*list)[(*count)++] = value;
    return OK;
}

static status read_constant(struct onnx *x, const struct protobuf_field *f)
{
    struct protobuf m;
    struct tensor t = { 0 };
    const char *name;
    int type, value;
    status result;

    TRY(protobuf_message(f, &m));
    TRY(onnx_tensor_read(x, m, &t, &type, &name));
    result = find_value(x, name, &value);
    if (result == OK && (value < 0 || x->of[value].constant))
        result = FAIL(ERR_FORMAT, "byte %llu: an initializer '%.200s' without a name or a second one",
                      (unsigned long long)f->offset, name);
    if (result != OK) {
        tensor_free(&t);
        return result;
    }
    x->value.entry[value].tensor = t;
    x->of[value].type = type;
    x->of[value].constant = x->of[value].shaped = 1;
    return OK;
}

/* ---- what the graph takes and gives ------------------------------------------------------------------ */

struct info {
    struct onnx *x;
    const char *name;
    int64_t type;
    struct tensor shape; /* an extent of 0: open */
    int shaped;
};

static status read_dim(void *user, const struct protobuf_field *f)
{
    struct info *i = user;
    int64_t extent;

    if (f->number != DIM_VALUE)
        return OK;
    TRY(protobuf_whole(f, &extent));
    i->shape.dim[i->shape.rank - 1] = extent > 0 && extent < INT32_MAX ? extent : 0;
    return OK;
}

static status read_shape(void *user, const struct protobuf_field *f)
{
    struct info *i = user;

    if (f->number != SHAPE_DIM)
        return OK;
    if (i->shape.rank == TENSOR_MAX_RANK)
        return FAIL(ERR_FORMAT, "%.200s has more than %d extents", i->name, TENSOR_MAX_RANK);
    i->shape.dim[i->shape.rank++] = 0;
    return protobuf_open(f, read_dim, i);
}

static status read_tensor_type(void *user, const struct protobuf_field *f)
{
    struct info *i = user;

    if (f->number == TENSOR_TYPE)
        return protobuf_whole(f, &i->type);
    if (f->number != TENSOR_SHAPE)
        return OK;
    i->shaped = 1;
    return protobuf_open(f, read_shape, i);
}

static status read_type(void *user, const struct protobuf_field *f)
{
    return f->number == TYPE_TENSOR ? protobuf_open(f, read_tensor_type, user) : OK;
}

static status read_info(void *user, const struct protobuf_field *f)
{
    struct info *i = user;

    if (f->number == INFO_NAME)
        return onnx_text(i->x, f, &i->name);
    return f->number == INFO_TYPE ? protobuf_open(f, read_type, i) : OK;
}

static status read_given(struct onnx *x, const struct protobuf_field *f, int is_output)
{
    struct info i = { .x = x, .name = "" };
    int value;

    TRY(protobuf_open(f, read_info, &i));
    TRY(find_value(x, i.name, &value));
    if (value < 0)
        return FAIL(ERR_FORMAT, "byte %llu: an input or output of the graph without a name",
                    (unsigned long long)f->offset);
    if (is_output)
        return add_number(&x->output, &x->outputs, &x->output_capacity, value);
    if (!x->of[value].constant) {
        x->of[value].type = i.type > 0 && i.type < 64 ? (int)i.type : ONNX_NO_TYPE;
        x->of[value].shaped = i.shaped;
        x->value.entry[value].tensor = i.shape;
    }
    return add_number(&x->given, &x->givens, &x->given_capacity, value);
}

/* ---- nodes ------------------------------------------------------------------------------------------- */

struct reading {
    struct onnx *x;
    struct onnx_node *n;
    struct onnx_attribute *a;
    int at; /* of numbers */
};

static status add_whole(void *user, uint64_t bits)
{
    struct reading *r = user;

    if (r->a->wholes)
        r->a->wholes[r->at] = (int64_t)bits;
    r->at++;
    return OK;
}

static status add_real(void *user, uint64_t bits)
{
    struct reading *r = user;
    uint32_t low = (uint32_t)bits;

    if (r->a->reals)
        memcpy(&r->a->reals[r->at], &low, sizeof low);
    r->at++;
    return OK;
}

static status read_attribute_tensor(struct reading *r, const struct protobuf_field *f)
{
    struct onnx *x = r->x;
    struct protobuf m;
    const char *name;

    TRY(protobuf_message(f, &m));
    TRY(mem_room(&x->held, x->helds, &x->held_capacity, sizeof *x->held));
    MEM_TAKE(&x->set, r->a->tensor, 1, sizeof *r->a->tensor);
    x->held[x->helds++] = r->a->tensor;
    return onnx_tensor_read(x, m, r->a->tensor, &r->a->type, &name);
}

/* Twice: the first time counts the numbers. */
static status read_attribute(void *user, const struct protobuf_field *f)
{
    struct reading *r = user;

    switch (f->number) {
    case ATTR_NAME:
        return onnx_text(r->x, f, &r->a->name);
    case ATTR_REAL:
        return protobuf_real(f, &r->a->real);
    case ATTR_WHOLE:
        return protobuf_whole(f, &r->a->whole);
    case ATTR_TEXT:
        /* Long ones are notes of other tools. */
        return f->type == PROTOBUF_BYTES && f->value <= ONNX_MAX_NAME &&
                       text_is_printable((const char *)f->bytes, f->value)
                   ? onnx_text(r->x, f, &r->a->text)
                   : OK;
    case ATTR_TENSOR:
        return r->a->tensor ? OK : read_attribute_tensor(r, f);
    case ATTR_REALS:
        return protobuf_numbers(f, PROTOBUF_FOUR, add_real, r);
    case ATTR_WHOLES:
        return protobuf_numbers(f, PROTOBUF_VARINT, add_whole, r);
    case ATTR_GRAPH:
    case ATTR_GRAPHS:
        return FAIL(ERR_FORMAT, "it holds a graph of its own, and control flow is not translated");
    default:
        return OK;
    }
}

static status start_attribute(struct reading *r, const struct protobuf_field *f)
{
    TRY(protobuf_open(f, read_attribute, r));
    r->a->count = r->at;
    r->at = 0;
    if (!r->a->count)
        return OK;
    MEM_TAKE(&r->x->set, r->a->wholes, (size_t)r->a->count, sizeof *r->a->wholes);
    MEM_TAKE(&r->x->set, r->a->reals, (size_t)r->a->count, sizeof *r->a->reals);
    return protobuf_open(f, read_attribute, r);
}

static status read_name(struct reading *r, const struct protobuf_field *f, int *list, int *count)
{
    const char *name;

    if (!list) {
        ++*count;
        return OK;
    }
    TRY(onnx_text(r->x, f, &name));
    return find_value(r->x, name, &list[(*count)++]);
}

/* Twice: the first time counts. */
static status read_node_field(void *user, const struct protobuf_field *f)
{
    struct reading *r = user;
    struct onnx_node *n = r->n;

    switch (f->number) {
    case NODE_INPUT:
        return read_name(r, f, n->input, &n->inputs);
    case NODE_OUTPUT:
        return read_name(r, f, n->output, &n->outputs);
    case NODE_NAME:
        return onnx_text(r->x, f, &n->name);
    case NODE_OP:
        return onnx_text(r->x, f, &n->op);
    case NODE_DOMAIN:
        TRY(onnx_text(r->x, f, &n->domain));
        if (strcmp(n->domain, "ai.onnx") == 0)
            n->domain = "";
        return OK;
    case NODE_ATTRIBUTE:
        if (!n->attribute) {
            n->attributes++;
            return OK;
        }
        r->a = &n->attribute[n->attributes++];
        r->a->name = r->a->text = "";
        r->at = 0;
        return start_attribute(r, f);
    default:
        return OK;
    }
}

static status read_node(struct onnx *x, const struct protobuf_field *f)
{
    struct onnx_node counted = { .name = "", .op = "", .domain = "" }, n = counted;

    if (x->nodes == ONNX_MAX_NODES)
        return FAIL(ERR_MEMORY, "more than %d nodes", ONNX_MAX_NODES);
    TRY(protobuf_open(f, read_node_field, &(struct reading){ .x = x, .n = &counted }));
    MEM_TAKE(&x->set, n.input, (size_t)counted.inputs + 1, sizeof *n.input);
    MEM_TAKE(&x->set, n.output, (size_t)counted.outputs + 1, sizeof *n.output);
    MEM_TAKE(&x->set, n.attribute, (size_t)counted.attributes + 1, sizeof *n.attribute);
    TRY(error_prefix(protobuf_open(f, read_node_field, &(struct reading){ .x = x, .n = &n }),
                     "node %d (%.60s %.200s)", x->nodes, n.op, n.name));
    TRY(mem_room(&x->node, x->nodes, &x->node_capacity, sizeof *x->node));
    x->node[x->nodes++] = n;
    return OK;
}

/* ---- graph and model --------------------------------------------------------------------------------- */

static status read_graph(void *user, const struct protobuf_field *f)
{
    struct onnx *x = user;

    switch (f->number) {
    case GRAPH_NODE:
        return read_node(x, f);
    case GRAPH_CONSTANT:
        return read_constant(x, f);
    case GRAPH_INPUT:
        return read_given(x, f, 0);
    case GRAPH_OUTPUT:
        return read_given(x, f, 1);
    case GRAPH_SPARSE:
        return FAIL(ERR_FORMAT, "it has sparse tensors, which are not translated: make them dense");
    default:
        return OK;
    }
}

struct opset {
    struct onnx *x;
    const char *domain;
    int64_t version;
};

static status read_opset(void *user, const struct protobuf_field *f)
{
    struct opset *o = user;

    if (f->number == OPSET_DOMAIN)
        return onnx_text(o->x, f, &o->domain);
    return f->number == OPSET_VERSION ? protobuf_whole(f, &o->version) : OK;
}

static status read_model(void *user, const struct protobuf_field *f)
{
    struct onnx *x = user;
    struct opset o = { .x = x, .domain = "" };

    if (f->number == MODEL_GRAPH)
        return protobuf_open(f, read_graph, x);
    if (f->number == MODEL_PRODUCER)
        return onnx_text(x, f, &x->producer);
    if (f->number != MODEL_OPSET)
        return OK;
    TRY(protobuf_open(f, read_opset, &o));
    if (!*o.domain || strcmp(o.domain, "ai.onnx") == 0)
        x->opset = o.version;
    return OK;
}

/* Every name is defined once, before it is used; counts who reads what. */
static status check_names(struct onnx *x)
{
    for (int i = 0; i < x->givens; i++)
        x->of[x->given[i]].maker = -2;
    for (int i = 0; i < x->nodes; i++) {
        const struct onnx_node *n = &x->node[i];

        for (int k = 0; k < n->inputs; k++) {
            struct onnx_value *v = n->input[k] >= 0 ? &x->of[n->input[k]] : NULL;

            if (!v)
                continue;
            if (v->maker == -1 && !v->constant)
                return FAIL(ERR_FORMAT, "node %d (%.60s %.200s): its input %.200s is not computed before it",
                            i, n->op, n->name, x->value.entry[n->input[k]].name);
            v->readers++;
            v->reader = i;
        }
        for (int k = 0; k < n->outputs; k++) {
            struct onnx_value *v = n->output[k] >= 0 ? &x->of[n->output[k]] : NULL;

            if (v && (v->maker != -1 || v->constant))
                return FAIL(ERR_FORMAT, "node %d (%.60s %.200s): its output %.200s is there already", i,
                            n->op, n->name, x->value.entry[n->output[k]].name);
            if (v)
                v->maker = i;
        }
    }
    for (int i = 0; i < x->outputs; i++) {
        struct onnx_value *v = &x->of[x->output[i]];

        if (v->maker == -1 && !v->constant)
            return FAIL(ERR_FORMAT, "nothing computes the output %.200s", x->value.entry[x->output[i]].name);
        v->readers++;
        v->reader = -1;
    }
    for (int i = 0; i < x->givens; i++)
        x->of[x->given[i]].maker = -1;
    return OK;
}

static status open_model(struct onnx *x, const uint8_t *bytes, uint64_t size)
{
    TRY(protobuf_visit((struct protobuf){ .bytes = bytes, .size = size }, read_model, x));
    if (!x->nodes)
        return FAIL(ERR_FORMAT, "there is no graph in it: it is cut off, or no ONNX model");
    if (x->opset < ONNX_OPSET_LOW || x->opset > ONNX_OPSET_HIGH)
        return FAIL(ERR_FORMAT,
                    "its opset is %lld, and %d to %d are read: convert it (onnx.version_converter)",
                    (long long)x->opset, ONNX_OPSET_LOW, ONNX_OPSET_HIGH);
    return check_names(x);
}

status onnx_open(const char *path, const uint8_t *bytes, uint64_t size, struct onnx *out)
{
    *out = (struct onnx){ .path = path, .producer = "" };
    return open_model(out, bytes, size);
}

void onnx_close(struct onnx *x)
{
    for (int i = 0; i < x->helds; i++)
        tensor_free(x->held[i]);
    for (int i = 0; i < x->files; i++)
        close(x->file[i].fd);
    table_free(&x->value);
    mem_free(x->of);
    mem_free(x->node);
    mem_free(x->given);
    mem_free(x->output);
    mem_free(x->held);
    mem_drop(&x->set);
    *x = (struct onnx){ 0 };
}
