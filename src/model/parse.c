/* src/model/parse.c: reads a description, line by line (models/README.md). */
#include "model_parts.h"

#include <string.h>

enum { MAX_WORDS = 48, LARGEST = 1 << 16, LARGEST_PICTURE = 1 << 14 /* image.h */ };

/* A line being read: words[next] is the first not yet understood. */
struct line {
    struct model *m;
    int number;
    char *words[MAX_WORDS];
    int count, next;
    int capacity; /* of the model's nodes */
};

#define BAD(l, ...) error_prefix(FAIL(ERR_FORMAT, __VA_ARGS__), "%s:%d", (l)->m->source, (l)->number)

static status copy_name(struct line *l, const char *what, const char *word, char out[MODEL_NAME])
{
    if (strlen(word) >= MODEL_NAME)
        return BAD(l, "the %s %.40s... is longer than %d letters", what, word, MODEL_NAME - 1);
    strcpy(out, word);
    return OK;
}

/* The next word, or an error that says what should stand there. */
static status next_word(struct line *l, const char *what, char **out)
{
    if (l->next == l->count)
        return BAD(l, "%s: %s is missing", l->words[0], what);
    *out = l->words[l->next++];
    return OK;
}

static status next_int(struct line *l, const char *what, int64_t low, int64_t high, int *out)
{
    char *word;
    int64_t value;

    TRY(next_word(l, what, &word));
    if (!text_parse_int(word, low, high, &value))
        return BAD(l, "%s '%s' is not a whole number from %lld to %lld", what, word, (long long)low,
                   (long long)high);
    *out = (int)value;
    return OK;
}

static status next_real(struct line *l, const char *what, double *out)
{
    char *word;

    TRY(next_word(l, what, &word));
    if (!text_parse_real(word, out))
        return BAD(l, "%s '%s' is not a number", what, word);
    return OK;
}

/* ---- node lines ------------------------------------------------------------------------------------ */

static int find_attribute(const char *word)
{
    for (int i = 0; i < ATTR_COUNT; i++)
        if (strcmp(word, model_attribute_names[i]) == 0)
            return i;
    return -1;
}

static status read_rate(struct line *l, double *out)
{
    TRY(next_real(l, "rate", out));
    if (!(*out >= 0 && *out < 1))
        return BAD(l, "rate %g is not from 0 to below 1", *out);
    return OK;
}

/* A number, or "same". */
static status read_pad(struct line *l, struct model_node *n)
{
    static const char *const same = "same";
    char *word;
    int64_t value;

    TRY(next_word(l, "pad", &word));
    n->pad_same = strcmp(word, same) == 0;
    if (n->pad_same)
        return OK;
    if (!text_parse_int(word, 0, 64, &value))
        return BAD(l, "pad '%s' is not 'same' or a whole number from 0 to 64%s", word,
                   text_suggest(word, &same, 1, ""));
    n->pad = (int)value;
    return OK;
}

static status read_attribute(struct line *l, struct model_node *n, int attribute)
{
    const char *name = model_attribute_names[attribute];
    char *word;

    switch ((enum model_attribute)attribute) {
    case ATTR_OUT: return next_int(l, name, 1, LARGEST, &n->c);
    case ATTR_KERNEL: return next_int(l, name, 1, 64, &n->kernel);
    case ATTR_STRIDE: return next_int(l, name, 1, 64, &n->stride);
    case ATTR_PAD:
        return read_pad(l, n);
    case ATTR_CEIL:
        return next_int(l, name, 0, 1, &n->ceil);
    case ATTR_GROUPS: return next_int(l, name, 1, LARGEST, &n->groups);
    case ATTR_BEGIN: return next_int(l, name, 0, LARGEST, &n->begin);
    case ATTR_EPS: return next_real(l, name, &n->bn_eps);
    case ATTR_RATE:
        return read_rate(l, &n->rate);
    case ATTR_WEIGHT: TRY(next_word(l, name, &word)); return copy_name(l, name, word, n->weight);
    case ATTR_BN: TRY(next_word(l, name, &word)); return copy_name(l, name, word, n->bn);
    case ATTR_QUANT: TRY(next_word(l, name, &word)); return copy_name(l, name, word, n->quant);
    case ATTR_COUNT: break;
    }
    return OK;
}

static status read_attributes(struct line *l, struct model_node *n)
{
    const struct model_op_form *form = model_op_form(n->op);
    unsigned seen = 0;

    while (l->next < l->count) {
        const char *word = l->words[l->next++];
        int attribute = find_attribute(word);
        if (attribute < 0)
            return BAD(l, "unknown attribute '%s'%s", word,
                       text_suggest(word, model_attribute_names, ATTR_COUNT, ""));
        if (!((form->required | form->optional) >> attribute & 1))
            return BAD(l, "%s has no attribute '%s'", form->name, word);
        if (seen >> attribute & 1)
            return BAD(l, "attribute '%s' is given twice", word);
        seen |= 1u << attribute;
        TRY(read_attribute(l, n, attribute));
    }
    for (int i = 0; i < ATTR_COUNT; i++)
        if (form->required >> i & 1 && !(seen >> i & 1))
            return BAD(l, "%s %s: attribute '%s' is missing", form->name, n->name, model_attribute_names[i]);
    if (n->weight[0] && !n->quant[0])
        strcpy(n->quant, n->weight);
    return OK;
}

static status find_node(struct line *l, const char *word, int *out)
{
    const struct model *m = l->m;
    const char **names, *near;

    *out = model_find(m, word);
    if (*out >= 0)
        return OK;
    MEM_TRY(names, (size_t)m->nodes + 1, sizeof *names);
    for (int i = 0; i < m->nodes; i++)
        names[i] = m->node[i].name;
    near = text_suggest(word, names, m->nodes, "");
    mem_free(names);
    return BAD(l, "unknown node '%s'%s: a node must stand above its users", word, near);
}

static status read_inputs(struct line *l, struct model_node *n)
{
    const struct model_op_form *form = model_op_form(n->op);

    while (n->inputs < form->most_inputs && l->next < l->count) {
        const char *word = l->words[l->next];
        if (find_attribute(word) >= 0)
            break;
        TRY(find_node(l, word, &n->input[n->inputs++]));
        l->next++;
    }
    if (n->inputs < form->least_inputs)
        return BAD(l, "%s %s: %d input%s, %d needed", form->name, n->name, n->inputs,
                   n->inputs == 1 ? "" : "s", form->least_inputs);
    return OK;
}

/* A new node with its name read and checked; it counts only once the whole line is understood. */
static status start_node(struct line *l, enum model_op op, struct model_node **out)
{
    struct model *m = l->m;
    struct model_node *n;
    char *word;
    int same;

    if (m->nodes == MODEL_MAX_NODES)
        return BAD(l, "more than %d nodes", MODEL_MAX_NODES);
    TRY(mem_room(&m->node, m->nodes, &l->capacity, sizeof *m->node));
    n = &m->node[m->nodes];
    *n = (struct model_node){ .op = op, .line = l->number };
    TRY(next_word(l, "its name", &word));
    TRY(copy_name(l, "name", word, n->name));
    same = model_find(m, n->name);
    if (same >= 0)
        return BAD(l, "node '%s' is already defined in line %d", n->name, m->node[same].line);
    if (find_attribute(n->name) >= 0)
        return BAD(l, "a node cannot be called '%s', which is an attribute", n->name);
    *out = n;
    return OK;
}

static status read_node(struct line *l, enum model_op op)
{
    struct model_node *n;

    if (l->m->nodes == 0)
        return BAD(l, "the first node must be the input");
    TRY(start_node(l, op, &n));
    TRY(read_inputs(l, n));
    TRY(read_attributes(l, n));
    TRY(model_infer_shape(l->m, n));
    l->m->nodes++;
    return OK;
}

/* ---- model, input, output, cam --------------------------------------------------------------------- */

static status read_model(struct line *l)
{
    struct model *m = l->m;
    size_t used = 0;
    char *word;

    if (m->name[0])
        return BAD(l, "a second model line");
    TRY(next_word(l, "the model's name", &word));
    TRY(copy_name(l, "model's name", word, m->name));
    while (l->next < l->count && used < sizeof m->title)
        used += (size_t)snprintf(m->title + used, sizeof m->title - used, "%s%s", used ? " " : "",
                                 l->words[l->next++]);
    return OK;
}

static status expect_word(struct line *l, const char *what)
{
    char *word;

    TRY(next_word(l, what, &word));
    if (strcmp(word, what) != 0)
        return BAD(l, "'%s' where '%s' is expected", word, what);
    return OK;
}

/* A short side, or "squash". */
static status read_resize(struct line *l, struct model_input *in)
{
    static const char *const filters[] = { "bilinear", "bicubic" }, *const squash = "squash";
    char *word;
    int64_t side = 0;

    TRY(expect_word(l, "resize"));
    TRY(next_word(l, "resize", &word));
    if (strcmp(word, squash) != 0 && !text_parse_int(word, 1, LARGEST_PICTURE, &side))
        return BAD(l, "resize '%s' is not 'squash' or a whole number from 1 to %d%s", word, LARGEST_PICTURE,
                   text_suggest(word, &squash, 1, ""));
    in->resize = (int)side;
    TRY(next_word(l, "the filter (bilinear or bicubic)", &word));
    if (strcmp(word, filters[0]) != 0 && strcmp(word, filters[1]) != 0)
        return BAD(l, "unknown filter '%s'%s", word, text_suggest(word, filters, (int)COUNT_OF(filters), ""));
    strcpy(in->filter, word);
    return OK;
}

/* "crop SIDE", or "crop HEIGHT WIDTH" where these differ: what the node's extents say, once more. */
static status read_crop(struct line *l, const struct model_input *in)
{
    int height, width;

    TRY(expect_word(l, "crop"));
    TRY(next_int(l, "crop", 1, LARGEST_PICTURE, &height));
    width = height;
    if (l->next < l->count && strspn(l->words[l->next], "0123456789") > 0)
        TRY(next_int(l, "crop", 1, LARGEST_PICTURE, &width));
    if (in->height != height || in->width != width)
        return BAD(l, "the input is %dx%d and crop is %dx%d", in->height, in->width, height, width);
    return OK;
}

static status read_preprocessing(struct line *l, struct model_input *in)
{
    TRY(read_resize(l, in));
    if (in->resize > 0)
        TRY(read_crop(l, in));
    TRY(expect_word(l, "mean"));
    for (int i = 0; i < in->channels; i++)
        TRY(next_real(l, "mean", &in->mean[i]));
    TRY(expect_word(l, "std"));
    for (int i = 0; i < in->channels; i++) {
        TRY(next_real(l, "std", &in->std[i]));
        if (in->std[i] <= 0)
            return BAD(l, "std %g is not positive", in->std[i]);
    }
    return OK;
}

static status read_input(struct line *l)
{
    struct model *m = l->m;
    struct model_input *in = &m->input;
    struct model_node *n;

    if (m->nodes > 0)
        return BAD(l, "a second input; there is one");
    TRY(start_node(l, OP_INPUT, &n));
    TRY(next_int(l, "channels", 1, 3, &in->channels));
    if (in->channels == 2)
        return BAD(l, "channels '2' is neither 3 (RGB) nor 1 (grey)");
    TRY(next_int(l, "height", 1, 4096, &in->height));
    TRY(next_int(l, "width", 1, 4096, &in->width));
    TRY(read_preprocessing(l, in));
    TRY(read_attributes(l, n));
    n->c = in->channels;
    n->h = in->height;
    n->w = in->width;
    m->nodes++;
    return OK;
}

static status read_mark(struct line *l, int *node)
{
    char *word;

    if (*node >= 0)
        return BAD(l, "a second %s line", l->words[0]);
    TRY(next_word(l, "a node's name", &word));
    TRY(find_node(l, word, node));
    if (l->next < l->count)
        return BAD(l, "'%s' after the node's name", l->words[l->next]);
    return OK;
}

static status read_ignore(struct line *l)
{
    struct model *m = l->m;
    char *word;

    TRY(next_word(l, "a pattern of tensors' names", &word));
    if (l->next < l->count)
        return BAD(l, "'%s' after the pattern: a line has one", l->words[l->next]);
    if (m->ignores == MODEL_MAX_IGNORES)
        return BAD(l, "more than %d patterns", MODEL_MAX_IGNORES);
    if (!m->ignore)
        MEM_TRY(m->ignore, MODEL_MAX_IGNORES, sizeof *m->ignore);
    return copy_name(l, "pattern", word, m->ignore[m->ignores++]);
}

static status read_also(struct line *l)
{
    struct model *m = l->m;
    char *part, *other;

    TRY(next_word(l, "a part of tensors' names", &part));
    TRY(next_word(l, "what may stand there instead", &other));
    if (l->next < l->count)
        return BAD(l, "'%s' after the second part: a line has two", l->words[l->next]);
    if (m->alsos == MODEL_MAX_ALSO)
        return BAD(l, "more than %d lines of other names", MODEL_MAX_ALSO);
    if (!m->also)
        MEM_TRY(m->also, MODEL_MAX_ALSO, sizeof *m->also);
    TRY(copy_name(l, "part", part, m->also[m->alsos].part));
    return copy_name(l, "part", other, m->also[m->alsos++].other);
}

/* ---- the whole text -------------------------------------------------------------------------------- */

static status read_line(struct line *l)
{
    static const char *const others[] = { "model", "output", "cam", "ignore", "also" };
    const char *known[OP_COUNT + COUNT_OF(others)];

    l->next = 1;
    if (!l->m->name[0] && strcmp(l->words[0], "model") != 0)
        return BAD(l, "'%s' where the model line is expected", l->words[0]);
    if (strcmp(l->words[0], "model") == 0)
        return read_model(l);
    if (strcmp(l->words[0], "input") == 0)
        return read_input(l);
    if (strcmp(l->words[0], "output") == 0)
        return read_mark(l, &l->m->output);
    if (strcmp(l->words[0], "cam") == 0)
        return read_mark(l, &l->m->cam);
    if (strcmp(l->words[0], "ignore") == 0)
        return read_ignore(l);
    if (strcmp(l->words[0], "also") == 0)
        return read_also(l);
    for (int op = 0; op < OP_COUNT; op++) {
        known[op] = model_op_name((enum model_op)op);
        if (strcmp(l->words[0], known[op]) == 0)
            return read_node(l, (enum model_op)op);
    }
    memcpy(known + OP_COUNT, others, sizeof others);
    return BAD(l, "unknown op '%s'%s", l->words[0],
               text_suggest(l->words[0], known, (int)COUNT_OF(known), ""));
}

/* What only the whole graph can tell. */
static status check_whole(struct model *m)
{
    const struct model_node *out, *cam;
    int layers = 0;

    if (!m->name[0])
        return FAIL(ERR_FORMAT, "%s: no model line", m->source);
    if (m->output < 0 || m->cam < 0)
        return FAIL(ERR_FORMAT, "%s: no %s line", m->source, m->output < 0 ? "output" : "cam");
    out = &m->node[m->output];
    cam = &m->node[m->cam];
    if (out->op != OP_LINEAR && !model_is_global_pool(out->op))
        return FAIL(ERR_FORMAT, "%s:%d: the output %s is a %s, not a linear layer or global pooling",
                    m->source, out->line, out->name, model_op_name(out->op));
    if (cam->h * cam->w < 2)
        return FAIL(ERR_FORMAT, "%s:%d: the CAM layer %s is %dx%dx%d: it has no map", m->source, cam->line,
                    cam->name, cam->c, cam->h, cam->w);
    for (int i = 0; i < m->nodes; i++) {
        int users = i == m->output;

        layers += model_has_weights(&m->node[i]);
        for (int j = i + 1; j < m->nodes; j++)
            for (int k = 0; k < m->node[j].inputs; k++)
                users += m->node[j].input[k] == i;
        if (!users)
            return FAIL(ERR_FORMAT, "%s:%d: nothing uses node '%s'", m->source, m->node[i].line,
                        m->node[i].name);
    }
    if (!layers)
        return FAIL(ERR_FORMAT, "%s: no layer has weights", m->source);
    m->classes = out->c;
    return OK;
}

static status read_lines(char *text, struct model *m)
{
    struct line l = { .m = m };

    for (char *line; (line = strsep(&text, "\n"));) {
        l.number++;
        line[strcspn(line, "#")] = '\0';
        l.count = text_split(line, l.words, MAX_WORDS);
        if (l.count > MAX_WORDS)
            return BAD(&l, "more than %d words", MAX_WORDS);
        if (l.count > 0)
            TRY(read_line(&l));
    }
    return check_whole(m);
}

status model_parse(const char *source, const char *text, size_t size, struct model *out)
{
    struct model m = { .output = -1, .cam = -1 };
    char *copy;
    status result;

    *out = (struct model){ 0 };
    snprintf(m.source, sizeof m.source, "%s", source);
    if (memchr(text, 0, size) || !text_is_utf8(text, size))
        return FAIL(ERR_FORMAT, "%s: not a text", source);
    for (size_t i = 0, number = 1; i < size; i++) {
        number += text[i] == '\n';
        if ((unsigned char)text[i] < 32 && !strchr("\n\r\t", text[i]))
            return FAIL(ERR_FORMAT, "%s:%zu: a control character", source, number);
    }
    MEM_TRY(copy, size + 1, 1);
    memcpy(copy, text, size);
    result = read_lines(copy, &m);
    mem_free(copy);
    if (result != OK) {
        model_free(&m);
        return result;
    }
    hash_bytes(text, size, m.sha256);
    *out = m;
    return OK;
}

status model_read(const char *path, struct model *out)
{
    char *text = NULL;
    size_t size = 0;
    status result;

    *out = (struct model){ 0 };
    TRY(text_read_plain(path, MODEL_TEXT_MAX, &text, &size));
    result = model_parse(path, text, size, out);
    mem_free(text);
    return result;
}
