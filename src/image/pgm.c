/* src/image/pgm.c: Netpbm's grey maps: P2, numbers in text, and P5, bytes or pairs of bytes, high byte first.
 */
#include <string.h>

#include "codec.h"

struct pgm {
    const char *name;
    const uint8_t *at, *end;
};

int image_is_pgm(const uint8_t *b, size_t size)
{
    return size >= 3 && b[0] == 'P' && (b[1] == '2' || b[1] == '5') && strchr(" \t\r\n#", b[2]) && b[2];
}

static int is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next number, behind blanks and comments, to `most`; what follows stays. */
static status next_number(struct pgm *p, int low, int most, const char *what, int *out)
{
    int64_t value = 0;

    for (; p->at < p->end && (is_blank(*p->at) || *p->at == '#'); p->at++)
        if (*p->at == '#')
            while (p->at + 1 < p->end && *p->at != '\n')
                p->at++;
    if (p->at == p->end)
        return FAIL(ERR_FORMAT, "%s: damaged PGM: the file is truncated before its %s", p->name, what);
    if (*p->at < '0' || *p->at > '9')
        return FAIL(ERR_FORMAT, "%s: damaged PGM: its %s is no number", p->name, what);
    for (; p->at < p->end && *p->at >= '0' && *p->at <= '9' && value <= most; p->at++)
        value = value * 10 + (*p->at - '0');
    if (value < low || value > most)
        return FAIL(ERR_FORMAT, "%s: damaged PGM: its %s is not within %d .. %d", p->name, what, low, most);
    *out = (int)value;
    return OK;
}

static status read_values(struct pgm *p, int text, struct image_grey *out)
{
    size_t count = (size_t)out->width * (size_t)out->height, bytes = out->most > 255 ? 2 : 1;

    /* A digit and a blank are the least that a number in text takes, the last one's blank aside. */
    if ((size_t)(p->end - p->at) + (size_t)text < count * (text ? 2 : bytes))
        return FAIL(ERR_FORMAT, "%s: damaged PGM: the file is truncated", p->name);
    MEM_TRY(out->value, count, sizeof *out->value);
    for (size_t i = 0; i < count; i++) {
        int value;

        if (text)
            TRY(next_number(p, 0, out->most, "values", &value));
        else
            value = bytes == 2 ? p->at[2 * i] << 8 | p->at[2 * i + 1] : p->at[i];
        if (value > out->most)
            return FAIL(ERR_FORMAT, "%s: damaged PGM: a value %d is above its largest, %d", p->name, value,
                        out->most);
        out->value[i] = (float)value;
    }
    return OK;
}

status image_decode_pgm(const char *name, const uint8_t *bytes, size_t size, struct image_grey *out)
{
    struct pgm p = { name, bytes + 2, bytes + size };
    status result = OK;

    TRY_OUT(next_number(&p, 1, 65535, "width", &out->width));
    TRY_OUT(next_number(&p, 1, 65535, "height", &out->height));
    TRY_OUT(next_number(&p, 1, 65535, "largest value", &out->most));
    TRY_OUT(image_check_size(name, (uint64_t)out->width, (uint64_t)out->height));
    p.at += p.at < p.end; /* one blank stands between the header and bytes */
    result = read_values(&p, bytes[1] == '2', out);
out:
    if (result != OK)
        image_grey_free(out);
    return result;
}
