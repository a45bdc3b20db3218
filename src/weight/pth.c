/* src/weight/pth.c: torch's checkpoints: what a pickle may name, the storages, the state dict. */
#include "pth.h"

#include <string.h>

/* A value that is no tensor, or none that can be read, is noted: it matters only if the network needs it. */
static status add_tensor(struct pth *f, const char *name, const struct pickle_value *v,
                         struct tensor_table *out)
{
    struct tensor t;
    char why[256];
    status result;

    pth_value_why(&f->p, v, why, sizeof why);
    /* Beside a network's tensors, whose names have dots: an epoch, an accuracy. */
    if ((v->kind == PICKLE_INT || v->kind == PICKLE_REAL || v->kind == PICKLE_BOOL) && !strchr(name, '.'))
        snprintf(why, sizeof why, "is a number, no tensor");
    if (why[0])
        return names_leave(out, name, why, pth_value_class(&f->p, v) != PTH_OTHER);
    result = pth_tensor(f, v, &t);
    if (result == OK && t.data)
        result = names_take(out, name, &t);
    if (result != OK)
        tensor_free(&t);
    return error_prefix(result, "%s", name);
}

static status add_entry(struct pth *f, const struct pickle_value *key, const struct pickle_value *v,
                        struct tensor_table *out)
{
    char name[WEIGHT_MAX_NAME + 16];

    if (key->kind != PICKLE_TEXT || key->size > WEIGHT_MAX_NAME ||
        !text_is_utf8(key->text, (size_t)key->size) || memchr(key->text, 0, (size_t)key->size))
        return FAIL(ERR_FORMAT, "a tensor's name is no text of at most %d bytes", WEIGHT_MAX_NAME);
    if (v->kind != PICKLE_TUPLE) {
        snprintf(name, sizeof name, "%.*s", key->size, key->text);
        return add_tensor(f, name, v, out);
    }
    f->members += v->count; /* one tuple may stand under many names */
    if (f->members > PICKLE_MAX_ITEMS)
        return FAIL(ERR_MEMORY, "tuples of more than %d values", PICKLE_MAX_ITEMS);
    for (int i = 0; i < v->count; i++) {
        snprintf(name, sizeof name, "%.*s.%d", key->size, key->text, i);
        TRY(add_tensor(f, name, pickle_item(&f->p, v, i), out));
    }
    return OK;
}

static status add_entries(struct pth *f, struct tensor_table *out)
{
    struct state_choice choice;
    const struct pickle_value *state;

    TRY(state_find(&f->p, f->wanted, &choice));
    state = choice.state;
    out->state = choice.name;
    out->other_states = choice.others;
    for (int i = 0; i + 1 < state->count; i += 2)
        TRY(add_entry(f, pickle_item(&f->p, state, i), pickle_item(&f->p, state, i + 1), out));
    return OK;
}

/* ---- containers ------------------------------------------------------------------------------------ */

/* The archive's folder: what stands before "/data.pkl". */
static status find_root(const struct zip *z, char *root, size_t size)
{
    static const char tail[] = "/data.pkl";
    int found = 0;

    for (int i = 0; i < z->count; i++) {
        const struct zip_entry *e = &z->entry[i];
        int length = e->name_size - (int)strlen(tail);
        if (length < 1 || memcmp(e->name + length, tail, strlen(tail)) != 0 ||
            memchr(e->name, '/', (size_t)length) || memchr(e->name, 0, (size_t)length))
            continue;
        snprintf(root, size, "%.*s", length, e->name);
        found++;
    }
    if (found == 0)
        return foreign_archive(z);
    return found == 1 ? OK : FAIL(ERR_FORMAT, "%d entries FOLDER/data.pkl in the archive, 1 expected", found);
}

static status read_archive(struct pth *f, struct tensor_table *out)
{
    char root[WEIGHT_MAX_NAME], name[WEIGHT_MAX_NAME + 16];
    struct zip_entry *e;
    uint64_t used;

    TRY(foreign_script(f->zip));
    TRY(find_root(f->zip, root, sizeof root));
    f->root = root;
    snprintf(name, sizeof name, "%s/byteorder", root);
    e = zip_find(f->zip, name);
    if (e)
        TRY(zip_check(e));
    if (e && (e->size < 6 || memcmp(e->data, "little", 6) != 0))
        return FAIL(ERR_FORMAT, "was written by a big-endian machine; save it again on this one, "
                                "torch.save(torch.load(FILE), NEW)");
    snprintf(name, sizeof name, "%s/data.pkl", root);
    e = zip_find(f->zip, name);
    TRY(zip_check(e));
    if (e->size > PICKLE_MAX_BYTES)
        return FAIL(ERR_MEMORY, "%s has %llu bytes, more than the %d that are read", name,
                    (unsigned long long)e->size, PICKLE_MAX_BYTES);
    TRY(pth_pickle(e->data, e->size, &f->p, &used));
    return add_entries(f, out);
}

/* Tensors may share storages and repeat elements, but not make a small file large. */
static int64_t most_bytes(uint64_t size)
{
    return 8 * (int64_t)size + (1 << 20);
}

status pth_read_zip(const uint8_t *bytes, uint64_t size, const char *state, struct tensor_table *out)
{
    struct zip zip;
    struct pth f = { .zip = &zip, .wanted = state, .most_bytes = most_bytes(size) };
    status result;

    TRY(zip_open(bytes, size, &zip));
    result = read_archive(&f, out);
    pickle_free(&f.p);
    zip_close(&zip);
    return result;
}

status pth_read_legacy(const uint8_t *bytes, uint64_t size, const char *state, struct tensor_table *out)
{
    struct tensor_table storages = { 0 };
    struct pth f = { .storages = &storages, .wanted = state, .most_bytes = most_bytes(size) };
    status result = legacy_index(bytes, size, &f.p, &storages);

    if (result == OK)
        result = add_entries(&f, out);
    pickle_free(&f.p);
    table_free(&storages);
    return result;
}
