/* src/phase/job_same.c: would two jobs give one precision of one network the same values? Asked of the texts
 * that results keep of their jobs, so that a line of a program that this one does not know counts, too. */
#include "phase.h"

#include <string.h>

/* Whose values are asked for. */
struct scope {
    const char *network, *precision;
    enum job_values of;
};

/* `text` behind "WORD.", or NULL where it does not begin so. */
static const char *behind(const char *text, const char *word, size_t length)
{
    return strncmp(text, word, length) == 0 && text[length] == '.' ? text + length + 1 : NULL;
}

static int is_network_key(const char *key)
{
    const struct option_group *g = &job_table()->group[0];

    for (int i = 0; i < g->rows; i++)
        if (strcmp(g->row[i].name, key) == 0)
            return 1;
    return strcmp(key, "model.sha256") == 0;
}

/* Does the line network.NETWORK.KEY count? Not where KEY begins with another precision's name, which has a
 * checkpoint in the same text. */
static int network_counts(const char *text, const char *key, const struct scope *s)
{
    char line[4 * OPTION_NAME], hex[OPTION_SIZE];
    size_t word = strcspn(key, ".");

    if (is_network_key(key) || behind(key, s->precision, strlen(s->precision)))
        return 1;
    snprintf(line, sizeof line, "network.%s.%.*s.sha256", s->network, (int)word, key);
    return !text_value(text, line, hex, sizeof hex);
}

/* Do the values depend on the line of this key? */
static int counts(const char *text, const char *key, const struct scope *s)
{
    const struct option_table *t = job_table();
    const char *rest;

    for (int i = 0; i < t->rows; i++)
        if (strcmp(t->row[i].name, key) == 0)
            return !(t->row[i].spares & s->of);
    if (strcmp(key, "data.sha256") == 0)
        return 0; /* pictures are compared one by one */
    if (behind(key, "group", 5))
        return 0;
    if (behind(key, "data.saliency", 13))
        return s->of == JOB_ROWS;
    if ((rest = behind(key, "network", 7))) {
        rest = behind(rest, s->network, strlen(s->network));
        return rest && network_counts(text, rest, s);
    }
    if ((rest = behind(key, "precision", 9)))
        return behind(rest, s->precision, strlen(s->precision)) != NULL;
    return 1;
}

static void say(const char *key, const char *there, const char *here, char *why, size_t size)
{
    const size_t length = strlen(key);

    if (behind(key, "data.saliency", 13) && text_ends(key, length, ".sha256"))
        snprintf(why, size, "what saliency.%.*s names is another", (int)(length - 21), key + 14);
    else if (text_ends(key, length, ".model.sha256"))
        snprintf(why, size, "its description is another");
    else if (text_ends(key, length, ".sha256"))
        snprintf(why, size, "its checkpoint is another");
    else if (text_ends(key, length, ".numerics"))
        snprintf(why, size, "its file was computed by another version of this program's arithmetic");
    else if (there && here)
        snprintf(why, size, "%s is '%s' there, '%s' here", key, there, here);
    else
        snprintf(why, size, "%s is known %s alone", key, there ? "there" : "here");
}

/* Rows of networks and precisions that tables of older programs did not have are as if they were not set. */
static int says_nothing(const char *key, const char *value)
{
    static const struct {
        const char *key, *value;
    } younger[] = { { ".input", "" }, { ".cam.layer", "" }, { ".classes.skip", "auto" } };
    int nothing = 0;

    for (size_t i = 0; i < COUNT_OF(younger); i++)
        nothing |= text_ends(key, strlen(key), younger[i].key) && strcmp(value, younger[i].value) == 0;
    return nothing;
}

/* Has `other` every line of `text` that counts? */
static int has_all(const char *text, const char *other, int text_is_there, const struct scope *s, char *why,
                   size_t size)
{
    char key[OPTION_SIZE], mine[OPTION_SIZE] = "", found[OPTION_SIZE];

    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        const char *equals = memchr(line, '=', length), *value;
        size_t n = equals && equals > line ? (size_t)(equals - line) - 1 : length;

        snprintf(key, sizeof key, "%.*s", (int)n, line);
        line += length + (line[length] == '\n');
        if (!counts(text, key, s))
            continue;
        value = text_value(other, key, found, sizeof found);
        if (text_value(text, key, mine, sizeof mine) &&
            (value ? strcmp(mine, found) == 0 : says_nothing(key, mine)))
            continue;
        say(key, text_is_there ? mine : value, text_is_there ? value : mine, why, size);
        return 0;
    }
    return 1;
}

int job_same(const char *there, const char *here, const char *network, const char *precision,
             enum job_values of, char *why, size_t size)
{
    const struct scope s = { network, precision, of };

    static const char version[] = "numerics.version";
    char old[OPTION_SIZE], now[OPTION_SIZE];

    why[0] = '\0';
    if (text_value(there, version, old, sizeof old) && text_value(here, version, now, sizeof now) &&
        strcmp(old, now) != 0) { /* what matters most is said first */
        say(version, old, now, why, size);
        return 0;
    }
    return has_all(here, there, 0, &s, why, size) && has_all(there, here, 1, &s, why, size);
}
