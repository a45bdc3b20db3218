/* src/weight/pickle.h: what pickle.c, pickle_object.c and pickle_line.c share: the machine that reads a
 * pickle. */
#ifndef WEIGHT_PICKLE_H
#define WEIGHT_PICKLE_H

#include "weight_parts.h"

struct pickle_machine {
    const uint8_t *bytes;
    uint64_t size, at, opcode_at;
    const struct pickle_global *allowed;
    int globals;
    struct pickle *p;
    int *stack, height, stack_capacity;
    int *marks, mark_count, mark_capacity;
    int *memo, memo_capacity;    /* numbers + 1; 0 = not set */
    int remembered;              /* memo numbers that are set */
    int64_t items;               /* values and members made so far: bounds memory and time */
};

#define PICKLE_BAD(m, ...) error_prefix(FAIL(ERR_FORMAT, __VA_ARGS__), "pickle offset %llu",                 \
                                        (unsigned long long)(m)->opcode_at)

/* ---- bounded storage: ERR_MEMORY above PICKLE_MAX_ITEMS ---------------------------------------------- */

MUST_USE status pickle_mark(struct pickle_machine *m);
MUST_USE status pickle_push(struct pickle_machine *m, int value);
MUST_USE status pickle_make(struct pickle_machine *m, enum pickle_kind kind, int *out);
MUST_USE status pickle_push_new(struct pickle_machine *m, struct pickle_value value);
/* An opaque value: an instance of the class `of` (a value's number), or -1 and what it is in words. */
MUST_USE status pickle_push_opaque(struct pickle_machine *m, int of, const char *words);
MUST_USE status pickle_append(struct pickle_machine *m, int container, int value);

/* ---- reading and popping ----------------------------------------------------------------------------- */

MUST_USE status pickle_take(struct pickle_machine *m, uint64_t count, const uint8_t **out);
/* A little-endian number of `bytes` bytes, unsigned. */
MUST_USE status pickle_take_number(struct pickle_machine *m, int bytes, uint64_t *out);
/* The stack's height below which the current frame may not pop. */
int pickle_floor(const struct pickle_machine *m);
MUST_USE status pickle_pop(struct pickle_machine *m, int *out);
/* What lies above the last mark: stack[*first .. height - 1]; the mark is taken away. */
MUST_USE status pickle_pop_mark(struct pickle_machine *m, int *first);
MUST_USE status pickle_put(struct pickle_machine *m, uint64_t key);
MUST_USE status pickle_get(struct pickle_machine *m, uint64_t key);

/* ---- the other opcodes ------------------------------------------------------------------------------- */

/* Containers, names, calls; what is none of these: pickle_line_step. */
MUST_USE status pickle_object_step(struct pickle_machine *m, int opcode);
/* What protocols 0 and 1 write as lines of text; ERR_FORMAT for an unknown opcode. */
MUST_USE status pickle_line_step(struct pickle_machine *m, int opcode);
/* A line without its end, of at most `most` bytes. */
MUST_USE status pickle_line_take(struct pickle_machine *m, int most, const char **out, int *size);

#endif
