/* src/train/data.c: a data set by what it is: IDX, CIFAR's records, gzip or not, or a folder of class
 * folders, whose pictures are decoded when they are first needed. */
#include "train_parts.h"

#include "image_records.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Decoded pictures of a folder are kept where all of them take less. */
enum { KEEP_BYTES = INT32_MAX };

/* MNIST's own names: train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz. */
static status labels_path(const struct train_source *s, char path[OPTION_SIZE])
{
    static const char images[] = "images-idx3", labels[] = "labels-idx1";
    const char *at = strstr(s->path, images);

    if (s->labels[0]) {
        snprintf(path, OPTION_SIZE, "%s", s->labels);
        return OK;
    }
    if (!at)
        return FAIL(ERR_USAGE,
                    "%s: IDX pictures have their labels in a file of its own; name it by %s.labels (only "
                    "..%s.. is found as ..%s.. by itself)",
                    s->path, s->key, images, labels);
    snprintf(path, OPTION_SIZE, "%.*s%s%s", (int)(at - s->path), s->path, labels, at + strlen(images));
    return OK;
}

static status find_labels(const struct train_source *s, struct image_records *r)
{
    char path[OPTION_SIZE];

    if (r->label)
        return s->labels[0] ? FAIL(ERR_USAGE, "%s.labels has no effect: %s has its labels in itself", s->key,
                                   s->path)
                            : OK;
    TRY(labels_path(s, path));
    return image_records_labels(path, r);
}

/* Planes become channels. */
static status take_records(const struct image_records *r, struct train_data *out)
{
    size_t plane = (size_t)r->height * (size_t)r->width, channels = (size_t)r->channels;
    struct hash hash;

    out->count = r->count;
    out->height = r->height;
    out->width = r->width;
    out->channels = r->channels;
    MEM_TRY(out->pixels, (size_t)r->count * plane, channels);
    MEM_TRY(out->label, (size_t)r->count, sizeof *out->label);
    hash_start(&hash);
    hash_add(&hash, r->sha256, HASH_SIZE);
    for (int i = 0; i < r->count; i++) {
        const uint8_t *in = image_record(r, i);
        uint8_t *to = out->pixels + (size_t)i * plane * channels, label = (uint8_t)image_record_label(r, i);

        out->label[i] = label;
        hash_add(&hash, &label, 1);
        for (size_t p = 0; p < plane; p++)
            for (size_t c = 0; c < channels; c++)
                to[channels * p + c] = in[c * plane + p];
    }
    hash_result(&hash, out->sha256);
    return OK;
}

static status read_file(const struct train_source *s, struct train_data *out)
{
    struct image_records r = { 0 };
    status result;

    TRY(image_records_read(s->path, &r));
    result = find_labels(s, &r);
    if (result == OK)
        result = take_records(&r, out);
    image_records_free(&r);
    return result;
}

static status read_folder(const struct train_source *s, struct train_data *out)
{
    struct image_source source = {
        .root = s->path, .labels = text_or_null(s->labels), .classes = s->classes, .network = s->network
    };
    size_t each;

    TRY(image_manifest_read(&source, &out->list));
    out->count = out->list.count;
    out->margin = s->margin;
    out->pipeline = s->pipeline;
    out->pipeline.height += 2 * s->margin;
    out->pipeline.width += 2 * s->margin;
    out->height = s->pipeline.height;
    out->width = s->pipeline.width;
    out->channels = s->pipeline.channels;
    memcpy(out->sha256, out->list.sha256, HASH_SIZE);
    MEM_TRY(out->label, (size_t)out->count, sizeof *out->label);
    for (int i = 0; i < out->count; i++)
        out->label[i] = out->list.entry[i].class_index;
    each = train_data_bytes(out);
    if (each * (size_t)out->count <= KEEP_BYTES) {
        MEM_TRY(out->pixels, (size_t)out->count, each);
        MEM_TRY(out->have, (size_t)out->count, 1);
    }
    return OK;
}

/* Only what is resized to more than the network takes has pixels beside the middle. */
static status check_margin(const struct train_source *s, int is_folder)
{
    const struct image_pipeline *p = &s->pipeline;
    int longer = p->height > p->width ? p->height : p->width;

    if (s->margin > 0 && (!is_folder || p->resize < longer + 2 * s->margin))
        return FAIL(ERR_USAGE,
                    "data.crop.margin = %d: %s has no such pixels beside the %d x %d that network %s takes; "
                    "data.crop.padding reaches beyond the picture",
                    s->margin, s->path, p->height, p->width, s->network);
    return OK;
}

/* Every label a class of the network's, the pictures as large as it wants them. */
static status check(const struct train_source *s, const struct train_data *d)
{
    const struct image_pipeline *p = &s->pipeline;

    if (d->height != p->height || d->width != p->width || d->channels != p->channels)
        return FAIL(ERR_MISMATCH,
                    "%s: its pictures are %d x %d x %d, network %s takes %d x %d x %d (height, "
                    "width, channels)",
                    s->path, d->height, d->width, d->channels, s->network, p->height, p->width, p->channels);
    for (int i = 0; i < d->count; i++)
        if (d->label[i] < 0 || d->label[i] >= s->classes)
            return FAIL(ERR_MISMATCH, "%s: picture %d has label %d, network %s has the classes 0 to %d",
                        s->path, i, d->label[i], s->network, s->classes - 1);
    return OK;
}

status train_data_read(const struct train_source *s, struct train_data *out)
{
    struct stat file;
    int is_folder = stat(s->path, &file) == 0 && S_ISDIR(file.st_mode);
    status result;

    memset(out, 0, sizeof *out);
    TRY(check_margin(s, is_folder));
    result = is_folder ? read_folder(s, out) : read_file(s, out);
    if (result == OK)
        result = check(s, out);
    if (result != OK)
        train_data_free(out);
    else if (s->limit > 0 && s->limit < out->count)
        out->count = s->limit;
    return result;
}

void train_data_free(struct train_data *d)
{
    mem_free(d->pixels);
    mem_free(d->have);
    mem_free(d->label);
    image_manifest_free(&d->list);
    memset(d, 0, sizeof *d);
}

size_t train_data_bytes(const struct train_data *d)
{
    return (size_t)(d->height + 2 * d->margin) * (size_t)(d->width + 2 * d->margin) * (size_t)d->channels;
}

status train_data_picture(struct train_data *d, int i, uint8_t *out)
{
    size_t each = train_data_bytes(d);
    uint8_t *kept = d->pixels ? d->pixels + (size_t)i * each : NULL;
    char path[4096];

    BUG_IF(i < 0 || i >= d->count);
    if (kept && (!d->have || d->have[i])) {
        memcpy(out, kept, each);
        return OK;
    }
    TRY(text_path(path, sizeof path, d->list.root, d->list.entry[i].path));
    TRY(image_load(path, &d->pipeline, out, &(struct image_info){ 0 }));
    if (kept) {
        memcpy(kept, out, each);
        d->have[i] = 1;
    }
    return OK;
}
