/* src/base/option.c: options by name, from the command line and from job files. */
#include "base_option.h"
#include "option_value.h"

#include <string.h>

enum { SUGGESTIONS = 256, SEEN_MAX = 1 << 20 };

/* Where a name led: a row, and the settings or the group's element that its field lies in. */
struct target {
    const struct option_row *row;
    char *base;
    char name[2 * OPTION_NAME]; /* in a part the whole key, "big.state", else "" */
};

static const char *target_name(const struct target *at)
{
    return at->name[0] ? at->name : at->row->name;
}

static status set_value(const struct target *at, const char *value)
{
    struct option_row row = *at->row;

    if (!at->base)
        return OK; /* nobody asks for values */
    row.name = target_name(at);
    return option_value_set(&row, at->base + at->row->where, value);
}

/* ---- names ------------------------------------------------------------------------------------------- */

/* Equal, where - and _ are the same. */
static int same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
            return 0;
    return *a == *b;
}

/* "subset.select.by" -> "select.by"; "out" -> "out". */
static const char *without_section(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot ? dot + 1 : name;
}

/* The element called `name`, made if it is new. */
static status group_element(const struct option_group *g, void *settings, const char *name, size_t size,
                            char **out)
{
    int *count = (int *)((char *)settings + g->count_where);
    char *element = (char *)settings + g->where;

    if (size == 0 || size >= OPTION_NAME)
        return FAIL(ERR_USAGE, "the name of a %s has 1 to %d letters", g->section, OPTION_NAME - 1);
    if (option_value_name(name) < size)
        return FAIL(ERR_USAGE, "%s '%.*s': a name has letters, digits, '_' and '-' only", g->section,
                    (int)size, name);
    for (int i = 0; i < *count; i++, element += g->stride) {
        const char *have = element + g->name_where;
        if (strlen(have) == size && memcmp(have, name, size) == 0) {
            *out = element;
            return OK;
        }
    }
    if (*count >= g->most)
        return FAIL(ERR_USAGE, g->name ? "more than %d of %s" : "more than %d sections [%s ...]", g->most,
                    g->section);
    memcpy(element + g->name_where, name, size);
    (*count)++;
    *out = element;
    return OK;
}

static const struct option_row *row_named(const struct option_row *row, int rows, const char *name)
{
    for (int i = 0; i < rows; i++)
        if (same_name(row[i].name, name))
            return &row[i];
    return NULL;
}

/* "big.state" of a section's part: the name's element and the rest's row; out->row NULL where it is none. */
static status find_in_part(const struct option_group *part, const void *settings, char *element,
                           const char *key, struct target *out)
{
    size_t size = strcspn(key, ".");
    const char *rest = key + size + (key[size] == '.'), *name;

    out->row = NULL;
    for (int i = 0; (name = part->name(settings, i)); i++)
        if (strlen(name) == size && memcmp(name, key, size) == 0) {
            out->row = row_named(part->row, part->rows, rest);
            snprintf(out->name, sizeof out->name, "%s%s%s", name, rest[0] ? "." : "",
                     out->row ? out->row->name : "");
            return out->row ? group_element(part, element, key, size, &out->base) : OK;
        }
    return OK;
}

/* Words that may have been meant. */
struct words {
    int count;
    const char *word[SUGGESTIONS];
    char made[SUGGESTIONS][2 * OPTION_NAME];
};

/* "name.rest", or the one of them that is not "". */
static void add_word(struct words *w, const char *name, const char *rest)
{
    if (w->count == SUGGESTIONS)
        return;
    snprintf(w->made[w->count], sizeof w->made[0], "%s%s%s", name, name[0] && rest[0] ? "." : "", rest);
    w->word[w->count] = w->made[w->count];
    w->count++;
}

static status unknown_key(const struct words *w, const char *key, const char *in)
{
    return FAIL(ERR_USAGE, "unknown key '%.100s' in %.200s%s", key, in,
                text_suggest(key, w->word, w->count, ""));
}

/* A key of a group's element, or ERR_USAGE with what is near. `in`: "[network a]", "'--network.a.big'". */
static status find_in_element(const struct option_group *g, const void *settings, char *element,
                              const char *key, const char *in, struct target *out)
{
    struct words w = { 0 };
    const char *name;

    out->base = element;
    out->row = row_named(g->row, g->rows, key);
    if (!out->row && g->part)
        TRY(find_in_part(g->part, settings, element, key, out));
    if (out->row)
        return OK;
    for (int i = 0; i < g->rows; i++)
        add_word(&w, g->row[i].name, "");
    for (int i = 0; g->part && (name = g->part->name(settings, i)); i++)
        for (int k = 0; k < g->part->rows; k++)
            add_word(&w, name, g->part->row[k].name);
    return unknown_key(&w, key, in);
}

static const struct option_group *group_named(const struct option_table *t, const char *name, size_t size)
{
    for (int i = 0; i < t->groups; i++)
        if (strlen(t->group[i].section) == size && memcmp(t->group[i].section, name, size) == 0)
            return &t->group[i];
    return NULL;
}

/* ---- command line ------------------------------------------------------------------------------------ */

static status unknown_option(const struct option_table *t, const char *name)
{
    struct words w = { 0 };

    for (int i = 0; i < t->rows; i++) {
        add_word(&w, t->row[i].name, "");
        add_word(&w, without_section(t->row[i].name), "");
    }
    return FAIL(ERR_USAGE, "unknown option '--%.200s'%s", name, text_suggest(name, w.word, w.count, "--"));
}

/* "network.resnet18.big.state": the element's name, which has no dots, then the key, which may. */
static status find_in_group(const struct option_group *g, void *settings, const char *name,
                            struct target *out)
{
    const char *element = name + strlen(g->section) + 1, *dot = strchr(element, '.'),
               *key = dot ? dot + 1 : element;
    char in[OPTION_SIZE], *base;

    if (!dot || dot == element)
        return FAIL(ERR_USAGE, "'--%.200s': --%s.NAME.KEY is wanted", name, g->section);
    snprintf(in, sizeof in, "'--%.200s'", name);
    TRY(group_element(g, settings, element, (size_t)(dot - element), &base));
    return find_in_element(g, settings, base, key, in, out);
}

static status find_option(const struct option_table *t, void *settings, const char *name, struct target *out)
{
    const struct option_row *second = NULL;

    const struct option_group *g = strchr(name, '.') ? group_named(t, name, strcspn(name, ".")) : NULL;

    out->base = settings;
    out->row = row_named(t->row, t->rows, name);
    if (out->row)
        return OK;
    if (g)
        return find_in_group(g, settings, name, out);
    for (int i = 0; i < t->rows; i++) {
        if (t->row[i].whole || !same_name(without_section(t->row[i].name), name))
            continue;
        if (out->row)
            second = &t->row[i];
        else
            out->row = &t->row[i];
    }
    if (second)
        return FAIL(ERR_USAGE, "'--%.200s' may mean --%s or --%s", name, out->row->name, second->name);
    return out->row ? OK : unknown_option(t, name);
}

/* What stands behind '=', or the next word; a flag alone is on. `word` is the option as it stands. */
static status take_value(const struct target *at, const char *word, const char *given, const char *next,
                         int *used)
{
    if (given)
        return set_value(at, given);
    if (at->row->kind == OPTION_FLAG)
        return set_value(at, "on");
    if (!next)
        return FAIL(ERR_USAGE, "'%s' needs a value (%s)", word, at->row->values ? at->row->values : "VALUE");
    *used = 1;
    return set_value(at, next);
}

static status read_long(const struct option_table *t, void *settings, const char *word, const char *next,
                        int *used)
{
    char name[OPTION_SIZE];
    size_t size = strcspn(word + 2, "=");
    const char *given = word[2 + size] ? word + 2 + size + 1 : NULL;
    struct target at = { 0 };

    if (size >= sizeof name)
        return FAIL(ERR_USAGE, "an option's name of %zu letters", size);
    snprintf(name, sizeof name, "%.*s", (int)size, word + 2);
    if (!settings && strchr(name, '.') && group_named(t, name, strcspn(name, "."))) {
        *used = !given && next; /* keys of groups take a value */
        return OK;
    }
    TRY(find_option(t, settings, name, &at));
    return take_value(&at, word, given, next, used);
}

static status read_letter(const struct option_table *t, void *settings, const char *word, const char *next,
                          int *used)
{
    const char *given = word[2] ? word + 2 + (word[2] == '=') : NULL;

    for (int i = 0; i < t->rows; i++)
        if (t->row[i].letter == word[1])
            return take_value(&(struct target){ .row = &t->row[i], .base = settings }, word, given, next,
                              used);
    return FAIL(ERR_USAGE, "unknown option '-%.100s'", word + 1);
}

enum option_form option_help_wanted(const struct option_table *t, int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return OPTION_HELP;
        if (strcmp(argv[i], "--help=man") == 0)
            return OPTION_MAN;
        if (t->group && strcmp(argv[i], "--help=job") == 0)
            return OPTION_KEYS;
    }
    return OPTION_NO_HELP;
}

status option_read_args(const struct option_table *t, void *settings, int argc, char **argv,
                        struct option_words *words)
{
    int only_words = 0;

    *words = (struct option_words){ .word = argv };
    words->help = option_help_wanted(t, argc, argv);
    if (words->help)
        return OK;
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        int used = 0;
        if (!only_words && strcmp(word, "--") == 0)
            only_words = 1;
        else if (!only_words && word[0] == '-' && word[1] == '-')
            TRY(read_long(t, settings, word, next, &used));
        else if (!only_words && word[0] == '-' && word[1])
            TRY(read_letter(t, settings, word, next, &used));
        else
            argv[words->count++] = word;
        i += used;
    }
    if (words->count < t->words_low)
        return FAIL(ERR_USAGE, "too few arguments; usage: %s", t->usage);
    if (words->count > t->words_high)
        return FAIL(ERR_USAGE, "unexpected argument '%.200s'; usage: %s", argv[t->words_high], t->usage);
    return OK;
}

/* ---- job files --------------------------------------------------------------------------------------- */

struct section {
    const struct option_group *group; /* or NULL: a plain one */
    char *element;                    /* of the group */
    char name[2 * OPTION_NAME];       /* "data", "network resnet18" */
};

static status open_section(const struct option_table *t, void *settings, char *line, struct section *out)
{
    size_t size = strlen(line);
    char *words[2], inside[2 * OPTION_NAME];
    int count;

    if (line[size - 1] != ']' || size >= sizeof inside)
        return FAIL(ERR_USAGE, "'%.100s': [section] is wanted", line);
    snprintf(inside, sizeof inside, "%.*s", (int)size - 2, line + 1);
    snprintf(out->name, sizeof out->name, "%s", text_trim(inside));
    count = text_split(inside, words, 2);
    out->group = count == 2 ? group_named(t, words[0], strlen(words[0])) : NULL;
    if (out->group)
        return group_element(out->group, settings, words[1], strlen(words[1]), &out->element);
    for (int i = 0; count == 1 && i < t->rows; i++) {
        size_t length = strlen(words[0]);
        if (strncmp(t->row[i].name, words[0], length) == 0 && t->row[i].name[length] == '.')
            return OK;
    }
    return FAIL(ERR_USAGE, "unknown section [%s]", out->name);
}

static status find_key(const struct option_table *t, void *settings, const struct section *in,
                       const char *key, struct target *out)
{
    char name[4 * OPTION_NAME], shown[2 * OPTION_NAME + 2];
    size_t length = strlen(in->name);
    struct words w = { 0 };

    out->name[0] = '\0';
    if (!in->name[0])
        return FAIL(ERR_USAGE, "'%.100s' stands before the first [section]", key);
    snprintf(shown, sizeof shown, "[%s]", in->name);
    if (in->group)
        return find_in_element(in->group, settings, in->element, key, shown, out);
    snprintf(name, sizeof name, "%s.%.*s", in->name, OPTION_NAME, key);
    out->row = row_named(t->row, t->rows, name);
    out->base = settings;
    for (int i = 0; i < t->rows && !out->row; i++)
        if (strncmp(t->row[i].name, in->name, length) == 0 && t->row[i].name[length] == '.')
            add_word(&w, without_section(t->row[i].name), "");
    return out->row ? OK : unknown_key(&w, key, shown);
}

/* Cuts a comment off and trims. */
static char *clean_line(char *line)
{
    for (char *p = line; *p; p++)
        if (*p == '#' && (p == line || p[-1] == ' ' || p[-1] == '\t')) {
            *p = '\0';
            break;
        }
    return text_trim(line);
}

static status read_pair(const struct option_table *t, void *settings, const struct section *in, char *line,
                        struct text *seen)
{
    char *equals = strchr(line, '='), *key, mark[5 * OPTION_NAME];
    struct target at = { 0 };

    if (!equals)
        return FAIL(ERR_USAGE, "'%.100s': key = value is wanted", line);
    *equals = '\0';
    key = text_trim(line);
    TRY(find_key(t, settings, in, key, &at));
    snprintf(mark, sizeof mark, "\n%s/%s\n", in->name, target_name(&at));
    if (seen->data && strstr(seen->data, mark))
        return FAIL(ERR_USAGE, "'%s' stands twice in [%s]", key, in->name);
    TRY(text_add(seen, "%s", mark));
    return set_value(&at, text_trim(equals + 1));
}

/* One reading: of the section lines alone, so that a key may name what a later section makes; or of all. */
static status read_lines(const struct option_table *t, void *settings, int all, const char *text, size_t size,
                         struct text *seen, int *number)
{
    struct section in = { 0 };

    *number = 0;
    for (const char *p = text, *end = text + size; p < end;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t length = (size_t)((stop ? stop : end) - p);
        char copy[2 * OPTION_SIZE], *line;

        ++*number;
        if (length >= sizeof copy || memchr(p, '\0', length))
            return FAIL(ERR_USAGE, "a line of %zu bytes, or one with a zero byte", length);
        memcpy(copy, p, length);
        copy[length] = '\0';
        line = clean_line(copy);
        if (*line == '[')
            TRY(open_section(t, settings, line, &in));
        else if (*line && all)
            TRY(read_pair(t, settings, &in, line, seen));
        p += length + 1;
    }
    return OK;
}

status option_read_text(const struct option_table *t, void *settings, const char *source, const char *text,
                        size_t size)
{
    struct text seen = { .max = SEEN_MAX };
    int number;
    status result = read_lines(t, settings, 0, text, size, &seen, &number);

    if (result == OK)
        result = read_lines(t, settings, 1, text, size, &seen, &number);
    text_free(&seen);
    return error_prefix(result, "%s:%d", source, number);
}
