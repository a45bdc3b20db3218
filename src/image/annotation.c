/* src/image/annotation.c: PASCAL VOC's XML as ILSVRC writes it (explanations 4.2), read with expat. */
#include "annotation.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_BYTES = 1 << 20, MAX_LEVELS = 64, MAX_BOXES = 4096, NUMBER = 32 };

/* annotation / object / bndbox / xmin: the levels that matter. */
enum { AT_ANNOTATION = 1, AT_OBJECT, AT_BOX, AT_EDGE };

struct reading {
    XML_Parser parser;
    struct list_at at;
    int level, on_path;     /* elements open; how many of them, from the root, are on the path to a box */
    int edge;               /* of the open element, or -1 */
    char number[4][NUMBER]; /* of the box in hand, as written */
    size_t length;
    struct image_box *box;
    int count, capacity;
    status result;
};

static void stop(struct reading *r, status s)
{
    r->result = s;
    XML_StopParser(r->parser, XML_FALSE);
}

/* Where the parser stands, for LIST_BAD. */
static const struct list_at *here(struct reading *r)
{
    r->at.line = (int)XML_GetCurrentLineNumber(r->parser);
    return &r->at;
}

static int edge_of(const char *name)
{
    static const char *const edges[4] = { "xmin", "ymin", "xmax", "ymax" };

    for (int i = 0; i < 4; i++)
        if (!strcmp(name, edges[i]))
            return i;
    return -1;
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    static const char *const path[] = { "annotation", "object", "bndbox" };
    struct reading *r = user;

    r->level++;
    if (r->level > MAX_LEVELS)
        stop(r, LIST_BAD(here(r), "elements lie more than %d deep", MAX_LEVELS));
    else if (r->level == 1 && strcmp(name, path[0]))
        stop(r, LIST_BAD(here(r), "<%.40s> is no annotation", name));
    else if (r->level == r->on_path + 1 && r->level < AT_EDGE && !strcmp(name, path[r->level - 1]))
        r->on_path = r->level;
    if (r->level == AT_BOX && r->on_path == AT_BOX)
        memset(r->number, 0, sizeof r->number);
    r->edge = r->level == AT_EDGE && r->on_path == AT_BOX ? edge_of(name) : -1;
    r->length = 0;
}

static void XMLCALL on_text(void *user, const XML_Char *text, int size)
{
    struct reading *r = user;

    if (r->edge < 0)
        return;
    if (r->length + (size_t)size >= NUMBER) {
        stop(r, LIST_BAD(here(r), "a box's edge is longer than a number"));
        return;
    }
    memcpy(r->number[r->edge] + r->length, text, (size_t)size);
    r->length += (size_t)size;
}

static status add_box(struct reading *r)
{
    const char *word[4];

    if (r->count == MAX_BOXES)
        return LIST_BAD(here(r), "more than %d boxes", MAX_BOXES);
    TRY(mem_room(&r->box, r->count, &r->capacity, sizeof *r->box));
    for (int i = 0; i < 4; i++) {
        word[i] = r->number[i];
        if (!word[i][0])
            return LIST_BAD(here(r), "a box needs xmin, ymin, xmax and ymax");
    }
    TRY(image_box_parse(here(r), word, 0, &r->box[r->count]));
    r->count++;
    return OK;
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
    struct reading *r = user;
    status s = OK;

    if (r->level == AT_BOX && r->on_path == AT_BOX)
        s = add_box(r);
    if (s != OK)
        stop(r, s);
    if (r->on_path == r->level)
        r->on_path--;
    r->level--;
    r->edge = -1;
}

/* A document type is where entities come from: what they expand to has no bound. */
static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int internal)
{
    struct reading *r = user;

    stop(r, LIST_BAD(here(r), "a document type is not taken"));
}

status image_annotation_read(const char *path, struct image_box **box, int *count)
{
    struct reading r = { .at = { .file = path }, .edge = -1, .result = OK };
    char *text = NULL;
    size_t size = 0;
    status result = OK;

    *box = NULL;
    *count = 0;
    TRY(text_read_file(path, MAX_BYTES, &text, &size));
    r.parser = XML_ParserCreate(NULL);
    if (!r.parser) {
        mem_free(text);
        return FAIL(ERR_MEMORY, "%s: no memory for its XML", path);
    }
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    if (XML_Parse(r.parser, text, (int)size, XML_TRUE) != XML_STATUS_OK)
        result =
            r.result != OK ? r.result : LIST_BAD(here(&r), "%s", XML_ErrorString(XML_GetErrorCode(r.parser)));
    XML_ParserFree(r.parser);
    mem_free(text);
    if (result != OK) {
        mem_free(r.box);
        return result;
    }
    *box = r.box;
    *count = r.count;
    return OK;
}

/* ---- a folder of them ---------------------------------------------------------------------------------- */

static int is_annotation(const char *name)
{
    size_t n = strlen(name);

    return n > 4 && !strcasecmp(name + n - 4, ".xml");
}

struct names {
    char **name;
    int count, capacity;
};

static status add_name(void *user, const char *folder, const char *name, int *enter)
{
    struct names *n = user;

    if (!is_annotation(name))
        return OK;
    *enter = 0;
    TRY(mem_room(&n->name, n->count, &n->capacity, sizeof *n->name));
    n->name[n->count] = mem_strdup(name);
    if (!n->name[n->count])
        return FAIL(ERR_MEMORY, "no memory for the names of %d annotations", n->count);
    n->count++;
    return OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

status image_annotation_files(const char *folder, char ***names, int *count)
{
    struct names n = { 0 };
    status result = image_list_walk(&(struct list_walk){ folder, add_name, &n }, "");

    *names = n.name;
    *count = n.count;
    if (result == OK && n.count == 0)
        return FAIL(ERR_MISSING, "%s: no .xml annotations", folder);
    if (n.count > 0)
        qsort(n.name, (size_t)n.count, sizeof *n.name, by_name);
    return result;
}
