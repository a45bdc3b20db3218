/* src/weight/state.c: which dict of a checkpoint is the state dict. A training script saves several beside
 * one another (the weights, their moving average, the optimizer's); this finds every dict of tensors and
 * takes one. */
#include "pth.h"

#include <string.h>

/* Deeper dicts hold no network; more than LISTED are not named in a sentence. */
enum { DEEPEST = 8, LISTED = 8, PAIR = 8, NETWORKS_KEYS = 64 };

/* A dict, list or tuple on the way: where it lies, and what it holds itself. */
struct place {
    int value;  /* its number in the pickle */
    int parent; /* the place that holds it; -1 = it is the root */
    int key;    /* of a dict: the key's value; of a list: -1 - its index */
    int depth;
    int holds;           /* a dict of weights lies below */
    enum pth_class best; /* of the tensors in the dict */
    int layers;          /* a weight in it is called LAYER.NAME, or weight */
};

struct search {
    const struct pickle *p;
    struct place *place;
    int count, capacity;
    uint8_t *seen; /* (p->count) */
};

static const struct pickle_value *value_of(const struct search *s, int place)
{
    return &s->p->value[s->place[place].value];
}

/* ---- the dicts of tensors ---------------------------------------------------------------------------- */

/* Of a value in a dict; a tuple is a Linear's weight and bias. */
static enum pth_class class_of(const struct pickle *p, const struct pickle_value *v)
{
    enum pth_class best = PTH_OTHER;

    if (v->kind != PICKLE_TUPLE)
        return pth_value_class(p, v);
    for (int i = 0; i < v->count && i < PAIR; i++) {
        enum pth_class is = pth_value_class(p, pickle_item(p, v, i));
        best = is > best ? is : best;
    }
    return best;
}

static void weigh(struct search *s, int place)
{
    const struct pickle_value *v = value_of(s, place);
    struct place *at = &s->place[place];

    if (v->kind != PICKLE_DICT)
        return;
    for (int i = 0; i + 1 < v->count; i += 2) {
        const struct pickle_value *key = pickle_item(s->p, v, i);
        enum pth_class is =
            key->kind == PICKLE_TEXT ? class_of(s->p, pickle_item(s->p, v, i + 1)) : PTH_OTHER;
        at->best = is > at->best ? is : at->best;
        at->layers |=
            is == PTH_WEIGHT && (memchr(key->text, '.', (size_t)key->size) || pickle_is_text(key, "weight"));
    }
}

static status add_place(struct search *s, int value, int parent, int key)
{
    int kind = s->p->value[value].kind;
    int depth = parent < 0 ? 0 : s->place[parent].depth + 1;

    if ((kind != PICKLE_DICT && kind != PICKLE_LIST && kind != PICKLE_TUPLE) || depth > DEEPEST ||
        s->seen[value])
        return OK;
    s->seen[value] = 1;
    TRY(mem_room(&s->place, s->count, &s->capacity, sizeof *s->place));
    s->place[s->count] = (struct place){ .value = value, .parent = parent, .key = key, .depth = depth };
    weigh(s, s->count++);
    return OK;
}

/* An optimizer keeps tensors by number or name under `state`. */
static int is_optimizer(const struct search *s, const struct pickle_value *v)
{
    int found = 0;

    for (int i = 0; i + 1 < v->count; i += 2) {
        const struct pickle_value *key = pickle_item(s->p, v, i);
        found |= pickle_is_text(key, "state") ? 1 : pickle_is_text(key, "param_groups") ? 2 : 0;
    }
    return found == 3;
}

/* What a place holds. Numbers as keys are an optimizer's; a module's extra state is its own. */
static status look_into(struct search *s, int place)
{
    const struct pickle_value *v = value_of(s, place);

    if (v->kind != PICKLE_DICT) {
        for (int i = 0; i < v->count; i++)
            TRY(add_place(s, v->item[i], place, -1 - i));
        return OK;
    }
    if (is_optimizer(s, v))
        return OK;
    for (int i = 0; i + 1 < v->count; i += 2) {
        const struct pickle_value *key = pickle_item(s->p, v, i);
        if (key->kind == PICKLE_TEXT && !text_begins(key->text, (size_t)key->size, "optim") &&
            !text_ends(key->text, (size_t)key->size, "_extra_state"))
            TRY(add_place(s, v->item[i + 1], place, v->item[i]));
    }
    return OK;
}

/* Drops dicts that only look like state dicts: a dict that holds state dicts must have layers' tensors of
 * its own; and once any dict has a weight, a dict without weights is no state dict. */
static void sort_out(struct search *s)
{
    enum pth_class best = PTH_OTHER;

    for (int i = s->count - 1; i > 0; i--)
        if (s->place[i].best == PTH_WEIGHT || s->place[i].holds)
            s->place[s->place[i].parent].holds = 1;
    for (int i = 0; i < s->count; i++) {
        if (s->place[i].holds && !s->place[i].layers)
            s->place[i].best = PTH_OTHER;
        best = s->place[i].best > best ? s->place[i].best : best;
    }
    for (int i = 0; i < s->count; i++)
        if (s->place[i].best < best)
            s->place[i].best = PTH_OTHER;
}

/* Breadth first: what lies in two places is named by the shortest way. */
static status find_all(struct search *s)
{
    MEM_TRY(s->seen, (size_t)s->p->count, 1);
    TRY(add_place(s, s->p->root, -1, 0));
    for (int i = 0; i < s->count; i++)
        TRY(look_into(s, i));
    sort_out(s);
    return OK;
}

/* ---- their names ------------------------------------------------------------------------------------- */

/* The keys on the way to a place, long ones cut off, with dots between; the root is ".". */
static status add_path(const struct search *s, int place, struct text *out)
{
    int way[DEEPEST + 1], steps = 0;

    if (s->place[place].parent < 0)
        return text_add(out, ".");
    for (int at = place; s->place[at].parent >= 0; at = s->place[at].parent)
        way[steps++] = s->place[at].key;
    while (steps-- > 0) {
        if (way[steps] < 0) {
            TRY(text_add(out, "%d", -1 - way[steps]));
        } else {
            const struct pickle_value *key = &s->p->value[way[steps]];
            TRY(text_add_bytes(out, key->text,
                               (size_t)(key->size < WEIGHT_MAX_NAME ? key->size : WEIGHT_MAX_NAME)));
        }
        if (steps > 0)
            TRY(text_add(out, "."));
    }
    return OK;
}

/* The caller frees *out. */
static status path_of(const struct search *s, int place, char **out)
{
    struct text path = { .max = DEEPEST * (WEIGHT_MAX_NAME + 16) };
    status result = add_path(s, place, &path);

    if (result == OK)
        text_make_printable(path.data, "");
    else
        text_free(&path);
    *out = path.data;
    return result;
}

/* "model_ema, checkpoint.net and 3 more": all state dicts but one; -1: all. NULL where there is none. The
 * caller frees *out. */
static status list_all(const struct search *s, int except, char **out)
{
    struct text list = { .max = (LISTED + 1) * DEEPEST * (WEIGHT_MAX_NAME + 16) };
    status result = OK;
    int named = 0, left = 0;

    for (int i = 0; i < s->count && result == OK; i++) {
        char *path;

        if (i == except || s->place[i].best == PTH_OTHER || (named == LISTED && ++left))
            continue;
        TRY_OUT(path_of(s, i, &path));
        result = text_add(&list, "%s%s", named++ ? ", " : "", path);
        mem_free(path);
    }
    if (left && result == OK)
        result = text_add(&list, " and %d more", left);
out:
    if (result != OK)
        text_free(&list);
    *out = list.data;
    return result;
}

/* ---- the choice -------------------------------------------------------------------------------------- */

static int count_states(const struct search *s, int *one)
{
    int count = 0;

    for (int i = s->count - 1; i >= 0; i--)
        if (s->place[i].best) {
            count++;
            *one = i;
        }
    return count;
}

static int lies_in(const struct search *s, int place, int in)
{
    while (place >= 0 && place != in)
        place = s->place[place].parent;
    return place == in;
}

/* Of several, the one that training scripts name so, in the dict that holds them all. -1: there is none. */
static int conventional(const struct search *s, int one)
{
    static const char *const names[] = { "state_dict", "model_state_dict", "model" };
    int in = one;

    for (int i = 0; i < s->count; i++)
        while (s->place[i].best && !lies_in(s, i, in))
            in = s->place[in].parent;
    for (size_t n = 0; n < COUNT_OF(names); n++)
        for (int i = 1; i < s->count; i++)
            if (s->place[i].best && s->place[i].parent == in && s->place[i].key >= 0 &&
                pickle_is_text(&s->p->value[s->place[i].key], names[n]))
                return i;
    return -1;
}

static status fail_listing(const struct search *s, const char *wanted, int count)
{
    status result;
    char *all;

    TRY(list_all(s, -1, &all));
    result =
        wanted
            ? FAIL(ERR_USAGE, "holds no state dict '%s'; there %s %s", wanted, count == 1 ? "is" : "are", all)
            : FAIL(ERR_USAGE, "holds %d state dicts: %s; say which with state (--state=NAME)", count, all);
    mem_free(all);
    return result;
}

static status find_named(const struct search *s, const char *wanted, int count, int *out)
{
    int found = 0;

    for (int i = 0; i < s->count; i++) {
        char *path;
        if (!s->place[i].best)
            continue;
        TRY(path_of(s, i, &path));
        if (strcmp(path, wanted) == 0) {
            found++;
            *out = i;
        }
        mem_free(path);
    }
    if (found > 1)
        return FAIL(ERR_USAGE, "holds %d state dicts that are called '%s'", found, wanted);
    return found ? OK : fail_listing(s, wanted, count);
}

/* A pickled network is an object whose state has _modules among its first keys; the outermost one is made
 * first. */
static int is_network(const struct pickle *p, const struct pickle_value *v)
{
    const struct pickle_value *state = v->count > 0 ? pickle_item(p, v, 0) : v;

    if (v->kind != PICKLE_OPAQUE || state->kind != PICKLE_DICT)
        return 0;
    for (int i = 0; i + 1 < state->count && i < 2 * NETWORKS_KEYS; i += 2)
        if (pickle_is_text(pickle_item(p, state, i), "_modules"))
            return 1;
    return 0;
}

static status fail_without(const struct pickle *p)
{
    char name[128];

    for (int i = 0; i < p->count; i++)
        if (is_network(p, &p->value[i]))
            return FAIL(
                ERR_FORMAT,
                "holds a pickled network (%s), whose code would have to be run, and no state dict; save "
                "its state_dict() from Python",
                pickle_object_name(p, &p->value[i], name, sizeof name));
    return FAIL(ERR_FORMAT, "the checkpoint is not a state dict and holds none: no dict of tensors");
}

static status choose(const struct search *s, const char *wanted, int *out)
{
    int one = -1, count = count_states(s, &one);

    if (count == 0)
        return fail_without(s->p);
    if (count > WEIGHT_MAX_TENSORS)
        return FAIL(ERR_MEMORY, "holds more than %d state dicts", WEIGHT_MAX_TENSORS);
    if (wanted && *wanted)
        return find_named(s, wanted, count, out);
    *out = count == 1 ? one : conventional(s, one);
    return *out >= 0 ? OK : fail_listing(s, NULL, count);
}

status state_find(const struct pickle *p, const char *wanted, struct state_choice *out)
{
    struct search s = { .p = p };
    status result = OK;
    int place = -1;

    *out = (struct state_choice){ 0 };
    TRY_OUT(find_all(&s));
    TRY_OUT(choose(&s, wanted, &place));
    out->state = value_of(&s, place);
    if (s.place[place].parent >= 0)
        TRY_OUT(path_of(&s, place, &out->name));
    TRY_OUT(list_all(&s, place, &out->others));
out:
    mem_free(s.place);
    mem_free(s.seen);
    return result;
}
