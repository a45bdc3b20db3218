/* src/tensor/table.c: tensors by name, with what their file says of itself. */
#include "tensor.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint32_t name_hash(const char *name)
{
    uint32_t h = 2166136261u; /* FNV-1a */

    for (; *name; name++)
        h = (h ^ (uint8_t)*name) * 16777619u;
    return h;
}

/* The slot that holds `name`, or the free one where it belongs; slots hold entry numbers + 1. */
static int find_slot(const struct tensor_table *table, const char *name)
{
    int i = (int)(name_hash(name) & (uint32_t)(table->slots - 1));

    while (table->slot[i] && strcmp(table->entry[table->slot[i] - 1].name, name) != 0)
        i = (i + 1) & (table->slots - 1);
    return i;
}

/* Keeps at least half of the slots free. */
static status grow(struct tensor_table *table)
{
    TRY(mem_room(&table->entry, table->count, &table->capacity, sizeof *table->entry));
    mem_free(table->slot);
    table->slots = 0;
    MEM_TRY(table->slot, 2 * (size_t)table->capacity, sizeof *table->slot);
    table->slots = 2 * table->capacity;
    for (int i = 0; i < table->count; i++)
        table->slot[find_slot(table, table->entry[i].name)] = i + 1;
    return OK;
}

status table_take(struct tensor_table *table, const char *name, struct tensor *t)
{
    char *copy;
    int slot;

    if (!text_is_printable(name, strlen(name)))
        return FAIL(ERR_FORMAT, "a tensor's name has control characters, or is not UTF-8: '%s'", name);
    if (table->count == table->capacity || table->slots == 0)
        TRY(grow(table));
    slot = find_slot(table, name);
    if (table->slot[slot])
        return FAIL(ERR_FORMAT, "two tensors are named %s", name);
    copy = mem_strdup(name);
    if (!copy)
        return FAIL(ERR_MEMORY, "no memory for the tensor name %s", name);
    table->entry[table->count].name = copy;
    table->entry[table->count].tensor = *t;
    table->slot[slot] = ++table->count;
    *t = (struct tensor){ 0 };
    return OK;
}

const struct tensor *table_find(const struct tensor_table *table, const char *name)
{
    int entry = table->slots ? table->slot[find_slot(table, name)] : 0;

    return entry ? &table->entry[entry - 1].tensor : NULL;
}

static const char *nearest_name(const struct tensor_table *table, const char *name)
{
    const char **names = mem_alloc((size_t)table->count, sizeof *names);
    const char *nearest = NULL;

    if (!names)
        return NULL;
    for (int i = 0; i < table->count; i++)
        names[i] = table->entry[i].name;
    nearest = text_nearest(name, names, table->count);
    mem_free(names);
    return nearest;
}

/* `name`, or a wrapper's prefix and `name`. */
static int ends_in(const char *absent, const char *name)
{
    size_t size = strlen(absent), tail = strlen(name);

    return size >= tail && strcmp(absent + size - tail, name) == 0 &&
           (size == tail || absent[size - tail - 1] == '.');
}

status table_get(const struct tensor_table *table, const struct tensor **out, const char *format, ...)
{
    char name[1024];
    const char *nearest;
    va_list args;

    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    *out = table_find(table, name);
    if (*out)
        return OK;
    for (int i = 0; i < table->absents; i++)
        if (ends_in(table->absent[i].name, name))
            return FAIL(ERR_MISSING, "%s: %s %s", table->source ? table->source : "checkpoint",
                        table->absent[i].name, table->absent[i].why);
    nearest = nearest_name(table, name);
    return FAIL(ERR_MISSING, "%s: no tensor %s%s%s%s", table->source ? table->source : "checkpoint", name,
                nearest ? " (the nearest is " : "", nearest ? nearest : "", nearest ? ")" : "");
}

status table_add_note(struct tensor_table *table, const char *key, const char *value)
{
    struct table_note new = { 0 };

    if (table_note(table, key))
        return FAIL(ERR_FORMAT, "two notes are named %s", key);
    TRY(mem_room(&table->note, table->notes, &table->note_capacity, sizeof *table->note));
    new.key = mem_strdup(key);
    new.value = new.key ? mem_strdup(value) : NULL;
    if (!new.value) {
        mem_free(new.key);
        return FAIL(ERR_MEMORY, "no memory for the note %s", key);
    }
    table->note[table->notes++] = new;
    return OK;
}

status table_add_absent(struct tensor_table *table, const char *name, const char *why, int is_tensor)
{
    struct table_absent new = { .is_tensor = is_tensor };

    TRY(mem_room(&table->absent, table->absents, &table->absent_capacity, sizeof *table->absent));
    new.name = mem_strdup(name);
    new.why = new.name ? mem_strdup(why) : NULL;
    if (!new.why) {
        mem_free(new.name);
        return FAIL(ERR_MEMORY, "no memory for the name %s", name);
    }
    table->absent[table->absents++] = new;
    return OK;
}

const char *table_note(const struct tensor_table *table, const char *key)
{
    for (int i = 0; i < table->notes; i++)
        if (strcmp(table->note[i].key, key) == 0)
            return table->note[i].value;
    return NULL;
}

status table_map(struct tensor_table *table, const char *path, int most_gib)
{
    void *mapping = MAP_FAILED;
    status result = OK;
    uint64_t size;
    int fd;

    TRY(text_open_file(path, &fd, &size));
    if (size == 0)
        result = FAIL(ERR_FORMAT, "%s: the file is empty", path);
    else if (size > (uint64_t)most_gib << 30)
        result = FAIL(ERR_MEMORY, "%s: %llu bytes, more than the %d GiB that are read", path,
                      (unsigned long long)size, most_gib);
    else if ((mapping = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED)
        result =
            FAIL(ERR_IO, "%s: cannot map %llu bytes: %s", path, (unsigned long long)size, strerror(errno));
    close(fd);
    TRY(result);
    table->mapping = mapping;
    table->mapping_size = (size_t)size;
    table->file_bytes = size;
    return OK;
}

void table_rest(const struct tensor_table *table)
{
    if (table->mapping)
        (void)madvise(table->mapping, table->mapping_size, MADV_DONTNEED);
}

void table_free(struct tensor_table *table)
{
    for (int i = 0; i < table->notes; i++) {
        mem_free(table->note[i].key);
        mem_free(table->note[i].value);
    }
    mem_free(table->note);
    for (int i = 0; i < table->count; i++) {
        mem_free(table->entry[i].name);
        tensor_free(&table->entry[i].tensor);
    }
    mem_free(table->entry);
    mem_free(table->slot);
    for (int i = 0; i < table->absents; i++) {
        mem_free(table->absent[i].name);
        mem_free(table->absent[i].why);
    }
    mem_free(table->absent);
    mem_free(table->source);
    mem_free(table->remark);
    mem_free(table->state);
    mem_free(table->other_states);
    if (table->mapping)
        munmap(table->mapping, table->mapping_size);
    *table = (struct tensor_table){ 0 };
}
