/* src/base/option_value.c: the values of options: parsed, kept in canonical form, printed. */
#include "option_value.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define BAD(r, value, ...) error_prefix(FAIL(ERR_USAGE, __VA_ARGS__), "%s = %.200s", (r)->name, value)

char *option_choice(const char *values, int i, char *out)
{
    size_t size;

    while (i-- > 0) {
        values = strchr(values, '|');
        if (!values)
            return NULL;
        values++;
    }
    size = strcspn(values, "|");
    BUG_IF(size >= OPTION_NAME);
    memcpy(out, values, size);
    out[size] = '\0';
    return out;
}

size_t option_value_name(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
}

int option_choice_find(const char *values, const char *word)
{
    char name[OPTION_NAME];

    for (int i = 0; option_choice(values, i, name); i++)
        if (strcmp(name, word) == 0)
            return i;
    return -1;
}

static status set_int(const struct option_row *r, const char *value, int *out)
{
    int64_t low = (int64_t)r->low, high = r->high != 0 ? (int64_t)r->high : INT32_MAX, number;

    if (!text_parse_int(value, low, high, &number))
        return BAD(r, value, "an integer from %lld to %lld is wanted", (long long)low, (long long)high);
    *out = (int)number;
    return OK;
}

/* Canonical: no sign, no blanks, no needless zeros: ".050" becomes "0.05". */
static status set_decimal(const struct option_row *r, const char *value, char *out)
{
    double number;
    const char *dot = strchr(value, '.'), *whole = value;
    int digits = 0, decimals;

    if (strspn(value, "0123456789.") != strlen(value) || !text_parse_real(value, &number) ||
        number < r->low || (r->high != 0 && number > r->high) || strlen(value) > 16)
        return BAD(r, value, "a decimal number from %g to %g is wanted", r->low, r->high);
    while (*whole == '0')
        whole++;
    while (whole[digits] && whole[digits] != '.')
        digits++;
    decimals = dot ? (int)strlen(dot + 1) : 0;
    while (decimals > 0 && dot[decimals] == '0')
        decimals--;
    snprintf(out, OPTION_SIZE, "%.*s%s%.*s", digits > 0 ? digits : 1, digits > 0 ? whole : "0",
             decimals ? "." : "", decimals, dot ? dot + 1 : "");
    return OK;
}

static status set_real(const struct option_row *r, const char *value, double *out)
{
    double number;

    if (!text_parse_real(value, &number) || number < r->low || (r->high != 0 && number > r->high))
        return BAD(r, value, "a number from %g%s is wanted", r->low, r->high != 0 ? "" : " on");
    *out = number;
    return OK;
}

static status set_text(const struct option_row *r, const char *value, char *out)
{
    size_t size = strlen(value);

    if (size >= OPTION_SIZE)
        return FAIL(ERR_USAGE, "%s: %zu bytes, at most %d are taken", r->name, size, OPTION_SIZE - 1);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)value[i] < 32 || value[i] == 127)
            return FAIL(ERR_USAGE, "%s: a control character", r->name);
    memset(out, 0, OPTION_SIZE);
    memcpy(out, value, size);
    return OK;
}

/* The variable whose value `path` begins with, and how many bytes of `path` name it: none for a path that
 * stands as it is. */
static status find_variable(const struct option_row *r, const char *path, char name[OPTION_NAME],
                            size_t *size)
{
    const char *from = path + 1 + (path[0] == '$' && path[1] == '{');
    size_t length = 0;

    *size = 0;
    if (path[0] == '~' && (!path[1] || path[1] == '/')) {
        snprintf(name, OPTION_NAME, "HOME");
        *size = 1;
    } else if (path[0] == '~') {
        return BAD(r, path, "another user's home is not looked up; give the whole path, or ./%.200s", path);
    } else if (path[0] == '$') {
        while (isalnum((unsigned char)from[length]) || from[length] == '_')
            length++;
        if (path[1] == '{' && (from[length] != '}' || length == 0))
            return BAD(r, path, "${NAME} is wanted");
        if (length == 0 || isdigit((unsigned char)from[0]))
            return OK;
        if (length >= OPTION_NAME)
            return BAD(r, path, "a variable's name of %zu letters", length);
        snprintf(name, OPTION_NAME, "%.*s", (int)length, from);
        *size = length + 1 + 2 * (path[1] == '{');
    }
    return OK;
}

/* `~/` and `$NAME/` at the start are the environment's: in job files and behind `=` no shell has seen
 * them. */
static status set_path(const struct option_row *r, const char *value, char *out)
{
    char name[OPTION_NAME], whole[2 * OPTION_SIZE];
    const char *home;
    size_t size;

    TRY(find_variable(r, value, name, &size));
    if (size == 0)
        return set_text(r, value, out);
    home = getenv(name);
    if (!home || !*home)
        return BAD(r, value, "%s is not set in the environment", name);
    if (snprintf(whole, sizeof whole, "%s%s", home, value + size) >= (int)sizeof whole)
        return BAD(r, value, "%s is too long for a path", name);
    return set_text(r, whole, out);
}

/* One more file. A name has letters, digits, '_' and '-', and stands once. */
static status add_file(const struct option_row *r, const char *value, struct option_files *out)
{
    size_t size = option_value_name(value);
    struct option_file *f = &out->file[out->count];

    if (out->count == OPTION_FILES_MOST)
        return BAD(r, value, "more than %d files", OPTION_FILES_MOST);
    if (value[size] != '=')
        size = 0;
    if (size >= OPTION_NAME)
        return BAD(r, value, "a name has at most %d letters", OPTION_NAME - 1);
    snprintf(f->name, sizeof f->name, "%.*s", (int)size, value);
    for (int i = 0; i < out->count && size > 0; i++)
        if (strcmp(out->file[i].name, f->name) == 0)
            return BAD(r, value, "'%s' stands twice", f->name);
    TRY(set_path(r, value + (size > 0 ? size + 1 : 0), f->path));
    out->count++;
    return OK;
}

static status bad_choice(const struct option_row *r, const char *word)
{
    char storage[16][OPTION_NAME];
    const char *words[16];
    int count = 0;

    while (count < 16 && option_choice(r->values, count, storage[count])) {
        words[count] = storage[count];
        count++;
    }
    return BAD(r, word, "one of %s is wanted%s", r->values, text_suggest(word, words, count, ""));
}

static status set_list(const struct option_row *r, const char *value, unsigned *out)
{
    char copy[OPTION_SIZE], *save = NULL;
    unsigned bits = 0;

    TRY(set_text(r, value, copy));
    for (char *word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
        int place;
        word = text_trim(word);
        place = option_choice_find(r->values, word);
        if (place < 0)
            return bad_choice(r, word);
        bits |= 1u << place;
    }
    *out = bits;
    return OK;
}

status option_value_set(const struct option_row *r, void *field, const char *value)
{
    int place;

    switch (r->kind) {
    case OPTION_INT:
        return set_int(r, value, field);
    case OPTION_REAL:
        return set_real(r, value, field);
    case OPTION_DECIMAL:
        return set_decimal(r, value, field);
    case OPTION_TEXT:
        return set_text(r, value, field);
    case OPTION_PATH:
        return set_path(r, value, field);
    case OPTION_LIST:
        return set_list(r, value, field);
    case OPTION_FILES:
        return add_file(r, value, field);
    case OPTION_FLAG:
        place = option_choice_find("off|on", value);
        if (place < 0)
            return BAD(r, value, "on or off is wanted");
        *(int *)field = place;
        return OK;
    case OPTION_CHOICE:
        place = option_choice_find(r->values, value);
        if (place < 0)
            return bad_choice(r, value);
        *(int *)field = place;
        return OK;
    }
    BUG_IF(1);
}

static void print_list(const char *values, unsigned bits, char *out, size_t size)
{
    char name[OPTION_NAME];
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; option_choice(values, i, name); i++)
        if (bits >> i & 1 && used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "," : "", name);
}

static void print_files(const struct option_files *files, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < files->count && used < size; i++) {
        const struct option_file *f = &files->file[i];

        used += (size_t)snprintf(out + used, size - used, "%s%s%s%s", used ? "," : "", f->name,
                                 f->name[0] ? "=" : "", f->path);
    }
}

void option_value_print(const struct option_row *r, const void *field, char *out, size_t size)
{
    char name[OPTION_NAME];

    switch (r->kind) {
    case OPTION_INT:
        snprintf(out, size, "%d", *(const int *)field);
        break;
    case OPTION_REAL:
        snprintf(out, size, "%.15g", *(const double *)field);
        break;
    case OPTION_DECIMAL:
    case OPTION_TEXT:
    case OPTION_PATH:
        snprintf(out, size, "%s", (const char *)field);
        break;
    case OPTION_FLAG:
        snprintf(out, size, "%s", *(const int *)field ? "on" : "off");
        break;
    case OPTION_CHOICE:
        snprintf(out, size, "%s", option_choice(r->values, *(const int *)field, name));
        break;
    case OPTION_LIST:
        print_list(r->values, *(const unsigned *)field, out, size);
        break;
    case OPTION_FILES:
        print_files(field, out, size);
        break;
    }
}

void option_value_wanted(const struct option_row *r, char *out, size_t size)
{
    snprintf(out, size, "%s", r->kind == OPTION_FLAG ? "on|off" : r->values ? r->values : "VALUE");
    for (char *p = out; r->kind == OPTION_LIST && *p; p++)
        *p = *p == '|' ? ',' : *p;
}
