/* tests/fuzz/table.h: what is done with a checkpoint that was read: every tensor is looked at, and the small
 * network of tests/fixtures/tiny is bound to it. */
#ifndef QUANTCAM_TEST_FUZZ_TABLE_H
#define QUANTCAM_TEST_FUZZ_TABLE_H

#include <string.h>

#include "fuzz.h"
#include "model.h"
#include "weight.h"

/* In the pickles of torch's checkpoints. */
#define TABLE_PICKLE_WORDS                                                                                   \
    "cposix\nsystem\n", "ctorch\nFloatStorage\n", "ctorch._utils\n_rebuild_tensor_v2\n", "ctorch\nqint8\n",  \
        "\x8a\xff", "(", "}", "R", "b", "u", "s", "\x86", "\x87", ".", "Q", "X\xff\xff\xff\x7f"
#define TABLE_PICKLE_MARKS "\x80\x02", "ctorch", "ccollections", "storage", "J"

/* A tensor may be larger than what lies in the file: strides of 0 repeat. */
static inline void look_at_tensor(const char *name, const struct tensor *t)
{
    int64_t count = tensor_count(t);
    char shape[96];

    tensor_describe(t, shape, sizeof shape);
    if (count < 0 || !fuzz_is_printable(name, strlen(name)) || !fuzz_is_printable(shape, strlen(shape)))
        fuzz_fail("tensor '%s' is %s", name, shape);
    if (count == 0)
        return;
    (void)tensor_at(t, count - 1);
    if (count <= 1 << 20) {
        float *all = mem_alloc((size_t)count, sizeof *all);

        tensor_copy_f32(t, all);
        mem_free(all);
    }
}

static inline status bind_tiny(const struct model *m, const struct tensor_table *t)
{
    struct model_binding b = { 0 };
    struct model_head head = { 0 };
    status s = model_bind(m, t, &(struct model_reading){ .allow_unused = 1 }, &b);

    for (int i = 0; s == OK && i < m->nodes; i++)
        if (m->node[i].op == OP_CONV || m->node[i].op == OP_LINEAR) {
            struct model_layer layer = { 0 };

            s = model_layer_load(&b, i, &layer);
            model_layer_free(&layer);
        }
    if (s == OK && model_head_load(&b, &head) == OK)
        model_head_free(&head);
    model_unbind(&b);
    return s;
}

static inline void look_at_table(struct tensor_table *t)
{
    static struct model tiny;
    static const char path[] = "tests/fixtures/tiny/tiny.model";
    static char where[] = "case";
    char *text = NULL, *source = t->source;
    size_t size;

    for (int i = 0; i < t->count; i++)
        look_at_tensor(t->entry[i].name, &t->entry[i].tensor);
    if (text_read_file(path, 1 << 20, &text, &size) != OK || model_parse(path, text, size, &tiny) != OK)
        fuzz_fail("%s", error_last()->text);
    t->source = where;
    if (t->count > 0)
        fuzz_verdict(bind_tiny(&tiny, t));
    t->source = source;
    model_free(&tiny);
    mem_free(text);
}

/* What a reader made of the bytes; releases it. */
static inline void judge_table(status s, struct tensor_table *t)
{
    fuzz_verdict(s);
    if (s == OK)
        look_at_table(t);
    table_free(t);
}

#endif
