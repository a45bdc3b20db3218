/* src/deploy/flat.h: a cursor over a flatbuffer. Nothing is built; whatever is asked for is checked to
 * lie in the file before it is read. Numbers are little-endian and need not be aligned.
 *
 *     struct flat_table root, child;
 *     TRY(flat_root(bytes, size, "TFL3", &root));
 *     TRY(flat_child(&root, 4, &child));           // field number 4; child.at is 0 where it is absent
 *     TRY(flat_int(&child, 0, FLAT_I32, 1, &n));   // 1 where it is absent
 *
 * A table that is absent has no fields: it reads as one whose fields are all absent. Every failure is
 * ERR_FORMAT with the byte.
 */
#ifndef DEPLOY_FLATBUFFER_H
#define DEPLOY_FLATBUFFER_H

#include "base.h"

enum flat_type { FLAT_I8, FLAT_U8, FLAT_I32, FLAT_U32, FLAT_I64 /* and u64 below 2^63 */, FLAT_F32 };
int flat_bytes(enum flat_type type);

struct flat_table {
    const uint8_t *bytes;
    uint64_t size;       /* of the file */
    uint64_t at, vtable; /* 0: absent */
    int extent, fields;  /* bytes of the table; how many fields its vtable tells of */
};
struct flat_vector {
    const uint8_t *bytes;
    uint64_t size;
    uint64_t at; /* of the first element; 0: absent */
    int64_t count;
    enum flat_type type; /* of offsets to tables FLAT_U32 */
};

/* `mark` is the four letters at byte 4. */
MUST_USE status flat_root(const uint8_t *bytes, uint64_t size, const char *mark, struct flat_table *out);
MUST_USE status flat_int(const struct flat_table *t, int field, enum flat_type type, int64_t absent,
                         int64_t *out);
MUST_USE status flat_real(const struct flat_table *t, int field, float absent, float *out);
MUST_USE status flat_child(const struct flat_table *t, int field, struct flat_table *out);
/* A text is a vector of FLAT_U8. */
MUST_USE status flat_vector(const struct flat_table *t, int field, enum flat_type type,
                            struct flat_vector *out);
/* Element i of a vector that is long enough: a bug where it is not. */
int64_t flat_vector_int(const struct flat_vector *v, int64_t i);
float flat_vector_real(const struct flat_vector *v, int64_t i);
MUST_USE status flat_vector_table(const struct flat_vector *v, int64_t i, struct flat_table *out);

#endif
