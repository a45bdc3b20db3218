/* src/deploy/flat.c: offsets, vtables and vectors of a flatbuffer, each checked before it is used. */
#include "flat.h"

#include <string.h>

#define BAD(at, ...) error_prefix(FAIL(ERR_FORMAT, __VA_ARGS__), "byte %llu", (unsigned long long)(at))

static uint64_t number(const uint8_t *p, int bytes)
{
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | p[bytes];
    return value;
}

int flat_bytes(enum flat_type type)
{
    return type == FLAT_I8 || type == FLAT_U8 ? 1 : type == FLAT_I64 ? 8 : 4;
}

static int64_t number_as(const uint8_t *p, enum flat_type type)
{
    uint64_t value = number(p, flat_bytes(type));

    return type == FLAT_I8 ? (int8_t)value : type == FLAT_I32 ? (int32_t)value : (int64_t)value;
}

static float real(const uint8_t *p)
{
    uint32_t bits = (uint32_t)number(p, 4);
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Do `count` bytes from `at` on lie in the file? */
static int inside(uint64_t size, uint64_t at, uint64_t count)
{
    return at <= size && count <= size - at;
}

/* The place that the offset at `at`, which lies in the file, points to. */
static status follow(const uint8_t *bytes, uint64_t size, uint64_t at, uint64_t *out)
{
    uint64_t offset = number(bytes + at, 4);

    *out = at + offset;
    return offset > 0 && inside(size, *out, 4)
               ? OK
               : BAD(at, "an offset of %llu points outside the file", (unsigned long long)offset);
}

static status open_table(const uint8_t *bytes, uint64_t size, uint64_t at, struct flat_table *out)
{
    int64_t vtable = (int64_t)at - (int32_t)number(bytes + at, 4);
    uint64_t told, extent;

    if (vtable < 0 || !inside(size, (uint64_t)vtable, 4))
        return BAD(at, "a table's description lies outside the file");
    told = number(bytes + vtable, 2);
    extent = number(bytes + vtable + 2, 2);
    if (told < 4 || told % 2 || !inside(size, (uint64_t)vtable, told))
        return BAD(vtable, "a table's description cannot have %llu bytes", (unsigned long long)told);
    if (extent < 4 || !inside(size, at, extent))
        return BAD(at, "a table of %llu bytes reaches beyond the end", (unsigned long long)extent);
    *out = (struct flat_table){ .bytes = bytes,
                                .size = size,
                                .at = at,
                                .vtable = (uint64_t)vtable,
                                .extent = (int)extent,
                                .fields = (int)((told - 4) / 2) };
    return OK;
}

status flat_root(const uint8_t *bytes, uint64_t size, const char *mark, struct flat_table *out)
{
    uint64_t at;

    *out = (struct flat_table){ 0 };
    if (size < 8 || memcmp(bytes + 4, mark, 4) != 0)
        return BAD(4, "'%s' is missing", mark);
    TRY(follow(bytes, size, 0, &at));
    return open_table(bytes, size, at, out);
}

/* Where a field of so many bytes lies; 0: absent. */
static status find_field(const struct flat_table *t, int field, int bytes, uint64_t *at)
{
    uint64_t entry;

    *at = 0;
    if (field >= t->fields)
        return OK;
    entry = number(t->bytes + t->vtable + 4 + 2 * (uint64_t)field, 2);
    if (entry == 0)
        return OK;
    if (entry < 4 || entry + (uint64_t)bytes > (uint64_t)t->extent)
        return BAD(t->at, "field %d lies outside its table", field);
    *at = t->at + entry;
    return OK;
}

status flat_int(const struct flat_table *t, int field, enum flat_type type, int64_t absent, int64_t *out)
{
    uint64_t at;

    *out = absent;
    TRY(find_field(t, field, flat_bytes(type), &at));
    if (at)
        *out = number_as(t->bytes + at, type);
    return OK;
}

status flat_real(const struct flat_table *t, int field, float absent, float *out)
{
    uint64_t at;

    *out = absent;
    TRY(find_field(t, field, 4, &at));
    if (at)
        *out = real(t->bytes + at);
    return OK;
}

status flat_child(const struct flat_table *t, int field, struct flat_table *out)
{
    uint64_t at;

    *out = (struct flat_table){ 0 };
    TRY(find_field(t, field, 4, &at));
    if (!at)
        return OK;
    TRY(follow(t->bytes, t->size, at, &at));
    return open_table(t->bytes, t->size, at, out);
}

status flat_vector(const struct flat_table *t, int field, enum flat_type type, struct flat_vector *out)
{
    uint64_t at, count;

    *out = (struct flat_vector){ .bytes = t->bytes, .size = t->size, .type = type };
    TRY(find_field(t, field, 4, &at));
    if (!at)
        return OK;
    TRY(follow(t->bytes, t->size, at, &at));
    count = number(t->bytes + at, 4);
    if (!inside(t->size, at + 4, count * (uint64_t)flat_bytes(type)))
        return BAD(at, "a vector of %llu elements reaches beyond the end", (unsigned long long)count);
    out->at = at + 4;
    out->count = (int64_t)count;
    return OK;
}

static const uint8_t *element(const struct flat_vector *v, int64_t i)
{
    BUG_IF(i < 0 || i >= v->count);
    return v->bytes + v->at + (uint64_t)i * (uint64_t)flat_bytes(v->type);
}

int64_t flat_vector_int(const struct flat_vector *v, int64_t i)
{
    return number_as(element(v, i), v->type);
}

float flat_vector_real(const struct flat_vector *v, int64_t i)
{
    return real(element(v, i));
}

status flat_vector_table(const struct flat_vector *v, int64_t i, struct flat_table *out)
{
    uint64_t at;

    TRY(follow(v->bytes, v->size, (uint64_t)(element(v, i) - v->bytes), &at));
    return open_table(v->bytes, v->size, at, out);
}
