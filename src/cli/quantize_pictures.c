#include "quantize_pictures.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 16 << 20, PATH_MAX_BYTES = 4096 };

/* Lines "CLASS PATH": what rank 0 found and all ranks parse. */
struct found {
    struct text text;
    int count;
};

static status add(struct found *f, int label, const char *root, const char *path)
{
    char whole[PATH_MAX_BYTES];

    if (root[0] && path[0] != '/')
        TRY(text_path(whole, sizeof whole, root, path));
    else
        snprintf(whole, sizeof whole, "%s", path);
    f->count++;
    return text_add(&f->text, "%d %s\n", label, whole);
}

/* ---- rank 0: the list ---------------------------------------------------------------------------------- */

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

/* Class folders, a flat folder with labels, or one without. */
static status find_folder(const struct quantize_source *s, struct found *f)
{
    const struct image_source source = { .root = s->images,
                                         .labels = or_null(s->labels),
                                         .synsets = or_null(s->synsets),
                                         .folders = (enum image_folders)s->folders,
                                         .classes = s->classes,
                                         .network = s->network,
                                         .flat = 1,
                                         .without =
                                             ", or --list=FILE with a path a line for pictures without "
                                             "classes" };
    struct image_manifest list = { 0 };
    status result = image_manifest_read(&source, &list);

    if (result == OK)
        log_lines("", list.decided);
    for (int i = 0; i < list.count && result == OK; i++)
        result = add(f, list.entry[i].class_index, s->images, list.entry[i].path);
    image_manifest_free(&list);
    return result;
}

static status find_lines(const char *root, const char *file, struct found *f)
{
    char *text = NULL, *save;
    size_t size;
    status result = OK;

    TRY(text_read_plain(file, LIST_MAX, &text, &size));
    for (char *line = strtok_r(text, "\n", &save); line && result == OK; line = strtok_r(NULL, "\n", &save)) {
        line = text_trim(line);
        if (line[0])
            result = add(f, -1, root, line);
    }
    mem_free(text);
    return result;
}

static status find(const struct quantize_source *s, struct found *f)
{
    TRY(s->list[0] ? find_lines(s->images, s->list, f) : find_folder(s, f));
    return f->count > 0 ? OK : FAIL(ERR_MISSING, "%s: no pictures", s->list[0] ? s->list : s->images);
}

/* ---- all ranks ----------------------------------------------------------------------------------------- */

/* Entry number i * count / limit of the list, as job lists are cut. */
static status keep_some(char *text, int limit, struct quantize_pictures *out, char ***path)
{
    char *save, **all = NULL;
    int count = 0;

    for (char *p = text; *p; p++)
        count += *p == '\n';
    MEM_TRY(all, (size_t)count + 1, sizeof *all);
    count = 0;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        all[count++] = line;
    out->count = limit > 0 && limit < count ? limit : count;
    for (int i = 0; i < out->count; i++)
        all[i] = all[(int64_t)i * count / out->count];
    *path = all;
    MEM_TRY(out->label, (size_t)out->count, sizeof *out->label);
    MEM_TRY(out->pixels, (size_t)out->count, sizeof *out->pixels);
    return OK;
}

/* This rank's own pictures; bad[i] = 1 where one cannot be read. */
static status load(const struct comm *c, char *const *path, const struct image_pipeline *p,
                   struct quantize_pictures *out, uint8_t *bad)
{
    size_t bytes = image_pipeline_bytes(p);
    struct image_info info;

    for (int i = c->rank; i < out->count; i += c->size) {
        MEM_TRY(out->pixels[i], bytes, 1);
        bad[i] = image_load(strchr(path[i], ' ') + 1, p, out->pixels[i], &info) != OK;
    }
    return OK;
}

/* Drops the bad ones of all ranks, which then have other pictures. */
static status drop_bad(const struct comm *c, char **path, struct quantize_pictures *out, uint8_t *bad)
{
    int kept = 0;

    for (int i = 0; i < out->count; i++) {
        mem_free(out->pixels[i]);
        out->pixels[i] = NULL;
        if (bad[i] && c->rank == 0)
            log_info("quantize: %s cannot be read: left out", strchr(path[i], ' ') + 1);
        if (!bad[i])
            path[kept++] = path[i];
    }
    if (kept == 0)
        return FAIL(ERR_FORMAT, "%s: none of %d calibration pictures can be read", strchr(path[0], ' ') + 1,
                    out->count);
    out->count = kept;
    return OK;
}

static status load_good(const struct comm *c, char **path, const struct image_pipeline *p,
                        struct quantize_pictures *out)
{
    uint8_t *bad = mem_alloc((size_t)out->count, 1);
    status result = bad ? load(c, path, p, out, bad) : FAIL(ERR_MEMORY, "no memory for %d marks", out->count);

    TRY_OUT(comm_agree(c, result));
    comm_or_bytes(c, bad, (size_t)out->count);
    if (memchr(bad, 1, (size_t)out->count)) {
        TRY_OUT(drop_bad(c, path, out, bad));
        memset(bad, 0, (size_t)out->count);
        result = comm_agree(c, load(c, path, p, out, bad));
    }
out:
    mem_free(bad);
    return result;
}

static void read_labels(char *const *path, struct quantize_pictures *out)
{
    int labels = 0;

    for (int i = 0; i < out->count; i++) {
        out->label[i] = (int)strtol(path[i], NULL, 10);
        labels += out->label[i] >= 0;
    }
    if (labels == 0) {
        mem_free(out->label);
        out->label = NULL;
    }
}

status quantize_pictures_read(const struct comm *c, const struct quantize_source *source,
                              const struct image_pipeline *p, struct quantize_pictures *out)
{
    struct found f = { .text.max = LIST_MAX };
    status result = c->rank == 0 ? find(source, &f) : OK;
    void *bytes = f.text.data;
    size_t size = f.text.size;
    char **path = NULL;

    *out = (struct quantize_pictures){ 0 };
    TRY_OUT(comm_agree(c, result));
    TRY_OUT(comm_broadcast_bytes(c, &bytes, &size));
    TRY_OUT(comm_agree(c, keep_some(bytes, source->limit, out, &path)));
    TRY_OUT(load_good(c, path, p, out));
    read_labels(path, out);
out:
    mem_free(path);
    if (c->rank == 0)
        text_free(&f.text);
    else
        mem_free(bytes);
    return result;
}

void quantize_pictures_free(struct quantize_pictures *p)
{
    for (int i = 0; i < p->count && p->pixels; i++)
        mem_free(p->pixels[i]);
    mem_free(p->pixels);
    mem_free(p->label);
    *p = (struct quantize_pictures){ 0 };
}
