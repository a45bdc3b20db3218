/* src/weight/pickle_object.c: a pickle's containers, names and calls. A call of a name that the reader knows
 * becomes an object of its arguments; any other becomes an opaque value, of which only the class is known. */
#include "pickle.h"

#include <string.h>

enum opcode {
    BINPERSID = 'Q', REDUCE = 'R', APPEND = 'a', BUILD = 'b', GLOBAL = 'c', DICT = 'd', EMPTY_DICT = '}',
    APPENDS = 'e', INST = 'i', LIST = 'l', EMPTY_LIST = ']', OBJ = 'o', SETITEM = 's', TUPLE = 't',
    EMPTY_TUPLE = ')', SETITEMS = 'u', NEWOBJ = 0x81, EXT1 = 0x82, EXT2 = 0x83, EXT4 = 0x84, TUPLE1 = 0x85,
    TUPLE2 = 0x86, TUPLE3 = 0x87, EMPTY_SET = 0x8f, ADDITEMS = 0x90, FROZENSET = 0x91, NEWOBJ_EX = 0x92,
    STACK_GLOBAL = 0x93
};
enum { LONGEST_NAME = 512, UNKNOWN = -1 };

static struct pickle_value *value_of(const struct pickle_machine *m, int number)
{
    return &m->p->value[number];
}

/* ---- containers ------------------------------------------------------------------------------------ */

/* A new container of stack[first ..], which are taken away. */
static status do_collect(struct pickle_machine *m, enum pickle_kind kind, int first)
{
    int container;

    if (first < pickle_floor(m) || first > m->height)
        return PICKLE_BAD(m, "the pickle's stack is too short for a tuple");
    if (kind == PICKLE_DICT && (m->height - first) % 2)
        return PICKLE_BAD(m, "a dict's key without a value");
    TRY(pickle_make(m, kind, &container));
    for (int i = first; i < m->height; i++)
        TRY(pickle_append(m, container, m->stack[i]));
    m->height = first;
    return pickle_push(m, container);
}

static status do_collect_marked(struct pickle_machine *m, enum pickle_kind kind)
{
    int first;

    TRY(pickle_pop_mark(m, &first));
    return do_collect(m, kind, first);
}

/* The container below stack[height]. A dict of an unknown class becomes a dict; a list or a set of an unknown
 * class stays opaque. */
static status find_container(struct pickle_machine *m, int height, enum pickle_kind kind, int *out)
{
    struct pickle_value *v;

    if (height <= pickle_floor(m))
        return PICKLE_BAD(m, "the pickle's stack is empty");
    *out = m->stack[height - 1];
    v = value_of(m, *out);
    if (v->kind == PICKLE_OPAQUE && v->integer >= 0 && kind == PICKLE_DICT) {
        v->kind = PICKLE_DICT;
        v->count = 0;
    }
    if (v->kind != kind && (v->kind != PICKLE_OPAQUE || kind == PICKLE_DICT))
        return PICKLE_BAD(m, "the pickle adds to what is not a %s",
                          kind == PICKLE_DICT   ? "dict"
                          : kind == PICKLE_LIST ? "list"
                                                : "set");
    return OK;
}

/* Adds stack[first ..] to the container below and takes them away; an opaque one gets none. */
static status do_add(struct pickle_machine *m, enum pickle_kind kind, int first)
{
    int container;

    TRY(find_container(m, first, kind, &container));
    if (kind == PICKLE_DICT && (m->height - first) % 2)
        return PICKLE_BAD(m, "a dict's key without a value");
    for (int i = first; i < m->height && value_of(m, container)->kind != PICKLE_OPAQUE; i++)
        TRY(pickle_append(m, container, m->stack[i]));
    m->height = first;
    return OK;
}

static status do_add_marked(struct pickle_machine *m, enum pickle_kind kind)
{
    int first;

    TRY(pickle_pop_mark(m, &first));
    return do_add(m, kind, first);
}

static status do_frozenset(struct pickle_machine *m)
{
    TRY(pickle_pop_mark(m, &m->height));
    return pickle_push_opaque(m, -1, "a set");
}

/* ---- names ----------------------------------------------------------------------------------------- */

/* Pushes the global MODULE.NAME (two texts): its number in the reader's list, or -1 with both as items. */
static status push_global(struct pickle_machine *m, int module, int name)
{
    int number;

    for (int i = 0; i < m->globals; i++)
        if (pickle_is_text(value_of(m, module), m->allowed[i].module) &&
            pickle_is_text(value_of(m, name), m->allowed[i].name))
            return pickle_push_new(m, (struct pickle_value){ .kind = PICKLE_GLOBAL, .integer = i });
    TRY(pickle_make(m, PICKLE_GLOBAL, &number));
    value_of(m, number)->integer = UNKNOWN;
    TRY(pickle_append(m, number, module));
    TRY(pickle_append(m, number, name));
    return pickle_push(m, number);
}

static status make_word(struct pickle_machine *m, int *out)
{
    const char *text;
    int size;

    TRY(pickle_line_take(m, LONGEST_NAME, &text, &size));
    TRY(pickle_make(m, PICKLE_TEXT, out));
    value_of(m, *out)->text = text;
    value_of(m, *out)->size = size;
    return OK;
}

static status do_global(struct pickle_machine *m)
{
    int module, name;

    TRY(make_word(m, &module));
    TRY(make_word(m, &name));
    return push_global(m, module, name);
}

static status do_stack_global(struct pickle_machine *m)
{
    int module, name;

    TRY(pickle_pop(m, &name));
    TRY(pickle_pop(m, &module));
    if (value_of(m, module)->kind != PICKLE_TEXT || value_of(m, name)->kind != PICKLE_TEXT)
        return PICKLE_BAD(m, "a name that is no text");
    return push_global(m, module, name);
}

/* ---- calls ----------------------------------------------------------------------------------------- */

/* One value that holds another: a persistent id, or a call that is noted down and not made. */
static status push_holding(struct pickle_machine *m, enum pickle_kind kind, int64_t integer, int held)
{
    int number;

    TRY(pickle_make(m, kind, &number));
    value_of(m, number)->integer = integer;
    TRY(pickle_append(m, number, held));
    return pickle_push(m, number);
}

/* OrderedDict(), OrderedDict([]), or as Python 2 writes a whole one: OrderedDict([[key, value], ...]). */
static status do_ordered_dict(struct pickle_machine *m, int arguments)
{
    const struct pickle_value *a = value_of(m, arguments);
    int list = a->count > 0 ? a->item[0] : -1, dict;

    if (a->count > 1 || (list >= 0 && value_of(m, list)->kind != PICKLE_LIST))
        return PICKLE_BAD(m, "an OrderedDict made from something that is not a list");
    TRY(pickle_make(m, PICKLE_DICT, &dict));
    for (int i = 0; list >= 0 && i < value_of(m, list)->count; i++) {
        const struct pickle_value *pair = value_of(m, value_of(m, list)->item[i]);
        if ((pair->kind != PICKLE_LIST && pair->kind != PICKLE_TUPLE) || pair->count != 2)
            return PICKLE_BAD(m, "an OrderedDict made from what is not a key and a value");
        int key = pair->item[0], value = pair->item[1];
        TRY(pickle_append(m, dict, key));
        TRY(pickle_append(m, dict, value));
    }
    return pickle_push(m, dict);
}

/* copyreg makes an instance of the class that is its first argument. */
static int class_made(const struct pickle_machine *m, int callable, int arguments)
{
    const struct pickle_value *c = value_of(m, callable), *a = value_of(m, arguments);

    if (c->kind != PICKLE_GLOBAL)
        return c->kind == PICKLE_OPAQUE ? (int)c->integer : callable;
    return c->integer == UNKNOWN && a->count > 0 && value_of(m, a->item[0])->kind == PICKLE_GLOBAL &&
                   (pickle_is_text(value_of(m, c->item[0]), "copyreg") ||
                    pickle_is_text(value_of(m, c->item[0]), "copy_reg"))
               ? a->item[0]
               : callable;
}

static status do_call(struct pickle_machine *m, int callable, int arguments)
{
    const struct pickle_value *c = value_of(m, callable);

    if ((c->kind != PICKLE_GLOBAL && c->kind != PICKLE_OPAQUE && c->kind != PICKLE_PERSISTENT) ||
        value_of(m, arguments)->kind != PICKLE_TUPLE)
        return PICKLE_BAD(m, "a call of something that is not a name");
    if (c->kind != PICKLE_GLOBAL || c->integer == UNKNOWN)
        return pickle_push_opaque(m, class_made(m, callable, arguments), NULL);
    return c->integer == 0 ? do_ordered_dict(m, arguments)
                           : push_holding(m, PICKLE_OBJECT, c->integer, arguments);
}

static status do_reduce(struct pickle_machine *m)
{
    int arguments, callable;

    TRY(pickle_pop(m, &arguments));
    TRY(pickle_pop(m, &callable));
    return do_call(m, callable, arguments);
}

/* An instance by arguments and named arguments. */
static status do_newobj_ex(struct pickle_machine *m)
{
    int named;

    TRY(pickle_pop(m, &named));
    return do_reduce(m);
}

/* INST names the class, OBJ has it first above the mark; the arguments lie above the mark. */
static status do_instance(struct pickle_machine *m, int opcode)
{
    int callable, arguments, first;

    if (opcode == INST) {
        TRY(do_global(m));
        TRY(pickle_pop(m, &callable));
        TRY(pickle_pop_mark(m, &first));
    } else {
        TRY(pickle_pop_mark(m, &first));
        if (first == m->height)
            return PICKLE_BAD(m, "an instance without a class");
        callable = m->stack[first++];
    }
    TRY(do_collect(m, PICKLE_TUPLE, first));
    TRY(pickle_pop(m, &arguments));
    m->height -= opcode == OBJ;
    return do_call(m, callable, arguments);
}

/* A dict's state is an OrderedDict's attribute _metadata, which nothing needs; others keep theirs. */
static status do_build(struct pickle_machine *m)
{
    int state, target;

    TRY(pickle_pop(m, &state));
    if (m->height > pickle_floor(m)) {
        int kind = value_of(m, m->stack[m->height - 1])->kind;
        if (kind == PICKLE_OBJECT || kind == PICKLE_OPAQUE)
            return pickle_append(m, m->stack[m->height - 1], state);
    }
    return find_container(m, m->height, PICKLE_DICT, &target);
}

static status do_extension(struct pickle_machine *m, int bytes)
{
    uint64_t code;

    TRY(pickle_take_number(m, bytes, &code));
    return pickle_push_opaque(m, -1, "a copyreg extension");
}

status pickle_object_step(struct pickle_machine *m, int opcode)
{
    int held;

    switch (opcode) {
    case GLOBAL: return do_global(m);
    case STACK_GLOBAL: return do_stack_global(m);
    case EMPTY_TUPLE:
        return do_collect(m, PICKLE_TUPLE, m->height);
    case TUPLE1:
        return do_collect(m, PICKLE_TUPLE, m->height - 1);
    case TUPLE2:
        return do_collect(m, PICKLE_TUPLE, m->height - 2);
    case TUPLE3:
        return do_collect(m, PICKLE_TUPLE, m->height - 3);
    case TUPLE:
        return do_collect_marked(m, PICKLE_TUPLE);
    case EMPTY_LIST:
        return do_collect(m, PICKLE_LIST, m->height);
    case EMPTY_DICT:
        return do_collect(m, PICKLE_DICT, m->height);
    case EMPTY_SET: return pickle_push_opaque(m, -1, "a set");
    case LIST:
        return do_collect_marked(m, PICKLE_LIST);
    case DICT:
        return do_collect_marked(m, PICKLE_DICT);
    case FROZENSET: return do_frozenset(m);
    case APPEND: return do_add(m, PICKLE_LIST, m->height - 1);
    case APPENDS: return do_add_marked(m, PICKLE_LIST);
    case ADDITEMS: return do_add_marked(m, PICKLE_OPAQUE);
    case SETITEM: return do_add(m, PICKLE_DICT, m->height - 2);
    case SETITEMS: return do_add_marked(m, PICKLE_DICT);
    case REDUCE:
    case NEWOBJ: return do_reduce(m);
    case NEWOBJ_EX: return do_newobj_ex(m);
    case INST:
    case OBJ: return do_instance(m, opcode);
    case BUILD: return do_build(m);
    case BINPERSID: TRY(pickle_pop(m, &held)); return push_holding(m, PICKLE_PERSISTENT, 0, held);
    case EXT1: return do_extension(m, 1);
    case EXT2: return do_extension(m, 2);
    case EXT4: return do_extension(m, 4);
    default: return pickle_line_step(m, opcode);
    }
}

/* ---- what a value is, in words --------------------------------------------------------------------- */

char *pickle_object_name(const struct pickle *p, const struct pickle_value *v, char *out, size_t size)
{
    const struct pickle_value *id;

    if (v->kind == PICKLE_OPAQUE && v->integer >= 0)
        v = &p->value[v->integer];
    if (v->kind == PICKLE_PERSISTENT) { /* ("module", its class, its source, ...) */
        id = pickle_item(p, v, 0);
        if (id->kind == PICKLE_TUPLE && id->count > 1 && pickle_is_text(pickle_item(p, id, 0), "module"))
            v = pickle_item(p, id, 1);
    }
    if (v->kind == PICKLE_GLOBAL && v->count == 2)
        snprintf(out, size, "%.*s.%.*s", pickle_item(p, v, 0)->size, pickle_item(p, v, 0)->text,
                 pickle_item(p, v, 1)->size, pickle_item(p, v, 1)->text);
    else if (v->kind == PICKLE_OPAQUE && v->text)
        snprintf(out, size, "%.*s", v->size, v->text);
    else
        snprintf(out, size, "object");
    text_make_printable(out, "");
    return out;
}
