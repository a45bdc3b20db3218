/* src/image/names.c: the names of a network's classes: a line a class, LOC_synset_mapping.txt, or JSON as
 * imagenet_class_index.json has it. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"

enum { TEXT_MAX = 4 << 20, MOST = 1 << 20 };

int image_is_wnid(const char *s, size_t size)
{
    return size == 9 && s[0] == 'n' && strspn(s + 1, "0123456789") >= 8;
}

void image_names_free(struct image_names *n)
{
    mem_free(n->text);
    mem_free(n->line);
    *n = (struct image_names){ 0 };
}

const char *image_name(const struct image_names *n, int class_index)
{
    return n && class_index >= 0 && class_index < n->count && n->line[class_index].name[0]
               ? n->line[class_index].name
               : NULL;
}

status image_names_fit(const struct image_names *n, const char *path, int classes, const char *network)
{
    if (n->count == 0 || n->count == classes)
        return OK;
    return FAIL(ERR_MISMATCH,
                "%s: %d names, but network %s has %d classes: a list has one name a class, in the order of "
                "the classes%s",
                path, n->count, network, classes,
                n->count == classes + 1 ? " (is the first one the background, which this network lacks?)"
                : n->count == classes - 1
                    ? " (is the network's class 0 the background, which the list lacks?)"
                    : "");
}

/* ---- lines --------------------------------------------------------------------------------------------- */

/* `n01440764 tench, Tinca tinca`, also with a tab or a comma behind the synset. */
static void split_synset(struct image_class_name *c)
{
    char *line = c->name;
    size_t n = strcspn(line, " \t,");

    c->wnid = "";
    if (!image_is_wnid(line, n))
        return;
    c->wnid = line;
    if (!line[n])
        return;
    c->name = text_trim(line + n + 1);
    line[n] = '\0';
    if (!c->name[0])
        c->name = c->wnid;
}

/* A number, then one of `after`; *rest is what stands behind them. */
static int leading_number(char *line, const char *after, int64_t *number, char **rest)
{
    size_t n = strspn(line, "0123456789");
    char kept = line[n];
    int good;

    if (n == 0 || !kept || !strchr(after, kept))
        return 0;
    line[n] = '\0';
    good = text_parse_int(line, 0, MOST, number);
    line[n] = kept;
    *rest = text_trim(line + n + 1);
    return good;
}

/* Lines that say their own number, `0: tench`, in any order. Numbers that are not 0 to count - 1 are part of
 * the names; ERR_FORMAT where they are 1 to count, but not in order. */
static status order_by_number(struct image_names *n)
{
    int64_t number = 0, least = MOST, last = -1;
    char **by_number, *rest;
    int all = 1, sorted = 1;

    for (int i = 0; i < n->count && all; i++, last = number) {
        all = leading_number(n->line[i].name, ":,; \t", &number, &rest);
        sorted &= number > last;
        least = number < least ? number : least;
    }
    if (!all || least > 1)
        return OK;
    MEM_TRY(by_number, (size_t)n->count, sizeof *by_number);
    for (int i = 0; i < n->count && all; i++) {
        (void)leading_number(n->line[i].name, ":,; \t", &number, &rest);
        number -= least;
        all = number < n->count && !by_number[number];
        by_number[all ? number : 0] = rest;
    }
    for (int i = 0; i < n->count && all && least == 0; i++)
        n->line[i].name = by_number[i];
    mem_free(by_number);
    if (all && least == 1 && !sorted)
        return FAIL(ERR_FORMAT,
                    "its lines are numbered 1 to %d, but not in that order: number the classes from 0, or "
                    "write them in their order",
                    n->count);
    return OK;
}

/* ILSVRC's own numbers, `n02119789 1 kit_fox`, are another order than torchvision's. */
static status check_own_numbers(const struct image_names *n)
{
    int64_t number;
    char *rest;
    int other = 0;

    for (int i = 0; i < n->count; i++) {
        if (!n->line[i].wnid[0] || !leading_number(n->line[i].name, " \t", &number, &rest))
            return OK;
        other |= number != i && number != i + 1;
    }
    for (int i = 1; i < n->count && !other; i++)
        other = strcmp(n->line[i - 1].wnid, n->line[i].wnid) > 0;
    if (!other)
        return OK;
    return FAIL(ERR_FORMAT,
                "its lines have numbers behind the synsets, as ILSVRC's own list has, whose order is not "
                "torchvision's: give LOC_synset_mapping.txt");
}

static status read_lines(struct image_names *out)
{
    int lines = 1;

    for (const char *p = out->text; *p; p++)
        lines += *p == '\n';
    if (lines > MOST)
        return FAIL(ERR_RANGE, "%d names, more than %d", lines, MOST);
    MEM_TRY(out->line, (size_t)lines, sizeof *out->line);
    for (char *rest = out->text, *line; (line = strsep(&rest, "\n")); out->count++)
        out->line[out->count] = (struct image_class_name){ text_trim(line), "" };
    while (out->count > 0 && !out->line[out->count - 1].name[0])
        out->count--;
    if (out->count > 0)
        TRY(order_by_number(out));
    for (int i = 0; i < out->count; i++) {
        split_synset(&out->line[i]);
        text_make_printable(out->line[i].name, ""); /* tabs have done their part */
    }
    return check_own_numbers(out);
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

struct json_names {
    struct image_names *out;
    size_t used;
};

static char *keep(struct json_names *j, const char *text)
{
    char *to = j->out->text + j->used;

    strcpy(to, text);
    text_make_printable(to, "");
    j->used += strlen(text) + 1;
    return to;
}

/* "tench", or ["n01440764", "tench"]. */
static status add_name(struct json_names *j, int at, const cJSON *value)
{
    struct image_class_name *c = &j->out->line[at];
    const cJSON *name = cJSON_IsArray(value) && cJSON_GetArraySize(value) == 2 ? value->child : value;
    const cJSON *wnid = name == value ? NULL : name;

    name = wnid ? wnid->next : name;
    if (!cJSON_IsString(name) ||
        (wnid && (!cJSON_IsString(wnid) || !image_is_wnid(wnid->valuestring, strlen(wnid->valuestring)))))
        return FAIL(ERR_FORMAT, "class %d is neither \"name\" nor [\"n01440764\", \"name\"]", at);
    c->wnid = wnid ? keep(j, wnid->valuestring) : "";
    c->name = keep(j, name->valuestring);
    return OK;
}

/* The key of an object is the class, 0 to count - 1, each once; an array has them in order. */
static status add_names(struct json_names *j, const cJSON *root)
{
    int i = 0;

    for (const cJSON *c = root->child; c; c = c->next, i++) {
        char written[16];
        int64_t key = i;

        if (c->string &&
            (!text_parse_int(c->string, 0, j->out->count - 1, &key) ||
             snprintf(written, sizeof written, "%d", (int)key) < 0 || strcmp(written, c->string)))
            return FAIL(ERR_FORMAT, "the key '%.40s' is no class of 0 to %d", c->string, j->out->count - 1);
        if (j->out->line[key].name)
            return FAIL(ERR_FORMAT, "class %d has two names", (int)key);
        TRY(add_name(j, (int)key, c));
    }
    return OK;
}

/* The decoded strings of a JSON text fit where the text was: each loses its quotes. */
static status read_json(size_t size, struct image_names *out)
{
    struct json_names j = { out, 0 };
    cJSON *root = cJSON_ParseWithLengthOpts(out->text, strlen(out->text) + 1, NULL, 1);
    const cJSON *names = root, *inner = cJSON_GetObjectItemCaseSensitive(root, "id2label");
    status result = OK;

    if (!root)
        return FAIL(ERR_FORMAT,
                    "begins as JSON does, but is none (json.dump writes a Python list or dict as JSON)");
    if (cJSON_IsObject(inner))
        names = inner;
    out->count = cJSON_GetArraySize(names);
    if (out->count < 1 || out->count > MOST)
        TRY_OUT(FAIL(ERR_RANGE, "%d names, 1 to %d are taken", out->count, MOST));
    mem_free(out->text);
    MEM_TRY_OUT(out->text, size + 1, 1);
    MEM_TRY_OUT(out->line, (size_t)out->count, sizeof *out->line);
    result = add_names(&j, names);
out:
    cJSON_Delete(root);
    return result;
}

/* ---- either -------------------------------------------------------------------------------------------- */

/* Of out->text, `size` bytes. */
static status read_names(const char *source, size_t size, struct image_names *out)
{
    const char *first = out->text + strspn(out->text, " \t\r\n");
    status result = *first == '[' || *first == '{' ? read_json(size, out) : read_lines(out);

    if (result == OK && out->count == 0)
        result = FAIL(ERR_FORMAT, "no names");
    if (result != OK)
        image_names_free(out);
    return error_prefix(result, "%s", source);
}

status image_names_read(const char *path, struct image_names *out)
{
    size_t size = 0;

    *out = (struct image_names){ 0 };
    if (!path[0])
        return OK;
    TRY(text_read_plain(path, TEXT_MAX, &out->text, &size));
    return read_names(path, size, out);
}

status image_names_parse(const char *source, const char *text, size_t size, struct image_names *out)
{
    *out = (struct image_names){ 0 };
    MEM_TRY(out->text, size + 1, 1);
    memcpy(out->text, text, size);
    return read_names(source, size, out);
}
