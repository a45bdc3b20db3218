/* src/phase/calibrate_pictures.c: the calibration pictures: their list, which of it are taken, and their
 * pixels, shared out over the ranks. */
#include "phase_calibrate.h"

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

/* Class folders, a flat folder with labels, or one without. */
static status find_folder(const struct calibrate_source *s, struct found *f)
{
    const struct image_source source = { .root = s->images,
                                         .labels = text_or_null(s->labels),
                                         .synsets = text_or_null(s->synsets),
                                         .folders = (enum image_folders)s->folders,
                                         .classes = s->classes,
                                         .network = s->network,
                                         .flat = 1,
                                         .without =
                                             ", or --list=FILE with a path a line for pictures without "
                                             "classes" };
    struct image_manifest list = { 0 };
    status result = image_manifest_read(&source, &list);

    if (result == OK && s->said)
        log_lines(s->said, list.decided);
    for (int i = 0; i < list.count && result == OK; i++)
        result = add(f, list.entry[i].class_index, list.root, list.entry[i].path);
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

static status find(const struct calibrate_source *s, struct found *f)
{
    TRY(s->list[0] ? find_lines(s->images, s->list, f) : find_folder(s, f));
    return f->count > 0 ? OK : FAIL(ERR_MISSING, "%s: no pictures", s->list[0] ? s->list : s->images);
}

/* ---- all ranks ----------------------------------------------------------------------------------------- */

/* The first `limit` entries become those drawn by the seed, or spread evenly where the seed is 0. */
static status cut(char **all, int count, int limit, uint64_t seed)
{
    struct random r = { .seed = seed, .stream = random_stream(RANDOM_CALIBRATION, 0, 0) };
    int *place;

    MEM_TRY(place, (size_t)limit, sizeof *place);
    image_cut(&r, count, limit, place);
    for (int i = 0; i < limit; i++)
        all[i] = all[place[i]];
    mem_free(place);
    return OK;
}

static void read_labels(struct calibrate_pictures *p)
{
    int labels = 0;

    for (int i = 0; i < p->count; i++) {
        char *end;

        p->label[i] = (int)strtol(p->path[i], &end, 10);
        p->path[i] = end + 1;
        labels += p->label[i] >= 0;
    }
    if (labels == 0) {
        mem_free(p->label);
        p->label = NULL;
    }
}

static status keep_some(const struct calibrate_source *source, struct calibrate_pictures *out)
{
    int count = 0, limit = source->limit;
    char *save;

    for (char *p = out->text; *p; p++)
        count += *p == '\n';
    MEM_TRY(out->path, (size_t)count + 1, sizeof *out->path);
    count = 0;
    for (char *line = strtok_r(out->text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        out->path[count++] = line;
    if (limit > 0 && limit < count) {
        TRY(cut(out->path, count, limit, source->seed));
        count = limit;
    }
    MEM_TRY(out->label, (size_t)count, sizeof *out->label);
    MEM_TRY(out->pixels, (size_t)count, sizeof *out->pixels);
    out->count = count;
    read_labels(out);
    return OK;
}

status calibrate_pictures_list(const struct comm *c, const struct calibrate_source *source,
                               struct calibrate_pictures *out)
{
    struct found f = { .text.max = LIST_MAX };
    status result = comm_agree(c, c->rank == 0 ? find(source, &f) : OK);
    void *bytes = f.text.data;
    size_t size = f.text.size;

    *out = (struct calibrate_pictures){ 0 };
    if (result == OK)
        result = comm_broadcast_bytes(c, &bytes, &size);
    out->text = bytes;
    return result == OK ? comm_agree(c, keep_some(source, out)) : result;
}

void calibrate_pictures_drop(struct calibrate_pictures *p, const uint8_t *drop)
{
    int kept = 0;

    for (int i = 0; i < p->count; i++) {
        mem_free(p->pixels[i]);
        p->pixels[i] = NULL;
        if (drop[i])
            continue;
        if (p->label)
            p->label[kept] = p->label[i];
        p->path[kept++] = p->path[i];
    }
    BUG_IF(kept == 0);
    p->count = kept;
}

/* This rank's own pictures; bad[i] = 1 where one cannot be read. */
static status load(const struct comm *c, const struct image_pipeline *pipeline, struct calibrate_pictures *p,
                   uint8_t *bad)
{
    struct image_info info;

    for (int i = c->rank; i < p->count; i += c->size) {
        MEM_TRY(p->pixels[i], image_pipeline_bytes(pipeline), 1);
        bad[i] = image_load(p->path[i], pipeline, p->pixels[i], &info) != OK;
    }
    return OK;
}

/* All ranks then have other pictures. */
static status drop_bad(const struct comm *c, struct calibrate_pictures *p, const uint8_t *bad)
{
    if (!memchr(bad, 0, (size_t)p->count))
        return FAIL(ERR_FORMAT, "%s: none of %d calibration pictures can be read", p->path[0], p->count);
    for (int i = 0; i < p->count && c->rank == 0; i++)
        if (bad[i])
            log_info("calibration: %s cannot be read: left out", p->path[i]);
    calibrate_pictures_drop(p, bad);
    return OK;
}

status calibrate_pictures_read(const struct comm *c, const struct image_pipeline *pipeline,
                               struct calibrate_pictures *p)
{
    uint8_t *bad = mem_alloc((size_t)p->count, 1);
    size_t marks = (size_t)p->count;
    status result = bad ? load(c, pipeline, p, bad) : FAIL(ERR_MEMORY, "no memory for %d marks", p->count);

    TRY_OUT(comm_agree(c, result));
    comm_or_bytes(c, bad, marks);
    if (memchr(bad, 1, marks)) {
        TRY_OUT(drop_bad(c, p, bad));
        memset(bad, 0, marks);
        result = comm_agree(c, load(c, pipeline, p, bad));
    }
out:
    mem_free(bad);
    return result;
}

void calibrate_pictures_free(struct calibrate_pictures *p)
{
    for (int i = 0; i < p->count && p->pixels; i++)
        mem_free(p->pixels[i]);
    mem_free(p->pixels);
    mem_free(p->label);
    mem_free(p->path);
    mem_free(p->text);
    *p = (struct calibrate_pictures){ 0 };
}
