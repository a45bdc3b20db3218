/* tests/deploy/wire.h: protobuf messages, written field by field. */
#ifndef QUANTCAM_TEST_WIRE_H
#define QUANTCAM_TEST_WIRE_H

#include "base.h"

#include <string.h>

struct wire {
    uint8_t bytes[4096];
    size_t size;
};

static inline void wire_byte(struct wire *w, uint64_t byte)
{
    BUG_IF(w->size == sizeof w->bytes);
    w->bytes[w->size++] = (uint8_t)byte;
}

static inline void wire_varint(struct wire *w, uint64_t value)
{
    for (; value > 127; value >>= 7)
        wire_byte(w, 128 | (value & 127));
    wire_byte(w, value);
}

static inline void wire_raw(struct wire *w, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        wire_byte(w, ((const uint8_t *)bytes)[i]);
}

static inline void wire_whole(struct wire *w, int field, int64_t value)
{
    wire_varint(w, (uint64_t)field << 3);
    wire_varint(w, (uint64_t)value);
}

static inline void wire_real(struct wire *w, int field, float value)
{
    wire_varint(w, (uint64_t)field << 3 | 5);
    wire_raw(w, &value, 4);
}

static inline void wire_bytes(struct wire *w, int field, const void *bytes, size_t size)
{
    wire_varint(w, (uint64_t)field << 3 | 2);
    wire_varint(w, size);
    wire_raw(w, bytes, size);
}

static inline void wire_text(struct wire *w, int field, const char *text)
{
    wire_bytes(w, field, text, strlen(text));
}

static inline void wire_message(struct wire *w, int field, const struct wire *m)
{
    wire_bytes(w, field, m->bytes, m->size);
}

#endif
