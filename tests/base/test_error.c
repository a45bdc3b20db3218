#include "base.h"
#include "check.h"

#include <string.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static status inner(int fail)
{
    if (fail)
        return FAIL(ERR_RANGE, "value %d", fail);
    return OK;
}

static status outer(int fail)
{
    TRY(inner(fail));
    return OK;
}

static status with_out(int fail, int *freed)
{
    status result = OK;

    TRY_OUT(inner(fail));
out:
    (*freed)++;
    return result;
}

int main(void)
{
    int freed = 0;
    char long_text[3000];
    pid_t child;
    int state = 0;

    CHECK(outer(0) == OK);
    CHECK(outer(7) == ERR_RANGE);
    CHECK(strcmp(error_last()->text, "value 7") == 0);
    CHECK(strncmp(error_last()->where, "test_error.c:", 13) == 0);
    CHECK(with_out(3, &freed) == ERR_RANGE && with_out(0, &freed) == OK && freed == 2);

    /* The record may be an argument of its own successor. */
    CHECK(FAIL(ERR_FORMAT, "file.conf:3: %s", error_last()->text) == ERR_FORMAT);
    CHECK(strcmp(error_last()->text, "file.conf:3: value 3") == 0);
    CHECK(error_prefix(ERR_FORMAT, "job %s", "a") == ERR_FORMAT);
    CHECK(strcmp(error_last()->text, "job a: file.conf:3: value 3") == 0);
    CHECK(error_prefix(OK, "job %s", "b") == OK);
    CHECK(strcmp(error_last()->text, "job a: file.conf:3: value 3") == 0);

    /* Anything too long is cut, never overrun. */
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    CHECK(FAIL(ERR_IO, "%s", long_text) == ERR_IO);
    CHECK(strlen(error_last()->text) == sizeof error_last()->text - 1);
    CHECK(error_prefix(ERR_IO, "%s", long_text) == ERR_IO);
    CHECK(strlen(error_last()->text) < sizeof error_last()->text);

    CHECK(error_exit_code(OK) == 0 && error_exit_code(ERR_USAGE) == 2);
    CHECK(error_exit_code(ERR_STOPPED) == 75 && error_exit_code(ERR_IO) == 1);
    CHECK(error_exit_code(ERR_BUSY) == 4 && error_exit_code(ERR_MEMORY) == 1);
    CHECK(strcmp(error_name(ERR_STOPPED), "stopped") == 0);

    /* A bug ends the process by abort. */
    child = fork();
    if (child == 0) {
        fclose(stderr);
        BUG_IF(1 + 1 == 2);
        _exit(0);
    }
    waitpid(child, &state, 0);
    CHECK(WIFSIGNALED(state) && WTERMSIG(state) == SIGABRT);
    return check_result("test_error");
}
