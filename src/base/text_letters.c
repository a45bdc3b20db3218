/* src/base/text_letters.c: UTF-8, and what may be printed. */
#include "base.h"

#include <string.h>

/* Bytes of the character at p, 0 if it is no UTF-8; its code. */
static int next_code(const unsigned char *p, const unsigned char *end, uint32_t *code)
{
    static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
    int extra = *p < 0x80             ? 0
                : (*p & 0xE0) == 0xC0 ? 1
                : (*p & 0xF0) == 0xE0 ? 2
                : (*p & 0xF8) == 0xF0 ? 3
                                      : -1;

    if (extra < 0 || end - p <= extra)
        return 0;
    *code = extra == 0 ? *p : *p & (0x3Fu >> extra);
    for (int i = 1; i <= extra; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        *code = *code << 6 | (p[i] & 0x3Fu);
    }
    if (*code < least[extra] || *code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF))
        return 0;
    return extra + 1;
}

static int is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

int text_is_utf8(const char *bytes, size_t size)
{
    const unsigned char *p = (const unsigned char *)bytes, *end = p + size;
    uint32_t code;
    int n = 1;

    for (; p < end && n > 0; p += n)
        n = next_code(p, end, &code);
    return n > 0;
}

int text_is_printable(const char *bytes, size_t size)
{
    const unsigned char *p = (const unsigned char *)bytes, *end = p + size;
    uint32_t code = ' ';
    int n = 1;

    for (; p < end && n > 0 && !is_control(code); p += n)
        n = next_code(p, end, &code);
    return n > 0 && !is_control(code);
}

void text_make_printable(char *text, const char *keep)
{
    unsigned char *p = (unsigned char *)text, *end = p + strlen(text);

    while (p < end) {
        uint32_t code;
        int n = next_code(p, end, &code),
            good = n > 0 && (!is_control(code) || (*p < 0x80 && strchr(keep, *p)));

        if (!good)
            memset(p, '?', n > 0 ? (size_t)n : 1);
        p += n > 0 ? n : 1;
    }
}
