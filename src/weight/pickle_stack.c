/* src/weight/pickle_stack.c: the values that a pickle makes, its stack, marks and memo, all bounded. */
#include "pickle.h"

#include <string.h>

/* ---- bounded storage ------------------------------------------------------------------------------- */

static status count_item(struct pickle_machine *m)
{
    if (++m->items > PICKLE_MAX_ITEMS)
        return FAIL(ERR_MEMORY, "pickle: more than %d items", PICKLE_MAX_ITEMS);
    return OK;
}

static status push_int(int **array, int *count, int *capacity, int value)
{
    TRY(mem_room(array, *count, capacity, sizeof **array));
    (*array)[(*count)++] = value;
    return OK;
}

status pickle_push(struct pickle_machine *m, int value)
{
    if (m->height == PICKLE_MAX_ITEMS)
        return FAIL(ERR_MEMORY, "pickle: more than %d items on the stack", PICKLE_MAX_ITEMS);
    return push_int(&m->stack, &m->height, &m->stack_capacity, value);
}

status pickle_make(struct pickle_machine *m, enum pickle_kind kind, int *out)
{
    struct pickle *p = m->p;

    TRY(count_item(m));
    TRY(mem_room(&p->value, p->count, &p->capacity, sizeof *p->value));
    p->value[p->count].kind = kind;
    *out = p->count++;
    return OK;
}

status pickle_push_new(struct pickle_machine *m, struct pickle_value value)
{
    int number;

    TRY(pickle_make(m, value.kind, &number));
    m->p->value[number] = value;
    return pickle_push(m, number);
}

status pickle_push_opaque(struct pickle_machine *m, int of, const char *words)
{
    return pickle_push_new(
        m, (struct pickle_value){
               .kind = PICKLE_OPAQUE, .integer = of, .text = words, .size = words ? (int)strlen(words) : 0 });
}

status pickle_append(struct pickle_machine *m, int container, int value)
{
    struct pickle_value *c = &m->p->value[container];

    TRY(count_item(m));
    return push_int(&c->item, &c->count, &c->capacity, value);
}

status pickle_mark(struct pickle_machine *m)
{
    return push_int(&m->marks, &m->mark_count, &m->mark_capacity, m->height);
}

/* ---- reading and popping --------------------------------------------------------------------------- */

status pickle_take(struct pickle_machine *m, uint64_t count, const uint8_t **out)
{
    if (count > m->size - m->at)
        return PICKLE_BAD(m, "the pickle is truncated");
    *out = m->bytes + m->at;
    m->at += count;
    return OK;
}

status pickle_take_number(struct pickle_machine *m, int bytes, uint64_t *out)
{
    const uint8_t *p;

    TRY(pickle_take(m, (uint64_t)bytes, &p));
    *out = weight_number(p, bytes);
    return OK;
}

int pickle_floor(const struct pickle_machine *m)
{
    return m->mark_count ? m->marks[m->mark_count - 1] : 0;
}

status pickle_pop(struct pickle_machine *m, int *out)
{
    if (m->height <= pickle_floor(m))
        return PICKLE_BAD(m, "the pickle pops an empty stack");
    *out = m->stack[--m->height];
    return OK;
}

status pickle_pop_mark(struct pickle_machine *m, int *first)
{
    if (m->mark_count == 0)
        return PICKLE_BAD(m, "the pickle lacks a mark");
    *first = m->marks[--m->mark_count];
    return OK;
}

/* ---- the memo -------------------------------------------------------------------------------------- */

status pickle_put(struct pickle_machine *m, uint64_t key)
{
    if (key >= PICKLE_MAX_ITEMS)
        return FAIL(ERR_MEMORY, "pickle: memo number %llu", (unsigned long long)key);
    if (m->height <= pickle_floor(m))
        return PICKLE_BAD(m, "the pickle remembers an empty stack");
    while ((int)key >= m->memo_capacity)
        TRY(mem_room(&m->memo, m->memo_capacity, &m->memo_capacity, sizeof *m->memo));
    m->remembered += m->memo[key] == 0;
    m->memo[key] = m->stack[m->height - 1] + 1;
    return OK;
}

status pickle_get(struct pickle_machine *m, uint64_t key)
{
    if (key >= (uint64_t)m->memo_capacity || m->memo[key] == 0)
        return PICKLE_BAD(m, "the pickle recalls number %llu, which it never remembered",
                          (unsigned long long)key);
    return pickle_push(m, m->memo[key] - 1);
}

/* ---- the tree --------------------------------------------------------------------------------------- */

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
    return v->kind == PICKLE_TEXT && (size_t)v->size == strlen(text) &&
           memcmp(v->text, text, (size_t)v->size) == 0;
}
