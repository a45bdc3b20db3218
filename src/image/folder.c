/* src/image/folder.c: torchvision's ImageFolder: sorted class folders, sorted pictures in each. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "list.h"

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

/* The sub-folders' names, sorted by bytes, hidden ones left out. */
static status class_folders(const char *root, char ***names, int *count, int *loose_pictures)
{
    status result = OK;
    struct dirent *d;
    int capacity = 0;
    DIR *dir;

    TRY(open_folder(root, &dir));
    while ((d = readdir(dir))) {
        if (d->d_name[0] == '.')
            continue;
        if (!is_folder(root, d)) {
            *loose_pictures += image_list_is_picture(d->d_name);
            continue;
        }
        TRY_OUT(image_list_grow((void **)names, *count, &capacity, sizeof **names));
        (*names)[*count] = mem_strdup(d->d_name);
        if (!(*names)[*count]) {
            result = FAIL(ERR_MEMORY, "%s: no memory for its names", root);
            goto out;
        }
        ++*count;
    }
    if (*count > 0)
        qsort(*names, (size_t)*count, sizeof **names, by_name);
out:
    closedir(dir);
    return result;
}

/* Adds the pictures below root/relative, in no order yet. */
static status add_pictures(struct list *l, const char *root, const char *relative, int class_index, int depth)
{
    status result = OK;
    char path[4096 + LIST_MAX_NAME], name[2 * LIST_MAX_NAME + 512];
    struct dirent *d;
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
            TRY_OUT(image_list_check_name(root, 0, name));
            TRY_OUT(add_pictures(l, root, name, class_index, depth + 1));
        } else if (image_list_is_picture(d->d_name)) {
            TRY_OUT(image_list_add(l, root, 0, name, class_index));
        }
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

status image_list_read_folders(struct list *l, const char *root)
{
    status result = OK;
    char **names = NULL;
    int count = 0, loose = 0;

    TRY_OUT(class_folders(root, &names, &count, &loose));
    for (int i = 0; i < count; i++) {
        int first = l->count;

        TRY_OUT(image_list_check_name(root, 0, names[i]));
        TRY_OUT(image_list_add_class(l, names[i]));
        TRY_OUT(add_pictures(l, root, names[i], i, 1));
        if (l->count > first)
            qsort_r(l->entry + first, (size_t)(l->count - first), sizeof *l->entry, by_path, l->strings.data);
    }
    l->classes = count;
    if (count == 0 && loose > 0)
        result = FAIL(ERR_MISSING,
                      "%s: %d picture%s but no class folders: a flat folder needs a label file "
                      "(path,class_index lines; -1 where a class is unknown)",
                      root, loose, loose == 1 ? "" : "s");
    else if (count == 0)
        result = FAIL(ERR_MISSING, "%s: no class folders (ImageFolder: one sub-folder a class)", root);
    else if (l->count == 0)
        result = FAIL(ERR_MISSING, "%s: its %d class folders hold no .jpg, .jpeg or .png files", root, count);
out:
    for (int i = 0; i < count; i++)
        mem_free(names[i]);
    mem_free(names);
    return result;
}
