/* src/cli/preinit.c: one thread for OpenBLAS. Its constructor reads OPENBLAS_NUM_THREADS, starts a thread a
 * core and takes memory for each, and hangs or dies where a limit forbids that (ulimit -v, -u), before main.
 * What stands in .preinit_array runs before the constructors of all libraries: it sets the variable and
 * starts the program anew in its own place, whatever number the user gave: svd_create asks OpenBLAS for one
 * thread in any case. The variable is then set: once is enough. Where that cannot be done, the program goes
 * on. Nothing is initialised here but libc's plain calls. */
#include <sys/auxv.h>
#include <unistd.h>

enum { VARIABLES = 4096, PATH_BYTES = 4096 };

static char one_thread[] = "OPENBLAS_NUM_THREADS=1";
static char *environment[VARIABLES + 2];

/* Where `text` begins with `start`, what follows; no library, sanitizers' among them, is ready yet. */
__attribute__((no_sanitize_address)) static const char *after(const char *text, const char *start)
{
    while (*start)
        if (*text++ != *start++)
            return NULL;
    return text;
}

__attribute__((no_sanitize_address)) static int contains(const char *text, const char *word)
{
    for (; *text; text++)
        if (after(text, word))
            return 1;
    return 0;
}

/* The environment with one thread; 0 where it is so already, or valgrind runs the program, which would be
 * left behind. */
__attribute__((no_sanitize_address)) static int change_environment(char **from)
{
    int count = 0;

    for (int i = 0; from[i]; i++) {
        const char *threads = after(from[i], "OPENBLAS_NUM_THREADS="),
                   *preload = after(from[i], "LD_PRELOAD=");

        if ((threads && threads[0] == '1' && !threads[1]) || (preload && contains(preload, "vgpreload")) ||
            count == VARIABLES)
            return 0;
        if (!threads)
            environment[count++] = from[i];
    }
    environment[count++] = one_thread;
    return 1;
}

__attribute__((no_sanitize_address)) static void take_one_thread(int argc, char **argv, char **from)
{
    static char path[PATH_BYTES];
    ssize_t length;

    (void)argc;
    /* AT_BASE is 0 where the loader was called by name (ld.so quantcam): /proc/self/exe is then the loader.
     */
    if (!getauxval(AT_BASE) || !change_environment(from))
        return;
    length = readlink("/proc/self/exe", path, sizeof path);
    if (length > 0 && length < (ssize_t)sizeof path)
        execve(path, argv, environment);
}

__attribute__((section(".preinit_array"), used)) static void (*const preinit)(int, char **,
                                                                              char **) = take_one_thread;
