/* src/image/folder.c: torchvision's ImageFolder: sorted class folders, sorted pictures in each; or a flat
 * folder of pictures without labels. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "classes.h"

enum { MAX_DEPTH = 8 };

/* Symbolic links are followed, as ImageFolder does; some file systems do not say what a name is. */
static int is_folder(const char *dir, const struct dirent *d)
{
    char path[4096 + LIST_MAX_NAME];
    struct stat st;

    if (d->d_type != DT_UNKNOWN && d->d_type != DT_LNK)
        return d->d_type == DT_DIR;
    return text_path(path, sizeof path, dir, d->d_name) == OK && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static status open_folder(const char *path, DIR **out)
{
    *out = opendir(path);
    if (*out)
        return OK;
    return FAIL(errno == ENOENT ? ERR_MISSING : ERR_IO, "%s: %s", path, strerror(errno));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What a name in a folder is, for the list: 1 = a picture to take. Others are counted, the first by name
 * kept. */
static status is_taken(struct list *l, const char *dir, const char *relative, const char *name, int *taken)
{
    enum list_content content = image_list_content(dir, name);
    struct list_some *other = content == LIST_OTHER_PICTURE                             ? &l->left_out
                              : content == LIST_PICTURE && !image_list_is_picture(name) ? &l->renamed
                                                                                        : NULL;

    *taken = content == LIST_PICTURE;
    return other ? image_list_count(other, relative, name) : OK;
}

/* The sub-folders' names, sorted by bytes, hidden ones left out; pictures beside them. */
static status class_folders(struct list *l, const char *root, char ***names, int *count)
{
    status result = OK;
    struct dirent *d;
    int capacity = 0, taken;
    DIR *dir;

    TRY(open_folder(root, &dir));
    while ((d = readdir(dir))) {
        if (d->d_name[0] == '.')
            continue;
        if (!is_folder(root, d)) {
            TRY_OUT(is_taken(l, root, "", d->d_name, &taken));
            if (taken)
                TRY_OUT(image_list_count(&l->loose, "", d->d_name));
            continue;
        }
        TRY_OUT(mem_room(names, *count, &capacity, sizeof **names));
        (*names)[*count] = mem_strdup(d->d_name);
        if (!(*names)[*count])
            TRY_OUT(FAIL(ERR_MEMORY, "%s: no memory for its names", root));
        ++*count;
    }
    if (*count > 0)
        qsort(*names, (size_t)*count, sizeof **names, by_name);
out:
    closedir(dir);
    return result;
}

/* Adds the pictures below root/relative, in no order yet; of a flat folder ("") its own alone. */
static status add_pictures(struct list *l, const char *root, const char *relative, int class_index, int depth)
{
    status result = OK;
    char path[4096 + LIST_MAX_NAME], name[2 * LIST_MAX_NAME + 512];
    struct dirent *d;
    int taken;
    DIR *dir;

    TRY(text_path(path, sizeof path, root, relative));
    if (depth > MAX_DEPTH)
        return FAIL(ERR_FORMAT, "%s: folders lie more than %d deep", path, MAX_DEPTH);
    TRY(open_folder(path, &dir));
    while ((d = readdir(dir))) {
        if (d->d_name[0] == '.')
            continue;
        TRY_OUT(text_path(name, sizeof name, relative, d->d_name));
        if (is_folder(path, d)) {
            if (depth == 0)
                continue;
            TRY_OUT(image_list_check_name(root, 0, name));
            TRY_OUT(add_pictures(l, root, name, class_index, depth + 1));
            continue;
        }
        TRY_OUT(is_taken(l, path, relative, d->d_name, &taken));
        if (taken)
            TRY_OUT(image_list_add(l, root, 0, name, class_index));
    }
out:
    closedir(dir);
    return result;
}

static int by_path(const void *a, const void *b, void *strings)
{
    const char *s = strings;

    return strcmp(s + ((const struct list_entry *)a)->path, s + ((const struct list_entry *)b)->path);
}

static status add_sorted(struct list *l, const char *root, const char *relative, int class_index)
{
    int first = l->count;

    TRY(add_pictures(l, root, relative, class_index, *relative != 0));
    if (l->count > first)
        qsort_r(l->entry + first, (size_t)(l->count - first), sizeof *l->entry, by_path, l->strings.data);
    return OK;
}

/* Nothing to take: what is there instead? */
static status nothing(const struct list *l, const struct image_source *source, int folders)
{
    const char *root = source->root;
    char left_out[160] = "";

    if (l->left_out.count > 0)
        snprintf(left_out, sizeof left_out, "; %d other picture%s such as '%.60s' (neither JPEG nor PNG)",
                 l->left_out.count, l->left_out.count == 1 ? "" : "s", l->left_out.name);
    if (folders == 0 && l->loose.count > 0)
        return FAIL(ERR_MISSING,
                    "%s: %d picture%s but no class folders: a flat folder needs a label file "
                    "(path,class_index lines; -1 where a class is unknown)",
                    root, l->loose.count, l->loose.count == 1 ? "" : "s");
    if (folders == 0)
        return FAIL(ERR_MISSING, "%s: no class folders (ImageFolder: one sub-folder a class)%s", root,
                    left_out);
    return FAIL(ERR_MISSING, "%s: its %d class folders hold no .jpg, .jpeg or .png files%s", root, folders,
                left_out);
}

/* A flat folder's pictures; what lies in folders beside them is not meant to be forgotten. */
static status read_flat(struct list *l, const struct image_source *source, int folders)
{
    if (folders > 0 && l->count > 0)
        return FAIL(
            ERR_MISMATCH,
            "%s: %d picture%s such as '%.60s' beside %d folders with pictures (%d): which are meant? Give a "
            "folder that has the one or the other%s",
            source->root, l->loose.count, l->loose.count == 1 ? "" : "s", l->loose.name, folders, l->count,
            source->without);
    l->class_names = l->classes = 0;
    l->renamed = l->left_out = (struct list_some){ 0 };
    TRY(add_sorted(l, source->root, "", -1));
    return image_list_decide(l, "classes = none: a flat folder without labels");
}

/* Pictures beside the class folders, and those that no decoder here reads. */
static status decide(struct list *l)
{
    if (l->left_out.count > 0)
        TRY(image_list_decide(l, "left_out = %d picture%s neither JPEG nor PNG, such as %s",
                              l->left_out.count, l->left_out.count == 1 ? "" : "s", l->left_out.name));
    if (l->renamed.count > 0)
        TRY(image_list_decide(l, "by_content = %d JPEG or PNG under other names, such as %s",
                              l->renamed.count, l->renamed.name));
    if (l->loose.count > 0 && l->class_names + l->classes > 0)
        TRY(image_list_decide(
            l, "beside_folders = %d picture%s outside of the class folders left out, such as %s",
            l->loose.count, l->loose.count == 1 ? "" : "s", l->loose.name));
    return OK;
}

status image_list_read_folders(struct list *l, const struct image_source *source)
{
    const char *root = source->root;
    status result = OK;
    char **names = NULL;
    int count = 0;

    TRY_OUT(class_folders(l, root, &names, &count));
    for (int i = 0; i < count; i++) {
        TRY_OUT(image_list_check_name(root, 0, names[i]));
        TRY_OUT(image_list_add_class(l, names[i]));
        TRY_OUT(add_sorted(l, root, names[i], i));
    }
    if (source->flat && l->loose.count > 0 && (l->count == 0 || (!source->synsets && !source->folders)))
        TRY_OUT(read_flat(l, source, count));
    else if (l->count == 0)
        TRY_OUT(nothing(l, source, count));
    else
        TRY_OUT(classes_of_folders(l, source));
    result = decide(l);
out:
    for (int i = 0; i < count; i++)
        mem_free(names[i]);
    mem_free(names);
    return result;
}
