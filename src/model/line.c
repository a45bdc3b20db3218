/* src/model/line.c: the words of a description's line, and a node's attributes. */
#include "line.h"

#include <string.h>

enum { LARGEST = 1 << 16, LARGEST_WINDOW = 64 };

status line_name(struct line *l, const char *what, const char *word, char out[MODEL_NAME])
{
    if (strlen(word) >= MODEL_NAME)
        return LINE_BAD(l, "the %s %.40s... is longer than %d letters", what, word, MODEL_NAME - 1);
    strcpy(out, word);
    return OK;
}

status line_word(struct line *l, const char *what, char **out)
{
    if (l->next == l->count)
        return LINE_BAD(l, "%s: %s is missing", l->words[0], what);
    *out = l->words[l->next++];
    return OK;
}

status line_int(struct line *l, const char *what, int64_t low, int64_t high, int *out)
{
    char *word;
    int64_t value;

    TRY(line_word(l, what, &word));
    if (!text_parse_int(word, low, high, &value))
        return LINE_BAD(l, "%s '%s' is not a whole number from %lld to %lld", what, word, (long long)low,
                        (long long)high);
    *out = (int)value;
    return OK;
}

status line_real(struct line *l, const char *what, double *out)
{
    char *word;

    TRY(line_word(l, what, &word));
    if (!text_parse_real(word, out))
        return LINE_BAD(l, "%s '%s' is not a number", what, word);
    return OK;
}

/* ---- attributes ---------------------------------------------------------------------------------------- */

int line_find_attribute(const char *word)
{
    for (int i = 0; i < ATTR_COUNT; i++)
        if (strcmp(word, model_attribute_names[i]) == 0)
            return i;
    return -1;
}

int model_is_attribute(const char *word)
{
    return line_find_attribute(word) >= 0;
}

/* `parts` whole numbers from `low` on with `between` between them, and nothing else. */
static int split_numbers(const char *word, const char *between, int low, int parts, int *const out[])
{
    char copy[64], *at = copy;

    if (strlen(word) >= sizeof copy)
        return 0;
    strcpy(copy, word);
    for (int i = 0; i < parts; i++) {
        char *part = strsep(&at, between);
        int64_t value;

        if (!part || !text_parse_int(part, low, LARGEST_WINDOW, &value))
            return 0;
        *out[i] = (int)value;
    }
    return !at;
}

/* K, or HxW. */
static status read_kernel(struct line *l, struct model_node *n)
{
    char *word;

    TRY(line_word(l, "kernel", &word));
    if (split_numbers(word, "x", 1, 2, (int *[]){ &n->kh, &n->kw }))
        return OK;
    if (!split_numbers(word, "x", 1, 1, (int *[]){ &n->kh }))
        return LINE_BAD(l, "kernel '%s' is not a whole number from 1 to %d, or two as in 1x7", word,
                        LARGEST_WINDOW);
    n->kw = n->kh;
    return OK;
}

/* A number, four, or "same". A `pad` may take rows and columns off. */
static status read_pad(struct line *l, struct model_node *n)
{
    static const char *const same = "same";
    int least = n->op == OP_PAD ? -LARGEST_WINDOW : 0;
    char *word;

    TRY(line_word(l, "pad", &word));
    n->pad_same = strcmp(word, same) == 0;
    if (n->pad_same ||
        split_numbers(word, ",", least, 4, (int *[]){ &n->pad_y, &n->pad_x, &n->end_y, &n->end_x }))
        return OK;
    if (!split_numbers(word, ",", least, 1, (int *[]){ &n->pad_y }))
        return LINE_BAD(l,
                        "pad '%s' is not 'same' or a whole number from %d to %d, or four, "
                        "TOP,LEFT,BOTTOM,RIGHT%s",
                        word, least, LARGEST_WINDOW, text_suggest(word, &same, 1, ""));
    n->pad_x = n->end_y = n->end_x = n->pad_y;
    return OK;
}

static status read_rate(struct line *l, double *out)
{
    TRY(line_real(l, "rate", out));
    if (!(*out >= 0 && *out < 1))
        return LINE_BAD(l, "rate %g is not from 0 to below 1", *out);
    return OK;
}

static status read_name(struct line *l, const char *what, char out[MODEL_NAME])
{
    char *word;

    TRY(line_word(l, what, &word));
    return line_name(l, what, word, out);
}

static status read_attribute(struct line *l, struct model_node *n, int attribute)
{
    const char *name = model_attribute_names[attribute];

    switch ((enum model_attribute)attribute) {
    case ATTR_OUT:
        return line_int(l, name, 1, LARGEST, &n->c);
    case ATTR_KERNEL:
        return read_kernel(l, n);
    case ATTR_STRIDE:
        return line_int(l, name, 1, LARGEST_WINDOW, &n->stride);
    case ATTR_PAD:
        return read_pad(l, n);
    case ATTR_CEIL:
        return line_int(l, name, 0, 1, &n->ceil);
    case ATTR_COUNTED:
        return line_int(l, name, 0, 1, &n->counted);
    case ATTR_GROUPS:
        return line_int(l, name, 1, LARGEST, &n->groups);
    case ATTR_BEGIN:
        return line_int(l, name, 0, LARGEST, &n->begin);
    case ATTR_EPS:
        return line_real(l, name, &n->bn_eps);
    case ATTR_RATE:
        return read_rate(l, &n->rate);
    case ATTR_SLOPE:
        return line_real(l, name, &n->slope);
    case ATTR_LOW:
        return line_real(l, name, &n->low);
    case ATTR_HIGH:
        return line_real(l, name, &n->high);
    case ATTR_APPROXIMATE:
        return line_int(l, name, 0, 1, &n->approximate);
    case ATTR_WEIGHT:
        return read_name(l, name, n->weight);
    case ATTR_BN:
        return read_name(l, name, n->bn);
    case ATTR_QUANT:
        return read_name(l, name, n->quant);
    case ATTR_COUNT:
        break;
    }
    return OK;
}

status line_attributes(struct line *l, struct model_node *n)
{
    const struct model_op_form *form = model_op_form(n->op);
    unsigned seen = 0;

    while (l->next < l->count) {
        const char *word = l->words[l->next++];
        int attribute = line_find_attribute(word);
        if (attribute < 0)
            return LINE_BAD(l, "unknown attribute '%s'%s", word,
                            text_suggest(word, model_attribute_names, ATTR_COUNT, ""));
        if (!((form->required | form->optional) >> attribute & 1))
            return LINE_BAD(l, "%s has no attribute '%s'", form->name, word);
        if (seen >> attribute & 1)
            return LINE_BAD(l, "attribute '%s' is given twice", word);
        seen |= 1u << attribute;
        TRY(read_attribute(l, n, attribute));
    }
    for (int i = 0; i < ATTR_COUNT; i++)
        if (form->required >> i & 1 && !(seen >> i & 1))
            return LINE_BAD(l, "%s %s: attribute '%s' is missing", form->name, n->name,
                            model_attribute_names[i]);
    if (n->weight[0] && !n->quant[0] && !model_has_constant(n))
        strcpy(n->quant, n->weight);
    return OK;
}
