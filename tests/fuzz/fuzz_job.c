/* Job files: the options' reader with the job's table, and job_check. */
#include "fuzz.h"
#include "phase.h"

static const char *const seeds[] = { "jobs/*.conf", "tests/fuzz/seeds/job/*", NULL };
static const char *const words[] = { "[network ", "[data]\n", "[explain]\n", "[cam]\n",     "[subset]\n",
                                     "images = ", "steps = ", "fraction = ", "method = ",   "limit = ",
                                     " = ",       "=",        "]",           "[",           "#",
                                     "\n",        "\r\n",     "../",         "/etc/passwd", "\033[2J",
                                     "\xc2\x9b",  "\xff",     "0.05",        "on",          "off",
                                     NULL };
const struct fuzz_target fuzz_target = {
    .name = "job", .seeds = seeds, .words = words, .most = 64 << 10, .bound = (size_t)16 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct job *job = mem_alloc(1, sizeof *job);
    status s;

    if (!job)
        fuzz_fail("no memory for a job");
    job_defaults(job);
    s = option_read_text(job_table(), job, "case.conf", (const char *)bytes, size);
    if (s == OK)
        s = job_settle(job);
    if (s == OK)
        s = job_check(job, job);
    fuzz_verdict(s);
    mem_free(job);
    return 0;
}
