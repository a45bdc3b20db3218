/* src/base/option_idle.c: options whose value cannot change anything are refused. */
#include "base_option.h"
#include "option_value.h"

#include <string.h>

static const struct option_row *find(const struct option_table *t, const char *name)
{
    for (int i = 0; i < t->rows; i++)
        if (strcmp(t->row[i].name, name) == 0)
            return &t->row[i];
    BUG_IF(1);
}

status option_idle_check(const struct option_table *t, const void *settings, const void *defaults,
                         const struct option_idle *rule, int rules)
{
    for (int i = 0; i < rules; i++) {
        const struct option_row *r = find(t, rule[i].name);
        char value[OPTION_SIZE], usual[OPTION_SIZE];

        if (!rule[i].idle)
            continue;
        option_value_print(r, (const char *)settings + r->where, value, sizeof value);
        option_value_print(r, (const char *)defaults + r->where, usual, sizeof usual);
        if (strcmp(value, usual) != 0)
            return FAIL(ERR_USAGE, "%s = %.200s has no effect: %s", r->name, value, rule[i].why);
    }
    return OK;
}
