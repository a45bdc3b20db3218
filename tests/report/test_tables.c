#include "report/tables.h"

#include "report_fixture.h"

/* A result whose every number is another: tables of three precisions, crosses and a method. */

static void lay_out(struct fixture *f)
{
    struct store_layout *l = &f->plan.layout;

    l->precision[2] = l->precision[1];
    snprintf(l->precision[2].name, STORE_NAME, "int4");
    l->precisions = 3;
    f->plan.provenance = "network.resnet18.fp32.sha256 = 0123456789abcdef\n"
                         "network.resnet18.published = on\n"
                         "network.mobilenet_v2.fp32.sha256 = 0123456789abcdef\n";
    l->truths = 7;
    l->methods = 2;
    snprintf(l->method[0], STORE_NAME, "layercam");
    snprintf(l->method[1], STORE_NAME, "gradcampp");
    for (int k = 0; k < l->networks; k++)
        l->network[k].q[2] = l->network[k].q[1];
}

/* Counts and reals of /summary, from 1 on. */
static status fill(struct store *s)
{
    const struct store_schema *schema = store_schema(s);
    static union {
        int64_t count[1 << 14];
        double real[1 << 14];
    } data;
    int64_t n = 0;

    for (int i = 0; i < schema->count; i++) {
        const struct store_dataset *d = &schema->dataset[i];
        int64_t elements = 1;

        for (int k = 0; k < d->rank; k++)
            elements *= d->dim[k];
        if (strncmp(d->path, "/summary/", 9) != 0 || (d->type != STORE_S64 && d->type != STORE_F64))
            continue;
        CHECK(elements <= (int64_t)COUNT_OF(data.count));
        for (int64_t e = 0; e < elements; e++) {
            n++;
            if (d->type == STORE_S64)
                data.count[e] = n;
            else
                data.real[e] = (double)n / 1024;
        }
        TRY(store_write(s, d->path, 0, d->dim[0], &data));
    }
    return OK;
}

static int same_name(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* A key of values.csv has one value: no two numbers of a table are told apart by their places alone. */
static void check_keys(const struct grid *g)
{
    for (int i = 0; i < g->rows * g->columns; i++)
        for (int k = 0; k < i; k++) {
            const struct cell *a = &g->cell[i], *b = &g->cell[k];

            if (a->kind < CELL_COUNT || b->kind < CELL_COUNT || !a->measure[0] ||
                strcmp(a->measure, b->measure) || !same_name(a->key.network, b->key.network) ||
                !same_name(a->key.precision, b->key.precision) || !same_name(a->key.set, b->key.set))
                continue;
            CHECK_MSG(a->value == b->value, "%s: two values of %s", g->id, a->measure);
        }
}

static const struct cell *find(const struct grid *g, const char *network, const char *precision,
                               const char *measure, const char *set)
{
    for (int i = 0; i < g->rows * g->columns; i++) {
        const struct cell *c = &g->cell[i];

        if (strcmp(c->measure, measure) == 0 && same_name(c->key.network, network) &&
            same_name(c->key.precision, precision) && same_name(c->key.set, set))
            return c;
    }
    CHECK_MSG(0, "%s: no %s of %s in %s on %s", g->id, measure, network, precision, set);
    return NULL;
}

/* The number that `fill` wrote, in the unit of the file. */
static double filled(struct store_reader *r, const char *path, int network, int set)
{
    double row[4];

    CHECK(store_read(r, path, STORE_F64, network, 1, row, sizeof row) == OK);
    return row[set];
}

/* Two networks, three precisions, three selections: raw, aligned, control. */
static void check_rows(const struct tables *t)
{
    static const struct {
        const char *id;
        int rows;
    } wanted[] = {
        { "overview", 2 * 2 },
        { "sign", 2 * 2 },
        { "rogers2023_table_2", 2 },
        { "accuracy", 2 * 4 * 3 },
        { "agreement", 2 * 2 },
        { "cost", 2 * 3 },
        { "histogram", 2 * 2 },
        { "truth_density", 2 * (3 * 3 + 2) }, /* three maps, three precisions; the centre, another's truth */
        { "truth_fixations", 2 * (3 * 3 + 2) },
        { "truth_masks", 2 * (3 * 3 + 2) },
        { "map_pairs", 2 * 3 * 2 },
        { "blank_maps", 2 * 3 * 3 },
        { "cross", 2 * 2 * 2 * 2 }, /* two networks score, the aligned and the control set */
        { "localization",
          2 * (3 * 5 + 3) }, /* whole set in both signs, raw, aligned, control; three blind maps */
    };

    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        const struct grid *g = tables_find(t, wanted[i].id);

        CHECK_MSG(g && g->rows == wanted[i].rows, "%s: %d rows, not %d", wanted[i].id, g ? g->rows : -1,
                  wanted[i].rows);
    }
}

/* A name alone brings no published number: of two networks with unknown checkpoints the job vouches for one.
 */
static void check_other_weights(const struct grid *g)
{
    int quoted[2] = { 0 }, absent[2] = { 0 };

    for (int i = 0; i < g->rows * g->columns; i++) {
        quoted[i / g->columns] += strstr(g->cell[i].measure, "published") != NULL;
        absent[i / g->columns] += strcmp(g->cell[i].text, "other weights") == 0;
    }
    CHECK_MSG(quoted[0] == 6 && absent[0] == 0, "%d, %d", quoted[0], absent[0]);
    CHECK_MSG(quoted[1] == 0 && absent[1] == 6, "%d, %d", quoted[1], absent[1]);
    HAS(g->note, "other weights: the network has the name of the study's");
}

static void check(struct store_reader *r, const char *folder)
{
    const struct cell *c;
    struct tables t;

    CHECK_MSG(tables_read(r, &t) == OK, "%s", error_last()->text);
    check_rows(&t);
    for (int i = 0; i < t.grids; i++)
        check_keys(t.grid[i]);
    /* The first's own number stands under the first's name, whatever the row. */
    c = find(tables_find(&t, "overview"), "resnet18", "fp32", "top1", "all");
    CHECK(c && c->value == filled(r, "/summary/accuracy/fp32/top1", 0, 0));
    c = find(tables_find(&t, "overview"), "resnet18", "int4", "deletion_difference", "control");
    CHECK(c && c->value == 100 * filled(r, "/summary/difference/int4/deletion/difference", 0, 3));
    c = find(tables_find(&t, "cross"), "mobilenet_v2", "fp32", "deletion_on_int4", "aligned");
    CHECK(c && c->value == 100 * filled(r, "/summary/measures/fp32/deletion_on_int4/mean", 1, 2));
    c = find(tables_find(&t, "truth_masks"), "resnet18", "int4", "f_max_gradcampp", "all");
    CHECK(c && c->value == filled(r, "/summary/saliency/int4/f_max_gradcampp", 0, 0));
    c = find(tables_find(&t, "truth_masks"), "mobilenet_v2", NULL, "shuffled_e_max", "all");
    CHECK(c && c->value == filled(r, "/summary/baselines/shuffled/e_max", 1, 0));
    c = find(tables_find(&t, "truth_fixations"), "mobilenet_v2", "int4", "truth_nss_eigen_difference", "all");
    CHECK(c && c->value == filled(r, "/summary/difference/int4/truth_nss_eigen/difference", 1, 0));
    c = find(tables_find(&t, "map_pairs"), "resnet18", "int8", "kld_layercam_sd", "all");
    CHECK(c && c->value == filled(r, "/summary/measures/int8/vs_fp32/kld_layercam/sd", 0, 0));
    c = find(tables_find(&t, "pairs"), "resnet18", "int4", "rmse_layercam", "raw");
    CHECK(c && c->value == filled(r, "/summary/measures/int4/vs_fp32/rmse_layercam/mean", 0, 1));
    c = find(tables_find(&t, "rogers2023_table_2"), "resnet18", "int8", "top1_published", "all");
    CHECK(c && strcmp(c->text, "69.494") == 0);
    check_other_weights(tables_find(&t, "rogers2023_table_2"));
    tables_free(&t);
}

int main(int argc, char **argv)
{
    return report_fixture_run(argc, argv, &(struct report_test){ "report/tables", lay_out, fill, check });
}
