/* src/h5/error.c: starting HDF5, its reasons in our sentences, and whose fault a failure was. */
#include "h5_parts.h"

#include <stdlib.h>
#include <string.h>

void h5_start(void)
{
    static int started;

    if (started++)
        return;
    /* A result has a lock of its own: HDF5's would only fail on file systems without locks. */
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
    /* At exit HDF5 1.10 closes a file whose close has failed (a dead disk) once more, and crashes; we close
     * what we open. */
    H5dont_atexit();
    H5open();
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void h5_version(char out[32])
{
    unsigned major = 0, minor = 0, release = 0;

    h5_start();
    H5get_libversion(&major, &minor, &release);
    snprintf(out, 32, "%u.%u.%u", major, minor, release);
}

/* ---- troubles: the machine's failures, not the file's --------------------------------------------- */

static char trouble[200];

const char *h5_trouble(void)
{
    return trouble;
}

void h5_trouble_note(const char *why)
{
    if (!trouble[0])
        snprintf(trouble, sizeof trouble, "%s", why);
}

/* HDF5 puts the system's number and words into the text of what failed, behind what it was. */
static herr_t take_trouble(unsigned n, const H5E_error2_t *e, void *user)
{
    static const char number[] = "errno = ", words[] = "error message = '";
    const char *text = e->desc ? e->desc : "", *at = strstr(text, number), *why = strstr(text, words);
    char what[200];

    if (at && strtol(at + strlen(number), NULL, 10) != 0 && why) {
        why += strlen(words);
        snprintf(what, sizeof what, "HDF5: %.*s: %.*s", (int)strcspn(text, ":,"), text,
                 (int)strcspn(why, "'"), why);
        h5_trouble_note(what);
    } else if ((strstr(text, "memory alloc") || strstr(text, "allocate memory") ||
                (e->maj_num == H5E_RESOURCE && e->min_num == H5E_NOSPACE)) &&
               mem_is_short()) { /* a damaged size asks for more than any machine has */
        h5_trouble_note("HDF5: no memory");
    }
    return 0;
}

/* HDF5 calls this at the end of every call of ours that failed, whether or not we look at what it returned.
 */
static herr_t notice(hid_t stack, void *user)
{
    return H5Ewalk2(stack, H5E_WALK_UPWARD, take_trouble, NULL);
}

void h5_trouble_start(void)
{
    h5_start();
    trouble[0] = '\0';
    H5Eset_auto2(H5E_DEFAULT, notice, NULL);
}

/* HDF5 takes a program that set this for one that wants to hear of its leaks at the end. */
void h5_trouble_end(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* ---- sentences ------------------------------------------------------------------------------------ */

struct reasons {
    char outer[160], inner[400];
};

/* Upward: the first is the innermost, the last the function that we called. Of a failed system call the
 * message is enough: the rest is addresses and times. */
static herr_t take_reason(unsigned n, const H5E_error2_t *e, void *user)
{
    static const char mark[] = "error message = '";
    struct reasons *r = user;
    const char *text = e->desc ? e->desc : "", *system = strstr(text, mark);

    if (n == 0 && system)
        snprintf(r->inner, sizeof r->inner, "%.*s", (int)strcspn(system + strlen(mark), "'"),
                 system + strlen(mark));
    else if (n == 0)
        snprintf(r->inner, sizeof r->inner, "%s", text);
    snprintf(r->outer, sizeof r->outer, "%s", text);
    return 0;
}

status h5_fail(const char *file, int line, const char *name, const char *path, const char *format, ...)
{
    struct reasons r = { "", "" };
    char what[200];
    va_list args;

    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_reason, &r);
    H5Eclear2(H5E_DEFAULT);
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    for (char *p = r.inner; *p; p++)
        if (*p == '\n')
            *p = ' ';
    int one = !r.inner[0] || !strcmp(r.inner, r.outer);
    error_set(ERR_IO, file, line, "%s%s%s%s%s%sHDF5: %s%s%s%s", name, name[0] ? ": " : "", path,
              path[0] ? ": " : "", what, what[0] ? ": " : "", r.outer[0] ? r.outer : "failed",
              one ? "" : " (", one ? "" : r.inner, one ? "" : ")");
    return ERR_IO;
}
