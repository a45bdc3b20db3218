#include "base.h"
#include "check.h"

#include <string.h>
#include <unistd.h>

/* Everything goes to stderr, from rank 0 alone, at or below the level. */
int main(void)
{
    char path[] = "/tmp/quantcam-log-XXXXXX", *text = NULL;
    int fd = mkstemp(path), saved = dup(2);
    size_t size = 0;

    CHECK(fd >= 0 && saved >= 0);
    dup2(fd, 2);
    log_init(LOG_NORMAL, 0, "host");
    log_info("info %d", 1);
    log_detail("detail");
    log_error("error %s", "x\x1B\n");
    CHECK(log_exit(OK) == 0 && log_exit(FAIL(ERR_USAGE, "no such %s", "key")) == 2);
    error_last()->rank = 2;
    CHECK(log_exit(ERR_STOPPED) == 75);
    log_init(LOG_VERBOSE, 3, "node03");
    log_info("not rank 0");
    log_rank("here");
    log_init(LOG_QUIET, 0, "host");
    log_info("quiet");
    fflush(stderr);
    dup2(saved, 2);
    CHECK(text_read_file(path, 1000, &text, &size) == OK);
    CHECK(text && strcmp(text, "info 1\nquantcam: error x??\nquantcam: no such key\n"
                               "quantcam: no such key (rank 2)\n[3 node03] here\n") == 0);
    mem_free(text);
    close(fd);
    unlink(path);
    return check_result("test_log");
}
