/* tests/h5/test_error.c: what a failure of HDF5's says, and whether the machine or the file is to blame. */
#include "check.h"
#include "h5/h5_parts.h"

#include <string.h>
#include <unistd.h>

/* The sentence has the names, our words, HDF5's outermost reason and its innermost one; afterwards the stack
 * is empty. */
static void check_sentence(void)
{
    CHECK(H5Fopen("absent/file.h5", H5F_ACC_RDONLY, H5P_DEFAULT) < 0);
    CHECK(FAIL_H5("file.h5", "/x", "cannot be %s", "opened") == ERR_IO);
    CHECK_MSG(strstr(error_last()->text, "file.h5: /x: cannot be opened: HDF5: ") == error_last()->text &&
                  strstr(error_last()->text, "(No such file or directory)"),
              "%s", error_last()->text);
    CHECK(H5Eget_num(H5E_DEFAULT) == 0);
    CHECK(FAIL_H5("", "", "nothing") == ERR_IO && !strcmp(error_last()->text, "nothing: HDF5: failed"));
    CHECK(FAIL_H5("f", "", "%s", "") == ERR_IO && !strcmp(error_last()->text, "f: HDF5: failed"));
}

/* The first trouble stays; a file that is none of HDF5's is no trouble of the machine's. */
static void check_trouble(void)
{
    char path[] = "/tmp/quantcam-h5-XXXXXX";
    struct h5_file file;
    int fd = mkstemp(path);

    CHECK(fd >= 0 && write(fd, "text", 4) == 4 && close(fd) == 0);
    h5_trouble_start();
    CHECK(h5_open(path, path, H5_READ, &file) == ERR_IO && h5_trouble()[0] == '\0');
    CHECK(h5_open("absent.h5", "absent.h5", H5_READ, &file) == ERR_MISSING);
    CHECK_MSG(strstr(h5_trouble(), "absent.h5"), "%s", h5_trouble());
    h5_trouble_note("later");
    CHECK(strstr(h5_trouble(), "absent.h5") != NULL);
    h5_trouble_start();
    CHECK(h5_trouble()[0] == '\0');
    CHECK(H5Fopen("absent.h5", H5F_ACC_RDONLY, H5P_DEFAULT) < 0);
    CHECK_MSG(strstr(h5_trouble(), "HDF5: unable to open file: No such file or directory") == h5_trouble(),
              "%s", h5_trouble());
    h5_trouble_end();
    unlink(path);
}

int main(void)
{
    char version[32];

    h5_version(version);
    CHECK_MSG(strlen(version) >= 5 && strspn(version, "0123456789.") == strlen(version), "%s", version);
    check_sentence();
    check_trouble();
    CHECK(mem_live() == 0);
    return check_result("h5/error");
}
