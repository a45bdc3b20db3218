/* src/cli/man.c: what the commands' manual pages say beside their options: exit codes, files, environment,
 * examples. */
#include "man.h"

#include <stdio.h>
#include <string.h>

#include "base_option.h"
#include "version.h"

struct entry {
    const char *pages; /* " run job ": names of commands; "" stands for every page but job's */
    const char *what, *text;
};

static const struct entry codes[] = {
    { "", "0", "Done." },
    { "", "1",
      "Failed: one sentence on stderr says what and why. Also where stdout did not take all of a result." },
    { " run main ", "", "Or finished with more bad pictures than `data.max_bad` allows." },
    { " verify ", "", "Or the result is damaged." },
    { "", "2", "The command line or the job file is wrong, or sets an option that has no effect." },
    { " verify main ", "3",
      "`verify` could not look: no file, no rights, an I/O error, no memory, another version." },
    { " run train main ", "4", "Another job is at work on this result." },
    { " run train main ", "75",
      "Stopped early by a signal; the same command goes on from there. Under mpirun SIGUSR1 alone ends so: "
      "mpirun answers others by a code of its own." },
    { " verify ", "75", "Not finished, but sound: the job that wrote it can go on." },
};

static const struct entry environment[] = {
    { " run infer explain quantize train bench version main ", "QUANTCAM_ISA",
      "The instruction set where `isa` is auto: ref, avx2 or avx512vnni. The result is the same." },
    { " run train main ", "QUANTCAM_THREADS",
      "off: no second thread for the watchdog and for dealing out work, where an MPI library does not bear "
      "one." },
    { " run main ", "QUANTCAM_SHARE",
      "off: each rank has a copy of the packed weights, not one a node in MPI's shared memory." },
    { " run main ", "QUANTCAM_FAULT",
      "RANK:IMAGE or RANK:PHASE: that rank fails there. For tests of how a job ends." },
    { " run main ", "TMPDIR", "Where a prediction (`run.dry-run`, `run.predict`) writes its small result." },
    { " run quantize train main ", "QUANTCAM_MPIRUN",
      "The mpirun that `-j` starts; else the one on PATH that belongs to the MPI in use." },
    { " run quantize train main ", "OMPI_MCA_rmaps_base_oversubscribe",
      "1: more ranks than cores. `-j` sets it where it is unset; for your own mpirun set it yourself." },
    { " run quantize train main ", "OMPI_ALLOW_RUN_AS_ROOT, OMPI_ALLOW_RUN_AS_ROOT_CONFIRM",
      "Both 1: mpirun as root, as in containers. `-j` sets them where they are unset." },
    { " run main ", "OMPI_MCA_io",
      "Set to romio321 where it is unset: Open MPI's own way of writing leaves lock files on several "
      "hosts." },
};

static const struct entry files[] = {
    { " run job main ", "OUT", "The result (`store.out`), HDF5, there only once the job is done." },
    { " run job main ", "OUT.part",
      "The result while the job runs, or after it was stopped: what it has, it keeps." },
    { " run job main ", "OUT.log.jsonl",
      "A line a start: when, where, on how many ranks, rows so far. It stays." },
    { " run job main ", "OUT.NETWORK.PRECISION.safetensors",
      "The checkpoint that a job made where the precision says quantize. It stays." },
    { " run job main ", "OUT.progress.json",
      "While the job runs: phase, items done and in all, items a second, seconds left." },
    { " run job main ", "OUT.lock, OUT.part.creating",
      "While the job runs or begins: they keep a second job out. Left by a killed job they do no harm." },
    { " run job main ", "PREFIX/share/quantcam/{models,jobs,slurm}",
      "Descriptions of networks, job files, a batch script; the paths in job files begin there." },
    { " train ", "OUT", "The trained weights (`store.out`), safetensors, there only once the job is done." },
    { " train ", "STEM.packed.safetensors",
      "Of a low-bit network STEM.safetensors: what `infer`, `explain` and jobs run as integers." },
    { " train ", "OUT.state.safetensors",
      "All that a resume needs, rewritten after every epoch and at a stop. It goes at the end." },
    { " train ", "OUT.curve.csv", "A line an epoch: rate, loss, share of right answers. It stays." },
    { " train ", "OUT.log.jsonl", "A line a start: when, where, on how many ranks, steps so far. It stays." },
    { " train ", "OUT.lock", "While the job runs. Left by a killed job it does no harm." },
    { " report ", "RESULT-report/report.html", "The page. Beside it the tables and gallery/." },
};

static const struct entry examples[] = {
    { " main ", "quantcam run jobs/demo.conf -j 4", "The demo's job on 4 processes." },
    { " main ", "quantcam show results/demo.h5", "Its tables." },
    { " main ", "quantcam report results/demo.h5", "The page, results/demo-report/report.html." },
    { " run ", "mpirun -np 16 quantcam run jobs/imagenet.conf --images=/data/val",
      "The published study. The same command again resumes it." },
    { " run ", "quantcam run jobs/imagenet.conf --images=/data/val --dry-run -j 64",
      "What it would take on 64 ranks; nothing is written." },
    { " run ", "quantcam run jobs/demo.conf --limit=40 --explain.steps=0 -o quick.h5",
      "40 of the pictures, no curves: a first look in seconds." },
    { " run ", "quantcam run more.conf --from results/demo.h5 -o results/more.h5",
      "What the demo's result has of the same pictures, networks and precisions is taken from there." },
    { " infer ",
      "quantcam infer --model models/resnet18.model --weights resnet18-f37072fd.pth cat.jpg -o cat.h5",
      "Then `h5dump -d /cam cat.h5` prints the map." },
    { " explain ",
      "quantcam explain cat.jpg --job jobs/imagenet.conf --network resnet18 --names LOC_synset_mapping.txt",
      "Writes cat-resnet18.png." },
    { " quantize ",
      "quantcam quantize --model models/mobilenet_v2.model --weights mine.pth --images calibration -o "
      "int8.h5",
      "Then `int8 = int8.h5` in a job." },
    { " show ", "quantcam show results/demo.h5 --worst 20", "Where the maps differ most." },
    { " show ", "quantcam show results/demo.h5 --csv", "For programs." },
    { " report ", "quantcam report results/demo.h5 --pictures 32 -o /tmp/page", "More pictures, elsewhere." },
    { " inspect ", "quantcam inspect models/resnet18.model resnet18_fbgemm_16fa66dd.pth",
      "Its nodes, their bytes, scales and zero points." },
    { " inspect ", "quantcam inspect results/demo.h5", "Every dataset of a result with its meaning." },
    { " synth ", "quantcam synth pictures --images 100 --seed 7", "100 pictures in pictures/." },
    { " train ", "quantcam train jobs/training-mnist.conf -j 2", "MNIST's network on 2 processes." },
    { " train ",
      "quantcam train jobs/training-mnist.conf --preset=2-bit --weights=results/mnist.safetensors -o "
      "results/mnist-2bit.safetensors",
      "From there to 2 bits." },
    { " verify ", "quantcam verify results/demo.h5", "Prints `complete`." },
    { " verify ", "quantcam verify --digest results/demo.h5", "The same line wherever the job ran." },
    { " bench ", "quantcam bench --model models/resnet18.model --layers", "Every layer's time." },
    { " version ", "quantcam version", "For a report of a fault." },
};

static const char job_text[] =
    "A job file says which pictures go through which networks, what is measured and where the result goes. "
    "`quantcam run FILE` runs it. Lines are `[section]` or `key = value`; `#` begins a comment at the start "
    "of a line or after a blank. A key may stand once; unknown ones are errors with file and line. A section "
    "`[network NAME]` stands for each network: letters, digits, _ and - make a name, and results and tables "
    "call the network by it. It lists the network's precisions, 1 to 8, each a checkpoint or the word "
    "quantize; the first is the reference, and all networks list the same ones. A section `[precision NAME]` "
    "says what a precision is whose name is not built in.\n\n"
    "Every key is also an option of `quantcam run`, --section.key=value, which goes before the file. "
    "Relative "
    "paths start at the current directory, not at the file.\n\n"
    "Where it says so, a key decides the result: a job that was stopped goes on only with the same values, "
    "and "
    "with the same pictures, descriptions and weights, wherever they lie. All else may change between two "
    "starts.\n";

static const char job_example[] =
    "[data]\nimages = pictures\n\n[network mine]\nmodel = models/resnet18.model\n"
    "fp32 = resnet18-f37072fd.pth\nint8 = resnet18_fbgemm_16fa66dd.pth\nint4 = quantize\n\n"
    "[quantize]\nimages = calibration\n\n"
    "[store]\nout = results/mine.h5\n";

static int is_on(const struct entry *e, const char *name)
{
    char word[OPTION_NAME];

    snprintf(word, sizeof word, " %s ", name[0] ? name : "main");
    return e->pages[0] ? strstr(e->pages, word) != NULL : strcmp(name, "job") != 0;
}

static void put_list(const char *heading, const struct entry *entry, size_t count, const char *name)
{
    int begun = 0;

    for (size_t i = 0; i < count; i++) {
        if (!is_on(&entry[i], name))
            continue;
        if (!begun++)
            printf(".SH %s\n", heading);
        if (entry[i].what[0]) {
            fputs(".TP\n\\fB", stdout);
            option_man_text(entry[i].what, stdout);
            fputs("\\fR\n", stdout);
        }
        option_man_text(entry[i].text, stdout);
        fputc('\n', stdout);
    }
}

/* Commands to copy: no line is filled or broken. */
static void put_examples(const char *name)
{
    int begun = 0;

    for (size_t i = 0; i < COUNT_OF(examples); i++) {
        if (!is_on(&examples[i], name))
            continue;
        fputs(begun++ ? ".PP\n.nf\n" : ".SH EXAMPLES\n.nf\n", stdout);
        option_man_text(examples[i].what, stdout);
        fputs("\n.fi\n.RS\n", stdout);
        option_man_text(examples[i].text, stdout);
        fputs("\n.RE\n", stdout);
    }
}

static void put_job(void)
{
    fputs(".SH SYNOPSIS\n.nf\n", stdout);
    option_man_text(job_example, stdout);
    fputs(".fi\n.SH DESCRIPTION\n", stdout);
    option_man_text(job_text, stdout);
    fputs(".SH KEYS\n", stdout);
}

void man_begin(const char *name, const char *line)
{
    int job = strcmp(name, "job") == 0;
    char title[OPTION_NAME];

    snprintf(title, sizeof title, "quantcam%s%s", name[0] ? "-" : "", name);
    fputs(".TH ", stdout);
    for (const char *p = title; *p; p++)
        fputc(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p, stdout);
    printf(" %d \"\" \"quantcam %s\" \"quantcam\"\n.nh\n.ad l\n.SH NAME\n", job ? 5 : 1, version_number());
    option_man_text(title, stdout);
    fputs(" \\- ", stdout);
    option_man_text(line, stdout);
    fputc('\n', stdout);
    if (job)
        put_job();
}

void man_command(const char *name, const char *line)
{
    printf(".TP\n.BR quantcam\\-%s (1)\n", name);
    option_man_text(line, stdout);
    fputc('\n', stdout);
}

void man_end(const char *name)
{
    put_list("EXIT STATUS", codes, COUNT_OF(codes), name);
    put_list("ENVIRONMENT", environment, COUNT_OF(environment), name);
    put_list("FILES", files, COUNT_OF(files), name);
    put_examples(name);
    printf(".SH SEE ALSO\n.BR %s\n",
           name[0] ? strcmp(name, "job") == 0 ? "quantcam\\-run (1)" : "quantcam (1),\n.BR quantcam\\-job (5)"
                   : "quantcam\\-job (5)");
}
