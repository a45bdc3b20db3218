/* What checkpoints call things, where that has changed. */
#include "weight_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- tensors --------------------------------------------------------------------------------------- */

/* Skips a word of `words`, or returns NULL. */
static const char *skip_word(const char *at, const char *const *words)
{
    for (; *words; words++)
        if (strncmp(at, *words, strlen(*words)) == 0)
            return at + strlen(*words);
    return NULL;
}

/* As torchvision does: DenseNet's files of 2017 have ...denselayerN.{norm,relu,conv}.{1,2}.WHAT; the first
 * dot after the kind goes. */
static void rename_dense(char *name)
{
    static const char *const kinds[] = { ".norm", ".relu", ".conv", NULL };
    static const char *const tails[] = { ".1.weight",       ".1.bias",        ".1.running_mean",
                                         ".1.running_var",  ".2.weight",      ".2.bias",
                                         ".2.running_mean", ".2.running_var", NULL };
    static const char layer[] = "denselayer";
    const char *at, *dot, *end;

    for (at = strstr(name, layer); at; at = strstr(at, layer)) {
        at += strlen(layer);
        dot = at + strspn(at, "0123456789");
        dot = dot > at ? skip_word(dot, kinds) : NULL;
        end = dot ? skip_word(dot, tails) : NULL;
        if (end && !*end) {
            char *to = name + (dot - name);
            memmove(to, to + 1, strlen(to));
            return;
        }
    }
}

static void name_today(const char *name, char now[WEIGHT_MAX_NAME + 64])
{
    BUG_IF(strlen(name) >= WEIGHT_MAX_NAME + 64);
    snprintf(now, WEIGHT_MAX_NAME + 64, "%s", name);
    rename_dense(now);
}

status names_take(struct tensor_table *table, const char *name, struct tensor *t)
{
    char now[WEIGHT_MAX_NAME + 64];

    if (table->count == WEIGHT_MAX_TENSORS)
        return FAIL(ERR_MEMORY, "more than %d tensors", WEIGHT_MAX_TENSORS);
    name_today(name, now);
    return table_take(table, now, t);
}

status names_leave(struct tensor_table *table, const char *name, const char *why, int is_tensor)
{
    char now[WEIGHT_MAX_NAME + 64];

    if (table->absents == WEIGHT_MAX_TENSORS)
        return FAIL(ERR_MEMORY, "more than %d values that are no tensors", WEIGHT_MAX_TENSORS);
    name_today(name, now);
    return table_add_absent(table, now, why, is_tensor);
}

/* ---- files ----------------------------------------------------------------------------------------- */

/* Skips "-" or "-of-" and five digits back from *end; whether there are some, and their number. */
static int skip_back(const char *name, size_t *end, const char *word, int *number)
{
    size_t at = *end;

    while (at > 0 && isdigit((unsigned char)name[at - 1]))
        at--;
    if (*end - at != 5 || at < strlen(word) || memcmp(name + at - strlen(word), word, strlen(word)) != 0)
        return 0;
    *number = atoi(name + at);
    *end = at - strlen(word);
    return 1;
}

int names_shard(const char *path, char *index, size_t size)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t end = dot ? (size_t)(dot - name) : 0;
    int all = 0, this = 0;

    if (!skip_back(name, &end, "-of-", &all) || !skip_back(name, &end, "-", &this) || all < 2)
        return 0;
    snprintf(index, size, "%.*s%s.index.json", (int)end, name, dot);
    return 1;
}

/* A UUID ends in 8-4-4-4-12 digits: `digits` are the last of them. */
static int is_uuid(const char *name, size_t before, size_t digits)
{
    static const size_t groups[] = { 4, 4, 4, 8 };

    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        if (before < groups[i] + 1 || name[before - 1] != '-')
            return 0;
        before -= groups[i] + 1;
        for (size_t k = 0; k < groups[i]; k++)
            if (!isxdigit((unsigned char)name[before + k]))
                return 0;
    }
    return digits == 12;
}

enum names_hash names_hash_prefix(const char *path, const char **hex, size_t *digits)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    size_t size = dot ? (size_t)(dot - name) : 0, before, decimals = 0;
    int zoo;

    *digits = 0;
    while (*digits < size && strchr("0123456789abcdef", name[size - *digits - 1])) {
        decimals += isdigit((unsigned char)name[size - *digits - 1]) != 0;
        ++*digits;
    }
    before = size - *digits;
    *hex = name + before;
    if (*digits < 8 || *digits > 2 * HASH_SIZE || is_uuid(name, before, *digits))
        return NAMES_NO_HASH;
    zoo = *digits == 8 && (text_ends(name, before, "_fbgemm_") || text_ends(name, before, "_qnnpack_"));
    if (!zoo && !text_ends(name, before, "-"))
        return NAMES_NO_HASH;
    return decimals < *digits && strcmp(dot, ".pth") == 0 ? NAMES_HASH : NAMES_PERHAPS_HASH;
}
