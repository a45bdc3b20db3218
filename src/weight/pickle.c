#include "weight_parts.h"

#include <string.h>

/* The opcodes of protocol 2 that torch's checkpoints contain, Python 2's strings and instances among them. */
enum opcode {
    MARK = '(', STOP = '.', BINFLOAT = 'G', BININT = 'J', BININT1 = 'K', BININT2 = 'M', NONE = 'N',
    BINPERSID = 'Q', REDUCE = 'R', BINSTRING = 'T', SHORT_BINSTRING = 'U', BINUNICODE = 'X', APPEND = 'a',
    BUILD = 'b', GLOBAL = 'c', DICT = 'd', EMPTY_DICT = '}', APPENDS = 'e', BINGET = 'h', LONG_BINGET = 'j',
    LIST = 'l', EMPTY_LIST = ']', BINPUT = 'q', LONG_BINPUT = 'r', SETITEM = 's', TUPLE = 't',
    EMPTY_TUPLE = ')', SETITEMS = 'u', PROTO = 0x80, TUPLE1 = 0x85, TUPLE2 = 0x86, TUPLE3 = 0x87,
    NEWOBJ = 0x81, NEWTRUE = 0x88, NEWFALSE = 0x89, LONG1 = 0x8a
};

struct machine {
    const uint8_t *bytes;
    uint64_t size, at, opcode_at;
    const struct pickle_global *allowed;
    int globals;
    struct pickle *p;
    int *stack, height, stack_capacity;
    int *marks, mark_count, mark_capacity;
    int *memo, memo_capacity;    /* numbers + 1; 0 = not set */
    int64_t items;               /* values and members made so far: bounds memory and time */
};

#define BAD(m, ...) error_prefix(FAIL(ERR_FORMAT, __VA_ARGS__), "pickle offset %llu",                        \
                                 (unsigned long long)(m)->opcode_at)

/* ---- bounded storage ------------------------------------------------------------------------------- */

static status count_item(struct machine *m)
{
    if (++m->items > PICKLE_MAX_ITEMS)
        return FAIL(ERR_MEMORY, "pickle: more than %d items", PICKLE_MAX_ITEMS);
    return OK;
}

static status push_int(int **array, int *count, int *capacity, int value)
{
    if (*count == *capacity) {
        int more = *capacity ? 2 * *capacity : 8;
        int *grown = mem_grow(*array, (size_t)*count, (size_t)more, sizeof *grown);
        if (!grown)
            return FAIL(ERR_MEMORY, "pickle: no memory for %d items", more);
        *array = grown;
        *capacity = more;
    }
    (*array)[(*count)++] = value;
    return OK;
}

static status push(struct machine *m, int value)
{
    if (m->height == PICKLE_MAX_ITEMS)
        return FAIL(ERR_MEMORY, "pickle: more than %d items on the stack", PICKLE_MAX_ITEMS);
    return push_int(&m->stack, &m->height, &m->stack_capacity, value);
}

static status make(struct machine *m, enum pickle_kind kind, int *out)
{
    struct pickle *p = m->p;

    TRY(count_item(m));
    if (p->count == p->capacity) {
        int more = p->capacity ? 2 * p->capacity : 256;
        struct pickle_value *grown = mem_grow(p->value, (size_t)p->count, (size_t)more, sizeof *grown);
        if (!grown)
            return FAIL(ERR_MEMORY, "pickle: no memory for %d values", more);
        p->value = grown;
        p->capacity = more;
    }
    p->value[p->count].kind = kind;
    *out = p->count++;
    return OK;
}

static status push_new(struct machine *m, struct pickle_value value)
{
    int number;

    TRY(make(m, value.kind, &number));
    m->p->value[number] = value;
    return push(m, number);
}

static status push_integer(struct machine *m, int64_t integer)
{
    return push_new(m, (struct pickle_value){ .kind = PICKLE_INT, .integer = integer });
}

static status append(struct machine *m, int container, int value)
{
    struct pickle_value *c = &m->p->value[container];

    TRY(count_item(m));
    return push_int(&c->item, &c->count, &c->capacity, value);
}

/* ---- reading and popping --------------------------------------------------------------------------- */

static status take(struct machine *m, uint64_t count, const uint8_t **out)
{
    if (count > m->size - m->at)
        return BAD(m, "the pickle is truncated");
    *out = m->bytes + m->at;
    m->at += count;
    return OK;
}

/* A little-endian number of `bytes` bytes, unsigned. */
static status take_number(struct machine *m, int bytes, uint64_t *out)
{
    const uint8_t *p;

    TRY(take(m, (uint64_t)bytes, &p));
    *out = 0;
    for (int i = 0; i < bytes; i++)
        *out |= (uint64_t)p[i] << (8 * i);
    return OK;
}

/* The stack's height below which the current frame may not pop. */
static int floor_of(const struct machine *m)
{
    return m->mark_count ? m->marks[m->mark_count - 1] : 0;
}

static status pop(struct machine *m, int *out)
{
    if (m->height <= floor_of(m))
        return BAD(m, "the pickle pops an empty stack");
    *out = m->stack[--m->height];
    return OK;
}

/* What lies above the last mark: stack[*first .. height - 1]; the mark is taken away. */
static status pop_mark(struct machine *m, int *first)
{
    if (m->mark_count == 0)
        return BAD(m, "the pickle lacks a mark");
    *first = m->marks[--m->mark_count];
    return OK;
}

static status top_of_kind(struct machine *m, int height, enum pickle_kind kind, int *out)
{
    if (height <= floor_of(m))
        return BAD(m, "the pickle's stack is empty");
    *out = m->stack[height - 1];
    if (m->p->value[*out].kind != kind)
        return BAD(m, "the pickle adds to what is not a %s", kind == PICKLE_DICT ? "dict" : "list");
    return OK;
}

/* ---- opcodes --------------------------------------------------------------------------------------- */

static status do_text(struct machine *m, int length_bytes)
{
    const uint8_t *p;
    uint64_t size;

    TRY(take_number(m, length_bytes, &size));
    TRY(take(m, size, &p));
    return push_new(m,
                    (struct pickle_value){ .kind = PICKLE_TEXT, .text = (const char *)p, .size = (int)size });
}

static status do_long(struct machine *m)
{
    uint64_t size, value;

    TRY(take_number(m, 1, &size));
    if (size > 8)
        return BAD(m, "a whole number of %llu bytes", (unsigned long long)size);
    TRY(take_number(m, (int)size, &value));
    if (size > 0 && size < 8 && value >> (8 * size - 1))
        value |= ~(uint64_t)0 << (8 * size);
    return push_integer(m, (int64_t)value);
}

static status do_float(struct machine *m)
{
    const uint8_t *p;
    uint64_t bits = 0;
    double real;

    TRY(take(m, 8, &p));
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | p[i];
    memcpy(&real, &bits, sizeof real);
    return push_new(m, (struct pickle_value){ .kind = PICKLE_REAL, .real = real });
}

static status take_line(struct machine *m, const char **out, int *size)
{
    const uint8_t *end = memchr(m->bytes + m->at, '\n', (size_t)(m->size - m->at));

    *out = (const char *)m->bytes + m->at;
    if (!end || end - (m->bytes + m->at) > 512)
        return BAD(m, "a name in the pickle does not end");
    *size = (int)(end - (m->bytes + m->at));
    m->at += (uint64_t)*size + 1;
    return OK;
}

static int same(const char *text, int size, const char *word)
{
    return (size_t)size == strlen(word) && memcmp(text, word, (size_t)size) == 0;
}

static status do_global(struct machine *m)
{
    const char *module, *name;
    int module_size, name_size;

    TRY(take_line(m, &module, &module_size));
    TRY(take_line(m, &name, &name_size));
    for (int i = 0; i < m->globals; i++)
        if (same(module, module_size, m->allowed[i].module) && same(name, name_size, m->allowed[i].name))
            return push_new(m, (struct pickle_value){ .kind = PICKLE_GLOBAL, .integer = i });
    return BAD(m,
               "'%.*s %.*s' is not among what a state dict may name (save model.state_dict(), not the model)",
               module_size, module, name_size, name);
}

static status do_tuple(struct machine *m, int first)
{
    int tuple;

    if (first < floor_of(m) || first > m->height)
        return BAD(m, "the pickle's stack is too short for a tuple");
    TRY(make(m, PICKLE_TUPLE, &tuple));
    for (int i = first; i < m->height; i++)
        TRY(append(m, tuple, m->stack[i]));
    m->height = first;
    return push(m, tuple);
}

/* Adds stack[first ..] to the list or dict below and takes them away. */
static status do_add(struct machine *m, enum pickle_kind kind, int first)
{
    int container;

    TRY(top_of_kind(m, first, kind, &container));
    if (kind == PICKLE_DICT && (m->height - first) % 2)
        return BAD(m, "a dict's key without a value");
    for (int i = first; i < m->height; i++)
        TRY(append(m, container, m->stack[i]));
    m->height = first;
    return OK;
}

/* LIST and DICT: a new container of what lies above the mark. */
static status do_collect(struct machine *m, enum pickle_kind kind)
{
    int first, container;

    TRY(pop_mark(m, &first));
    if (kind == PICKLE_DICT && (m->height - first) % 2)
        return BAD(m, "a dict's key without a value");
    TRY(make(m, kind, &container));
    for (int i = first; i < m->height; i++)
        TRY(append(m, container, m->stack[i]));
    m->height = first;
    return push(m, container);
}

/* One value that holds another: a persistent id, or a call that is noted down and not made. */
static status push_holding(struct machine *m, enum pickle_kind kind, int64_t integer, int held)
{
    int number;

    TRY(make(m, kind, &number));
    m->p->value[number].integer = integer;
    TRY(append(m, number, held));
    return push(m, number);
}

/* OrderedDict(), OrderedDict([]), or as Python 2 writes a whole one: OrderedDict([[key, value], ...]). */
static status do_ordered_dict(struct machine *m, int arguments)
{
    const struct pickle_value *a = &m->p->value[arguments];
    int list = a->count > 0 ? a->item[0] : -1, dict;

    if (a->count > 1 || (list >= 0 && m->p->value[list].kind != PICKLE_LIST))
        return BAD(m, "an OrderedDict made from something that is not a list");
    TRY(make(m, PICKLE_DICT, &dict));
    for (int i = 0; list >= 0 && i < m->p->value[list].count; i++) {
        const struct pickle_value *pair = &m->p->value[m->p->value[list].item[i]];
        if ((pair->kind != PICKLE_LIST && pair->kind != PICKLE_TUPLE) || pair->count != 2)
            return BAD(m, "an OrderedDict made from what is not a key and a value");
        int key = pair->item[0], value = pair->item[1];
        TRY(append(m, dict, key));
        TRY(append(m, dict, value));
    }
    return push(m, dict);
}

static status do_reduce(struct machine *m)
{
    int arguments, callable;
    const struct pickle_value *a, *c;

    TRY(pop(m, &arguments));
    TRY(pop(m, &callable));
    a = &m->p->value[arguments];
    c = &m->p->value[callable];
    if (c->kind != PICKLE_GLOBAL || a->kind != PICKLE_TUPLE)
        return BAD(m, "a call of something that is not a name");
    return c->integer == 0 ? do_ordered_dict(m, arguments)
                           : push_holding(m, PICKLE_OBJECT, c->integer, arguments);
}

/* A dict's state is an OrderedDict's attribute _metadata, which nothing needs; an object keeps its own. */
static status do_build(struct machine *m)
{
    int state, target;

    TRY(pop(m, &state));
    if (m->height > floor_of(m) && m->p->value[m->stack[m->height - 1]].kind == PICKLE_OBJECT)
        return append(m, m->stack[m->height - 1], state);
    return top_of_kind(m, m->height, PICKLE_DICT, &target);
}

static status do_put(struct machine *m, int bytes)
{
    uint64_t key;

    TRY(take_number(m, bytes, &key));
    if (key >= PICKLE_MAX_ITEMS)
        return FAIL(ERR_MEMORY, "pickle: memo number %llu", (unsigned long long)key);
    if (m->height <= floor_of(m))
        return BAD(m, "the pickle remembers an empty stack");
    if ((int)key >= m->memo_capacity) {
        int more = m->memo_capacity ? m->memo_capacity : 256;
        int *grown;
        while (more <= (int)key)
            more *= 2;
        grown = mem_grow(m->memo, (size_t)m->memo_capacity, (size_t)more, sizeof *grown);
        if (!grown)
            return FAIL(ERR_MEMORY, "pickle: no memory for %d remembered values", more);
        m->memo = grown;
        m->memo_capacity = more;
    }
    m->memo[key] = m->stack[m->height - 1] + 1;
    return OK;
}

static status do_get(struct machine *m, int bytes)
{
    uint64_t key;

    TRY(take_number(m, bytes, &key));
    if (key >= (uint64_t)m->memo_capacity || m->memo[key] == 0)
        return BAD(m, "the pickle recalls number %llu, which it never remembered", (unsigned long long)key);
    return push(m, m->memo[key] - 1);
}

static status do_number(struct machine *m, int opcode)
{
    uint64_t value;

    TRY(take_number(m, opcode == BININT ? 4 : opcode == BININT2 ? 2 : 1, &value));
    return push_integer(m, opcode == BININT ? (int32_t)(uint32_t)value : (int64_t)value);
}

static status do_protocol(struct machine *m)
{
    uint64_t protocol;

    TRY(take_number(m, 1, &protocol));
    return protocol <= 2 ? OK : BAD(m, "pickle protocol %llu; torch writes 2", (unsigned long long)protocol);
}

static status step(struct machine *m, int opcode)
{
    int first, held;

    switch (opcode) {
    case PROTO: return do_protocol(m);
    case NONE: return push_new(m, (struct pickle_value){ .kind = PICKLE_NONE });
    case NEWTRUE: return push_new(m, (struct pickle_value){ .kind = PICKLE_BOOL, .integer = 1 });
    case NEWFALSE: return push_new(m, (struct pickle_value){ .kind = PICKLE_BOOL });
    case BININT:
    case BININT1:
    case BININT2: return do_number(m, opcode);
    case LONG1: return do_long(m);
    case BINFLOAT: return do_float(m);
    case BINUNICODE:
    case BINSTRING: return do_text(m, 4);
    case SHORT_BINSTRING: return do_text(m, 1);
    case GLOBAL: return do_global(m);
    case MARK: return push_int(&m->marks, &m->mark_count, &m->mark_capacity, m->height);
    case EMPTY_TUPLE: return do_tuple(m, m->height);
    case TUPLE1: return do_tuple(m, m->height - 1);
    case TUPLE2: return do_tuple(m, m->height - 2);
    case TUPLE3: return do_tuple(m, m->height - 3);
    case TUPLE: TRY(pop_mark(m, &first)); return do_tuple(m, first);
    case EMPTY_LIST: return push_new(m, (struct pickle_value){ .kind = PICKLE_LIST });
    case EMPTY_DICT: return push_new(m, (struct pickle_value){ .kind = PICKLE_DICT });
    case LIST: return do_collect(m, PICKLE_LIST);
    case DICT: return do_collect(m, PICKLE_DICT);
    case APPEND: return do_add(m, PICKLE_LIST, m->height - 1);
    case APPENDS: TRY(pop_mark(m, &first)); return do_add(m, PICKLE_LIST, first);
    case SETITEM: return do_add(m, PICKLE_DICT, m->height - 2);
    case SETITEMS: TRY(pop_mark(m, &first)); return do_add(m, PICKLE_DICT, first);
    case REDUCE:
    case NEWOBJ: return do_reduce(m);
    case BUILD: return do_build(m);
    case BINPERSID: TRY(pop(m, &held)); return push_holding(m, PICKLE_PERSISTENT, 0, held);
    case BINPUT: return do_put(m, 1);
    case LONG_BINPUT: return do_put(m, 4);
    case BINGET: return do_get(m, 1);
    case LONG_BINGET: return do_get(m, 4);
    default: return BAD(m, "opcode 0x%02x is not among those of a state dict", opcode);
    }
}

status pickle_read(const uint8_t *bytes, uint64_t size, const struct pickle_global *allowed, int globals,
                   struct pickle *out, uint64_t *used)
{
    struct machine m = { .bytes = bytes, .size = size, .allowed = allowed, .globals = globals, .p = out };
    const uint8_t *opcode;
    status result = OK;

    *out = (struct pickle){ 0 };
    if (size > PICKLE_MAX_BYTES)
        m.size = PICKLE_MAX_BYTES;
    for (;;) {
        m.opcode_at = m.at;
        TRY_OUT(take(&m, 1, &opcode));
        if (*opcode == STOP)
            break;
        TRY_OUT(step(&m, *opcode));
        if (m.mark_count > PICKLE_MAX_ITEMS)
            TRY_OUT(FAIL(ERR_MEMORY, "pickle: more than %d marks", PICKLE_MAX_ITEMS));
    }
    m.mark_count = 0;
    TRY_OUT(pop(&m, &out->root));
    *used = m.at;
out:
    mem_free(m.stack);
    mem_free(m.marks);
    mem_free(m.memo);
    if (result != OK)
        pickle_free(out);
    return result;
}

void pickle_free(struct pickle *p)
{
    for (int i = 0; i < p->count; i++)
        mem_free(p->value[i].item);
    mem_free(p->value);
    *p = (struct pickle){ 0 };
}

const struct pickle_value *pickle_item(const struct pickle *p, const struct pickle_value *container, int i)
{
    BUG_IF(i < 0 || i >= container->count);
    return &p->value[container->item[i]];
}

int pickle_is_text(const struct pickle_value *v, const char *text)
{
    return v->kind == PICKLE_TEXT && same(v->text, v->size, text);
}
