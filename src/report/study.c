/* src/report/study.c: the studies, and their numbers by name. */
#include "study.h"

#include <string.h>

const struct study *const study_all[] = { &rogers2023, &kerkouri2024, &training2024 };
const int study_count = COUNT_OF(study_all);

static int place_of(const struct study *s, const char *network)
{
    for (int n = 0; n < STUDY_NETWORKS && s->network[n]; n++)
        if (strcmp(s->network[n], network) == 0)
            return n;
    return -1;
}

const char *study_number(const struct study *s, const char *network, const char *precision,
                         const char *measure, const char *set)
{
    int n = place_of(s, network);

    for (int i = 0; n >= 0 && i < s->numbers; i++)
        if (strcmp(s->number[i].precision, precision) == 0 && strcmp(s->number[i].measure, measure) == 0 &&
            strcmp(s->number[i].set, set) == 0)
            return s->number[i].text[n];
    return NULL;
}

/* By the job's word, else by the hash. */
static int is_known(const struct study *s, int n, const char *first, const char *network,
                    const char *provenance)
{
    char key[2 * STORE_NAME + 32], value[2 * HASH_SIZE + 1];

    snprintf(key, sizeof key, "network.%s.published", network);
    if (text_value(provenance, key, value, sizeof value))
        return strcmp(value, "on") == 0;
    snprintf(key, sizeof key, "network.%s.%s.sha256", network, first);
    if (!text_value(provenance, key, value, sizeof value))
        return 0;
    for (int i = 0; i < STUDY_KNOWN && s->known[n][i]; i++)
        if (strncmp(value, s->known[n][i], strlen(s->known[n][i])) == 0)
            return 1;
    return 0;
}

status study_knows(struct store_reader *r, const struct study *s, int k, int *knows)
{
    const struct store_layout *l = store_reader_layout(r);
    int n = place_of(s, l->network[k].name);
    char *provenance = NULL;

    *knows = 0;
    if (n < 0)
        return OK;
    TRY(value_text(r, "/provenance", &provenance));
    *knows = provenance && is_known(s, n, l->precision[0].name, l->network[k].name, provenance);
    mem_free(provenance);
    return OK;
}

/* Is one of the words, NULL: any, what the name begins with, up to its end or a character? */
static int is_among(const char *words, const char *name, char end)
{
    for (const char *at = words; at && *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");

        if (strncmp(at, name, length) == 0 && name[length] == end)
            return 1;
        at += length;
    }
    return !words;
}

const struct study_mark *study_mark(const struct study *s, int from, const char *network,
                                    const char *precision, const char *measure)
{
    for (int i = from; i < s->marks; i++) {
        const struct study_mark *m = &s->mark[i];

        if (is_among(m->precision, precision, '\0') && is_among(m->measure, measure, '_') &&
            (!m->network || strcmp(m->network, network) == 0) && (!m->but || strcmp(m->but, network) != 0))
            return m;
    }
    return NULL;
}

const struct study *study_of(const struct grid *g)
{
    for (int i = 0; i < study_count; i++)
        if (strncmp(g->id, study_all[i]->id, strlen(study_all[i]->id)) == 0)
            return study_all[i];
    return NULL;
}
