/* verify's last part: a result's tables, selections and gallery follow from its rows, and one that does not
 * is named. */
#include "tiny_job.h"

#include <hdf5.h>

/* Adds to one element of a dataset, whatever the checksums say; 0 where that failed. */
static int change(const char *file, const char *path, hid_t type, int64_t element, double by)
{
    static double value[4096];
    hid_t f = H5Fopen(file, H5F_ACC_RDWR, H5P_DEFAULT), d = H5Dopen2(f, path, H5P_DEFAULT);
    hid_t space = H5Dget_space(d);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    int good = d >= 0 && count > element && count <= 4096 &&
               H5Dread(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) >= 0;

    if (good) {
        value[element] += by;
        good = H5Dwrite(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) >= 0;
    }
    H5Sclose(space);
    H5Dclose(d);
    return H5Fclose(f) >= 0 && good;
}

/* Changed, the dataset is named; changed back, all is well. */
static void notices(const struct tiny_job *t, const char *path, int64_t element, double by)
{
    char what[600];

    CHECK_MSG(change(t->job.out, path, 0, element, by), "%s", path);
    CHECK(phase_recheck(t->job.out, what, sizeof what) == OK);
    CHECK_MSG(strstr(what, path) != NULL, "%s: '%s'", path, what);
    CHECK(change(t->job.out, path, 0, element, -by));
    CHECK(phase_recheck(t->job.out, what, sizeof what) == OK);
    CHECK_MSG(what[0] == '\0', "%s: '%s'", path, what);
}

/* A row that tables are made of: what does not follow any more is said, whichever table is met first. */
static void notices_row(const struct tiny_job *t, const char *path, int64_t element, double by)
{
    char what[600];

    CHECK_MSG(change(t->job.out, path, 0, element, by), "%s", path);
    CHECK(phase_recheck(t->job.out, what, sizeof what) == OK);
    CHECK_MSG(what[0] != '\0', "%s", path);
    CHECK(change(t->job.out, path, 0, element, -by));
}

int main(void)
{
    struct tiny_job *t = mem_alloc(1, sizeof *t);
    char what[600] = "x";
    int code, made;

    tiny_job_begin(t);
    made = phase_run(&t->c, &t->job, &tiny_start) == OK;
    CHECK(made);
    if (t->c.rank == 0 && made) {
        CHECK(phase_recheck(t->job.out, what, sizeof what) == OK);
        CHECK_MSG(what[0] == '\0', "%s", what);
        /* Sets: all, raw, resolved, control. */
        notices(t, "/summary/images/ok", 0, 1);
        notices(t, "/summary/rows/bad", 0, -1);
        notices(t, "/summary/accuracy/int8/top1_count", 0, 1);
        notices(t, "/summary/accuracy/fp32/top5", 3, 0.5);
        notices(t, "/summary/measures/int8/vs_fp32/rmse_resolved/mean", 1, 0.015625);
        notices(t, "/summary/subset/threshold", 2, 0.5);
        notices(t, "/summary/subset/count", 1, -1);
        notices(t, "/summary/measures/fp32/std_real/median", 0, 0.015625);
        notices(t, "/summary/measures/int8/vs_fp32/ssim/high", 1, 0.015625);
        notices(t, "/summary/measures/int8/entropy_int/median", 0, 0.015625);
        notices(t, "/summary/measures/fp32/deletion/images", 1, 1);
        notices(t, "/summary/difference/int8/insertion_raw/low", 2, 0.5);
        notices(t, "/summary/histogram/int8/dice_own", 0, 0.5);
        notices(t, "/summary/difference/int8/top1/high", 0, 0.5);
        notices(t, "/gallery/tiny_top01_fp32", 5, 1);
        notices_row(t, "/models/tiny/subset/image", 1, -1);
        notices_row(t, "/models/tiny/int8/vs_fp32/rmse_resolved", 0, 8);
        notices_row(t, "/models/tiny/fp32/top5", 0, -1);
        notices_row(t, "/images/class_index", 1, 1);
        CHECK(phase_recheck("no_such.h5", what, sizeof what) != OK || what[0] != '\0');
    }
    code = tiny_job_end(t, "recheck");
    mem_free(t);
    return code;
}
