/* infer --pixels: an HDF5 file's /pixels. Allocated: HDF5's own; a row is as large as the network's picture.
 */
#include "cli/h5.h"
#include "hdf5.h"

static const char *const seeds[] = { "build/fuzz-seeds/infer.h5", NULL };
static const char *const words[] = { FUZZ_HDF5_MARKS, "pixels", NULL };
static const char *const marks[] = { FUZZ_HDF5_MARKS, "pixels", NULL };

static void repair(uint8_t *bytes, size_t size)
{
    hdf5_repair(bytes, size, 0);
}

const struct fuzz_target fuzz_target = { .name = "pixels",
                                         .seeds = seeds,
                                         .words = words,
                                         .marks = marks,
                                         .most = 256 << 10,
                                         .bound = (size_t)256 << 20,
                                         .repair = repair,
                                         .library = "libhdf5" };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *path = fuzz_file(bytes, size);
    hsize_t dim[H5_MAX_RANK] = { 0 };
    hid_t file = -1;
    uint8_t row[8 * 8 * 3];
    status s = h5_open(path, &file);

    if (s == OK)
        s = h5_shape(path, file, "pixels", 4, dim);
    if (s == OK && (dim[1] != 8 || dim[2] != 8 || dim[3] != 3))
        s = FAIL(ERR_MISMATCH, "%s: another shape", path);
    if (s == OK)
        s = h5_read(path, file, "pixels", H5T_NATIVE_UINT8, 0, row);
    fuzz_verdict(s);
    if (file >= 0)
        H5Fclose(file);
    return 0;
}
