/* src/image/folder.c: torchvision's ImageFolder: sorted class folders, sorted pictures in each; or a flat
 * folder of pictures without labels. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
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

static status walk(const struct list_walk *w, const char *relative, int depth)
{
    char path[4096 + LIST_MAX_NAME], name[2 * LIST_MAX_NAME + 512];
    status result = OK;
    struct dirent *d;
    int enter;
    DIR *dir;

    snprintf(path, sizeof path, "%s", w->root);
    if (*relative)
        TRY(text_path(path, sizeof path, w->root, relative));
    if (depth > MAX_DEPTH)
        return FAIL(ERR_FORMAT, "%s: folders lie more than %d deep", path, MAX_DEPTH);
    dir = opendir(path);
    if (!dir)
        return FAIL(errno == ENOENT ? ERR_MISSING : ERR_IO, "%s: %s", path, strerror(errno));
    while ((d = readdir(dir))) {
        if (d->d_name[0] == '.')
            continue;
        TRY_OUT(text_path(name, sizeof name, relative, d->d_name));
        enter = is_folder(path, d);
        TRY_OUT(w->each(w->user, path, name, &enter));
        if (enter)
            TRY_OUT(walk(w, name, depth + 1));
    }
out:
    closedir(dir);
    return result;
}

status image_list_walk(const struct list_walk *w, const char *relative)
{
    return walk(w, relative, *relative != 0);
}

/* ---- pictures ------------------------------------------------------------------------------------------ */

/* A list that grows, and the class of what is found. */
struct growing {
    struct list *list;
    const char *root;
    int class_index;
};

/* What a file is, for the list: 1 = a picture to take. Others are counted, the first by name kept. */
static status is_taken(struct list *l, const char *folder, const char *name, int *taken)
{
    const char *slash = strrchr(name, '/'), *own = slash ? slash + 1 : name;
    enum list_content content = image_list_content(folder, own);
    struct list_some *other = content == LIST_OTHER_PICTURE                            ? &l->left_out
                              : content == LIST_PICTURE && !image_list_is_picture(own) ? &l->renamed
                                                                                       : NULL;

    *taken = content == LIST_PICTURE;
    return other ? image_list_count(other, name) : OK;
}

/* A class folder; pictures beside them. */
static status add_top(void *user, const char *folder, const char *name, int *enter)
{
    struct list *l = user;
    int taken;

    if (*enter) {
        *enter = 0;
        return image_list_add_class(l, name);
    }
    TRY(is_taken(l, folder, name, &taken));
    return taken ? image_list_count(&l->loose, name) : OK;
}

/* A picture of a class folder, in whatever folder below, or of a flat folder, its own alone. */
static status add_picture(void *user, const char *folder, const char *name, int *enter)
{
    struct growing *g = user;
    int taken;

    if (*enter) {
        *enter = strchr(name, '/') != NULL;
        return *enter ? image_list_check_name(g->root, 0, name) : OK;
    }
    TRY(is_taken(g->list, folder, name, &taken));
    return taken ? image_list_add(g->list, g->root, 0, name, g->class_index) : OK;
}

/* Names of classes are places among the strings, and entries begin with one. */
static int by_string(const void *a, const void *b, void *strings)
{
    return strcmp((const char *)strings + *(const size_t *)a, (const char *)strings + *(const size_t *)b);
}

/* The pictures of a class folder, or of a flat one (""), by path. */
static status add_sorted(struct list *l, const char *root, const char *relative, int class_index)
{
    struct growing g = { l, root, class_index };
    int first = l->count;

    TRY(image_list_walk(&(struct list_walk){ root, add_picture, &g }, relative));
    if (l->count > first)
        qsort_r(l->entry + first, (size_t)(l->count - first), sizeof *l->entry, by_string, l->strings.data);
    return OK;
}

/* The sub-folders by name (bytes), hidden ones left out, and the pictures in each. */
static status add_folders(struct list *l, const char *root)
{
    char name[NAME_MAX + 1];

    TRY(image_list_walk(&(struct list_walk){ root, add_top, l }, ""));
    if (l->class_names > 0)
        qsort_r(l->class_name, (size_t)l->class_names, sizeof *l->class_name, by_string, l->strings.data);
    for (int i = 0; i < l->class_names; i++) {
        snprintf(name, sizeof name, "%s", l->strings.data + l->class_name[i]);
        TRY(image_list_check_name(root, 0, name));
        TRY(add_sorted(l, root, name, i));
    }
    return OK;
}

/* Nothing to take: what is there instead? */
static status nothing(const struct list *l, const char *root)
{
    int folders = l->class_names;
    char left_out[160] = "";

    if (l->left_out.count > 0)
        snprintf(left_out, sizeof left_out, "; %d other picture%s such as '%.60s' (neither JPEG nor PNG)",
                 l->left_out.count, l->left_out.count == 1 ? "" : "s", l->left_out.name);
    if (folders == 0 && l->loose.count > 0)
        return FAIL(ERR_MISSING,
                    "%s: %d picture%s but no class folders: a flat folder needs a label file "
                    "(path,class_index lines; -1 where a class is unknown), or data.labels = none",
                    root, l->loose.count, l->loose.count == 1 ? "" : "s");
    if (folders == 0)
        return FAIL(ERR_MISSING, "%s: no class folders (ImageFolder: one sub-folder a class)%s", root,
                    left_out);
    return FAIL(ERR_MISSING, "%s: its %d class folders hold no .jpg, .jpeg or .png files%s", root, folders,
                left_out);
}

/* A flat folder's pictures; what lies in folders beside them is not meant to be forgotten. */
static status read_flat(struct list *l, const struct image_source *source)
{
    if (l->count > 0)
        return FAIL(
            ERR_MISMATCH,
            "%s: %d picture%s such as '%.60s' beside %d folders with pictures (%d): which are meant? Give a "
            "folder that has the one or the other%s",
            source->root, l->loose.count, l->loose.count == 1 ? "" : "s", l->loose.name, l->class_names,
            l->count, source->without);
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
    TRY(add_folders(l, source->root));
    if (source->flat && l->loose.count > 0 && (l->count == 0 || (!source->synsets && !source->folders)))
        TRY(read_flat(l, source));
    else if (l->count == 0)
        return nothing(l, source->root);
    else
        TRY(classes_of_folders(l, source));
    return decide(l);
}
