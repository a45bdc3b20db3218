/* tests/fuzz/driver.c: runs a target's cases, N of them, the same on every machine.
 *
 *     fuzz_png [--cases=N] [--seed=S] [--folder=DIR]    all cases 0 .. N-1
 *     fuzz_png --case=I [--seed=S]                      this one, in this process: for a debugger
 *     fuzz_png FILE...                                  these inputs, in this process
 *
 * Cases run in a child process, so that one that crashes (in a library, too) is named, its bytes are saved in
 * the folder (default: this program's), and the next ones run. A case fails if it crashes, says nothing clean
 * (fuzz_verdict), leaks counted memory, takes 5 s of processor time, or, in a sanitizer build, has more
 * allocated than the target's bound. Last line but one: cases, accepted, refused, slowest, most bytes. */
#include "driver.h"

#include <errno.h>
#include <execinfo.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
/* Of <sanitizer/allocator_interface.h>, which not every gcc brings along. */
size_t __sanitizer_get_current_allocated_bytes(void);
void __sanitizer_print_stack_trace(void);
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));
#endif

enum { MAX_SEEDS = 512, MAX_MARKS = 4096, MAX_FAILURES = 20, LIMIT_S = 5, EXIT_SLOW = 98, EXIT_LARGE = 99 };

struct driver {
    const char *program, *folder;
    int64_t cases, only;
    uint64_t random_seed;
    struct fuzz_seed seed[MAX_SEEDS];
    int seeds;
    FILE *said; /* what the process that runs the cases wrote to stderr */
    uint8_t *input;
    int failures;
};

/* ---- seeds ------------------------------------------------------------------------------------------ */

static void find_marks(struct fuzz_seed *s)
{
    s->mark = mem_alloc(MAX_MARKS, sizeof *s->mark);
    for (int m = 0; fuzz_target.marks && fuzz_target.marks[m]; m++) {
        size_t length = strlen(fuzz_target.marks[m]);

        for (size_t at = 0; at + length <= s->size && s->marks < MAX_MARKS; at++)
            if (memcmp(s->bytes + at, fuzz_target.marks[m], length) == 0)
                s->mark[s->marks++] = at;
    }
}

static void add_seed(struct driver *d, const char *path)
{
    struct fuzz_seed *s = &d->seed[d->seeds];
    char *bytes;

    if (text_read_file(path, fuzz_target.most, &bytes, &s->size) != OK)
        fuzz_fail("%s: the seed cannot be read: %s", path, error_last()->text);
    snprintf(s->path, sizeof s->path, "%s", path);
    s->bytes = (uint8_t *)bytes;
    find_marks(s);
    d->seeds++;
}

static void read_seeds(struct driver *d)
{
    if (fuzz_target.start)
        fuzz_target.start();
    for (int i = 0; fuzz_target.seeds[i]; i++) {
        glob_t found;

        if (glob(fuzz_target.seeds[i], 0, NULL, &found) != 0)
            fuzz_fail("%s: no seed %s here", fuzz_target.name, fuzz_target.seeds[i]);
        for (size_t k = 0; k < found.gl_pathc && d->seeds < MAX_SEEDS; k++)
            add_seed(d, found.gl_pathv[k]);
        globfree(&found);
    }
}

/* ---- what a case may take --------------------------------------------------------------------------- */

static size_t bytes_before;

/* In a signal's handler or an allocator's: a test may, where a program may not. */
static void say_where(const char *why)
{
#if defined(__SANITIZE_ADDRESS__)
    fprintf(stderr, "%s\n", why);
    __sanitizer_print_stack_trace();
#else
    enum { OWN = 2 }; /* this function and the handler */
    void *frame[64];
    int frames = backtrace(frame, COUNT_OF(frame));

    fprintf(stderr, "%s\n", why);
    backtrace_symbols_fd(frame + OWN, frames > OWN ? frames - OWN : 0, STDERR_FILENO);
#endif
}

#if defined(__SANITIZE_ADDRESS__)
/* Every large allocation, and now and then one among small ones. */
static void on_malloc(const volatile void *block, size_t size)
{
    static unsigned small;
    size_t now;

    if (size < 1 << 16 && ++small % 256)
        return;
    now = __sanitizer_get_current_allocated_bytes();
    now = now > bytes_before ? now - bytes_before : 0;
    if (now > fuzz_count->most_bytes)
        fuzz_count->most_bytes = now;
    if (now > fuzz_target.bound) {
        say_where("more memory than the target's bound");
        _exit(EXIT_LARGE);
    }
}
static void on_free(const volatile void *block)
{
}
static void watch_memory(void)
{
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}
static void note_memory(void)
{
    bytes_before = __sanitizer_get_current_allocated_bytes();
}
#else
/* Without a sanitizer nothing counts: a case that would take the machine down fails to allocate. */
static void watch_memory(void)
{
    struct rlimit most = { .rlim_cur = (rlim_t)8 << 30, .rlim_max = (rlim_t)8 << 30 };

    setrlimit(RLIMIT_AS, &most);
}
static void note_memory(void)
{
    bytes_before = 0;
}
#endif

/* Of a coverage build: what ran before a crash counts too. */
void __gcov_dump(void) __attribute__((weak));

static void on_slow(int number)
{
    say_where("more than 5 s of processor time");
    _exit(EXIT_SLOW);
}

/* Without a sanitizer, which has its own. */
static void on_crash(int number)
{
    signal(number, SIG_DFL);
    say_where(strsignal(number));
    if (__gcov_dump)
        __gcov_dump();
    raise(number);
}

static double used_s(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* In a block of exactly its size, so that a sanitizer sees one byte too many. */
static void run_case(const uint8_t *bytes, size_t size)
{
    struct itimerval limit = { .it_value = { .tv_sec = LIMIT_S } }, none = { 0 };
    uint8_t *exact = malloc(size ? size : 1);
    long live = mem_live();
    double before = used_s();

    if (!exact)
        fuzz_fail("no memory for the case");
    memcpy(exact, bytes, size);
    note_memory();
    setitimer(ITIMER_PROF, &limit, NULL);
    LLVMFuzzerTestOneInput(exact, size);
    setitimer(ITIMER_PROF, &none, NULL);
    free(exact);
    if (mem_live() != live)
        fuzz_fail("%ld blocks of memory are left", mem_live() - live);
    before = used_s() - before;
    if (before > fuzz_count->slowest_s) {
        fuzz_count->slowest_s = before;
        fuzz_count->slowest = fuzz_count->at;
    }
}

static void start(void)
{
    static uint8_t stack[1 << 16]; /* a handler's own, for a stack that overflowed */
    static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    struct sigaction act = { .sa_handler = on_crash, .sa_flags = SA_ONSTACK };
    stack_t own = { .ss_sp = stack, .ss_size = sizeof stack };

    signal(SIGPROF, on_slow);
#if !defined(__SANITIZE_ADDRESS__)
    sigaltstack(&own, NULL);
    for (size_t i = 0; i < COUNT_OF(crashes); i++)
        sigaction(crashes[i], &act, NULL);
#else
    (void)crashes, (void)act, (void)own;
#endif
    watch_memory();
}

/* ---- the cases -------------------------------------------------------------------------------------- */

static void run_from(struct driver *d, int64_t first, int64_t end)
{
    start();
    for (int64_t i = first; i < end; i++) {
        fuzz_count->at = i;
        run_case(d->input, fuzz_make(d->seed, d->seeds, d->random_seed, i, d->input));
    }
}

/* Is the innermost frame that tells a file of its own the library's? Lines of both kinds name the file of a
 * frame; those of the C library, of the sanitizers and of this driver's handlers say nothing. */
static int died_in_library(struct driver *d)
{
    static const char *const nobody[] = { "libc.so",   "libasan",          "libubsan",  "sysdeps",
                                          "sanitizer", "say_where",        "on_malloc", "on_slow",
                                          "on_crash",  "<unknown module>", "vdso" };
    char line[1024];

    rewind(d->said);
    while (fgets(line, sizeof line, d->said)) {
        int skip = 0;

        if (!strstr(line, "    #") && !strstr(line, "[0x"))
            continue;
        for (size_t i = 0; i < COUNT_OF(nobody); i++)
            skip |= strstr(line, nobody[i]) != NULL;
        if (!skip)
            return strstr(line, fuzz_target.library) != NULL;
    }
    return 0;
}

static void repeat_said(struct driver *d)
{
    char line[1024];

    rewind(d->said);
    for (int i = 0; i < 60 && fgets(line, sizeof line, d->said); i++)
        fputs(line, stderr);
}

static void report(struct driver *d, int how)
{
    int64_t i = fuzz_count->at;
    char path[512];
    size_t size = fuzz_make(d->seed, d->seeds, d->random_seed, i, d->input);

    if (fuzz_target.library && died_in_library(d)) {
        fuzz_count->in_library++;
        return;
    }
    d->failures++;
    repeat_said(d);
    snprintf(path, sizeof path, "%s/%s-%llu-%lld", d->folder, fuzz_target.name,
             (unsigned long long)d->random_seed, (long long)i);
    if (text_write_file(path, d->input, size) != OK)
        fprintf(stderr, "%s\n", error_last()->text);
    fprintf(stderr, "fuzz %s: case %lld %s %d; again: %s --seed=%llu --case=%lld; its bytes: %s\n",
            fuzz_target.name, (long long)i, WIFSIGNALED(how) ? "died of signal" : "ended with exit code",
            WIFSIGNALED(how) ? WTERMSIG(how) : WEXITSTATUS(how), d->program,
            (unsigned long long)d->random_seed, (long long)i, path);
}

static void run_all(struct driver *d)
{
    int64_t next = 0;

    while (next < d->cases && d->failures < MAX_FAILURES) {
        int how;
        pid_t child;

        fflush(NULL);
        rewind(d->said);
        if (ftruncate(fileno(d->said), 0) != 0)
            fuzz_fail("stderr's file: %s", strerror(errno));
        child = fork();
        if (child < 0)
            fuzz_fail("fork: %s", strerror(errno));
        if (child == 0) {
            fuzz_count->at = next;
            dup2(fileno(d->said), STDERR_FILENO);
            run_from(d, next, d->cases);
            exit(0);
        }
        while (waitpid(child, &how, 0) < 0 && errno == EINTR)
            ;
        if (WIFEXITED(how) && WEXITSTATUS(how) == 0)
            return;
        report(d, how);
        next = fuzz_count->at + 1;
    }
}

static int run_files(struct driver *d, int count, char **path)
{
    start();
    for (int i = 0; i < count; i++) {
        char *bytes;
        size_t size;

        if (text_read_file(path[i], fuzz_target.most, &bytes, &size) != OK)
            fuzz_fail("%s", error_last()->text);
        error_last()->text[0] = '\0';
        run_case((uint8_t *)bytes, size);
        printf("%s: %s\n", path[i], error_last()->text[0] ? error_last()->text : "accepted");
        mem_free(bytes);
    }
    return 0;
}

static int summary(struct driver *d)
{
    printf("%-12s %7lld cases from %3d seeds: %7lld accepted, %7lld refused, slowest %.3f s (case %lld)",
           fuzz_target.name, (long long)d->cases, d->seeds, (long long)fuzz_count->accepted,
           (long long)fuzz_count->refused, fuzz_count->slowest_s, (long long)fuzz_count->slowest);
    if (fuzz_target.library)
        printf(", %lld crashes of %s", (long long)fuzz_count->in_library, fuzz_target.library);
    if (fuzz_count->most_bytes)
        printf(", most memory %.1f of %.0f MiB", (double)fuzz_count->most_bytes / (1 << 20),
               (double)fuzz_target.bound / (1 << 20));
    printf("\nfuzz/%s: %lld checks, %d failed\n", fuzz_target.name,
           (long long)(fuzz_count->accepted + fuzz_count->refused), d->failures);
    return d->failures || !fuzz_count->accepted || !fuzz_count->refused;
}

static int option(const char *word, const char *name, int64_t *out)
{
    size_t n = strlen(name);

    if (strncmp(word, name, n) != 0)
        return 0;
    if (!text_parse_int(word + n, 0, INT64_MAX, out))
        fuzz_fail("%s: no number", word);
    return 1;
}

static void remove_folder(void)
{
    char command[96];

    snprintf(command, sizeof command, "rm -rf %s", fuzz_folder());
    if (system(command) != 0)
        fprintf(stderr, "%s is left\n", fuzz_folder());
}

static int run(struct driver *d, int count, char **path)
{
    if (count > 0)
        return run_files(d, count, path);
    read_seeds(d);
    if (d->only >= 0) {
        run_from(d, d->only, d->only + 1);
        printf("%s case %lld: %s\n", fuzz_target.name, (long long)d->only,
               fuzz_count->accepted ? "accepted" : error_last()->text);
        return 0;
    }
    run_all(d);
    return summary(d);
}

int main(int argc, char **argv)
{
    static struct driver d = { .cases = 1000, .only = -1 };
    int64_t seed = 1;
    int words = 1, result;

    d.program = argv[0];
    d.folder = ".";
    for (; words < argc && strncmp(argv[words], "--", 2) == 0; words++)
        if (strncmp(argv[words], "--folder=", 9) == 0)
            d.folder = argv[words] + 9;
        else if (!option(argv[words], "--cases=", &d.cases) && !option(argv[words], "--case=", &d.only) &&
                 !option(argv[words], "--seed=", &seed))
            fuzz_fail("%s: unknown option (--cases= --seed= --case= --folder=)", argv[words]);
    d.random_seed = (uint64_t)seed;
    if (fuzz_target.cost > 1)
        d.cases /= fuzz_target.cost;
    fuzz_count = mmap(NULL, sizeof *fuzz_count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    d.input = malloc(fuzz_target.most);
    if (fuzz_count == MAP_FAILED || !d.input)
        fuzz_fail("no memory");
    d.said = tmpfile();
    if (!d.said)
        fuzz_fail("no file for stderr");
    fuzz_folder();
    result = run(&d, argc - words, argv + words);
    remove_folder();
    return result;
}
