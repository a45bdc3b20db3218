/* src/report/markup.c: texts as HTML, XML, JSON and LaTeX take them. */
#include "markup.h"

#include <string.h>

/* Length of the character at `text` (1..4), its code in *code; 0 where it is no UTF-8. */
static int character(const char *text, uint32_t *code)
{
    const unsigned char *b = (const unsigned char *)text;
    int length = b[0] < 0x80 ? 1 : b[0] >= 0xF0 ? 4 : b[0] >= 0xE0 ? 3 : 2;

    if ((int)strnlen(text, (size_t)length) < length || !text_is_utf8(text, (size_t)length))
        return 0;
    *code = length == 1 ? b[0] : b[0] & (0x3F >> (length - 1));
    for (int i = 1; i < length; i++)
        *code = *code << 6 | (b[i] & 0x3F);
    return length;
}

static const char *entity(uint32_t code)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* Allowed in neither HTML nor XML: C0 but tab and line feed, DEL, C1, the two non-characters. */
static int forbidden(uint32_t code)
{
    return (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7F && code < 0xA0) || code == 0xFFFE ||
           code == 0xFFFF;
}

status markup_html(struct text *out, const char *text)
{
    while (*text) {
        uint32_t code = 0;
        int length = character(text, &code);
        const char *named = length ? entity(code) : NULL;

        if (!length || forbidden(code))
            named = "\xEF\xBF\xBD";
        if (named)
            TRY(text_add_bytes(out, named, strlen(named)));
        else
            TRY(text_add_bytes(out, text, (size_t)length));
        text += length ? length : 1;
    }
    return OK;
}

typedef status escape(struct text *out, const char *text);

/* One conversion, `spec`, with its argument. */
static status add_argument(struct text *out, escape *words, const char *spec, char kind, va_list *args)
{
    switch (kind) {
    case 's':
        return words(out, va_arg(*args, const char *));
    case 'd':
        return strstr(spec, "ll") ? text_add(out, spec, va_arg(*args, long long))
                                  : text_add(out, spec, va_arg(*args, int));
    case 'f':
    case 'g':
        return text_add(out, spec, va_arg(*args, double));
    default:
        BUG_IF(kind != '%');
        return text_add(out, "%%");
    }
}

static status fill(struct text *out, escape *words, const char *format, va_list *args)
{
    while (*format) {
        size_t plain = strcspn(format, "%"), size = plain ? plain : strcspn(format + 1, "sdfg%") + 2;
        char spec[16];

        snprintf(spec, sizeof spec, "%.*s", (int)size, format);
        TRY(plain ? text_add_bytes(out, format, size)
                  : add_argument(out, words, spec, format[size - 1], args));
        format += size;
    }
    return OK;
}

status markup_add(struct text *out, const char *format, ...)
{
    status result;
    va_list args;

    va_start(args, format);
    result = fill(out, markup_html, format, &args);
    va_end(args);
    return result;
}

status markup_json(struct text *out, const char *format, ...)
{
    status result;
    va_list args;

    va_start(args, format);
    result = fill(out, text_add_quoted, format, &args);
    va_end(args);
    return result;
}

static const char *command(uint32_t code)
{
    static const struct {
        char c;
        const char *latex;
    } special[] = {
        { '\\', "\\textbackslash{}" },
        { '{', "\\{" },
        { '}', "\\}" },
        { '$', "\\$" },
        { '&', "\\&" },
        { '#', "\\#" },
        { '%', "\\%" },
        { '_', "\\_" },
        { '^', "\\textasciicircum{}" },
        { '~', "\\textasciitilde{}" },
        { '<', "\\textless{}" },
        { '>', "\\textgreater{}" },
        { '|', "\\textbar{}" },
        { '"', "\\textquotedbl{}" },
        { '\'', "\\textquotesingle{}" },
        { '`', "\\textasciigrave{}" },
        { '-', "-{}" },
    };

    for (size_t i = 0; i < COUNT_OF(special); i++)
        if (code == (uint32_t)special[i].c)
            return special[i].latex;
    return code < 0x20 || code == 0x7F ? " " : NULL;
}

/* A minus, not a hyphen: before a figure, behind nothing, a blank or a bracket. */
static int is_minus(const char *text, const char *begin)
{
    return text[0] == '-' && text[1] >= '0' && text[1] <= '9' && (text == begin || strchr(" [(", text[-1]));
}

status markup_latex(struct text *out, const char *text)
{
    const char *begin = text;

    while (*text) {
        uint32_t code = 0;
        int length = character(text, &code);
        const char *named = length ? command(code) : NULL;

        if (is_minus(text, begin))
            TRY(text_add(out, "$-$"));
        else if (!length)
            TRY(text_add(out, "[%02X]", (unsigned char)*text));
        else if (named)
            TRY(text_add_bytes(out, named, strlen(named)));
        else if (code < 0x80 || (code >= 0xC0 && code < 0x180 && code != 0xD7 && code != 0xF7))
            TRY(text_add_bytes(out, text, (size_t)length));
        else
            TRY(text_add(out, "[U+%04X]", (unsigned)code));
        text += length ? length : 1;
    }
    return OK;
}

status markup_base64(struct text *out, const void *bytes, size_t size)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *b = bytes;

    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t v =
            (uint32_t)b[i] << 16 | (left > 1 ? (uint32_t)b[i + 1] << 8 : 0) | (left > 2 ? b[i + 2] : 0);
        char four[4] = { digit[v >> 18], digit[v >> 12 & 63], digit[v >> 6 & 63], digit[v & 63] };

        if (left < 3)
            four[3] = '=';
        if (left < 2)
            four[2] = '=';
        TRY(text_add_bytes(out, four, 4));
    }
    return OK;
}
