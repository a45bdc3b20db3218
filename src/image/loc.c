/* src/image/loc.c: PredictionStrings of LOC_val_solution.csv (explanations 4.2), and boxes from numbers. */
#include <math.h>
#include <string.h>

#include "list.h"

int image_loc_is(const char *text)
{
    size_t n = strcspn(text, " ");

    return image_is_wnid(text, n) && text[n] == ' ' && text[n + strspn(text + n, " ")];
}

/* Pixels in units of 10^-9, so that sums of decimals as written are exact. */
static const int64_t pixel = 1000000000;

/* Half up, which for what lies below 0 is up, too. */
static int64_t rounded(int64_t v)
{
    int64_t shifted = v + pixel / 2;

    return shifted >= 0 ? shifted / pixel : -((-shifted + pixel - 1) / pixel);
}

static status read_number(const struct list_lines *at, const char *word, int64_t *out)
{
    char text[64];
    double v;

    snprintf(text, sizeof text, "%s", word);
    if (strlen(word) >= sizeof text || !text_parse_real(text_trim(text), &v) || fabs(v) > 65500)
        return FAIL(ERR_FORMAT, "%s:%d: a box's '%.40s' is no number of pixels", at->file, at->line, word);
    *out = llround(v * (double)pixel);
    return OK;
}

status image_box_parse(const struct list_lines *at, const char *const word[4], int sizes,
                       struct image_box *out)
{
    int64_t v[4], most = 0;
    int decimals = 0;

    for (int i = 0; i < 4; i++) {
        TRY(read_number(at, word[i], &v[i]));
        decimals |= strpbrk(word[i], ".eE") != NULL;
        most = v[i] > most ? v[i] : most;
    }
    if (decimals && most < 2 * pixel)
        return FAIL(
            ERR_FORMAT,
            "%s:%d: the box %.20s,%.20s,%.20s,%.20s is in parts of the picture: pixels are wanted, its "
            "numbers times the picture's width and height",
            at->file, at->line, word[0], word[1], word[2], word[3]);
    for (int i = 2; i < 4; i++)
        if (sizes >> (i - 2) & 1)
            v[i] += v[i - 2] - pixel;
    for (int i = 0; i < 4; i++)
        v[i] = rounded(v[i]);
    if (v[2] < v[0] || v[3] < v[1])
        return FAIL(ERR_FORMAT, "%s:%d: the box %lld,%lld,%lld,%lld is empty (x0,y0,x1,y1, inclusive)",
                    at->file, at->line, (long long)v[0], (long long)v[1], (long long)v[2], (long long)v[3]);
    if (v[2] < 0 || v[3] < 0)
        return FAIL(ERR_FORMAT, "%s:%d: the box %lld,%lld,%lld,%lld lies outside of its picture", at->file,
                    at->line, (long long)v[0], (long long)v[1], (long long)v[2], (long long)v[3]);
    for (int i = 0; i < 4; i++)
        v[i] = v[i] < 0 ? 0 : v[i];
    *out = (struct image_box){ (int)v[0], (int)v[1], (int)v[2], (int)v[3] };
    return OK;
}

status image_loc_parse(const struct list_lines *at, char *text, struct list_loc **groups, int *count,
                       int *capacity)
{
    char *rest = NULL, *token;

    *count = 0;
    for (token = strtok_r(text, " \t", &rest); token; token = strtok_r(NULL, " \t", &rest)) {
        const char *word[4];
        struct list_loc *g;

        if (!image_is_wnid(token, strlen(token)))
            return FAIL(ERR_FORMAT, "%s:%d: '%.40s' is not a synset id such as n01440764", at->file, at->line,
                        token);
        for (int i = 0; i < 4; i++)
            if (!(word[i] = strtok_r(NULL, " \t", &rest)))
                return FAIL(ERR_FORMAT, "%s:%d: %s has fewer than four numbers after it", at->file, at->line,
                            token);
        TRY(mem_room(groups, *count, capacity, sizeof **groups));
        g = &(*groups)[(*count)++];
        memcpy(g->wnid, token, 10);
        TRY(image_box_parse(at, word, 0, &g->box));
    }
    if (*count == 0)
        return FAIL(ERR_FORMAT, "%s:%d: a row has no class", at->file, at->line);
    return OK;
}
