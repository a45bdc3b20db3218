#include "base_option.h"
#include "check.h"

#include <string.h>

struct settings {
    int limit, fast;
    char out[OPTION_SIZE];
    int nets;
    struct net {
        char name[OPTION_NAME], file[OPTION_SIZE];
    } net[2];
};
#define AT(field) .where = offsetof(struct settings, field)
static const struct option_row rows[] = {
    { .name = "data.limit",
      .kind = OPTION_INT,
      .effect = OPTION_RESULT,
      AT(limit),
      .values = "N",
      .help = "how many" },
    { .name = "run.dry-run", .kind = OPTION_FLAG, AT(fast), .help = "stop" },
    { .name = "run.out", .kind = OPTION_PATH, AT(out), .values = "FILE", .help = ".h5 file", .letter = 'o' },
};
static const struct option_row net_rows[] = {
    { .name = "file",
      .kind = OPTION_PATH,
      .where = offsetof(struct net, file),
      .values = "FILE",
      .help = "weights" },
};
static const struct option_group nets = { .section = "network",
                                          .row = net_rows,
                                          .rows = 1,
                                          .count_where = offsetof(struct settings, nets),
                                          .where = offsetof(struct settings, net),
                                          .stride = sizeof(struct net),
                                          .name_where = offsetof(struct net, name),
                                          .most = 2 };
static const struct option_table table = { .usage = "test it FILE [options]",
                                           .about = "Does `x`.\n\nMore.",
                                           .row = rows,
                                           .rows = 3,
                                           .group = &nets,
                                           .groups = 1 };
static const struct option_table plain = { .usage = "test it", .row = rows + 2, .rows = 1 };

static char got[8192];

static const char *page(const struct option_table *t, enum option_form form)
{
    struct settings s = { .limit = 12 };
    FILE *f = fmemopen(got, sizeof got, "w");

    option_help(t, &s, form, f);
    fclose(f);
    return got;
}

static void test_text(void)
{
    FILE *f = fmemopen(got, sizeof got, "w");

    option_man_text(".a `b c` - d\\e\n'f\n\ng", f);
    fclose(f);
    CHECK_MSG(strcmp(got, "\\&.a \\fBb c\\fR \\- d\\ee\n\\&'f\n.PP\ng") == 0, "%s", got);
}

static void test_page(void)
{
    page(&table, OPTION_MAN);
    CHECK_MSG(
        strcmp(
            got,
            ".SH SYNOPSIS\n\\fBtest it\\fR FILE [options]\n.SH DESCRIPTION\nDoes \\fBx\\fR.\n.PP\nMore.\n"
            ".SH OPTIONS\n.SS [data]\n.TP\n\\fB\\-\\-data.limit\\fR=\\fIN\\fR\nhow many.\nDefault: "
            "\\fB12\\fR.\n"
            ".SS [run]\n.TP\n\\fB\\-\\-run.dry\\-run\\fR[=\\fIon|\\:off\\fR]\nstop.\nDefault: \\fBoff\\fR.\n"
            ".TP\n\\fB\\-o\\fR, \\fB\\-\\-run.out\\fR=\\fIFILE\\fR\n\\&.h5 file.\n"
            ".SS [network NAME]\n.TP\n\\fB\\-\\-network.NAME.file\\fR=\\fIFILE\\fR\nweights.\n"
            ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR[=man]\n"
            "the usage and these options for the terminal; or this page.\n") == 0,
        "%s", got);
    CHECK_MSG(strstr(page(&plain, OPTION_MAN), "\\fBtest it\\fR\n") && !strstr(got, ".SS"), "%s", got);
}

static void test_keys(void)
{
    page(&table, OPTION_KEYS);
    CHECK_MSG(strcmp(got,
                     ".SS [data]\n.TP\n\\fBlimit\\fR = \\fIN\\fR\nhow many.\nDefault: "
                     "\\fB12\\fR.\nDecides the result.\n"
                     ".SS [run]\n.TP\n\\fBdry\\-run\\fR = \\fIon|\\:off\\fR\nstop.\nDefault: \\fBoff\\fR.\n"
                     ".TP\n\\fBout\\fR = \\fIFILE\\fR\n\\&.h5 file.\n"
                     ".SS [network NAME]\n.TP\n\\fBfile\\fR = \\fIFILE\\fR\nweights.\n") == 0,
              "%s", got);
}

static enum option_form wanted(const struct option_table *t, char *a, char *b)
{
    char *argv[] = { "x", a, b };

    return option_help_wanted(t, 3, argv);
}

static void test_wanted(void)
{
    CHECK(wanted(&table, "a", "--help") == OPTION_HELP && wanted(&table, "-h", "a") == OPTION_HELP);
    CHECK(wanted(&table, "a", "--help=man") == OPTION_MAN && wanted(&table, "a", "b") == OPTION_NO_HELP);
    CHECK(wanted(&table, "a", "--help=job") == OPTION_KEYS &&
          wanted(&plain, "a", "--help=job") == OPTION_NO_HELP);
    CHECK(wanted(&table, "--", "--help") == OPTION_NO_HELP);
}

int main(void)
{
    test_text();
    test_page();
    test_keys();
    test_wanted();
    CHECK(mem_live() == 0);
    return check_result("option_man");
}
