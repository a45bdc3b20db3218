/* src/base/option_idle.c: options whose value cannot change anything are refused. */
#include "base_option.h"
#include "option_value.h"

#include <string.h>

static const struct option_row *find(const struct option_table *t, const char *name, size_t length)
{
    for (int i = 0; i < t->rows; i++)
        if (strncmp(t->row[i].name, name, length) == 0 && t->row[i].name[length] == '\0')
            return &t->row[i];
    BUG_IF(1);
}

static status check_row(const struct option_row *r, const void *settings, const void *defaults,
                        const char *why)
{
    char value[OPTION_SIZE], usual[OPTION_SIZE];

    option_value_print(r, (const char *)settings + r->where, value, sizeof value);
    option_value_print(r, (const char *)defaults + r->where, usual, sizeof usual);
    if (strcmp(value, usual) == 0)
        return OK;
    return FAIL(ERR_USAGE, "%s = %.200s has no effect: %s", r->name, value, why);
}

status option_idle_check(const struct option_table *t, const void *settings, const void *defaults,
                         const struct option_idle *rule, int rules)
{
    for (int i = 0; i < rules; i++)
        for (const char *at = rule[i].names; *at; at += strspn(at, " ")) {
            size_t length = strcspn(at, " ");
            const struct option_row *r = find(t, at, length);

            if (rule[i].idle)
                TRY(check_row(r, settings, defaults, rule[i].why));
            at += length;
        }
    return OK;
}
