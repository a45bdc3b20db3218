/* protobuf: goes through the wire format within bounds: the caller sees field after field, and opens those
 * that are messages. Nothing is built, so nothing grows; what is seen points into the caller's bytes.
 *
 *     static status model_field(void *user, const struct protobuf_field *f)
 *     {
 *         return f->number == 7 ? protobuf_open(f, graph_field, user) : OK;    // others are skipped
 *     }
 *     TRY(protobuf_visit((struct protobuf){ .bytes = bytes, .size = size }, model_field, &reader));
 *
 * Sentences about the bytes begin with the byte's number in the outermost message. */
#ifndef QUANTCAM_PROTOBUF_H
#define QUANTCAM_PROTOBUF_H

#include "base.h"

struct protobuf {
    const uint8_t *bytes;
    uint64_t size, at;
    uint64_t offset; /* of bytes[0] in the outermost message */
};

enum protobuf_type { PROTOBUF_VARINT = 0, PROTOBUF_EIGHT = 1, PROTOBUF_BYTES = 2, PROTOBUF_FOUR = 5 };

struct protobuf_field {
    uint32_t number;
    enum protobuf_type type;
    uint64_t value;       /* of a number; of bytes their count */
    const uint8_t *bytes; /* BYTES: in the message, not terminated */
    uint64_t offset;      /* of the field's value in the outermost message */
};

/* `field` sees each one in the order of the bytes. ERR_FORMAT where one does not fit into the message, for a
 * varint of more than ten bytes, the field number 0 and the wire types 3, 4, 6 and 7; or what `field`
 * returns. */
MUST_USE status protobuf_visit(struct protobuf m, status (*field)(void *user, const struct protobuf_field *f),
                               void *user);
/* The field as a message. ERR_FORMAT where it is a number. */
MUST_USE status protobuf_message(const struct protobuf_field *f, struct protobuf *out);
/* Goes through that message. */
MUST_USE status protobuf_open(const struct protobuf_field *f,
                              status (*field)(void *user, const struct protobuf_field *f), void *user);
/* The field as a varint, in two's complement. ERR_FORMAT where it is none. */
MUST_USE status protobuf_whole(const struct protobuf_field *f, int64_t *out);
/* The field's bits as an f32. */
MUST_USE status protobuf_real(const struct protobuf_field *f, float *out);
/* Repeated numbers come packed, many to a field, or one by one. `add` gets each one's bits. `type` is that of
 * one: a varint, four or eight bytes. */
MUST_USE status protobuf_numbers(const struct protobuf_field *f, enum protobuf_type type,
                                 status (*add)(void *user, uint64_t bits), void *user);

#endif
