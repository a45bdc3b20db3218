/* src/model/cam.c: another CAM layer than the description's, and a convolution taken apart from its batch
 * normalisation, so that what lies between them can be one. */
#include "model_parts.h"

#include <string.h>

static const char before_bn[] = " before bn";

/* The convolution whose batch normalisation has the name: its output is that one's in PyTorch. */
static int find_bn(const struct model *m, const char *name)
{
    for (int i = 0; i < m->nodes; i++)
        if (m->node[i].bn[0] && strcmp(m->node[i].bn, name) == 0)
            return i;
    return -1;
}

static status unknown(const struct model *m, const char *node)
{
    const char **names, *near;

    MEM_TRY(names, (size_t)m->nodes, sizeof *names);
    for (int i = 0; i < m->nodes; i++)
        names[i] = m->node[i].name;
    near = text_suggest(node, names, m->nodes, "");
    mem_free(names);
    return FAIL(ERR_USAGE, "the CAM layer '%s' is no node of %s%s", node, m->source, near);
}

static status check_apart(const struct model *m, const struct model_node *n)
{
    if (!n->bn[0])
        return FAIL(ERR_USAGE,
                    "the CAM layer %s%s: %s:%d: %s is a %s without a batch normalisation of its own: "
                    "say %s alone",
                    n->name, before_bn, m->source, n->line, n->name, model_op_name(n->op), n->name);
    if (model_find(m, n->bn) >= 0 || m->nodes == MODEL_MAX_NODES)
        return FAIL(ERR_USAGE, "the CAM layer %s%s: %s cannot become a node of %s, which has %s", n->name,
                    before_bn, n->bn, m->source,
                    m->nodes == MODEL_MAX_NODES ? "as many as there may be" : "one of that name");
    return OK;
}

/* The convolution's line without `bn`, and behind it a line `batchnorm` of the name that the checkpoint has,
 * which all who read the convolution read now. */
static status take_apart(struct model *m, int conv)
{
    size_t head = (size_t)conv + 1, rest = (size_t)m->nodes - head;
    struct model_node *node, *bn;

    MEM_TRY(node, (size_t)m->nodes + 1, sizeof *node);
    memcpy(node, m->node, head * sizeof *node);
    memcpy(node + head + 1, m->node + head, rest * sizeof *node);
    mem_free(m->node);
    m->node = node;
    m->nodes++;
    for (int i = conv + 2; i < m->nodes; i++)
        for (int k = 0; k < node[i].inputs; k++)
            node[i].input[k] += node[i].input[k] >= conv;
    m->output += m->output >= conv;
    bn = &node[conv + 1];
    *bn = (struct model_node){ .op = OP_BATCHNORM,
                               .line = node[conv].line,
                               .inputs = 1,
                               .input = { conv },
                               .c = node[conv].c,
                               .h = node[conv].h,
                               .w = node[conv].w,
                               .bn_eps = node[conv].bn_eps };
    strcpy(bn->name, node[conv].bn);
    strcpy(bn->weight, node[conv].bn);
    strcpy(bn->quant, node[conv].bn);
    node[conv].bn[0] = '\0';
    node[conv].bn_eps = 0;
    m->apart = conv + 1;
    return OK;
}

status model_choose_cam(struct model *m, const char *node)
{
    size_t length = strlen(node), tail = sizeof before_bn - 1;
    int before = length > tail && strcmp(node + length - tail, before_bn) == 0, at;
    const struct model_node *n;
    char name[OPTION_SIZE];

    if (!node[0])
        return OK;
    snprintf(name, sizeof name, "%.*s", (int)(before ? length - tail : length), node);
    at = model_find(m, name);
    if (at < 0 && !before)
        at = find_bn(m, name);
    if (at < 0)
        return unknown(m, name);
    n = &m->node[at];
    if (n->h * n->w < 2)
        return FAIL(ERR_USAGE, "the CAM layer %s of %s is %dx%dx%d: it has no map", n->name, m->source, n->c,
                    n->h, n->w);
    if (before) {
        TRY(check_apart(m, n));
        TRY(take_apart(m, at));
    }
    m->cam = at;
    return OK;
}

status model_cam_allows(const struct model *m, enum precision_form form)
{
    const char *conv = m->node[m->cam].name;

    if (!m->apart || form != PRECISION_CODES)
        return OK;
    return FAIL(
        ERR_USAGE,
        "the CAM layer %s%s is of real or rounded numbers, and integers have %s folded into it: leave out "
        "the precisions of integers, or say cam.layer = %s",
        conv, before_bn, m->node[m->apart].name, conv);
}

char *model_cam_words(const struct model *m, char *out, size_t size)
{
    const struct model_node *n = &m->node[m->cam];

    if (m->apart)
        snprintf(out, size, "%s, before %s", n->name, m->node[m->apart].name);
    else
        snprintf(out, size, "%s%s%s", n->name, n->bn[0] ? ", after " : "", n->bn);
    return out;
}
