/* src/image/loc.c: rows of LOC_val_solution.csv (explanations 4.2), and boxes as integers. */
#include <string.h>

#include "list.h"

static int is_wnid(const char *s, size_t size)
{
    if (size != 9 || s[0] != 'n')
        return 0;
    for (size_t i = 1; i < size; i++)
        if (s[i] < '0' || s[i] > '9')
            return 0;
    return 1;
}

int image_loc_is_header(const char *line)
{ return strncmp(line, "ImageId,PredictionString", 24) == 0; }

int image_loc_is(const char *line)
{
    const char *comma = strchr(line, ',');

    if (image_loc_is_header(line))
        return 1;
    comma = comma ? comma + 1 + strspn(comma + 1, " ") : NULL;
    return comma && is_wnid(comma, strcspn(comma, " ")) && strchr(comma, ' ');
}

status image_box_parse(const struct list_lines *at, char *const word[4], struct image_box *out)
{
    int64_t v[4];

    for (int i = 0; i < 4; i++) {
        if (!text_parse_int(text_trim(word[i]), -65500, 65500, &v[i]))
            return FAIL(ERR_FORMAT, "%s:%d: a box's '%s' is not a whole number of pixels", at->file, at->line,
                        word[i]);
        v[i] = v[i] < 0 ? 0 : v[i];
    }
    *out = (struct image_box){ (int)v[0], (int)v[1], (int)v[2], (int)v[3] };
    if (out->x1 < out->x0 || out->y1 < out->y0)
        return FAIL(ERR_FORMAT, "%s:%d: the box %d,%d,%d,%d is empty (x0,y0,x1,y1, inclusive)", at->file,
                    at->line, out->x0, out->y0, out->x1, out->y1);
    return OK;
}

status image_loc_parse(const struct list_lines *at, char *line, char **id, struct list_loc **groups,
                       int *count, int *capacity)
{
    char *comma = strchr(line, ','), *rest = NULL, *token;

    *count = 0;
    *id = line;
    if (!comma)
        return FAIL(ERR_FORMAT, "%s:%d: `ImageId,wnid x0 y0 x1 y1 ...` expected, no comma found", at->file,
                    at->line);
    *comma = '\0';
    *id = text_trim(line);
    for (token = strtok_r(comma + 1, " \t", &rest); token; token = strtok_r(NULL, " \t", &rest)) {
        char *word[4];
        struct list_loc *g;

        if (!is_wnid(token, strlen(token)))
            return FAIL(ERR_FORMAT, "%s:%d: '%s' is not a synset id such as n01440764", at->file, at->line,
                        token);
        for (int i = 0; i < 4; i++)
            if (!(word[i] = strtok_r(NULL, " \t", &rest)))
                return FAIL(ERR_FORMAT, "%s:%d: %s has fewer than four numbers after it", at->file, at->line,
                            token);
        TRY(image_list_grow((void **)groups, *count, capacity, sizeof **groups));
        g = &(*groups)[(*count)++];
        memcpy(g->wnid, token, 10);
        TRY(image_box_parse(at, word, &g->box));
    }
    if (*count == 0)
        return FAIL(ERR_FORMAT, "%s:%d: '%s' has no class", at->file, at->line, *id);
    return OK;
}
