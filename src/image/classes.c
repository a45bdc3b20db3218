/* src/image/classes.c: which class a folder of pictures is, where that is certain (DESIGN 7.9): by a mapping
 * of synset ids, by its number, or by its place among as many folders as the network has classes. */
#include "class_folders.h"

#include <stdlib.h>
#include <string.h>

#include "synset.h"

/* ---- what is there ------------------------------------------------------------------------------------- */

/* Digits alone: "+1" and "1 " are names. */
static enum class_folder_kind kind_of(const char *name, int64_t *number)
{
    size_t n = strlen(name);

    if (image_is_wnid(name, n))
        return CLASS_FOLDER_SYNSET;
    return strspn(name, "0123456789") == n && text_parse_int(name, 0, INT32_MAX, number) ? CLASS_FOLDER_NUMBER
                                                                                         : CLASS_FOLDER_OTHER;
}

static status look(struct class_folders *f)
{
    struct list *l = f->list;

    f->count = l->class_names;
    f->all_numbers = 1;
    MEM_TRY(f->folder, (size_t)f->count, sizeof *f->folder);
    for (int i = 0; i < f->count; i++) {
        struct class_folder *d = &f->folder[i];

        d->name = l->class_name[i];
        d->kind = kind_of(class_folders_name(f, i), &d->number);
        f->synsets += d->kind == CLASS_FOLDER_SYNSET;
        f->numbers += d->kind == CLASS_FOLDER_NUMBER;
    }
    for (int i = 0; i < l->count; i++) {
        struct class_folder *d = &f->folder[l->entry[i].class_index];

        d->first = d->pictures++ ? d->first : i;
        d->direct += class_folders_below(f, i, &(const char *){ NULL }) == 0;
        f->all_numbers &= d->kind == CLASS_FOLDER_NUMBER;
    }
    return OK;
}

static status refuse_numbers(const struct class_folders *f, const char *why)
{
    return FAIL(ERR_MISMATCH, "%.300s: %d folders named by numbers, network %s has %d classes; %s",
                f->source->root, f->numbers, f->source->network, f->source->classes, why);
}

/* ---- the three ways ------------------------------------------------------------------------------------ */

static status by_mapping(struct class_folders *f)
{
    struct synsets table = { 0 };
    struct list *l = f->list;
    int *class_of = NULL, unknown = 0, used = 0, first = -1;
    status result = OK;

    TRY(synset_read(l, f->source, &table));
    MEM_TRY_OUT(class_of, (size_t)f->count, sizeof *class_of);
    for (int i = 0; i < f->count; i++) {
        class_of[i] = synset_find(&table, class_folders_name(f, i));
        used += class_of[i] >= 0 && f->folder[i].pictures > 0;
        if (class_of[i] >= 0 || f->folder[i].pictures == 0)
            continue;
        first = first < 0 ? i : first;
        unknown++;
    }
    if (unknown > 0) {
        int nested = f->folder[first].direct == 0;

        result = FAIL(ERR_MISMATCH,
                      "%.300s: %d of its %d folders %s no synset of %.200s, the first is '%.*s': %s%.*s%s",
                      f->source->root, unknown, f->count, unknown == 1 ? "is" : "are", f->source->synsets,
                      CLASS_FOLDER_SHOWN, class_folders_name(f, first),
                      nested ? "are the classes the folders in it? then give --images=.../"
                             : "take what is no class out",
                      nested ? CLASS_FOLDER_SHOWN : 0, class_folders_name(f, first),
                      nested ? "" : ", or give the folder whose folders are the classes");
        goto out;
    }
    for (int i = 0; i < l->count; i++)
        l->entry[i].class_index = class_of[l->entry[i].class_index];
    result =
        image_list_decide(l,
                          "classes = the folders' synsets, by their places in data.synsets; %d of %d have "
                          "pictures",
                          used, l->classes);
out:
    mem_free(class_of);
    synset_free(&table);
    return result;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The least and the largest number. ERR_MISMATCH where two folders have the same, as 1 and 01. */
static status look_at_numbers(struct class_folders *f)
{
    int64_t *number;
    status result = OK;
    int n = 0;

    MEM_TRY(number, (size_t)f->numbers + 1, sizeof *number);
    for (int i = 0; i < f->count; i++)
        if (f->folder[i].kind == CLASS_FOLDER_NUMBER)
            number[n++] = f->folder[i].number;
    qsort(number, (size_t)n, sizeof *number, by_value);
    for (int i = 1; i < n && result == OK; i++)
        if (number[i] == number[i - 1])
            result = FAIL(ERR_MISMATCH, "%.300s: two folders are class %lld by their names", f->source->root,
                          (long long)number[i]);
    f->least = number[0];
    f->most = number[n > 0 ? n - 1 : 0];
    mem_free(number);
    return result;
}

static status by_number(struct class_folders *f)
{
    struct list *l = f->list;
    int classes = f->source->classes;

    TRY(look_at_numbers(f));
    if (!f->all_numbers)
        return FAIL(ERR_MISMATCH,
                    "%.300s: --folders=number, but not all folders with pictures are named by digits alone",
                    f->source->root);
    if (classes > 0 && f->most >= classes)
        return refuse_numbers(f, f->least == 1 && f->most == classes
                                     ? "they count from 1, classes from 0: rename them, or give "
                                       "--labels=FILE with lines `path,class_index`"
                                     : "the largest is none of them: give --labels=FILE with lines "
                                       "`path,class_index`");
    for (int i = 0; i < l->count; i++)
        l->entry[i].class_index = (int)f->folder[l->entry[i].class_index].number;
    l->classes = classes > 0 ? classes : (int)f->most + 1;
    l->class_names = 0;
    return image_list_decide(l, "classes = the folders' numbers; %d of %d", f->numbers, l->classes);
}

static status by_place(struct class_folders *f)
{
    int empty = 0, first = 0;

    for (int i = 0; i < f->count; i++) {
        if (f->folder[i].pictures > 0)
            continue;
        first = empty++ ? first : i;
    }
    if (empty == 0)
        return image_list_decide(
            f->list, "classes = the folders' places in the order of their names, %d of them", f->count);
    return image_list_decide(f->list,
                             "classes = the folders' places in the order of their names, %d of them, %d "
                             "without pictures, such as %s",
                             f->count, empty, class_folders_name(f, first));
}

/* ---- which of them ------------------------------------------------------------------------------------- */

/* Are numbers in the order of their texts? */
static int in_order(const struct class_folders *f)
{
    int64_t last = -1;

    for (int i = 0; i < f->count; i++) {
        if (f->folder[i].kind != CLASS_FOLDER_NUMBER)
            continue;
        if (f->folder[i].number < last)
            return 0;
        last = f->folder[i].number;
    }
    return 1;
}

static status numbers(struct class_folders *f)
{
    int classes = f->source->classes, low, high;

    TRY(look_at_numbers(f));
    low = f->least == 0;
    high = f->most == classes - 1;
    if (f->numbers > classes || class_folders_nested(f))
        return class_folders_refuse(f);
    if (f->numbers == classes && !in_order(f))
        return refuse_numbers(
            f, low && high ? "torchvision sorts them as text (1, 10, 100, 2): --folders=text if the network "
                             "was trained so, --folders=number if the number is the class"
                           : "torchvision sorts them as text (1, 10, 100, 2): --folders=text if the network "
                             "was trained so, else give --labels=FILE with lines `path,class_index`");
    if (f->numbers == classes && f->count == f->numbers && !(low && high))
        return by_place(f);
    if (f->numbers == classes - 1 && !(low && high))
        return refuse_numbers(
            f, "one class has no folder, and it is not certain that they count from the network's "
               "class 0: --folders=number if the number is the class");
    return by_number(f);
}

static status places(struct class_folders *f)
{
    struct text words = { .max = 4096 };
    int odd = 0;
    status result = class_folders_odd(f, &words, &odd);

    text_free(&words);
    TRY(result);
    return odd || f->count != f->source->classes ? class_folders_refuse(f) : by_place(f);
}

static status choose(struct class_folders *f)
{
    const struct image_source *s = f->source;

    if (s->synsets)
        return by_mapping(f);
    if (s->folders == IMAGE_FOLDERS_NUMBER)
        return by_number(f);
    if (s->classes == 0)
        return by_place(f);
    if (s->folders == IMAGE_FOLDERS_TEXT)
        return f->count == s->classes ? by_place(f) : class_folders_refuse(f);
    return f->all_numbers ? numbers(f) : places(f);
}

status classes_of_folders(struct list *l, const struct image_source *source)
{
    struct class_folders f = { .list = l, .source = source };
    status result;

    l->classes = l->class_names;
    result = look(&f);
    if (result == OK)
        result = choose(&f);
    mem_free(f.folder);
    return result;
}
