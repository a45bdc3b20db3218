#include "check.h"
#include "phase.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct comm comm;
static char path[64];

/* Rank 0 writes the file that all name. */
static void put(const char *text)
{
    if (comm.rank == 0)
        CHECK(text_write_file(path, text, strlen(text)) == OK);
    comm_wait(&comm);
}

static status read_job(struct job **job, const char *extra)
{
    char *argv[] = { "run", path, (char *)extra, NULL };
    struct option_words words;
    status s = job_read(&comm, extra ? 3 : 2, argv, job, &words);

    comm_wait(&comm);
    return s;
}

static const char good[] =
    "[data]\nimages = pictures\n[network n1]\nmodel = m\nfp32 = a\nint8 = b\nengine = fbgemm\n"
    "[store]\nout = x.h5\n[subset]\nfraction = 0.10\n";

static void test_good(void)
{
    struct job *job = NULL;

    put(good);
    CHECK(read_job(&job, NULL) == OK);
    if (!job)
        return;
    CHECK(strcmp(job->images, "pictures") == 0 && job->networks == 1 &&
          strcmp(job->network[0].name, "n1") == 0);
    CHECK(strcmp(job->network[0].precision[1].from, "b") == 0 && job->network[0].engine == ENGINE_FBGEMM);
    CHECK(strcmp(job->fraction, "0.1") == 0 && job->select_by == 5 && job->raw == 1 && job->max_bad == 1);
    CHECK(strcmp(job_isa(job), "auto") == 0);
    mem_free(job);
    job = NULL;
    CHECK(read_job(&job, "--fraction=0.2") == OK &&
          strcmp(job->fraction, "0.2") == 0); /* the line wins over the file */
    mem_free(job);
}

static void refused(const char *text, const char *extra, const char *expected)
{
    struct job *job = NULL;
    char full[1600];

    put(text);
    snprintf(full, sizeof full, expected, path);
    CHECK(read_job(&job, extra) == ERR_USAGE && !job);
    CHECK_MSG(strcmp(error_last()->text, full) == 0, "[%s]", error_last()->text);
}

static void test_refused(void)
{
    refused("[data]\nimags = x\n", NULL, "%s:2: unknown key 'imags' in [data] (did you mean 'images'?)");
    refused("", NULL, "%s: data.images is not set: which pictures?");
    refused("[data]\nimages = x\n", NULL, "%s: store.out is not set: where does the result go?");
    refused("[data]\nimages = x\n[store]\nout = y\n", NULL, "%s: the job has no section [network NAME]");
    refused("[data]\nimages = x\n[store]\nout = y\n[network a]\nmodel = m\n", NULL,
            "%s: network a has no checkpoint: PRECISION = FILE is wanted, as fp32 = FILE");
    refused(good, "--subset.fraction=0", "%s: subset.fraction = 0: more than 0 is wanted");
    refused(good, "--select.by=", "%s: subset.select.by is empty: raw, resolved or aligned is wanted");
    refused(good, "--method=cam,layercam",
            "%s: cam.method: eigen must be in the list, the images are selected by it");
    refused(good, "--method=eigen,layercma",
            "cam.method = layercma: one of " CAM_METHOD_NAMES " is wanted (did you mean 'layercam'?)%.0s");
    refused(good, "--imags=x", "unknown option '--imags' (did you mean '--images'?)%.0s");
}

static void test_missing_file(void)
{
    struct job *job = NULL;
    char *argv[] = { "run", "no/such.conf", NULL };
    struct option_words words;

    CHECK(job_read(&comm, 2, argv, &job, &words) == ERR_USAGE && !job);
    CHECK_MSG(strstr(error_last()->text, "no/such.conf"), "%s", error_last()->text);
    CHECK(job_ranks(2, argv).ranks == 0);
}

static void test_canonical(void)
{
    struct job *job = NULL;
    struct text out = { .max = 1 << 16 }, other = out;
    uint8_t files[JOB_FILES][HASH_SIZE] = { { 1 }, { 2 }, { 3 }, [2 + JOB_MAX_PRECISIONS] = { 4 } },
            list[HASH_SIZE] = { 9 };

    put(good);
    if (read_job(&job, "--isa=ref") != OK)
        return;
    CHECK(job_canonical(job, list, (const uint8_t(*)[HASH_SIZE])files, &out) == OK);
    CHECK(strstr(out.data, "cam.method = eigen\n"));
    CHECK_MSG(
        strstr(out.data, "subset.fraction = 0.1\n") && strstr(out.data, "network.n1.engine = fbgemm\n") &&
            strstr(out.data, "network.n1.int8.sha256 = 03000") && strstr(out.data, "data.sha256 = 09000"),
        "%s", out.data);
    CHECK(strstr(out.data, "network.n1.model.sha256 = 01000") &&
          strstr(out.data, "network.n1.int8.model.sha256 = 04000") &&
          !strstr(out.data, "network.n1.fp32.model") && !strstr(out.data, "network.n1.int8.numerics"));
    CHECK(!strstr(out.data, "isa") && !strstr(out.data, "= pictures") && !strstr(out.data, "x.h5"));
    mem_free(job);
    CHECK(read_job(&job, "--isa=auto") == OK);
    CHECK(job_canonical(job, list, (const uint8_t(*)[HASH_SIZE])files, &other) == OK);
    CHECK(strcmp(out.data, other.data) == 0); /* how the job runs does not count */
    text_free(&out);
    job->network[0].precision[1].deployed = 1;
    CHECK(job_canonical(job, list, (const uint8_t(*)[HASH_SIZE])files, &out) == OK);
    CHECK(strstr(out.data, "\nnetwork.n1.int8.numerics = 2\n"));
    mem_free(job);
    text_free(&out);
    text_free(&other);
}

/* A precision's own keys win over its network's. */
static void test_reading(void)
{
    struct job *job = mem_alloc(1, sizeof *job);
    struct job_network *n;
    struct model_reading r;

    if (!job)
        return;
    n = &job->network[0];
    n->all = (struct model_reading){ "layer", "ema", 1, MODEL_RELU6_CLAMP, PRECISION_REAL };
    n->engine = ENGINE_QNNPACK;
    r = job_reading(job, 0, 0);
    CHECK(!strcmp(r.layer, "layer") && !strcmp(r.state, "ema") && r.allow_unused == 1 &&
          r.relu6 == MODEL_RELU6_CLAMP && job_engine(job, 0, 0) == ENGINE_QNNPACK);
    n->precision[1].reading = (struct model_reading){ "", "model", 2, MODEL_RELU6_RELU, PRECISION_REAL };
    n->precision[1].engine = ENGINE_FBGEMM;
    r = job_reading(job, 0, 1);
    CHECK(!strcmp(r.layer, "layer") && !strcmp(r.state, "model") && r.allow_unused == 0 &&
          r.relu6 == MODEL_RELU6_RELU && job_engine(job, 0, 1) == ENGINE_FBGEMM);
    memset(&n->all, 0, sizeof n->all);
    n->engine = ENGINE_AUTO;
    n->precision[1].reading.allow_unused = 1;
    r = job_reading(job, 0, 1);
    CHECK(!strcmp(r.state, "model") && r.allow_unused == 1);
    r = job_reading(job, 0, 0);
    CHECK(!r.state[0] && r.allow_unused == 0 && r.relu6 == MODEL_RELU6_AUTO &&
          job_engine(job, 0, 0) == ENGINE_AUTO);
    /* A name of the job's own may say a form; the built-in one's files do. */
    job->precision[0] = (struct job_precision){ .name = "own", .stated = 1, .form = PRECISION_ROUNDED };
    job->precision[1] = (struct job_precision){ .name = "int8", .stated = 1, .form = PRECISION_CODES };
    CHECK(job_reading(job, 0, 0).form == PRECISION_ROUNDED && job_reading(job, 0, 1).form == PRECISION_REAL);
    mem_free(job);
}

#define HEAD "[data]\nimages = x\n[store]\nout = y\n"

/* The list of precisions: in the first network's order, of any names that are known or that the job makes. */
static void test_precisions(void)
{
    struct job *job = NULL;

    put(HEAD "[network a]\nmodel = m\nown.state = ema\nown = o\nint4 = f\nint16 = g\n[precision own]\n"
             "arithmetic = rounded\n[network b]\nmodel = m\nint16 = bg\nown = bo\nint4 = bf\n");
    CHECK_MSG(read_job(&job, NULL) == OK, "%s", error_last()->text);
    if (!job)
        return;
    CHECK(job->precisions == 3 && !strcmp(job->precision[0].name, "own") && job->precision[0].stated &&
          job->precision[0].form == PRECISION_ROUNDED && job->precision[0].weights == 0);
    CHECK(!strcmp(job->precision[1].name, "int4") && job->precision[1].form == PRECISION_CODES &&
          job->precision[1].activations == 4 && job->precision[2].form == PRECISION_ROUNDED);
    CHECK(!strcmp(job->network[0].precision[0].reading.state, "ema"));
    CHECK(job->selecting == 1u << 1); /* the second */
    CHECK(!strcmp(job->network[1].precision[0].from, "bo") &&
          !strcmp(job->network[1].precision[1].from, "bf") &&
          !strcmp(job->network[1].precision[2].from, "bg"));
    mem_free(job);
    job = NULL;
    put(HEAD "[network a]\nmodel = m\nint8 = f\n[precision mild]\n");
    CHECK_MSG(read_job(&job, "--network.a.mild=g") == OK, "%s", error_last()->text);
    CHECK(job && job->precisions == 2 && !job->precision[1].stated);
    mem_free(job);
}

/* Bits alone: integers, or rounded numbers where they do not fit. */
static void test_bits_alone(void)
{
    struct job *job = NULL;

    put(HEAD "[network a]\nmodel = m\nfp32 = f\nw3 = quantize\nw9 = quantize\n[quantize]\nimages = p\n"
             "[precision w3]\nweights = 3\nactivations = 8\n[precision w9]\nweights = 9\nactivations = 8\n");
    CHECK_MSG(read_job(&job, NULL) == OK, "%s", error_last()->text);
    if (!job)
        return;
    const struct job_precision *w3 = &job->precision[1], *w9 = &job->precision[2];

    CHECK(w3->stated && w3->form == PRECISION_CODES && w3->weights == 3 && w3->activations == 8);
    CHECK(w3->per_channel && w3->observer == QUANT_MSE && w3->ends == 0);
    CHECK(w9->stated && w9->form == PRECISION_ROUNDED && w9->weights == 9 && w9->observer == QUANT_MINMAX);
    mem_free(job);
}

static void test_precisions_refused(void)
{
    refused(HEAD "[network a]\nmodel = m\nint9 = f\n", NULL,
            "%s:7: unknown key 'int9' in [network a] (did you mean 'int8'?)");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\nfp32.stat = s\n", NULL,
            "%s:8: unknown key 'fp32.stat' in [network a] (did you mean 'fp32.state'?)");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\n[network b]\nmodel = m\nint8 = f\n", NULL,
            "%s: network b has the precisions int8 and network a fp32: all networks of a job have the same");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\n[network b]\nmodel = m\nfp32 = f\nint8 = f\n", NULL,
            "%s: network b has the precisions fp32, int8 and network a fp32: all networks of a job have the "
            "same");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\nint8.state = s\n", NULL,
            "%s: network a: int8 is not set: which checkpoint?");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\nfp32.relu6 = clamp\n", NULL,
            "%s: network a: fp32.relu6 has no effect: relu6 of real weights clamps at 6");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\nfp32.engine = qnnpack\n", NULL,
            "%s: network a: fp32.engine has no effect: real weights have one arithmetic");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\n[precision mild]\n", NULL,
            "%s: precision mild has no effect: no network has it");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\nmild = f\n[precision mild]\npreset = int7\n", NULL,
            "%s: precision mild: preset = int7 is none of " QUANT_PRESET_NAMES " (did you mean 'int8'?)");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\nmild = f\n[precision mild]\npreset = int4\nweights = 3\n",
            NULL, "%s: precision mild: weights has no effect: its checkpoints say it");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\nwide = quantize\n[precision wide]\npreset = int8\n"
                 "weights = 12\n",
            NULL,
            "%s: precision wide: integer kernels take codes of at most 8 bits, not 12 of weights and 8 of "
            "activations: arithmetic = rounded is wanted");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\nint8 = quantize\n[precision int8]\nweights = 4\n", NULL,
            "%s: precision int8: its section says integers, weights of 4 bits and activations of 8, but the "
            "name is built in for integers, 8 and 8: give the precision a name of its own");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\nint8 = g\n[precision int8]\narithmetic = rounded\n", NULL,
            "%s: precision int8: its section says rounded numbers, weights of 8 bits and activations of 8, "
            "but the name is built in for integers, 8 and 8: give the precision a name of its own");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\nmild = quantize\n[precision mild]\nweights = 4\n", NULL,
            "%s: precision mild: to quantize it needs preset, or weights and activations (bits)");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\nmild = quantize\n[precision mild]\nweights = 1\n"
                 "activations = 8\n",
            NULL, "%s: precision mild: weights of 1 bits: integer arithmetic has 2 to 8");
    refused(HEAD "[network a]\nmodel = m\nfp32 = quantize\n[quantize]\nimages = p\n", NULL,
            "%s: network a: fp32 = quantize: the reference is a checkpoint, others are calibrated from it");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\nint8 = quantize\n", NULL,
            "%s: quantize.images is not set: a precision that says quantize is calibrated on them");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\nint8 = g\n", "--select.of=int8,fp32",
            "%s: subset.select.of = fp32: a precision of the job other than its first is wanted");
    refused(HEAD "[network a]\nmodel = m\nfp32 = f\n", "--quantize.limit=7",
            "%s: quantize.limit = 7 has no effect: no precision says quantize, and "
            "quantize.sensitivity is off");
}

/* ---- descriptions -------------------------------------------------------------------------------------- */

static int described(const struct job *job, int p, const char *file, const char *input, const char *layer,
                     int skip)
{
    const struct job_description d = job_description(job, 0, p);

    return strcmp(d.file, file) == 0 &&
           (input ? d.open.input && strcmp(d.open.input, input) == 0 : !d.open.input) &&
           strcmp(d.layer, layer) == 0 && d.open.skip == skip;
}

/* A precision's own keys, else the network's; of what is calibrated the first's. */
static void test_descriptions(void)
{
    struct job *job = NULL;

    put(HEAD
        "[network a]\nmodel = m\ninput = wide\ncam.layer = c\nfp32 = f\nfp32.model = own\nfp32.input = thin\n"
        "int8 = g\nint4 = quantize\nint4.cam.layer = d\nint16 = h\nint16.cam.layer = e\n[quantize]\n"
        "images = p\n");
    CHECK_MSG(read_job(&job, NULL) == OK, "%s", error_last()->text);
    if (!job)
        return;
    CHECK(described(job, 0, "own", "thin", "c", -1) && described(job, 1, "m", "wide", "c", -1));
    CHECK(described(job, 2, "own", "thin", "d", -1) && described(job, 3, "m", "wide", "e", -1));
    CHECK(job_description(job, 0, 0).own && !job_description(job, 0, 1).own &&
          job_description(job, 0, 2).own);
    mem_free(job);
}

/* A deployed file, known by how it begins, is its own description. */
static void test_deployed(void)
{
    static const char head[] = "\x1c\0\0\0TFL3\x14\0\x20\0\x1c\0\x18";
    char file[80], text[600];
    struct job *job = NULL;

    snprintf(file, sizeof file, "%s.tflite", path);
    if (comm.rank == 0)
        CHECK(text_write_file(file, head, sizeof head - 1) == OK);
    comm_wait(&comm);
    snprintf(text, sizeof text,
             HEAD
             "[network a]\nmodel = m\nclasses.skip = 1\nfp32 = f\nint8 = %s\nint8.input = wide\nint4 = %s\n"
             "int4.classes.skip = 0\n",
             file, file);
    put(text);
    CHECK_MSG(read_job(&job, NULL) == OK, "%s", error_last()->text);
    if (job) {
        CHECK(described(job, 0, "m", NULL, "", -1) && described(job, 1, file, "wide", "", 1) &&
              described(job, 2, file, NULL, "", 0));
        mem_free(job);
        job = NULL;
    }
    snprintf(text, sizeof text, HEAD "[network a]\nfp32 = %s\n", file);
    put(text);
    CHECK_MSG(read_job(&job, NULL) == OK, "%s", error_last()->text);
    mem_free(job);
    snprintf(text, sizeof text, HEAD "[network a]\nfp32 = %s\nfp32.model = m\n", file);
    refused(
        text, NULL,
        "%1$s: network a: fp32.model has no effect: %1$s.tflite is a TFLite file, which leaves no choice");
    snprintf(text, sizeof text, HEAD "[network a]\nfp32 = %s\nfp32.state = m\n", file);
    refused(
        text, NULL,
        "%1$s: network a: fp32.state has no effect: %1$s.tflite is a TFLite file, which leaves no choice");
    snprintf(text, sizeof text, HEAD "[network a]\nmodel = m\nfp32 = %s\n", file);
    refused(text, NULL, "%s: network a: model has no effect: every precision has its own");
    if (comm.rank == 0)
        unlink(file);
}

static void test_descriptions_refused(void)
{
    refused(HEAD "[network a]\nfp32 = no/f\n", NULL, "%s: network a: fp32: no/f: No such file or directory");
    refused(HEAD "[network a]\nfp32 = tests/fixtures/tiny/fp32.pth\n", NULL,
            "%s: network a: model is not set: a description is wanted where fp32 is no TFLite or ONNX file");
    refused(HEAD "[network a]\nmodel = m\ncam.layer = c\nfp32 = f\nfp32.cam.layer = d\n", NULL,
            "%s: network a: cam.layer has no effect: every precision has its own");
    refused(HEAD "[network a]\nmodel = m\ninput = c\nfp32 = f\nfp32.input = d\n", NULL,
            "%s: network a: input has no effect: every precision has its own");
    refused(HEAD "[network a]\nmodel = m\nclasses.skip = 1\nfp32 = f\n", NULL,
            "%s: network a: classes.skip has no effect: no TFLite or ONNX file goes by it");
    refused(HEAD
            "[network a]\nmodel = m\nfp32 = f\nint8 = quantize\nint8.model = n\n[quantize]\nimages = p\n",
            NULL, "%s: network a: int8.model has no effect: what is calibrated has the description of fp32");
}

/* As many networks as there is room for, and one more. */
static void test_networks(void)
{
    struct text t = { .max = 1 << 16 };
    struct job *job = NULL;

    CHECK(text_add(&t, "[data]\nimages = pictures\n[store]\nout = x.h5\n") == OK);
    for (int i = 0; i < JOB_MAX_NETWORKS; i++)
        CHECK(text_add(&t, "[network n%d]\nmodel = m\nfp32 = a\nint8 = b%d\n", i, i) == OK);
    put(t.data);
    CHECK_MSG(read_job(&job, NULL) == OK && job && job->networks == JOB_MAX_NETWORKS, "%s",
              error_last()->text);
    CHECK(job && strcmp(job->network[JOB_MAX_NETWORKS - 1].precision[1].from, "b15") == 0);
    mem_free(job);
    CHECK(text_add(&t, "[network more]\nmodel = m\nfp32 = a\nint8 = b\n") == OK);
    refused(t.data, NULL, "%s:69: more than 16 sections [network ...]");
    text_free(&t);
}

static void test_subset_size(void)
{
    CHECK(job_subset_size("0.05", 50000) == 2500);
    CHECK(job_subset_size("0.05", 400) == 20);
    CHECK(job_subset_size("0.05", 399) == 20); /* 19.95 */
    CHECK(job_subset_size("0.05", 390) == 20); /* 19.5: half up */
    CHECK(job_subset_size("0.05", 389) == 19); /* 19.45 */
    CHECK(job_subset_size("0.05", 3) == 1 && job_subset_size("0.05", 0) == 0);
    CHECK(job_subset_size("1", 7) == 7 && job_subset_size("0.5", 3) == 2);
    /* 0.35 * 10 in binary is 3.4999...: the text decides */
    CHECK(job_subset_size("0.35", 10) == 4 && job_subset_size("0.05", 1000000000) == 50000000);
}

int main(int argc, char **argv)
{
    int result, pid = (int)getpid();

    if (comm_init(&argc, &argv, &comm) != OK)
        return 1;
    log_init(LOG_QUIET, comm.rank, comm.host);
    comm_broadcast(&comm, &pid, sizeof pid);
    snprintf(path, sizeof path, "/tmp/quantcam_job_%d.conf", pid);
    test_good();
    test_refused();
    test_missing_file();
    test_canonical();
    test_reading();
    test_precisions();
    test_bits_alone();
    test_precisions_refused();
    test_descriptions();
    test_deployed();
    test_descriptions_refused();
    test_networks();
    test_subset_size();
    CHECK(mem_live() == 0);
    result = comm_agree(&comm, check_failed ? FAIL(ERR_RANGE, "a check failed") : OK) != OK;
    if (comm.rank == 0) {
        unlink(path);
        result |= check_result("job");
    }
    comm_finish(&comm);
    return result;
}
