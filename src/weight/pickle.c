/* src/weight/pickle.c: reads a pickle of any protocol into a tree of plain values. Calls are noted down and
 * never made. */
#include "pickle.h"

#include <string.h>

/* Opcodes of plain values, the memo and the stack. */
enum opcode {
    MARK = '(', STOP = '.', POP = '0', POP_MARK = '1', DUP = '2', BINBYTES = 'B', SHORT_BINBYTES = 'C',
    BINFLOAT = 'G', BININT = 'J', BININT1 = 'K', BININT2 = 'M', NONE = 'N', BINSTRING = 'T',
    SHORT_BINSTRING = 'U', BINUNICODE = 'X', BINGET = 'h', LONG_BINGET = 'j', BINPUT = 'q', LONG_BINPUT = 'r',
    PROTO = 0x80, NEWTRUE = 0x88, NEWFALSE = 0x89, LONG1 = 0x8a, LONG4 = 0x8b, SHORT_BINUNICODE = 0x8c,
    BINUNICODE8 = 0x8d, BINBYTES8 = 0x8e, MEMOIZE = 0x94, FRAME = 0x95, BYTEARRAY8 = 0x96
};

static status push_integer(struct pickle_machine *m, int64_t integer)
{
    return pickle_push_new(m, (struct pickle_value){ .kind = PICKLE_INT, .integer = integer });
}

static status do_memo(struct pickle_machine *m, int opcode)
{
    uint64_t key;

    TRY(pickle_take_number(m, opcode == BINPUT || opcode == BINGET ? 1 : 4, &key));
    return opcode == BINPUT || opcode == LONG_BINPUT ? pickle_put(m, key) : pickle_get(m, key);
}

/* ---- plain values ---------------------------------------------------------------------------------- */

static status do_text(struct pickle_machine *m, int length_bytes)
{
    const uint8_t *p;
    uint64_t size;

    TRY(pickle_take_number(m, length_bytes, &size));
    TRY(pickle_take(m, size, &p));
    return pickle_push_new(
        m, (struct pickle_value){ .kind = PICKLE_TEXT, .text = (const char *)p, .size = (int)size });
}

static status do_bytes(struct pickle_machine *m, int length_bytes)
{
    const uint8_t *p;
    uint64_t size;

    TRY(pickle_take_number(m, length_bytes, &size));
    TRY(pickle_take(m, size, &p));
    return pickle_push_opaque(m, -1, "bytes");
}

/* Little-endian, in two's complement. */
static status do_long(struct pickle_machine *m, int length_bytes)
{
    const uint8_t *p;
    uint64_t size, value = 0;

    TRY(pickle_take_number(m, length_bytes, &size));
    TRY(pickle_take(m, size, &p));
    if (size > 8)
        return pickle_push_opaque(m, -1, "a whole number above 64 bits");
    for (uint64_t i = 0; i < size; i++)
        value |= (uint64_t)p[i] << (8 * i);
    if (size > 0 && size < 8 && value >> (8 * size - 1))
        value |= ~(uint64_t)0 << (8 * size);
    return push_integer(m, (int64_t)value);
}

static status do_float(struct pickle_machine *m)
{
    const uint8_t *p;
    uint64_t bits = 0;
    double real;

    TRY(pickle_take(m, 8, &p));
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | p[i];
    memcpy(&real, &bits, sizeof real);
    return pickle_push_new(m, (struct pickle_value){ .kind = PICKLE_REAL, .real = real });
}

static status do_number(struct pickle_machine *m, int opcode)
{
    uint64_t value;

    TRY(pickle_take_number(m, opcode == BININT ? 4 : opcode == BININT2 ? 2 : 1, &value));
    return push_integer(m, opcode == BININT ? (int32_t)(uint32_t)value : (int64_t)value);
}

static status do_protocol(struct pickle_machine *m)
{
    uint64_t protocol;

    TRY(pickle_take_number(m, 1, &protocol));
    return protocol <= 5
               ? OK
               : PICKLE_BAD(m, "pickle protocol %llu; 0 to 5 are read", (unsigned long long)protocol);
}

/* The bytes that belong together; they are read one after the other all the same. */
static status do_frame(struct pickle_machine *m)
{
    uint64_t size;

    TRY(pickle_take_number(m, 8, &size));
    return size <= m->size - m->at ? OK : PICKLE_BAD(m, "the pickle is truncated");
}

/* ---- the machine ----------------------------------------------------------------------------------- */

/* POP takes a mark away where it comes before any value. */
static status do_pop(struct pickle_machine *m)
{
    int dropped;

    return m->mark_count && m->height == pickle_floor(m) ? pickle_pop_mark(m, &dropped)
                                                         : pickle_pop(m, &dropped);
}

static status do_dup(struct pickle_machine *m)
{
    if (m->height <= pickle_floor(m))
        return PICKLE_BAD(m, "the pickle's stack is empty");
    return pickle_push(m, m->stack[m->height - 1]);
}

static status step(struct pickle_machine *m, int opcode)
{
    switch (opcode) {
    case PROTO: return do_protocol(m);
    case FRAME: return do_frame(m);
    case NONE: return pickle_push_new(m, (struct pickle_value){ .kind = PICKLE_NONE });
    case NEWTRUE: return pickle_push_new(m, (struct pickle_value){ .kind = PICKLE_BOOL, .integer = 1 });
    case NEWFALSE: return pickle_push_new(m, (struct pickle_value){ .kind = PICKLE_BOOL });
    case BININT:
    case BININT1:
    case BININT2: return do_number(m, opcode);
    case LONG1: return do_long(m, 1);
    case LONG4: return do_long(m, 4);
    case BINFLOAT: return do_float(m);
    case SHORT_BINUNICODE:
    case SHORT_BINSTRING: return do_text(m, 1);
    case BINUNICODE:
    case BINSTRING: return do_text(m, 4);
    case BINUNICODE8: return do_text(m, 8);
    case SHORT_BINBYTES: return do_bytes(m, 1);
    case BINBYTES: return do_bytes(m, 4);
    case BINBYTES8:
    case BYTEARRAY8: return do_bytes(m, 8);
    case MARK: return pickle_mark(m);
    case POP: return do_pop(m);
    case POP_MARK: return pickle_pop_mark(m, &m->height);
    case DUP: return do_dup(m);
    case MEMOIZE: return pickle_put(m, (uint64_t)m->remembered);
    case BINPUT:
    case LONG_BINPUT:
    case BINGET:
    case LONG_BINGET: return do_memo(m, opcode);
    default: return pickle_object_step(m, opcode);
    }
}

status pickle_read(const uint8_t *bytes, uint64_t size, const struct pickle_global *allowed, int globals,
                   struct pickle *out, uint64_t *used)
{
    struct pickle_machine m = {
        .bytes = bytes, .size = size, .allowed = allowed, .globals = globals, .p = out
    };
    const uint8_t *opcode;
    status result = OK;

    *out = (struct pickle){ 0 };
    if (size > PICKLE_MAX_BYTES)
        m.size = PICKLE_MAX_BYTES;
    for (;;) {
        m.opcode_at = m.at;
        TRY_OUT(pickle_take(&m, 1, &opcode));
        if (*opcode == STOP)
            break;
        TRY_OUT(step(&m, *opcode));
        if (m.mark_count > PICKLE_MAX_ITEMS)
            TRY_OUT(FAIL(ERR_MEMORY, "pickle: more than %d marks", PICKLE_MAX_ITEMS));
    }
    m.mark_count = 0;
    TRY_OUT(pickle_pop(&m, &out->root));
    *used = m.at;
out:
    mem_free(m.stack);
    mem_free(m.marks);
    mem_free(m.memo);
    if (result != OK)
        pickle_free(out);
    return result;
}
