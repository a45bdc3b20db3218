/* src/model/parse.c: reads a description, line by line (models/README.md). */
#include "line.h"

#include <string.h>

enum { LARGEST_PICTURE = 1 << 14 /* image.h */ };

/* ---- node lines ------------------------------------------------------------------------------------ */

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
    return LINE_BAD(l, "unknown node '%s'%s: a node must stand above its users", word, near);
}

static status read_inputs(struct line *l, struct model_node *n)
{
    const struct model_op_form *form = model_op_form(n->op);

    while (n->inputs < form->most_inputs && l->next < l->count) {
        const char *word = l->words[l->next];
        if (line_find_attribute(word) >= 0)
            break;
        TRY(find_node(l, word, &n->input[n->inputs++]));
        l->next++;
    }
    if (n->inputs < form->least_inputs)
        return LINE_BAD(l, "%s %s: %d input%s, %d needed", form->name, n->name, n->inputs,
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
        return LINE_BAD(l, "more than %d nodes", MODEL_MAX_NODES);
    TRY(mem_room(&m->node, m->nodes, &l->capacity, sizeof *m->node));
    n = &m->node[m->nodes];
    *n = (struct model_node){ .op = op, .line = l->number };
    TRY(line_word(l, "its name", &word));
    TRY(line_name(l, "name", word, n->name));
    same = model_find(m, n->name);
    if (same >= 0)
        return LINE_BAD(l, "node '%s' is already defined in line %d", n->name, m->node[same].line);
    if (line_find_attribute(n->name) >= 0)
        return LINE_BAD(l, "a node cannot be called '%s', which is an attribute", n->name);
    *out = n;
    return OK;
}

static status read_node(struct line *l, enum model_op op)
{
    struct model_node *n;

    if (l->m->nodes == 0)
        return LINE_BAD(l, "the first node must be the input");
    TRY(start_node(l, op, &n));
    TRY(read_inputs(l, n));
    TRY(line_attributes(l, n));
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
        return LINE_BAD(l, "a second model line");
    TRY(line_word(l, "the model's name", &word));
    TRY(line_name(l, "model's name", word, m->name));
    while (l->next < l->count && used < sizeof m->title)
        used += (size_t)snprintf(m->title + used, sizeof m->title - used, "%s%s", used ? " " : "",
                                 l->words[l->next++]);
    return OK;
}

static status expect_word(struct line *l, const char *what)
{
    char *word;

    TRY(line_word(l, what, &word));
    if (strcmp(word, what) != 0)
        return LINE_BAD(l, "'%s' where '%s' is expected", word, what);
    return OK;
}

/* A short side, or "squash". */
static status read_resize(struct line *l, struct model_input *in)
{
    static const char *const filters[] = { "bilinear", "bicubic" }, *const squash = "squash";
    char *word;
    int64_t side = 0;

    TRY(expect_word(l, "resize"));
    TRY(line_word(l, "resize", &word));
    if (strcmp(word, squash) != 0 && !text_parse_int(word, 1, LARGEST_PICTURE, &side))
        return LINE_BAD(l, "resize '%s' is not 'squash' or a whole number from 1 to %d%s", word,
                        LARGEST_PICTURE, text_suggest(word, &squash, 1, ""));
    in->resize = (int)side;
    TRY(line_word(l, "the filter (bilinear or bicubic)", &word));
    if (strcmp(word, filters[0]) != 0 && strcmp(word, filters[1]) != 0)
        return LINE_BAD(l, "unknown filter '%s'%s", word,
                        text_suggest(word, filters, (int)COUNT_OF(filters), ""));
    strcpy(in->filter, word);
    return OK;
}

/* "crop SIDE", or "crop HEIGHT WIDTH" where these differ: what the node's extents say, once more. */
static status read_crop(struct line *l, const struct model_input *in)
{
    int height, width;

    TRY(expect_word(l, "crop"));
    TRY(line_int(l, "crop", 1, LARGEST_PICTURE, &height));
    width = height;
    if (l->next < l->count && strspn(l->words[l->next], "0123456789") > 0)
        TRY(line_int(l, "crop", 1, LARGEST_PICTURE, &width));
    if (in->height != height || in->width != width)
        return LINE_BAD(l, "the input is %dx%d and crop is %dx%d", in->height, in->width, height, width);
    return OK;
}

static status read_preprocessing(struct line *l, struct model_input *in)
{
    TRY(read_resize(l, in));
    if (in->resize > 0)
        TRY(read_crop(l, in));
    TRY(expect_word(l, "mean"));
    for (int i = 0; i < in->channels; i++)
        TRY(line_real(l, "mean", &in->mean[i]));
    TRY(expect_word(l, "std"));
    for (int i = 0; i < in->channels; i++) {
        TRY(line_real(l, "std", &in->std[i]));
        if (in->std[i] <= 0)
            return LINE_BAD(l, "std %g is not positive", in->std[i]);
    }
    return OK;
}

status model_choose_input(struct model *m, const char *pipeline)
{
    struct model_input in = m->input;
    struct line l = { .m = m, .number = m->node[0].line };
    char *copy;
    status result;

    MEM_TRY(copy, strlen(pipeline) + 1, 1);
    strcpy(copy, pipeline);
    l.count = text_split(copy, l.words, LINE_WORDS);
    result =
        l.count < 1 || l.count > LINE_WORDS ? FAIL(ERR_FORMAT, "no pipeline") : read_preprocessing(&l, &in);
    if (result == OK && l.next < l.count)
        result = FAIL(ERR_FORMAT, "'%s' behind the last number", l.words[l.next]);
    if (result == OK)
        m->input = in;
    else
        error_last()->status = result = ERR_USAGE;
    mem_free(copy);
    return result;
}

static status read_input(struct line *l)
{
    struct model *m = l->m;
    struct model_input *in = &m->input;
    struct model_node *n;

    if (m->nodes > 0)
        return LINE_BAD(l, "a second input; there is one");
    TRY(start_node(l, OP_INPUT, &n));
    TRY(line_int(l, "channels", 1, 3, &in->channels));
    if (in->channels == 2)
        return LINE_BAD(l, "channels '2' is neither 3 (RGB) nor 1 (grey)");
    TRY(line_int(l, "height", 1, 4096, &in->height));
    TRY(line_int(l, "width", 1, 4096, &in->width));
    TRY(read_preprocessing(l, in));
    TRY(line_attributes(l, n));
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
        return LINE_BAD(l, "a second %s line", l->words[0]);
    TRY(line_word(l, "a node's name", &word));
    TRY(find_node(l, word, node));
    if (l->next < l->count)
        return LINE_BAD(l, "'%s' after the node's name", l->words[l->next]);
    return OK;
}

static status read_ignore(struct line *l)
{
    struct model *m = l->m;
    char *word;

    TRY(line_word(l, "a pattern of tensors' names", &word));
    if (l->next < l->count)
        return LINE_BAD(l, "'%s' after the pattern: a line has one", l->words[l->next]);
    if (m->ignores == MODEL_MAX_IGNORES)
        return LINE_BAD(l, "more than %d patterns", MODEL_MAX_IGNORES);
    if (!m->ignore)
        MEM_TRY(m->ignore, MODEL_MAX_IGNORES, sizeof *m->ignore);
    return line_name(l, "pattern", word, m->ignore[m->ignores++]);
}

static status read_also(struct line *l)
{
    struct model *m = l->m;
    char *part, *other;

    TRY(line_word(l, "a part of tensors' names", &part));
    TRY(line_word(l, "what may stand there instead", &other));
    if (l->next < l->count)
        return LINE_BAD(l, "'%s' after the second part: a line has two", l->words[l->next]);
    if (m->alsos == MODEL_MAX_ALSO)
        return LINE_BAD(l, "more than %d lines of other names", MODEL_MAX_ALSO);
    if (!m->also)
        MEM_TRY(m->also, MODEL_MAX_ALSO, sizeof *m->also);
    TRY(line_name(l, "part", part, m->also[m->alsos].part));
    return line_name(l, "part", other, m->also[m->alsos++].other);
}

/* ---- the whole text -------------------------------------------------------------------------------- */

static status read_line(struct line *l)
{
    static const char *const others[] = { "model", "output", "cam", "ignore", "also" };
    const char *known[OP_COUNT + COUNT_OF(others)];

    l->next = 1;
    if (!l->m->name[0] && strcmp(l->words[0], "model") != 0)
        return LINE_BAD(l, "'%s' where the model line is expected", l->words[0]);
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
    return LINE_BAD(l, "unknown op '%s'%s", l->words[0],
                    text_suggest(l->words[0], known, (int)COUNT_OF(known), ""));
}

static int gives_logits(const struct model *m, int node)
{
    const struct model_node *n = &m->node[node];

    if (n->op == OP_SLICE || n->op == OP_QUANTIZE || n->op == OP_DEQUANTIZE)
        return gives_logits(m, n->input[0]);
    if (n->op == OP_CONV || n->op == OP_ADD)
        return n->h * n->w == 1;
    return n->op == OP_LINEAR || model_is_global_pool(n->op);
}

status model_check_whole(struct model *m)
{
    const struct model_node *out, *cam;
    int layers = 0;

    if (!m->name[0])
        return FAIL(ERR_FORMAT, "%s: no model line", m->source);
    if (m->output < 0 || m->cam < 0)
        return FAIL(ERR_FORMAT, "%s: no %s line", m->source, m->output < 0 ? "output" : "cam");
    out = &m->node[m->output];
    cam = &m->node[m->cam];
    if (!gives_logits(m, m->output))
        return FAIL(ERR_FORMAT,
                    "%s:%d: the output %s is a %s of %dx%dx%d, not a linear layer, global pooling, or a "
                    "convolution or addition with one position, or a slice, quantize or dequantize of one",
                    m->source, out->line, out->name, model_op_name(out->op), out->c, out->h, out->w);
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
        l.count = text_split(line, l.words, LINE_WORDS);
        if (l.count > LINE_WORDS)
            return LINE_BAD(&l, "more than %d words", LINE_WORDS);
        if (l.count > 0)
            TRY(read_line(&l));
    }
    return model_check_whole(m);
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
