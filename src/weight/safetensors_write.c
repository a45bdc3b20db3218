/* src/weight/safetensors_write.c: writes a table of tensors as safetensors. */
#include "weight_parts.h"

#include <errno.h>
#include <string.h>

static status save_bytes(FILE *f, const void *bytes, size_t size)
{
    if (size > 0 && fwrite(bytes, 1, size, f) != size)
        return FAIL(ERR_IO, "%s", strerror(errno));
    return OK;
}

static status save_tensor(FILE *f, const struct tensor *t)
{
    size_t count = (size_t)tensor_count(t), size = dtype_size(t->dtype);
    uint8_t *copy;
    status result;

    if (tensor_is_contiguous(t))
        return save_bytes(f, t->data, count * size);
    MEM_TRY(copy, count, size);
    tensor_copy_raw(t, copy);
    result = save_bytes(f, copy, count * size);
    mem_free(copy);
    return result;
}

/* What is written: the table's tensors, and behind each quantized one its scales and zero points. */
struct part {
    const char *name, *suffix;
    struct tensor tensor;
    uint64_t begin, size;
};

static struct part *add_part(struct part *part, int *count, const char *name, const char *suffix)
{
    part[*count] = (struct part){ .name = name, .suffix = suffix };
    return &part[(*count)++];
}

/* A view, or the packed codes. */
static status add_codes(const struct tensor *t, struct part *p)
{
    if (packed_is(t))
        return packed_close(t, &p->tensor);
    p->tensor = *t;
    p->tensor.owned = 0;
    p->tensor.scale = NULL;
    p->tensor.zero_point = NULL;
    return OK;
}

static status list_parts(const struct tensor_table *t, struct part *part, int *count)
{
    for (int i = 0; i < t->count; i++) {
        const struct tensor_entry *e = &t->entry[i];
        struct part *scale, *zero_point;

        TRY(error_prefix(add_codes(&e->tensor, add_part(part, count, e->name, "")), "%s", e->name));
        if (e->tensor.quantization == TENSOR_REAL)
            continue;
        scale = add_part(part, count, e->name, ".scale");
        zero_point = add_part(part, count, e->name, ".zero_point");
        TRY(error_prefix(packed_params(&e->tensor, &scale->tensor, &zero_point->tensor), "%s", e->name));
    }
    for (int i = 0; i < *count; i++)
        part[i].size = (uint64_t)tensor_count(&part[i].tensor) * dtype_size(part[i].tensor.dtype);
    return OK;
}

/* Wide elements come first, so that every tensor is aligned: some readers make views. Returns the end. */
static uint64_t place_parts(struct part *part, int count)
{
    uint64_t at = 0;

    for (size_t wide = 8; wide > 0; wide /= 2)
        for (int i = 0; i < count; i++)
            if (dtype_size(part[i].tensor.dtype) == wide) {
                part[i].begin = at;
                at += part[i].size;
            }
    return at;
}

static status add_metadata(struct text *h, const struct tensor_table *t, const struct weight_note *notes,
                           int count)
{
    const char *comma = "";

    TRY(text_add(h, "\"__metadata__\":{"));
    for (int i = 0; i < count; i++, comma = ",") {
        TRY(text_add(h, "%s", comma));
        TRY(text_add_quoted(h, notes[i].key));
        TRY(text_add(h, ":"));
        TRY(text_add_quoted(h, notes[i].value));
    }
    for (int i = 0; i < t->count; i++) {
        const struct tensor *tensor = &t->entry[i].tensor;
        char key[WEIGHT_MAX_NAME + 64];
        if (tensor->quantization == TENSOR_REAL)
            continue;
        snprintf(key, sizeof key, "%s.quantization", t->entry[i].name);
        TRY(text_add(h, "%s", comma));
        TRY(text_add_quoted(h, key));
        TRY(text_add(h, ":\""));
        TRY(packed_write_mark(tensor, h));
        TRY(text_add(h, "\""));
        comma = ",";
    }
    return text_add(h, "}");
}

static status add_part_info(struct text *h, const struct part *p)
{
    char name[WEIGHT_MAX_NAME + 64];

    snprintf(name, sizeof name, "%s%s", p->name, p->suffix);
    TRY(text_add(h, ","));
    TRY(text_add_quoted(h, name));
    TRY(text_add(h, ":{\"dtype\":\"%s\",\"shape\":[", safetensors_types[p->tensor.dtype]));
    for (int i = 0; i < p->tensor.rank; i++)
        TRY(text_add(h, "%s%lld", i ? "," : "", (long long)p->tensor.dim[i]));
    return text_add(h, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)p->begin,
                    (unsigned long long)(p->begin + p->size));
}

static status make_header(struct text *h, const struct tensor_table *t, const struct part *part, int parts,
                          const struct weight_note *notes, int count)
{
    TRY(text_add(h, "{"));
    TRY(add_metadata(h, t, notes, count));
    for (int i = 0; i < parts; i++)
        TRY(add_part_info(h, &part[i]));
    TRY(text_add(h, "}"));
    while (h->size % 8)
        TRY(text_add(h, " "));
    return OK;
}

static status write_data(FILE *f, const struct part *part, int parts)
{
    for (size_t wide = 8; wide > 0; wide /= 2)
        for (int i = 0; i < parts; i++)
            if (dtype_size(part[i].tensor.dtype) == wide)
                TRY(save_tensor(f, &part[i].tensor));
    return OK;
}

status safetensors_write(FILE *f, const struct tensor_table *t, const struct weight_note *notes, int count)
{
    struct text header = { .max = SAFETENSORS_MAX_HEADER };
    struct part *part;
    uint8_t size[8];
    int parts = 0;
    status result = OK;

    MEM_TRY(part, 3 * (size_t)t->count + 1, sizeof *part);
    TRY_OUT(list_parts(t, part, &parts));
    place_parts(part, parts);
    TRY_OUT(make_header(&header, t, part, parts, notes, count));
    for (int i = 0; i < 8; i++)
        size[i] = (uint8_t)((uint64_t)header.size >> (8 * i));
    TRY_OUT(save_bytes(f, size, sizeof size));
    TRY_OUT(save_bytes(f, header.data, header.size));
    TRY_OUT(write_data(f, part, parts));
out:
    text_free(&header);
    for (int i = 0; i < parts; i++)
        tensor_free(&part[i].tensor);
    mem_free(part);
    return result;
}
