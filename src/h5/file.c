/* src/h5/file.c: whole files: opened, created, closed, and what is in them listed. */
#include "h5_parts.h"

#include <mpi.h>
#include <unistd.h>

/* ---- opening -------------------------------------------------------------------------------------- */

/* MPI-IO over this process alone: nothing collective happens in the file after its creation, since its
 * metadata never changes, and a rank whose disk fails in here fails alone instead of leaving the others in a
 * collective call. */
static hid_t open_shared(const char *path)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), file = -1;
    MPI_Info info;

    MPI_Info_create(&info);
    /* Sieving reads and writes back bytes between ours: other ranks' rows. */
    MPI_Info_set(info, "romio_ds_write", "disable");
    MPI_Info_set(info, "romio_cb_write", "disable");
    if (H5Pset_fapl_mpio(access, MPI_COMM_SELF, info) >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0)
        file = H5Fopen(path, H5F_ACC_RDWR, access);
    MPI_Info_free(&info);
    H5Pclose(access);
    return file;
}

/* HDF5 would wait for a pipe's writer. */
static status check_regular(const char *path)
{
    uint64_t size;
    int fd;
    status s = text_open_file(path, &fd, &size);

    if (s == OK)
        close(fd);
    else
        h5_trouble_note(error_last()->text);
    return s;
}

status h5_open(const char *path, const char *name, enum h5_access access, struct h5_file *out)
{
    *out = (struct h5_file){ name, 0, 0 };
    h5_start();
    if (access == H5_READ) {
        TRY(check_regular(path));
        out->id = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    } else {
        out->id = open_shared(path);
    }
    return out->id < 0 ? FAIL_H5(name, "", "cannot be opened") : OK;
}

/* ---- creating, closing ---------------------------------------------------------------------------- */

int h5_plain_group(hid_t list)
{
    return H5Pset_link_phase_change(list, 32768, 0) >= 0 && H5Pset_obj_track_times(list, 0) >= 0;
}

static int in_order(hid_t list)
{
    unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

    return H5Pset_link_creation_order(list, order) >= 0 && H5Pset_attr_creation_order(list, order) >= 0 &&
           H5Pset_obj_track_times(list, 0) >= 0;
}

status h5_create(const char *path, const char *name, const struct h5_form *form, struct h5_file *out)
{
    hid_t access, creation;

    *out = (struct h5_file){ name, 0, 1 };
    h5_start();
    access = H5Pcreate(H5P_FILE_ACCESS);
    creation = H5Pcreate(H5P_FILE_CREATE);
    /* V18, not later: a superblock without the "not closed" flag that a kill would leave set. SEMI: closing
     * fails where a handle is still open, instead of going on behind our back. */
    if (H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_SEMI) >= 0 &&
        (!form->alignment ||
         H5Pset_alignment(access, (hsize_t)form->alignment, (hsize_t)form->alignment) >= 0) &&
        (!form->user_block || H5Pset_userblock(creation, form->user_block) >= 0) &&
        (form->ordered ? in_order(creation) : h5_plain_group(creation)))
        out->id = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    status s = out->id < 0 ? FAIL_H5(name, "", "cannot be created") : OK;
    H5Pclose(access);
    H5Pclose(creation);
    return s;
}

status h5_close(struct h5_file *file, status before)
{
    /* HDF5 1.10 crashes over a file whose close has failed: flush first, and then rather leave its handle
     * open. */
    int failed = file->id > 0 &&
                 ((file->created && H5Fflush(file->id, H5F_SCOPE_LOCAL) < 0) || H5Fclose(file->id) < 0);

    file->id = failed ? -1 : 0;
    return failed && before == OK ? FAIL_H5(file->name, "", "cannot be closed") : before;
}

/* ---- what is in a file ---------------------------------------------------------------------------- */

int64_t h5_links(const struct h5_file *file)
{
    H5G_info_t group;

    return H5Gget_info(file->id, &group) < 0 || group.nlinks > INT64_MAX ? -1 : (int64_t)group.nlinks;
}

int64_t h5_link(const struct h5_file *file, int64_t i, char *name, size_t size, int *hard)
{
    H5L_info_t link;
    ssize_t length = H5Lget_name_by_idx(file->id, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, (hsize_t)i, name,
                                        size, H5P_DEFAULT);

    *hard = length > 0 && (size_t)length < size && H5Lget_info(file->id, name, &link, H5P_DEFAULT) >= 0 &&
            link.type == H5L_TYPE_HARD;
    return length;
}

struct visitor {
    status (*each)(void *user, const char *path);
    void *user;
    status failure;
};

static herr_t visit(hid_t root, const char *name, const H5O_info_t *info, void *user)
{
    struct visitor *v = user;

    if (info->type == H5O_TYPE_DATASET)
        v->failure = v->each(v->user, name);
    return v->failure == OK ? 0 : -1;
}

status h5_visit(const struct h5_file *file, status (*each)(void *user, const char *path), void *user)
{
    struct visitor v = { each, user, OK };

    if (H5Ovisit(file->id, H5_INDEX_NAME, H5_ITER_INC, visit, &v) < 0 && v.failure == OK)
        return FAIL_H5(file->name, "", "listing the datasets");
    return v.failure;
}
