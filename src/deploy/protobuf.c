/* A cursor over protobuf's wire format: key, value, key, value; a value is a varint, 4 or 8 bytes, or a
 * length and so many bytes. */
#include "protobuf.h"

#include <string.h>

#define BAD(at, ...) error_prefix(FAIL(ERR_FORMAT, __VA_ARGS__), "byte %llu", (unsigned long long)(at))

/* Seven bits a byte, the lowest first; the highest bit says that another byte follows. */
static status take_varint(struct protobuf *m, uint64_t *out)
{
    uint64_t begin = m->at, value = 0;

    for (int shift = 0; shift < 70; shift += 7) {
        uint8_t byte;

        if (m->at == m->size)
            return BAD(m->offset + begin, "a number is cut off");
        byte = m->bytes[m->at++];
        if (shift == 63 && byte > 1)
            return BAD(m->offset + begin, "a number above 64 bits");
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            *out = value;
            return OK;
        }
    }
    return BAD(m->offset + begin, "a number of more than ten bytes");
}

static status take_fixed(struct protobuf *m, int count, uint64_t *out)
{
    if (m->size - m->at < (uint64_t)count)
        return BAD(m->offset + m->at, "a number of %d bytes is cut off", count);
    *out = 0;
    for (int i = count - 1; i >= 0; i--)
        *out = *out << 8 | m->bytes[m->at + (uint64_t)i];
    m->at += (uint64_t)count;
    return OK;
}

static status take_field(struct protobuf *m, struct protobuf_field *f)
{
    uint64_t key, begin = m->at;

    *f = (struct protobuf_field){ 0 };
    TRY(take_varint(m, &key));
    if (key >> 3 == 0 || key >> 3 > (1u << 29) - 1)
        return BAD(m->offset + begin, "no field has the number %llu", (unsigned long long)(key >> 3));
    f->number = (uint32_t)(key >> 3);
    f->type = (enum protobuf_type)(key & 7);
    f->offset = m->offset + m->at;
    switch (f->type) {
    case PROTOBUF_VARINT:
        return take_varint(m, &f->value);
    case PROTOBUF_EIGHT:
        return take_fixed(m, 8, &f->value);
    case PROTOBUF_FOUR:
        return take_fixed(m, 4, &f->value);
    case PROTOBUF_BYTES:
        TRY(take_varint(m, &f->value));
        if (f->value > m->size - m->at)
            return BAD(f->offset, "%llu bytes, and %llu are left of the message",
                       (unsigned long long)f->value, (unsigned long long)(m->size - m->at));
        f->bytes = m->bytes + m->at;
        f->offset = m->offset + m->at;
        m->at += f->value;
        return OK;
    }
    return BAD(m->offset + begin, "a field of wire type %d", (int)(key & 7));
}

status protobuf_visit(struct protobuf m, status (*field)(void *user, const struct protobuf_field *f),
                      void *user)
{
    struct protobuf_field f;

    while (m.at < m.size) {
        TRY(take_field(&m, &f));
        TRY(field(user, &f));
    }
    return OK;
}

static status expect(const struct protobuf_field *f, enum protobuf_type type)
{
    return f->type == type
               ? OK
               : BAD(f->offset, "field %u is of wire type %d, not %d", f->number, (int)f->type, (int)type);
}

status protobuf_message(const struct protobuf_field *f, struct protobuf *out)
{
    TRY(expect(f, PROTOBUF_BYTES));
    *out = (struct protobuf){ .bytes = f->bytes, .size = f->value, .offset = f->offset };
    return OK;
}

status protobuf_open(const struct protobuf_field *f,
                     status (*field)(void *user, const struct protobuf_field *f), void *user)
{
    struct protobuf m;

    TRY(protobuf_message(f, &m));
    return protobuf_visit(m, field, user);
}

status protobuf_whole(const struct protobuf_field *f, int64_t *out)
{
    TRY(expect(f, PROTOBUF_VARINT));
    *out = (int64_t)f->value;
    return OK;
}

status protobuf_real(const struct protobuf_field *f, float *out)
{
    uint32_t bits = (uint32_t)f->value;

    TRY(expect(f, PROTOBUF_FOUR));
    memcpy(out, &bits, sizeof *out);
    return OK;
}

status protobuf_numbers(const struct protobuf_field *f, enum protobuf_type type,
                        status (*add)(void *user, uint64_t bits), void *user)
{
    struct protobuf packed;
    uint64_t bits;

    if (f->type == type)
        return add(user, f->value);
    TRY(protobuf_message(f, &packed));
    while (packed.at < packed.size) {
        TRY(type == PROTOBUF_VARINT ? take_varint(&packed, &bits)
                                    : take_fixed(&packed, type == PROTOBUF_FOUR ? 4 : 8, &bits));
        TRY(add(user, bits));
    }
    return OK;
}
