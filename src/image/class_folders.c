/* src/image/class_folders.c: what is odd about folders that should be classes, and what to say of them. */
#include "class_folders.h"

#include <string.h>
#include <strings.h>

enum { MOST_NAMES = 3, SHOWN = CLASS_FOLDER_SHOWN };

const char *class_folders_name(const struct class_folders *f, int i)
{
    return f->list->strings.data + f->folder[i].name;
}

size_t class_folders_below(const struct class_folders *f, int i, const char **name)
{
    size_t n;

    *name = strchr(image_list_path(f->list, i), '/') + 1;
    n = strcspn(*name, "/");
    return (*name)[n] ? n : 0;
}

/* ---- what is odd --------------------------------------------------------------------------------------- */

static int is_one_of(const char *name, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcasecmp(name, words[i]))
            return 1;
    return 0;
}

static int is_empty(const struct class_folders *f, int i)
{
    return f->folder[i].pictures == 0;
}

/* Are two names of one form: runs of digits, runs of letters, the same signs between them? */
static int is_alike(const char *a, const char *b)
{
    static const char digits[] = "0123456789", others[] = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~0123456789";

    while (*a && *b) {
        size_t x = strspn(a, digits), y = strspn(b, digits);

        if (!x && !y) {
            x = strcspn(a, others);
            y = strcspn(b, others);
        }
        if (!x != !y || (!x && *a != *b))
            return 0;
        a += x ? x : 1;
        b += y ? y : 1;
    }
    return *a == *b;
}

/* A folder without pictures that is called as none with pictures is. */
static int is_empty_unlike(const struct class_folders *f, int i)
{
    for (int k = 0; k < f->count; k++)
        if (!is_empty(f, i) ||
            (!is_empty(f, k) && is_alike(class_folders_name(f, i), class_folders_name(f, k))))
            return 0;
    return 1;
}

/* What archives, systems and editors leave. */
static int is_left_over(const struct class_folders *f, int i)
{
    static const char *const words[] = { "__MACOSX",
                                         "lost+found",
                                         "@eaDir",
                                         "#recycle",
                                         "$RECYCLE.BIN",
                                         "__pycache__",
                                         "System Volume Information" };

    return is_one_of(class_folders_name(f, i), words, COUNT_OF(words));
}

static int is_unlike(const struct class_folders *f, int i)
{
    return f->folder[i].kind == CLASS_FOLDER_OTHER &&
           (2 * f->synsets > f->count || 2 * f->numbers > f->count) && !is_empty(f, i) && !is_left_over(f, i);
}

/* Where there are as many folders as classes, some may be without pictures. */
static int is_odd_empty(const struct class_folders *f, int i)
{
    return (f->count == f->source->classes ? is_empty_unlike(f, i) : is_empty(f, i)) && !is_left_over(f, i);
}

static int is_nested(const struct class_folders *f, int i)
{
    return f->folder[i].direct == 0 && f->folder[i].pictures > 0;
}

static int has_below(const struct class_folders *f, int i, const char *name, size_t size)
{
    const struct class_folder *d = &f->folder[i];
    const char *other;

    for (int k = d->first; k < d->first + d->pictures; k++)
        if (class_folders_below(f, k, &other) == size && !memcmp(other, name, size))
            return 1;
    return 0;
}

/* Of the first sub-folders of folder a, how many does b have, too? */
static int shared_below(const struct class_folders *f, int a, int b)
{
    enum { LOOKED_AT = 8 };
    const struct class_folder *d = &f->folder[a];
    const char *name, *last = "";
    int shared = 0;

    for (int k = d->first, seen = 0; k < d->first + d->pictures && seen < LOOKED_AT; k++) {
        size_t n = class_folders_below(f, k, &name);

        if (n == strcspn(last, "/") && !memcmp(name, last, n))
            continue;
        last = name;
        seen++;
        shared += has_below(f, b, name, n);
    }
    return shared;
}

int class_folders_nested(const struct class_folders *f)
{
    static const char *const parts[] = { "train", "training", "val", "valid", "validation",
                                         "test",  "testing",  "dev", "eval",  "unlabeled" };
    int named = 0, nested = 0, shared = 0, last = -1;

    for (int i = 0; i < f->count; i++) {
        named += is_one_of(class_folders_name(f, i), parts, COUNT_OF(parts));
        if (!is_nested(f, i))
            continue;
        nested++;
        if (last >= 0 && !shared)
            shared = shared_below(f, last, i) > 1;
        last = i;
    }
    return nested > 0 && (named == f->count || shared);
}

static status name_some(const struct class_folders *f, int (*is)(const struct class_folders *, int),
                        const char *what, struct text *out, int *found)
{
    int n = 0;

    for (int i = 0; i < f->count; i++) {
        if (!is(f, i))
            continue;
        if (n < MOST_NAMES)
            TRY(text_add(out, "%s'%.*s'", n ? ", " : *found ? "; " : " (", SHOWN, class_folders_name(f, i)));
        n++;
    }
    if (n > MOST_NAMES)
        TRY(text_add(out, " and %d more", n - MOST_NAMES));
    if (n > 0)
        TRY(text_add(out, " %s", what));
    *found += n;
    return OK;
}

status class_folders_odd(const struct class_folders *f, struct text *out, int *found)
{
    *found = 0;
    TRY(name_some(f, is_left_over, "no class by its name", out, found));
    TRY(name_some(f, is_odd_empty, "without pictures", out, found));
    TRY(name_some(f, is_unlike, f->synsets > f->numbers ? "no synset as the others are" : "no number", out,
                  found));
    if (class_folders_nested(f)) {
        TRY(text_add(out, "%sfolders of folders", *found ? "; " : " ("));
        ++*found;
    }
    return *found ? text_add(out, ")") : OK;
}

/* ---- refusals ------------------------------------------------------------------------------------------ */

/* What to give. */
static status add_advice(const struct class_folders *f, struct text *out)
{
    const char *name;
    int nested = 0, with = 0, first = -1;

    for (int i = 0; i < f->count; i++) {
        nested += is_nested(f, i);
        with += f->folder[i].pictures > 0;
        first = first < 0 && is_nested(f, i) ? i : first;
    }
    if (nested > 0 && nested == with && f->synsets == 0) {
        int n = (int)class_folders_below(f, f->folder[first].first, &name);
        TRY(text_add(
            out, "are the classes the folders below, as '%.*s/%.*s'? then give --images=%.200s/%.*s; else ",
            SHOWN, class_folders_name(f, first), n < SHOWN ? n : SHOWN, name, f->source->root, SHOWN,
            class_folders_name(f, first)));
    }
    if (2 * f->synsets > f->count)
        TRY(text_add(out,
                     "give --synsets=LOC_synset_mapping.txt, which says the class of every synset, or "));
    else if (f->count != f->source->classes)
        TRY(text_add(out, "give the folder that has a folder for every class, or "));
    else
        TRY(text_add(out,
                     "take them out; or, if the sorted names are the network's classes, say --folders=text; "
                     "or give "));
    if (2 * f->synsets > f->count && f->count == f->source->classes)
        TRY(text_add(out, "--folders=text if the sorted names are the network's classes, or "));
    return text_add(out, "--labels=FILE with lines `path,class_index`%s", f->source->without);
}

status class_folders_refuse(const struct class_folders *f)
{
    struct text words = { .max = 4096 };
    int odd;
    status result = OK;

    TRY_OUT(text_add(&words, "%.300s: %d class folder%s, network %s has %d classes", f->source->root,
                     f->count, f->count == 1 ? "" : "s", f->source->network, f->source->classes));
    TRY_OUT(class_folders_odd(f, &words, &odd));
    if (f->source->classes == f->count + 1 && f->synsets == f->count)
        TRY_OUT(text_add(&words, ", one of which may be a background"));
    TRY_OUT(text_add(&words, ", so that the place of a folder does not tell its class: "));
    TRY_OUT(add_advice(f, &words));
    result = FAIL(ERR_MISMATCH, "%s", words.data);
out:
    text_free(&words);
    return result;
}
