/* safetensors: 8 bytes of header size, the header (JSON), the tensors' bytes one after the other. */
#include "weight_parts.h"

#include <stdlib.h>
#include <string.h>

const char *const safetensors_types[DTYPE_COUNT] = {
    [DTYPE_F32] = "F32", [DTYPE_F64] = "F64",   [DTYPE_F16] = "F16", [DTYPE_BF16] = "BF16",
    [DTYPE_U8] = "U8",   [DTYPE_S8] = "I8",     [DTYPE_S16] = "I16", [DTYPE_S32] = "I32",
    [DTYPE_S64] = "I64", [DTYPE_BOOL] = "BOOL",
};

/* ---- reading: the header --------------------------------------------------------------------------- */

struct range {
    int64_t begin, end;
};
/* Of __metadata__: how the tensor `name` is quantized. */
struct mark {
    char *name;
    struct packed_mark is;
};

struct reader {
    struct json j;
    struct text word; /* scratch: the text read last */
    const uint8_t *data;
    uint64_t data_size;
    struct tensor_table all; /* codes, their companions and the rest; absent: of types that are not read */
    struct range *range;     /* of all of them */
    int ranges, capacity;
    struct tensor tensor; /* the one in hand */
    struct range at;      /* of its bytes */
    char other[16];       /* its type if that is not read, else "" */
    unsigned seen;        /* which of its members */
    int metadata;
    struct mark *mark;
    int marks, mark_capacity;
    int64_t channels; /* of all quantized tensors */
};

/* The format has types that tensors here do not have: F8_E4M3, U16, C64. */
static status read_dtype(struct reader *r)
{
    TRY(json_text(&r->j, &r->word));
    r->other[0] = '\0';
    for (int i = 0; i < DTYPE_COUNT; i++)
        if (strcmp(r->word.data, safetensors_types[i]) == 0) {
            r->tensor.dtype = (enum dtype)i;
            return OK;
        }
    if (r->word.size == 0 || r->word.size >= sizeof r->other ||
        strspn(r->word.data, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != r->word.size)
        return FAIL(ERR_FORMAT, "its type '%.32s' is none of safetensors", r->word.data);
    memcpy(r->other, r->word.data, r->word.size + 1);
    return OK;
}

static status read_shape(struct reader *r)
{
    struct tensor *t = &r->tensor;

    TRY(json_expect(&r->j, '['));
    for (t->rank = 0; !json_accept(&r->j, ']'); t->rank++) {
        if (t->rank == TENSOR_MAX_RANK)
            return FAIL(ERR_FORMAT, "it has more than %d extents", TENSOR_MAX_RANK);
        if (t->rank > 0)
            TRY(json_expect(&r->j, ','));
        TRY(json_whole(&r->j, &t->dim[t->rank]));
    }
    return weight_set_strides(t);
}

static status read_range(struct reader *r)
{
    TRY(json_expect(&r->j, '['));
    TRY(json_whole(&r->j, &r->at.begin));
    TRY(json_expect(&r->j, ','));
    TRY(json_whole(&r->j, &r->at.end));
    return json_expect(&r->j, ']');
}

/* {"dtype": ..., "shape": [...], "data_offsets": [...]}, each once, in any order. */
static status read_member(void *user)
{
    static const char *const members[] = { "dtype", "shape", "data_offsets" };
    struct reader *r = user;
    unsigned which = 0;

    while (which < COUNT_OF(members) && strcmp(r->word.data, members[which]) != 0)
        which++;
    if (which == COUNT_OF(members) || r->seen & 1u << which)
        return FAIL(ERR_FORMAT, "its member '%.64s' is unknown or there twice", r->word.data);
    r->seen |= 1u << which;
    return which == 0 ? read_dtype(r) : which == 1 ? read_shape(r) : read_range(r);
}

static status place(struct reader *r)
{
    const struct range *range = &r->at;
    struct tensor *t = &r->tensor;
    uint64_t size = r->other[0] ? (uint64_t)(range->end - range->begin)
                                : (uint64_t)tensor_count(t) * dtype_size(t->dtype);

    if (range->begin > range->end || (uint64_t)range->end > r->data_size)
        return FAIL(ERR_FORMAT, "its bytes %lld to %lld lie outside the %llu of the file",
                    (long long)range->begin, (long long)range->end, (unsigned long long)r->data_size);
    if ((uint64_t)(range->end - range->begin) != size)
        return FAIL(ERR_FORMAT, "it has %lld bytes, %llu expected", (long long)(range->end - range->begin),
                    (unsigned long long)size);
    t->data = (void *)(uintptr_t)(r->data + range->begin);
    return OK;
}

static status read_tensor(struct reader *r)
{
    char name[WEIGHT_MAX_NAME + 1], why[64];

    if (r->word.size == 0 || r->word.size > WEIGHT_MAX_NAME)
        return FAIL(ERR_FORMAT, "a tensor's name is no text of 1 to %d bytes", WEIGHT_MAX_NAME);
    snprintf(name, sizeof name, "%s", r->word.data);
    r->seen = 0;
    r->tensor = (struct tensor){ 0 };
    TRY(error_prefix(json_members(&r->j, 1, &r->word, read_member, r), "%s", name));
    if (r->seen != 7)
        return FAIL(ERR_FORMAT, "%s: dtype, shape or data_offsets is missing", name);
    TRY(error_prefix(place(r), "%s", name));
    if (r->ranges == WEIGHT_MAX_TENSORS)
        return FAIL(ERR_MEMORY, "more than %d tensors", WEIGHT_MAX_TENSORS);
    TRY(mem_room(&r->range, r->ranges, &r->capacity, sizeof *r->range));
    r->range[r->ranges++] = r->at;
    if (!r->other[0])
        return table_take(&r->all, name, &r->tensor);
    snprintf(why, sizeof why, "is of type %s, which is not read; save it as F32", r->other);
    return table_add_absent(&r->all, name, why, 1);
}

/* ---- reading: __metadata__ -------------------------------------------------------------------------- */

static const char mark_suffix[] = ".quantization";

/* Whether KEY: VALUE is NAME.quantization and a mark; another meaning makes it a note. */
static int is_mark(const char *key, const char *value, struct packed_mark *out)
{
    size_t size = strlen(key), tail = strlen(mark_suffix);

    return size > tail && strcmp(key + size - tail, mark_suffix) == 0 && packed_read_mark(value, out);
}

static status add_mark(struct reader *r, char *name, const struct packed_mark *is)
{
    if (r->marks == WEIGHT_MAX_TENSORS)
        return FAIL(ERR_MEMORY, "__metadata__: more than %d quantized tensors", WEIGHT_MAX_TENSORS);
    TRY(mem_room(&r->mark, r->marks, &r->mark_capacity, sizeof *r->mark));
    r->mark[r->marks].name = mem_strdup(name);
    if (!r->mark[r->marks].name)
        return FAIL(ERR_MEMORY, "no memory for the name %s", name);
    r->mark[r->marks++].is = *is;
    return OK;
}

static status read_note(void *user)
{
    struct reader *r = user;
    char key[WEIGHT_MAX_NAME + 64];
    struct packed_mark mark;

    if (r->word.size >= sizeof key)
        return FAIL(ERR_FORMAT, "__metadata__: a key of %zu bytes", r->word.size);
    snprintf(key, sizeof key, "%s", r->word.data);
    TRY(json_text(&r->j, &r->word));
    if (is_mark(key, r->word.data, &mark)) {
        key[strlen(key) - strlen(mark_suffix)] = 0;
        return add_mark(r, key, &mark);
    }
    if (r->all.notes == WEIGHT_MAX_NOTES)
        return FAIL(ERR_MEMORY, "__metadata__: more than %d notes", WEIGHT_MAX_NOTES);
    return table_add_note(&r->all, key, r->word.data);
}

/* A tensor, or __metadata__. */
static status read_entry(void *user)
{
    struct reader *r = user;

    if (strcmp(r->word.data, "__metadata__") != 0)
        return read_tensor(r);
    return r->metadata++ ? FAIL(ERR_FORMAT, "__metadata__ is there twice")
                         : json_members(&r->j, 0, &r->word, read_note, r);
}

/* ---- reading: the data ----------------------------------------------------------------------------- */

static int compare_ranges(const void *a, const void *b)
{
    const struct range *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* The format's own rule: every byte belongs to one tensor. */
static status check_cover(struct reader *r)
{
    int64_t at = 0;

    if (r->ranges > 0)
        qsort(r->range, (size_t)r->ranges, sizeof *r->range, compare_ranges);
    for (int i = 0; i < r->ranges; at = r->range[i++].end)
        if (r->range[i].begin != at)
            return FAIL(ERR_FORMAT, "byte %lld of the data belongs to %s",
                        (long long)(r->range[i].begin < at ? r->range[i].begin : at),
                        r->range[i].begin < at ? "two tensors" : "no tensor");
    return (uint64_t)at == r->data_size
               ? OK
               : FAIL(ERR_FORMAT, "byte %lld of the data belongs to no tensor", (long long)at);
}

/* NAME.scale or NAME.zero_point: (channels) or, of one channel, a scalar. */
static status find_companion(struct reader *r, const char *name, const char *suffix, int channels,
                             enum dtype one, enum dtype other, uint8_t *taken, const struct tensor **out)
{
    char full[WEIGHT_MAX_NAME + 64], is[128];

    snprintf(full, sizeof full, "%s%s", name, suffix);
    *out = table_find(&r->all, full);
    if (!*out)
        return FAIL(ERR_FORMAT, "%s is quantized, but there is no %s", name, full);
    if ((*out)->rank > 1 || tensor_count(*out) != channels ||
        ((*out)->dtype != one && (*out)->dtype != other))
        return FAIL(ERR_FORMAT, "%s is %s, but (%d) %s or %s is expected", full,
                    tensor_describe(*out, is, sizeof is), channels, dtype_name(one), dtype_name(other));
    taken[(const struct tensor_entry *)(const void *)((const char *)*out -
                                                      offsetof(struct tensor_entry, tensor)) -
          r->all.entry] = 1;
    return OK;
}

static status quantize_marked(struct reader *r, const struct mark *m, uint8_t *taken)
{
    struct tensor *t = (struct tensor *)(uintptr_t)table_find(&r->all, m->name);
    const struct tensor *scale, *zero_point;
    int axis = m->is.axis;

    if (!t)
        return FAIL(ERR_FORMAT, "__metadata__: %s is quantized, but there is no such tensor", m->name);
    if (t->quantization != TENSOR_REAL ||
        (t->dtype != DTYPE_S8 && t->dtype != DTYPE_U8 && t->dtype != DTYPE_S16 && t->dtype != DTYPE_S32))
        return FAIL(ERR_FORMAT, "%s is quantized twice or not of type I8, U8, I16 or I32", m->name);
    if (m->is.bits)
        TRY(error_prefix(packed_open(t, &m->is), "%s", m->name));
    if (axis >= t->rank || (axis >= 0 && t->dim[axis] > WEIGHT_MAX_CHANNELS))
        return FAIL(ERR_FORMAT, "%s is quantized along axis %d, which it lacks or which is too long", m->name,
                    axis);
    TRY(weight_alloc_params(t, axis, &r->channels));
    TRY(find_companion(r, m->name, ".scale", t->channels, DTYPE_F64, DTYPE_F32, taken, &scale));
    TRY(find_companion(r, m->name, ".zero_point", t->channels, DTYPE_S64, DTYPE_S32, taken, &zero_point));
    t->odd = m->is.odd;
    for (int i = 0; i < t->channels; i++) {
        TRY(weight_set_params(t, i, tensor_at(scale, i), tensor_at(zero_point, i)));
        if (t->odd && (t->dtype != DTYPE_S8 || t->zero_point[i] != 0))
            return FAIL(ERR_FORMAT, "%s: odd levels that are not of type I8 with zero point 0", m->name);
    }
    return OK;
}

/* Hands over all but what became a scale or a zero point. */
static status hand_over(struct reader *r, struct tensor_table *out)
{
    uint8_t *taken;
    status result = OK;

    MEM_TRY(taken, (size_t)r->all.count + 1, 1);
    for (int i = 0; i < r->marks; i++)
        TRY_OUT(quantize_marked(r, &r->mark[i], taken));
    for (int i = 0; i < r->all.count; i++)
        if (!taken[i])
            TRY_OUT(names_take(out, r->all.entry[i].name, &r->all.entry[i].tensor));
    for (int i = 0; i < r->all.absents; i++)
        TRY_OUT(names_leave(out, r->all.absent[i].name, r->all.absent[i].why, 1));
    for (int i = 0; i < r->all.notes; i++)
        TRY_OUT(table_add_note(out, r->all.note[i].key, r->all.note[i].value));
out:
    mem_free(taken);
    return result;
}

static void free_reader(struct reader *r)
{
    for (int i = 0; i < r->marks; i++)
        mem_free(r->mark[i].name);
    mem_free(r->mark);
    mem_free(r->range);
    text_free(&r->word);
    table_free(&r->all);
}

status safetensors_read(const uint8_t *bytes, uint64_t size, struct tensor_table *out)
{
    struct reader r = { .word = { .max = SAFETENSORS_MAX_HEADER } };
    uint64_t header = size < 8 ? 0 : weight_number(bytes, 8);
    status result;

    if (size < 8 || header > size - 8)
        return FAIL(ERR_FORMAT, "safetensors: the header of %llu bytes is cut off",
                    (unsigned long long)header);
    if (header > SAFETENSORS_MAX_HEADER)
        return FAIL(ERR_MEMORY, "safetensors: a header of %llu bytes, more than the %d that are read",
                    (unsigned long long)header, SAFETENSORS_MAX_HEADER);
    r.j = (struct json){ .text = (const char *)bytes + 8, .size = header };
    r.data = bytes + 8 + header;
    r.data_size = size - 8 - header;
    result = json_members(&r.j, 0, &r.word, read_entry, &r);
    if (result == OK)
        result = json_end(&r.j);
    if (result == OK)
        result = check_cover(&r);
    if (result == OK)
        result = hand_over(&r, out);
    free_reader(&r);
    return error_prefix(result, "safetensors");
}
