/* A cursor over JSON text: the caller asks for what must come next. Nothing is built, so nothing grows. */
#include "weight_parts.h"

#include <string.h>

enum { DEEPEST = 64 };

#define BAD(j, ...) error_prefix(FAIL(ERR_FORMAT, __VA_ARGS__), "byte %llu", (unsigned long long)(j)->at)

static void skip_blanks(struct json *j)
{
    while (j->at < j->size && memchr(" \t\r\n", j->text[j->at], 4))
        j->at++;
}

int json_accept(struct json *j, char c)
{
    skip_blanks(j);
    if (j->at == j->size || j->text[j->at] != c)
        return 0;
    j->at++;
    return 1;
}

status json_expect(struct json *j, char c)
{
    return json_accept(j, c) ? OK : BAD(j, "'%c' is missing", c);
}

status json_end(struct json *j)
{
    skip_blanks(j);
    return j->at == j->size ? OK : BAD(j, "something follows the end");
}

status json_whole(struct json *j, int64_t *out)
{
    int64_t value = 0;
    int digits = 0;

    skip_blanks(j);
    for (; j->at < j->size && j->text[j->at] >= '0' && j->text[j->at] <= '9'; j->at++, digits++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, j->text[j->at] - '0', &value))
            return BAD(j, "a number above 64 bits");
    if (digits == 0)
        return BAD(j, "a whole number is missing");
    *out = value;
    return OK;
}

status json_members(struct json *j, int least, struct text *key, status (*member)(void *user), void *user)
{
    TRY(json_expect(j, '{'));
    if (least == 0 && json_accept(j, '}'))
        return OK;
    do {
        TRY(json_text(j, key));
        TRY(json_expect(j, ':'));
        TRY(member(user));
    } while (json_accept(j, ','));
    return json_expect(j, '}');
}

/* A number, true, false or null. */
static status skip_word(struct json *j)
{
    uint64_t from = j->at;

    while (j->at < j->size && j->text[j->at] &&
           strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", j->text[j->at]))
        j->at++;
    return j->at > from ? OK : BAD(j, "a value is missing");
}

status json_skip(struct json *j)
{
    char open[DEEPEST];
    int depth = 0;

    do {
        struct text text = { .max = (size_t)j->size };
        status result = OK;
        skip_blanks(j);
        if (depth > 0 && json_accept(j, open[depth - 1] == '{' ? '}' : ']')) {
            depth--;
        } else if (j->at < j->size && (j->text[j->at] == '{' || j->text[j->at] == '[')) {
            if (depth == DEEPEST)
                return BAD(j, "more than %d brackets", DEEPEST);
            open[depth++] = j->text[j->at++];
            continue;
        } else if (j->at < j->size && j->text[j->at] == '"') {
            result = json_text(j, &text);
            text_free(&text);
        } else {
            result = skip_word(j);
        }
        TRY(result);
        if (depth > 0 && (json_accept(j, ',') || json_accept(j, ':')))
            continue;
    } while (depth > 0);
    return OK;
}

/* Four digits of an escape. */
static status take_hex(struct json *j, uint32_t *out)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";

    *out = 0;
    for (int i = 0; i < 4; i++) {
        const char *d = j->at < j->size ? memchr(digits, j->text[j->at], 32) : NULL;
        if (!d)
            return BAD(j, "\\u without four digits");
        *out = *out << 4 | (uint32_t)((d - digits) & 15);
        j->at++;
    }
    return OK;
}

/* \uXXXX, or two of them for what lies above 16 bits, as UTF-8. */
static status add_escaped(struct json *j, struct text *out)
{
    uint32_t c, low;
    char utf8[4];
    int size = 0;

    TRY(take_hex(j, &c));
    if (c >= 0xD800 && c < 0xDC00) {
        if (j->size - j->at < 2 || memcmp(j->text + j->at, "\\u", 2) != 0)
            return BAD(j, "half of a surrogate pair");
        j->at += 2;
        TRY(take_hex(j, &low));
        if (low < 0xDC00 || low > 0xDFFF)
            return BAD(j, "half of a surrogate pair");
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    } else if (c >= 0xDC00 && c < 0xE000) {
        return BAD(j, "half of a surrogate pair");
    }
    if (c == 0)
        return BAD(j, "a text holds a zero");
    if (c < 0x80) {
        utf8[size++] = (char)c;
    } else {
        int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        static const int lead[] = { 0, 0xC0, 0xE0, 0xF0 };
        utf8[size++] = (char)(lead[more] | (int)(c >> (6 * more)));
        while (more-- > 0)
            utf8[size++] = (char)(0x80 | (c >> (6 * more) & 0x3F));
    }
    return text_add_bytes(out, utf8, (size_t)size);
}

static status add_escape(struct json *j, struct text *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = j->at < j->size ? j->text[j->at++] : 0;
    const char *known = c ? strchr(from, c) : NULL;

    if (c == 'u')
        return add_escaped(j, out);
    if (!known)
        return BAD(j, "an unknown escape");
    return text_add_bytes(out, &to[known - from], 1);
}

status json_text(struct json *j, struct text *out)
{
    out->size = 0;
    TRY(json_expect(j, '"'));
    TRY(text_add_bytes(out, "", 0));
    for (;;) {
        uint64_t run = j->at;
        while (run < j->size && (uint8_t)j->text[run] >= 0x20 && j->text[run] != '"' && j->text[run] != '\\')
            run++;
        TRY(text_add_bytes(out, j->text + j->at, (size_t)(run - j->at)));
        j->at = run;
        if (run == j->size || (uint8_t)j->text[run] < 0x20)
            return BAD(j, "a text does not end");
        if (j->text[j->at++] == '"')
            break;
        TRY(add_escape(j, out));
    }
    return text_is_utf8(out->data, out->size) ? OK : BAD(j, "a text is not UTF-8");
}
