#include "store_fixture.h"

/* The next start with this plan must be refused, with these words in the sentence. */
static void refused(const struct comm *c, const struct fixture *f, const char *words)
{
    struct store *s = NULL;

    CHECK(store_begin(c, f->out, &f->plan, &s) == ERR_MISMATCH && !s);
    CHECK_MSG(strstr(error_last()->text, words) != NULL, "no '%s' in: %s", words, error_last()->text);
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };
    struct store *s = NULL;
    struct fixture f, g;

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    fixture_start(&c, &f);
    CHECK(store_begin(&c, f.out, &f.plan, &s) == OK && store_outcome(s) == STORE_CREATED);
    store_end(&s);

    g = f; /* (its initial contents are f's: pointers) */
    g.plan.job = "subset.fraction = 0.05\nmodels.resnet18 = 1235\n";
    refused(&c, &g, "models.resnet18 is '1234' there, '1235' here");
    g.plan.job = "subset.fraction = 0.05\n";
    refused(&c, &g, "line 2 is 'models.resnet18 = 1234' there, '' here");
    g.plan.job = "subset.fraction = 0.05\nmodels.resnet18 = 1234\nx = y\n";
    refused(&c, &g, "line 3 is '' there, 'x = y' here");
    g = f;
    f.class_index[17] = 6;
    refused(&c, &g, "row 17 of /images/class_index");
    f.class_index[17] = 17 % 7;
    f.path[22][0] = 'd';
    refused(&c, &g, "row 22 of /images/path");
    f.path[22][0] = 'c';
    f.boxes[1][0] = 1;
    refused(&c, &g, "row 1 of /images/boxes");
    f.boxes[1][0] = 0;
    g.plan.layout.pictures = 1;
    refused(&c, &g, "of another shape");
    g.plan.layout = f.plan.layout;
    g.plan.layout.network[1].classes = 8;
    refused(&c, &g, "/models/mobilenet_v2/class");
    g.plan.layout = f.plan.layout;
    snprintf(g.plan.layout.precision[1].name, STORE_NAME, "int4");
    refused(&c, &g, "/precision");

    /* Where the inputs lie may change, even to a longer text; title and version may, too. */
    g = f;
    g.plan.provenance = "root = another place altogether, and a longer one\n";
    g.plan.title = "another title";
    g.plan.version = "99";
    CHECK(store_begin(&c, g.out, &g.plan, &s) == OK && s && store_outcome(s) == STORE_RESUMED);
    store_end(&s);

    CHECK(mem_live() == 0);
    fixture_end(&c, &f);
    comm_finish(&c);
    return check_result("test_compare");
}
