/* infer --pixels: an HDF5 file's /pixels. Allocated: HDF5's own; a row is as large as the network's picture.
 */
#include "h5.h"
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
    int64_t dim[H5_MOST_AXES] = { 0 };
    struct h5_file file;
    uint8_t row[8 * 8 * 3];
    status s = h5_open(path, path, H5_READ, &file);

    if (s == OK)
        s = h5_shape(&file, "pixels", 4, dim);
    if (s == OK && (dim[1] != 8 || dim[2] != 8 || dim[3] != 3))
        s = FAIL(ERR_MISMATCH, "%s: another shape", path);
    if (s == OK)
        s = h5_get(&file, "pixels", H5_U8, 0, row);
    fuzz_verdict(s);
    if (h5_close(&file, OK) != OK)
        fuzz_verdict(error_last()->status);
    return 0;
}
