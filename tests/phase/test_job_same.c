/* tests/phase/test_job_same.c: of two jobs' texts, which lines a precision's values depend on: line by line,
 * and every line of the table. */
#include "check.h"
#include "phase.h"

#include <string.h>

#define HERE                                                                                                 \
    "cam.method = eigen\ncam.sign = absmax\nsubset.fraction = 0.1\nexplain.steps = 100\nwsol.frame = crop\n" \
    "network.a.cam.layer = \nnetwork.a.engine = auto\nnetwork.a.fp32.engine = auto\n"                        \
    "network.a.int8.engine = auto\nnetwork.b.engine = auto\nprecision.own.weights = 3\n"                     \
    "numerics.version = 1\ndata.sha256 = 11\nnetwork.a.model.sha256 = 22\nnetwork.a.fp32.sha256 = 33\n"      \
    "network.a.int8.sha256 = 44\nnetwork.b.model.sha256 = 55\n"

/* HERE with `from` replaced. */
static const char *with(const char *from, const char *to)
{
    static char text[2000];
    const char *at = strstr(HERE, from);

    CHECK_MSG(at != NULL, "%s", from);
    snprintf(text, sizeof text, "%.*s%s%s", at ? (int)(at - HERE) : 0, HERE, to, at ? at + strlen(from) : "");
    return text;
}

/* Of precision int8 of network a; expected: "" where the texts give the same values. */
static void compared(const char *from, const char *to, enum job_values of, const char *expected)
{
    char why[200];
    int same = job_same(with(from, to), HERE, "a", "int8", of, why, sizeof why);

    CHECK_MSG(same == !expected[0] && strcmp(why, expected) == 0, "%s: %s", from, why);
}

static void test_lines(void)
{
    compared("cam.sign", "cam.sign", JOB_ROWS, "");
    compared("absmax", "meanact", JOB_ROWS, "cam.sign is 'meanact' there, 'absmax' here");
    compared("absmax", "meanact", JOB_EXPLAINED, "cam.sign is 'meanact' there, 'absmax' here");
    compared("eigen", "eigen,cam", JOB_ROWS, "");
    compared("0.1", "0.2", JOB_ROWS, "");
    compared("0.1", "0.2", JOB_EXPLAINED, "");
    compared("= 100", "= 50", JOB_ROWS, "");
    compared("= 100", "= 50", JOB_EXPLAINED, "explain.steps is '50' there, '100' here");
    compared("crop", "full", JOB_ROWS, "wsol.frame is 'full' there, 'crop' here");
    compared("crop", "full", JOB_EXPLAINED, "");
    compared("= 11", "= 12", JOB_ROWS, ""); /* other pictures: compared one by one */
}

static void test_scope(void)
{
    compared("= 22", "= 23", JOB_ROWS, "its description is another");
    compared("= 33", "= 34", JOB_ROWS, ""); /* the first precision is asked for by itself */
    compared("= 44", "= 45", JOB_ROWS, "its checkpoint is another");
    compared("= 55", "= 56", JOB_ROWS, "");
    compared("layer = ", "layer = x", JOB_ROWS, "network.a.cam.layer is 'x' there, '' here");
    compared("a.engine = auto", "a.engine = fbgemm", JOB_ROWS,
             "network.a.engine is 'fbgemm' there, 'auto' here");
    compared("int8.engine = auto", "int8.engine = fbgemm", JOB_ROWS,
             "network.a.int8.engine is 'fbgemm' there, 'auto' here");
    compared("fp32.engine = auto", "fp32.engine = fbgemm", JOB_ROWS, "");
    compared("b.engine = auto", "b.engine = fbgemm", JOB_ROWS, "");
    compared("weights = 3", "weights = 4", JOB_ROWS, ""); /* of a precision called own */
}

/* Lines that no table of this program has are another program's: nobody knows what depends on them. */
static void test_unknown(void)
{
    compared("= 1\ndata", "= 2\ndata", JOB_EXPLAINED, "numerics.version is '2' there, '1' here");
    compared("numerics.version = 1\n", "", JOB_ROWS, "numerics.version is known here alone");
    compared("cam.method", "cam.blur = 2\ncam.method", JOB_ROWS, "cam.blur is known there alone");
    compared("network.a.engine", "network.a.gain = 2\nnetwork.a.engine", JOB_ROWS,
             "network.a.gain is known there alone");
    compared("network.a.int8.engine", "network.a.int8.gain = 2\nnetwork.a.int8.engine", JOB_ROWS,
             "network.a.int8.gain is known there alone");
    compared("network.a.int8.engine", "network.a.int8.numerics = 2\nnetwork.a.int8.engine", JOB_ROWS,
             "its file was computed by another version of this program's arithmetic");
    compared("precision.own", "precision.int8.ends = 4\nprecision.own", JOB_ROWS,
             "precision.int8.ends is known there alone");
    compared("network.a.engine", "data.saliency.density = sr\nnetwork.a.engine", JOB_ROWS,
             "data.saliency.density is known there alone");
    compared("network.a.engine", "data.saliency.density = sr\nnetwork.a.engine", JOB_EXPLAINED, "");
    compared("network.a.engine", "data.saliency.masks.sha256 = aa\nnetwork.a.engine", JOB_ROWS,
             "what saliency.masks names is another");
    compared("precision.own", "torn\nprecision.own", JOB_ROWS, "torn is known there alone");
}

/* What a setting leaves alone is said here once more: a row of the table that says more than this, or a new
 * row that says anything, is looked at twice. */
static void test_table(void)
{
    static const char both[] = " cam.method subset.fraction subset.select.by subset.select.of "
                               "subset.control_seed explain.maps explain.logits explain.cross explain.road "
                               "explain.methods "
                               "quantize.limit quantize.seed quantize.sensitivity quantize.sensitivity.bits "
                               "quantize.sensitivity.pictures store.activations saliency.compare input.map ",
                      rows[] = " explain.steps explain.deletion explain.insertion explain.class "
                               "explain.seed explain.randomise explain.scorecam.channels explain.rise.masks "
                               "explain.rise.cells explain.rise.keep explain.occlusion.window "
                               "explain.occlusion.stride explain.occlusion.fill "
                               "explain.smoothgrad.samples explain.smoothgrad.sigma explain.intgrad.steps "
                               "explain.intgrad.baseline ",
                      explained[] = " wsol.frame cam.resize saliency.origin saliency.sigma saliency.seed "
                                    "input.removal ";
    const struct option_table *t = job_table();
    char name[OPTION_NAME + 2];

    for (int i = 0; i < t->rows; i++) {
        unsigned expected;

        snprintf(name, sizeof name, " %s ", t->row[i].name);
        expected = strstr(both, name)        ? JOB_ROWS | JOB_EXPLAINED
                   : strstr(rows, name)      ? JOB_ROWS
                   : strstr(explained, name) ? JOB_EXPLAINED
                                             : 0;
        CHECK_MSG(t->row[i].spares == expected, "%s", t->row[i].name);
    }
    for (int g = 0; g < t->groups; g++)
        for (int i = 0; i < t->group[g].rows; i++)
            CHECK_MSG(t->group[g].row[i].spares == 0, "%s", t->group[g].row[i].name);
}

int main(void)
{
    struct comm c = { 0 };
    int code;

    if (comm_init(NULL, NULL, &c) != OK)
        return 1;
    test_lines();
    test_scope();
    test_unknown();
    test_table();
    code = c.rank == 0 ? check_result("job_same") : check_failed != 0;
    comm_finish(&c);
    return code;
}
