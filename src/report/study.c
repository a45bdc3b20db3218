/* src/report/study.c: the studies, and their numbers by name. */
#include "study.h"

#include <string.h>

const struct study *const study_all[] = { &rogers2023 };
const int study_count = COUNT_OF(study_all);

const char *study_number(const struct study *s, const char *network, const char *precision,
                         const char *measure, const char *set)
{
    for (int n = 0; n < STUDY_NETWORKS && s->network[n]; n++)
        for (int i = 0; i < s->numbers && strcmp(s->network[n], network) == 0; i++)
            if (strcmp(s->number[i].precision, precision) == 0 &&
                strcmp(s->number[i].measure, measure) == 0 && strcmp(s->number[i].set, set) == 0)
                return s->number[i].text[n];
    return NULL;
}

const struct study *study_of(const struct grid *g)
{
    for (int i = 0; i < study_count; i++)
        if (strncmp(g->id, study_all[i]->id, strlen(study_all[i]->id)) == 0)
            return study_all[i];
    return NULL;
}
