/* src/weight/pickle_line.c: what pickles of protocols 0 and 1 write as lines of text. */
#include "pickle.h"

#include <string.h>

enum opcode {
    FLOAT = 'F', INT = 'I', LONG = 'L', PERSID = 'P', STRING = 'S', UNICODE = 'V', GET = 'g', PUT = 'p'
};
enum { LONGEST_NUMBER = 64, LONGEST_TEXT = PICKLE_MAX_BYTES };

status pickle_line_take(struct pickle_machine *m, int most, const char **out, int *size)
{
    uint64_t left = m->size - m->at, searched = left < (uint64_t)most + 1 ? left : (uint64_t)most + 1;
    const uint8_t *from = m->bytes + m->at, *end = memchr(from, '\n', (size_t)searched);

    *out = (const char *)from;
    if (!end)
        return PICKLE_BAD(m, "a line in the pickle does not end");
    *size = (int)(end - from);
    m->at += (uint64_t)*size + 1;
    return OK;
}

/* A number's line as a text of its own; Python 2 ends long ones with L. */
static status take_number(struct pickle_machine *m, char out[LONGEST_NUMBER + 1], int *fits)
{
    const char *text;
    int size;

    TRY(pickle_line_take(m, LONGEST_TEXT, &text, &size));
    if (size > 0 && text[size - 1] == 'L')
        size--;
    *fits = size <= LONGEST_NUMBER;
    snprintf(out, LONGEST_NUMBER + 1, "%.*s", size, text);
    return OK;
}

/* True and False are the numbers 01 and 00 of protocols 0 and 1. */
static status do_whole(struct pickle_machine *m, int opcode)
{
    char text[LONGEST_NUMBER + 1];
    int64_t value;
    int fits;

    TRY(take_number(m, text, &fits));
    if (opcode == INT && (strcmp(text, "01") == 0 || strcmp(text, "00") == 0))
        return pickle_push_new(m, (struct pickle_value){ .kind = PICKLE_BOOL, .integer = text[1] == '1' });
    if (fits && text_parse_int(text, INT64_MIN, INT64_MAX, &value))
        return pickle_push_new(m, (struct pickle_value){ .kind = PICKLE_INT, .integer = value });
    if (!text[0] || text[strspn(text, "-0123456789")])
        return PICKLE_BAD(m, "'%s' is no whole number", text);
    return pickle_push_opaque(m, -1, "a whole number above 64 bits");
}

static status do_real(struct pickle_machine *m)
{
    char text[LONGEST_NUMBER + 1];
    double value;
    int fits;

    TRY(take_number(m, text, &fits));
    if (fits && text_parse_real(text, &value))
        return pickle_push_new(m, (struct pickle_value){ .kind = PICKLE_REAL, .real = value });
    return pickle_push_opaque(m, -1, "a number that is not finite");
}

/* A text with escapes is opaque: texts are views of the file. STRING has quotes around it. */
static status do_text(struct pickle_machine *m, int opcode)
{
    const char *text;
    int size;

    TRY(pickle_line_take(m, LONGEST_TEXT, &text, &size));
    if (opcode == STRING) {
        if (size < 2 || (text[0] != '\'' && text[0] != '"') || text[size - 1] != text[0])
            return PICKLE_BAD(m, "a text without quotes");
        text++;
        size -= 2;
    }
    if (memchr(text, '\\', (size_t)size) || !text_is_utf8(text, (size_t)size))
        return pickle_push_opaque(m, -1, "a text with escapes");
    return pickle_push_new(m, (struct pickle_value){ .kind = PICKLE_TEXT, .text = text, .size = size });
}

static status do_memo(struct pickle_machine *m, int opcode)
{
    char text[LONGEST_NUMBER + 1];
    int64_t key;
    int fits;

    TRY(take_number(m, text, &fits));
    if (!fits || !text_parse_int(text, 0, INT64_MAX, &key))
        return PICKLE_BAD(m, "'%s' is no memo number", text);
    return opcode == PUT ? pickle_put(m, (uint64_t)key) : pickle_get(m, (uint64_t)key);
}

/* A persistent id that is a text: no storage's. */
static status do_persistent(struct pickle_machine *m)
{
    const char *text;
    int size;

    TRY(pickle_line_take(m, LONGEST_TEXT, &text, &size));
    return pickle_push_opaque(m, -1, "what lies outside the pickle");
}

status pickle_line_step(struct pickle_machine *m, int opcode)
{
    switch (opcode) {
    case INT:
    case LONG: return do_whole(m, opcode);
    case FLOAT: return do_real(m);
    case STRING:
    case UNICODE: return do_text(m, opcode);
    case PUT:
    case GET: return do_memo(m, opcode);
    case PERSID: return do_persistent(m);
    default: return PICKLE_BAD(m, "opcode 0x%02x is not among those of Python's pickles", opcode);
    }
}
