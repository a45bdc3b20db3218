/* src/weight/save.c: saves a table of tensors: what can be saved, which format, one file in one step. */
#include "weight_parts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- what can be saved ----------------------------------------------------------------------------- */

static status check_name(const char *name)
{
    size_t size = strlen(name);

    if (size == 0 || size > WEIGHT_MAX_NAME || !text_is_utf8(name, size) || strchr(name, '/') ||
        strcmp(name, ".") == 0 || strcmp(name, "__metadata__") == 0)
        return FAIL(ERR_RANGE, "'%.64s' cannot name a tensor: 1 to %d bytes of UTF-8 without '/'", name,
                    WEIGHT_MAX_NAME);
    return OK;
}

static status check_bits(const struct tensor_entry *e, int h5)
{
    const struct tensor *t = &e->tensor;

    if (h5 && (t->bits || t->dtype == DTYPE_S16))
        return FAIL(ERR_RANGE,
                    "%s has codes of %d bits, and HDF5 files of weights hold 8: save NAME.safetensors",
                    e->name, t->bits ? t->bits : 16);
    if (h5 && t->odd)
        return FAIL(ERR_RANGE,
                    "%s has odd levels, which HDF5 files of weights cannot say: save NAME.safetensors",
                    e->name);
    if (t->odd && t->dtype != DTYPE_S8)
        return FAIL(ERR_RANGE, "%s: odd levels of type %s", e->name, dtype_name(t->dtype));
    if (t->bits && (t->bits < 2 || t->bits > 7 || t->dtype != DTYPE_S8))
        return FAIL(ERR_RANGE, "%s: codes of %d bits and type %s", e->name, t->bits, dtype_name(t->dtype));
    return OK;
}

/* The names that scales and zero points get in a safetensors file must be free. */
static status check_companions(const struct tensor_table *t, const struct tensor_entry *e)
{
    static const char *const suffixes[] = { ".scale", ".zero_point" };
    char name[WEIGHT_MAX_NAME + 64];

    if (e->tensor.channels < 1 || e->tensor.channels > WEIGHT_MAX_CHANNELS ||
        dtype_size(e->tensor.dtype) == 8)
        return FAIL(ERR_RANGE, "%s: %d scales or 8-byte codes", e->name, e->tensor.channels);
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        snprintf(name, sizeof name, "%s%s", e->name, suffixes[i]);
        if (table_find(t, name))
            return FAIL(ERR_RANGE, "a tensor is named %s, which the quantized %s needs", name, e->name);
    }
    return OK;
}

static status check_note(const struct weight_note *n)
{
    size_t key = strlen(n->key), value = strlen(n->value);

    if (key == 0 || key > WEIGHT_MAX_NAME || !text_is_utf8(n->key, key) || value > WEIGHT_MAX_NOTE ||
        !text_is_utf8(n->value, value) || text_ends(n->key, key, ".quantization"))
        return FAIL(ERR_RANGE, "'%.64s' cannot be a note of %zu bytes", n->key, value);
    return OK;
}

static status check_all(const struct tensor_table *t, const struct weight_note *notes, int count, int h5)
{
    int tensors = t->count;

    if (count > WEIGHT_MAX_NOTES)
        return FAIL(ERR_RANGE, "%d notes, at most %d can be saved", count, WEIGHT_MAX_NOTES);
    for (int i = 0; i < count; i++) {
        TRY(check_note(&notes[i]));
        for (int k = 0; k < i; k++)
            if (strcmp(notes[k].key, notes[i].key) == 0)
                return FAIL(ERR_RANGE, "two notes are named %s", notes[i].key);
    }
    for (int i = 0; i < t->count; i++) {
        TRY(check_name(t->entry[i].name));
        if (t->entry[i].tensor.quantization == TENSOR_REAL)
            continue;
        TRY(check_companions(t, &t->entry[i]));
        TRY(check_bits(&t->entry[i], h5));
        tensors += 2;
    }
    return tensors <= WEIGHT_MAX_TENSORS ? OK
                                         : FAIL(ERR_RANGE, "%d tensors and scales, at most %d can be saved",
                                                tensors, WEIGHT_MAX_TENSORS);
}

/* ---- saving ---------------------------------------------------------------------------------------- */

static status write_safetensors(const char *path, const struct tensor_table *t,
                                const struct weight_note *notes, int count)
{
    FILE *f = fopen(path, "wb");
    status result;

    if (!f)
        return FAIL(ERR_IO, "%s", strerror(errno));
    result = safetensors_write(f, t, notes, count);
    if (result == OK && (fflush(f) != 0 || fsync(fileno(f)) != 0))
        result = FAIL(ERR_IO, "%s", strerror(errno));
    if (fclose(f) != 0 && result == OK)
        result = FAIL(ERR_IO, "%s", strerror(errno));
    return result;
}

status weight_save(const char *path, const struct tensor_table *t, const struct weight_note *notes, int count)
{
    char temporary[4096];
    size_t size = strlen(path);
    int h5 = size > 3 && text_ends(path, size, ".h5");
    status result = OK;

    if (!h5 && (size < 13 || !text_ends(path, size, ".safetensors")))
        return FAIL(ERR_USAGE, "%s: weights are saved as NAME.h5 or NAME.safetensors", path);
    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary)
        return FAIL(ERR_RANGE, "%s: the path is too long", path);
    TRY(error_prefix(check_all(t, notes, count, h5), "%s", path));
    result = h5 ? weight_h5_write(temporary, t, notes, count) : write_safetensors(temporary, t, notes, count);
    if (result == OK && rename(temporary, path) != 0)
        result = FAIL(ERR_IO, "%s", strerror(errno));
    if (result != OK)
        unlink(temporary);
    return error_prefix(result, "%s", path);
}
