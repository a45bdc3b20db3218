/* src/model/line.h: a description's line being read. Private to the room. */
#ifndef QUANTCAM_MODEL_LINE_H
#define QUANTCAM_MODEL_LINE_H

#include "model_parts.h"

enum { LINE_WORDS = 48 };

/* words[next] is the first not yet understood. */
struct line {
    struct model *m;
    int number;
    char *words[LINE_WORDS];
    int count, next;
    int capacity; /* of the model's nodes */
};

#define LINE_BAD(l, ...) error_prefix(FAIL(ERR_FORMAT, __VA_ARGS__), "%s:%d", (l)->m->source, (l)->number)

/* Copies a word that is to be a name. */
MUST_USE status line_name(struct line *l, const char *what, const char *word, char out[MODEL_NAME]);
/* The next word, or an error that says what should stand there. */
MUST_USE status line_word(struct line *l, const char *what, char **out);
MUST_USE status line_int(struct line *l, const char *what, int64_t low, int64_t high, int *out);
MUST_USE status line_real(struct line *l, const char *what, double *out);
/* enum model_attribute, or -1. */
int line_find_attribute(const char *word);
/* The rest of a node's line. */
MUST_USE status line_attributes(struct line *l, struct model_node *n);

#endif
