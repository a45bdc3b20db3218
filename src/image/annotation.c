/* src/image/annotation.c: PASCAL VOC's XML as ILSVRC writes it (explanations 4.2), read with expat. */
#include "annotation.h"

#include <dirent.h>
#include <errno.h>
#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MAX_BYTES = 1 << 20, MAX_LEVELS = 64, MAX_BOXES = 4096, MAX_DEPTH = 8, NUMBER = 32 };

/* annotation / object / bndbox / xmin: the levels that matter. */
enum { AT_ANNOTATION = 1, AT_OBJECT, AT_BOX, AT_EDGE };

struct reading {
    XML_Parser parser;
    struct list_lines at;   /* for messages */
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

static int line_of(const struct reading *r)
{
    return (int)XML_GetCurrentLineNumber(r->parser);
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
        stop(r,
             FAIL(ERR_FORMAT, "%s:%d: elements lie more than %d deep", r->at.file, line_of(r), MAX_LEVELS));
    else if (r->level == 1 && strcmp(name, path[0]))
        stop(r, FAIL(ERR_FORMAT, "%s:%d: <%.40s> is no annotation", r->at.file, line_of(r), name));
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
        stop(r, FAIL(ERR_FORMAT, "%s:%d: a box's edge is longer than a number", r->at.file, line_of(r)));
        return;
    }
    memcpy(r->number[r->edge] + r->length, text, (size_t)size);
    r->length += (size_t)size;
}

static status add_box(struct reading *r)
{
    const char *word[4];

    r->at.line = line_of(r);
    if (r->count == MAX_BOXES)
        return FAIL(ERR_FORMAT, "%s:%d: more than %d boxes", r->at.file, r->at.line, MAX_BOXES);
    TRY(mem_room(&r->box, r->count, &r->capacity, sizeof *r->box));
    for (int i = 0; i < 4; i++) {
        word[i] = r->number[i];
        if (!word[i][0])
            return FAIL(ERR_FORMAT, "%s:%d: a box needs xmin, ymin, xmax and ymax", r->at.file, r->at.line);
    }
    TRY(image_box_parse(&r->at, word, 0, &r->box[r->count]));
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

    stop(r, FAIL(ERR_FORMAT, "%s:%d: a document type is not taken", r->at.file, line_of(r)));
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
        result = r.result != OK ? r.result
                                : FAIL(ERR_FORMAT, "%s:%d: %s", path, line_of(&r),
                                       XML_ErrorString(XML_GetErrorCode(r.parser)));
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

static int is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static status add_name(const char *name, char ***names, int *count, int *capacity)
{
    TRY(mem_room(names, *count, capacity, sizeof **names));
    (*names)[*count] = mem_strdup(name);
    if (!(*names)[*count])
        return FAIL(ERR_MEMORY, "no memory for the names of %d annotations", *count);
    ++*count;
    return OK;
}

static status collect(const char *folder, const char *relative, int depth, char ***names, int *count,
                      int *capacity)
{
    char path[4096 + LIST_MAX_NAME], inner[4096 + LIST_MAX_NAME], name[2 * LIST_MAX_NAME + 512];
    struct dirent *d;
    status result = OK;
    DIR *dir;

    snprintf(path, sizeof path, "%s", folder);
    if (*relative)
        TRY(text_path(path, sizeof path, folder, relative));
    if (depth > MAX_DEPTH)
        return FAIL(ERR_FORMAT, "%s: folders lie more than %d deep", path, MAX_DEPTH);
    dir = opendir(path);
    if (!dir)
        return FAIL(errno == ENOENT ? ERR_MISSING : ERR_IO, "%s: %s", path, strerror(errno));
    while ((d = readdir(dir))) {
        if (d->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s", d->d_name);
        if (*relative)
            TRY_OUT(text_path(name, sizeof name, relative, d->d_name));
        TRY_OUT(text_path(inner, sizeof inner, path, d->d_name));
        if (is_annotation(d->d_name))
            TRY_OUT(add_name(name, names, count, capacity));
        else if (is_folder(inner))
            TRY_OUT(collect(folder, name, depth + 1, names, count, capacity));
    }
out:
    closedir(dir);
    return result;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

status image_annotation_files(const char *folder, char ***names, int *count)
{
    int capacity = 0;

    *names = NULL;
    *count = 0;
    TRY(collect(folder, "", 0, names, count, &capacity));
    if (*count == 0)
        return FAIL(ERR_MISSING, "%s: no .xml annotations", folder);
    qsort(*names, (size_t)*count, sizeof **names, by_name);
    return OK;
}
