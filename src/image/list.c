/* src/image/list.c: entries, names and lines of a list of pictures. */
#include "list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void image_list_free(struct list *l)
{
    text_free(&l->strings);
    text_free(&l->decided);
    mem_free(l->entry);
    mem_free(l->class_name);
    mem_free(l->box);
    *l = (struct list){ 0 };
}

static status add_string(struct list *l, const char *s, size_t *at)
{
    l->strings.max = (size_t)2 << 30;
    *at = l->strings.size;
    return text_add_bytes(&l->strings, s, strlen(s) + 1);
}

status image_list_check_name(const char *file, int line, const char *name)
{
    char shown[80], at[32] = "";
    const char *why = NULL;
    size_t n = strlen(name), from = 0;

    if (n == 0)
        why = "the name is empty";
    else if (n > LIST_MAX_NAME)
        why = "the name is longer than 1,024 bytes";
    else if (name[0] == '/')
        why = "the name is absolute, not relative to the image folder";
    else if (!text_is_utf8(name, n))
        why = "the name is not UTF-8";
    else if (!text_is_printable(name, n))
        why = "the name has a control character";
    for (size_t i = 0; i <= n && !why; i++) {
        if (name[i] != '/' && name[i] != '\0')
            continue;
        if (i == from)
            why = "the name has an empty part";
        else if ((i - from == 2 && memcmp(name + from, "..", 2) == 0) || (i - from == 1 && name[from] == '.'))
            why = "the name has a part '.' or '..'";
        from = i + 1;
    }
    if (!why)
        return OK;
    snprintf(shown, sizeof shown, "%s", name);
    for (char *c = shown; *c; c++)
        if (*c < 32 || *c > 126)
            *c = '?';
    if (line > 0)
        snprintf(at, sizeof at, ":%d", line);
    return FAIL(ERR_FORMAT, "%s%s: %s: '%s'", file, at, why, shown);
}

status image_list_add(struct list *l, const char *file, int line, const char *path, int class_index)
{
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    TRY(image_list_check_name(file, line, path));
    TRY(mem_room(&l->entry, l->count, &l->capacity, sizeof *l->entry));
    TRY(add_string(l, path, &l->entry[l->count].path));
    l->entry[l->count].class_index = class_index;
    l->entry[l->count].line = line;
    l->count++;
    return OK;
}

status image_list_add_class(struct list *l, const char *name)
{
    if (l->class_names > LIST_MAX_CLASS)
        return FAIL(ERR_RANGE, "more than %d classes", LIST_MAX_CLASS);
    TRY(mem_room(&l->class_name, l->class_names, &l->class_capacity, sizeof *l->class_name));
    TRY(add_string(l, name, &l->class_name[l->class_names]));
    l->class_names++;
    return OK;
}

int image_list_is_picture(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && dot != name &&
           (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0 || strcasecmp(dot, ".png") == 0);
}

status image_list_count(struct list_some *some, const char *path)
{
    char shown[2 * LIST_MAX_NAME + 512];

    snprintf(shown, sizeof shown, "%s", path);
    text_make_printable(shown, "");
    if (some->count++ == 0 || strncmp(shown, some->name, sizeof some->name - 1) < 0)
        snprintf(some->name, sizeof some->name, "%.*s", (int)sizeof some->name - 1, shown);
    text_make_printable(some->name, ""); /* a character that was cut */
    return OK;
}

status image_list_decide(struct list *l, const char *format, ...)
{
    char line[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    text_make_printable(line, "");
    l->decided.max = 1 << 16;
    return text_add(&l->decided, "data.%s\n", line);
}

static int by_path(const void *a, const void *b, void *context)
{
    const struct list *l = context;
    int i = *(const int *)a, j = *(const int *)b;
    int order = strcmp(image_list_path(l, i), image_list_path(l, j));

    return order ? order : (i > j) - (i < j);
}

status image_list_check_duplicates(const struct list *l, const char *file)
{
    status result = OK;
    int *order;

    MEM_TRY(order, (size_t)l->count, sizeof *order);
    for (int i = 0; i < l->count; i++)
        order[i] = i;
    qsort_r(order, (size_t)l->count, sizeof *order, by_path, (void *)l);
    for (int i = 1; i < l->count && result == OK; i++)
        if (strcmp(image_list_path(l, order[i - 1]), image_list_path(l, order[i])) == 0)
            result = FAIL(ERR_FORMAT, "%s:%d: '%s' is listed twice (first on line %d)", file,
                          l->entry[order[i]].line, image_list_path(l, order[i]), l->entry[order[i - 1]].line);
    mem_free(order);
    return result;
}
