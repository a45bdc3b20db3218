#include "base_option.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

struct net {
    char name[OPTION_NAME];
    char file[OPTION_SIZE];
    int engine, part;
    int bigs;
    struct big {
        char name[OPTION_NAME], file[OPTION_SIZE], state[OPTION_SIZE];
    } big[2];
};
struct settings {
    char images[OPTION_SIZE], title[OPTION_SIZE], fraction[OPTION_SIZE], only[OPTION_SIZE];
    int limit, fast, method, dry_run, twin_a, twin_b;
    unsigned by;
    double seconds;
    int nets;
    struct net net[2];
    int sizes;
    struct size {
        char name[OPTION_NAME];
        int bits;
    } size[4];
};
#define AT(field) .where = offsetof(struct settings, field)
static const struct option_row rows[] = {
    { .name = "data.images", .kind = OPTION_PATH, AT(images), .values = "FOLDER", .help = "pictures" },
    { .name = "data.limit",
      .kind = OPTION_INT,
      .effect = OPTION_RESULT,
      AT(limit),
      .values = "N",
      .help = "h",
      .high = 100 },
    { .name = "data.title", .kind = OPTION_TEXT, .effect = OPTION_RESULT, AT(title), .help = "h" },
    { .name = "cam.method",
      .kind = OPTION_CHOICE,
      .effect = OPTION_RESULT,
      AT(method),
      .values = "eigen|layer",
      .help = "h" },
    { .name = "cam.size", .kind = OPTION_INT, AT(twin_a), .help = "h" },
    { .name = "map.size", .kind = OPTION_INT, AT(twin_b), .help = "h" },
    { .name = "subset.select.by",
      .kind = OPTION_LIST,
      .effect = OPTION_RESULT,
      AT(by),
      .values = "raw|resolved|aligned",
      .help = "h" },
    { .name = "subset.fraction",
      .kind = OPTION_DECIMAL,
      .effect = OPTION_RESULT,
      AT(fraction),
      .help = "h",
      .high = 1 },
    { .name = "run.seconds", .kind = OPTION_REAL, AT(seconds), .values = "seconds", .help = "h" },
    { .name = "run.dry-run", .kind = OPTION_FLAG, AT(dry_run), .help = "h" },
    { .name = "run.out", .kind = OPTION_PATH, AT(only), .values = "FILE", .help = "h", .letter = 'o' },
};
#undef AT
static const struct option_row net_rows[] = {
    { .name = "file", .kind = OPTION_PATH, .where = offsetof(struct net, file), .help = "h" },
    { .name = "file.part",
      .kind = OPTION_INT,
      .effect = OPTION_RESULT,
      .where = offsetof(struct net, part),
      .help = "h" },
    { .name = "engine",
      .kind = OPTION_CHOICE,
      .effect = OPTION_RESULT,
      .where = offsetof(struct net, engine),
      .values = "auto|fbgemm|qnnpack",
      .help = "h" },
};
static const struct option_row big_rows[] = {
    { .name = "", .kind = OPTION_PATH, .where = offsetof(struct big, file), .values = "FILE", .help = "h" },
    { .name = "state",
      .kind = OPTION_TEXT,
      .effect = OPTION_RESULT,
      .where = offsetof(struct big, state),
      .help = "h" },
};
/* The names "big", "small" and those of sections [size NAME]. */
static const char *size_name(const void *settings, int i)
{
    const struct settings *s = settings;

    return i == 0 ? "big" : i == 1 ? "small" : i - 2 < s->sizes ? s->size[i - 2].name : NULL;
}
static const struct option_group sizes_of_net = {
    .section = "SIZE",
    .row = big_rows,
    .rows = COUNT_OF(big_rows),
    .count_where = offsetof(struct net, bigs),
    .where = offsetof(struct net, big),
    .stride = sizeof(struct big),
    .name_where = offsetof(struct big, name),
    .most = 2,
    .name = size_name,
};
static const struct option_row size_rows[] = {
    { .name = "bits",
      .kind = OPTION_INT,
      .effect = OPTION_RESULT,
      .where = offsetof(struct size, bits),
      .help = "h" },
};
static const struct option_group group[] = { {
                                                 .section = "network",
                                                 .row = net_rows,
                                                 .rows = COUNT_OF(net_rows),
                                                 .count_where = offsetof(struct settings, nets),
                                                 .where = offsetof(struct settings, net),
                                                 .stride = sizeof(struct net),
                                                 .name_where = offsetof(struct net, name),
                                                 .most = 2,
                                                 .part = &sizes_of_net,
                                             },
                                             {
                                                 .section = "size",
                                                 .row = size_rows,
                                                 .rows = COUNT_OF(size_rows),
                                                 .count_where = offsetof(struct settings, sizes),
                                                 .where = offsetof(struct settings, size),
                                                 .stride = sizeof(struct size),
                                                 .name_where = offsetof(struct size, name),
                                                 .most = 4,
                                             } };
static const struct option_table table = {
    .usage = "test FILE [options]",
    .row = rows,
    .rows = COUNT_OF(rows),
    .group = group,
    .groups = COUNT_OF(group),
    .words_low = 0,
    .words_high = 2,
};

static status args(struct settings *s, struct option_words *w, int count, const char *const *words)
{
    static char copy[12][200], *argv[12];

    for (int i = 0; i < count; i++) {
        snprintf(copy[i], sizeof copy[i], "%s", words[i]);
        argv[i] = copy[i];
    }
    return option_read_args(&table, s, count, argv, w);
}
#define ARGS(s, w, ...)                                                                                      \
    args((s), (w), (int)COUNT_OF(((const char *[]){ "t", __VA_ARGS__ })),                                    \
         (const char *[]){ "t", __VA_ARGS__ })

static void test_args(void)
{
    struct settings s = { 0 };
    struct option_words w;

    CHECK(ARGS(&s, &w, "a.conf", "--data.limit=7", "--images", "/x", "--dry_run", "-oout.h5", "b") == OK);
    CHECK(w.count == 2 && strcmp(w.word[0], "a.conf") == 0 && strcmp(w.word[1], "b") == 0);
    CHECK(s.limit == 7 && strcmp(s.images, "/x") == 0 && s.dry_run == 1 && strcmp(s.only, "out.h5") == 0 &&
          s.by == 0);
}

static void test_args_short_names(void)
{
    struct settings s = { 0 };
    struct option_words w;

    CHECK(ARGS(&s, &w, "--select.by=resolved,raw", "--method", "layer", "-o", "x y") == OK);
    CHECK(s.by == 3 && s.method == 1 && strcmp(s.only, "x y") == 0);
    CHECK(ARGS(&s, &w, "--dry-run=off", "--", "--limit") == OK);
    CHECK(s.dry_run == 0 && w.count == 1 && strcmp(w.word[0], "--limit") == 0);
    CHECK(ARGS(&s, &w, "--network.r-18.engine=qnnpack", "--network.b.file=f", "--network.r-18.file=g",
               "--network.b.file.part=7") == OK);
    CHECK(s.nets == 2 && s.net[0].engine == 2 && strcmp(s.net[0].file, "g") == 0 &&
          strcmp(s.net[1].name, "b") == 0 && s.net[0].part == 0 && s.net[1].part == 7);
    CHECK(ARGS(&s, &w, "--bad", "--help") == OK && w.help);
}

static void refused(const char *expected, int count, const char *const *words)
{
    struct settings s = { 0 };
    struct option_words w;

    CHECK_MSG(args(&s, &w, count, words) == ERR_USAGE, "%s", words[1]);
    CHECK_MSG(strcmp(error_last()->text, expected) == 0, "[%s]", error_last()->text);
}
#define REFUSED(expected, ...)                                                                               \
    refused((expected), (int)COUNT_OF(((const char *[]){ "t", __VA_ARGS__ })),                               \
            (const char *[]){ "t", __VA_ARGS__ })

static void test_args_refused(void)
{
    REFUSED("unknown option '--imags' (did you mean '--images'?)", "--imags=3");
    REFUSED("unknown option '--zzzzzz'", "--zzzzzz");
    REFUSED("unknown option '-x'", "-x");
    REFUSED("'--size' may mean --cam.size or --map.size", "--size=3");
    REFUSED("'--limit' needs a value (N)", "--limit");
    REFUSED("data.limit = 101: an integer from 0 to 100 is wanted", "--limit=101");
    REFUSED("data.limit = 1x: an integer from 0 to 100 is wanted", "--limit=1x");
    REFUSED("cam.method = eigne: one of eigen|layer is wanted (did you mean 'eigen'?)", "--method=eigne");
    REFUSED("subset.select.by = row: one of raw|resolved|aligned is wanted (did you mean 'raw'?)",
            "--select.by=resolved,row");
    REFUSED("run.dry-run = maybe: on or off is wanted", "--dry-run=maybe");
    REFUSED("subset.fraction = 1e-2: a decimal number from 0 to 1 is wanted", "--fraction=1e-2");
    REFUSED("subset.fraction = 1.5: a decimal number from 0 to 1 is wanted", "--fraction=1.5");
    REFUSED("run.seconds = -1: a number from 0 on is wanted", "--seconds=-1");
    REFUSED("unexpected argument 'c'; usage: test FILE [options]", "a", "b", "c");
    REFUSED("unknown key 'engin' in '--network.r.engin' (did you mean 'engine'?)", "--network.r.engin=auto");
    REFUSED("unknown key 'file.parts' in '--network.r.file.parts' (did you mean 'file.part'?)",
            "--network.r.file.parts=1");
    REFUSED("'--network.r': --network.NAME.KEY is wanted", "--network.r=1");
    REFUSED("'--network..file': --network.NAME.KEY is wanted", "--network..file=1");
    REFUSED("network 'a/b': a name has letters, digits, '_' and '-' only", "--network.a/b.file=x");
    REFUSED("more than 2 sections [network ...]", "--network.a.file=x", "--network.b.file=x",
            "--network.c.file=x");
}

/* Paths begin with what the environment says, other texts stand as they are. */
static void test_paths(void)
{
    static const char *const cases[][2] = {
        { "~/a b", "/home/u/a b" },
        { "~", "/home/u" },
        { "$DATA/x", "/d-1/x" },
        { "$DATA", "/d-1" },
        { "${DATA}x", "/d-1x" },
        { "$DATA-x", "/d-1-x" },
        { "./~/x", "./~/x" },
        { "a/~/$DATA", "a/~/$DATA" },
        { "a~", "a~" },
        { "$", "$" },
        { "$5.png", "$5.png" },
        { "./$DATA", "./$DATA" },
    };
    struct settings s = { 0 };
    struct option_words w;
    char wide[OPTION_SIZE];

    setenv("HOME", "/home/u", 1);
    setenv("DATA", "/d-1", 1);
    unsetenv("QUANTCAM_NONE");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CHECK(ARGS(&s, &w, "--images", cases[i][0], "--title", cases[i][0]) == OK);
        CHECK_MSG(strcmp(s.images, cases[i][1]) == 0 && strcmp(s.title, cases[i][0]) == 0, "%s", s.images);
    }
    CHECK(ARGS(&s, &w, "--network.a.file=$DATA/w.pth") == OK && strcmp(s.net[0].file, "/d-1/w.pth") == 0);
    REFUSED("data.images = $QUANTCAM_NONE/x: QUANTCAM_NONE is not set in the environment",
            "--images=$QUANTCAM_NONE/x");
    REFUSED("data.images = ${DATA/x: ${NAME} is wanted", "--images=${DATA/x");
    REFUSED("data.images = ~v/x: another user's home is not looked up; give the whole path, or ./~v/x",
            "--images=~v/x");
    memset(wide, 'x', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    setenv("DATA", wide, 1);
    CHECK(ARGS(&s, &w, "--images=$DATA") == OK && strlen(s.images) == OPTION_SIZE - 1);
    REFUSED("data.images: 1024 bytes, at most 1023 are taken", "--images=${DATA}/");
    setenv("DATA", "", 1);
    REFUSED("data.images = $DATA/x: DATA is not set in the environment", "--images=$DATA/x");
}

static status text(struct settings *s, const char *lines)
{
    return option_read_text(&table, s, "x.conf", lines, strlen(lines));
}

static void test_text(void)
{
    struct settings s = { 0 };

    CHECK(text(&s, "# comment\n[data]\n images = /a b#c  # tail\nlimit=9\n\n[ network  r18 ]\nengine = "
                   "fbgemm\nfile = x\n"
                   "[run]\ndry-run = on\nseconds = 2.5\n[data]\ntitle = \n[subset]\nselect.by = aligned, "
                   "raw\nfraction = .050") == OK);
    CHECK(strcmp(s.images, "/a b#c") == 0 && s.limit == 9 && s.dry_run == 1 && s.seconds == 2.5);
    CHECK(s.nets == 1 && strcmp(s.net[0].name, "r18") == 0 && s.net[0].engine == 1 && s.by == 5);
    CHECK(strcmp(s.fraction, "0.05") == 0);
}

static void text_refused(const char *lines, const char *expected)
{
    struct settings s = { 0 };

    CHECK_MSG(text(&s, lines) == ERR_USAGE, "%s", lines);
    CHECK_MSG(strcmp(error_last()->text, expected) == 0, "[%s]", error_last()->text);
}

static void test_text_refused(void)
{
    text_refused("[data]\nimags = x\n", "x.conf:2: unknown key 'imags' in [data] (did you mean 'images'?)");
    text_refused("[data]\n\nlimit = x\n", "x.conf:3: data.limit = x: an integer from 0 to 100 is wanted");
    text_refused("[dat]\n", "x.conf:1: unknown section [dat]");
    text_refused("[network]\n", "x.conf:1: unknown section [network]");
    text_refused("[data\n", "x.conf:1: '[data': [section] is wanted");
    text_refused("images = x\n", "x.conf:1: 'images' stands before the first [section]");
    text_refused("[data]\nimages\n", "x.conf:2: 'images': key = value is wanted");
    text_refused("[data]\nlimit = 1\n[cam]\n[data]\nlimit = 1\n", "x.conf:5: 'limit' stands twice in [data]");
    text_refused("[network a]\nfil = 1\n",
                 "x.conf:2: unknown key 'fil' in [network a] (did you mean 'file'?)");
}

/* Keys that begin with a name: of a fixed list, or of a section that may come later. */
static void test_parts(void)
{
    struct settings s = { 0 };
    struct option_words w;
    struct text out = { .max = 4096 };

    CHECK(option_read_args(&table, NULL, 4, (char *[]){ "t", "--network.a.mine", "x", "word" }, &w) == OK &&
          w.count == 1 && strcmp(w.word[0], "word") == 0);
    CHECK(text(&s, "[network a]\nfile = f\nmine.state = late\nmine = m\nbig = b\n[size mine]\nbits = 3\n") ==
          OK);
    CHECK(s.net[0].bigs == 2 && strcmp(s.net[0].big[0].name, "mine") == 0 &&
          strcmp(s.net[0].big[0].file, "m") == 0 && strcmp(s.net[0].big[0].state, "late") == 0 &&
          strcmp(s.net[0].big[1].file, "b") == 0);
    CHECK(s.sizes == 1 && s.size[0].bits == 3);
    CHECK(option_write(&table, &s, OPTION_RESULT, &out) == OK);
    CHECK_MSG(
        strstr(out.data,
               "network.a.engine = auto\nnetwork.a.mine.state = late\nnetwork.a.big.state = \nsize.mine.bits "
               "= 3\n"),
        "%s", out.data);
    text_free(&out);
    CHECK(ARGS(&s, &w, "--size.wide.bits=5", "--network.b.wide=w", "--network.b.big.state=x") == OK);
    CHECK(s.sizes == 2 && s.net[1].bigs == 2 && strcmp(s.net[1].big[1].state, "x") == 0 &&
          strcmp(s.net[1].big[0].file, "w") == 0);
    text_refused("[network a]\nbgi = x\n",
                 "x.conf:2: unknown key 'bgi' in [network a] (did you mean 'big'?)");
    text_refused("[network a]\nmine = x\n",
                 "x.conf:2: unknown key 'mine' in [network a] (did you mean 'file'?)");
    text_refused("[network a]\nbig.stat = x\n",
                 "x.conf:2: unknown key 'big.stat' in [network a] (did you mean 'big.state'?)");
    text_refused("[network a]\nbig = x\nsmall = x\nbig = y\n", "x.conf:4: 'big' stands twice in [network a]");
    text_refused("[size x]\n[network a]\nbig = b\nsmall = s\nx = x\n", "x.conf:5: more than 2 of SIZE");
    text_refused("[network a]\nbig = $NOWHERE_AT_ALL/x\n",
                 "x.conf:2: big = $NOWHERE_AT_ALL/x: NOWHERE_AT_ALL is not set in the environment");
}

/* A command's own table: names without sections. */
static void test_plain(void)
{
    static const struct option_row row[] = {
        { .name = "limit", .kind = OPTION_INT, .where = offsetof(struct settings, limit), .help = "h" },
        { .name = "other.limit",
          .kind = OPTION_INT,
          .where = offsetof(struct settings, fast),
          .help = "h",
          .whole = 1 },
        { .name = "cam.size", .kind = OPTION_INT, .where = offsetof(struct settings, twin_a), .help = "h" },
        { .name = "other.size",
          .kind = OPTION_INT,
          .where = offsetof(struct settings, twin_b),
          .help = "h",
          .whole = 1 },
    };
    static const struct option_table plain = { .usage = "p", .row = row, .rows = COUNT_OF(row) };
    char *argv[] = { "p", "--limit", "4", "--size=5", "--other.size=6", NULL };
    struct settings s = { 0 };
    struct option_words w;

    CHECK(option_read_args(&plain, &s, 5, argv, &w) == OK && s.limit == 4 && w.count == 0);
    CHECK(s.twin_a == 5 && s.twin_b == 6 && s.fast == 0);
}

static void test_write(void)
{
    struct settings s = { .fraction = "0.05", .title = "t" }, again = { 0 };
    struct text out = { .max = 4096 };
    char name[OPTION_NAME];

    CHECK(text(&s, "[network a]\nengine = fbgemm\nfile.part = 3\n[data]\nimages = x\nlimit = "
                   "3\n[subset]\nselect.by = "
                   "resolved,raw\n") == OK);
    CHECK(option_write(&table, &s, OPTION_RESULT, &out) == OK);
    CHECK_MSG(strcmp(out.data,
                     "data.limit = 3\ndata.title = t\ncam.method = eigen\nsubset.select.by = raw,resolved\n"
                     "subset.fraction = 0.05\nnetwork.a.file.part = 3\nnetwork.a.engine = fbgemm\n") == 0,
              "%s", out.data);
    text_free(&out);
    CHECK(option_choice("a|b", 2, name) == NULL && strcmp(option_choice("a|b", 1, name), "b") == 0);
    CHECK(option_choice_find("a|bc", "bc") == 1 && option_choice_find("a|bc", "b") == -1);
    CHECK(text(&again, "[subset]\nfraction = 00.500\n") == OK && strcmp(again.fraction, "0.5") == 0);
    CHECK(text(&again, "[subset]\nfraction = 1.0\n") == OK && strcmp(again.fraction, "1") == 0);
    CHECK(text(&again, "[subset]\nfraction = 0\n") == OK && strcmp(again.fraction, "0") == 0);
}

/* Named, not named, and a path that has an equals sign behind what is no name. */
static void test_files(void)
{
    static const struct option_row row[] = {
        { .name = "weights", .kind = OPTION_FILES, .where = 0, .values = "[NAME=]FILE", .help = "h" }
    };
    static const struct option_table t = { .usage = "x", .row = row, .rows = 1 };
    static struct option_files f;
    char *words[] = { "x", "--weights", "a=b.pth", "--weights=./c=d", "--weights=e", NULL };
    char *twice[] = { "x", "--weights=a=z", NULL };
    char *many[] = { "x",           "--weights=1", "--weights=2", "--weights=3",
                     "--weights=4", "--weights=5", "--weights=6", NULL };
    struct option_words left;

    CHECK(option_read_args(&t, &f, 5, words, &left) == OK && f.count == 3);
    CHECK(strcmp(f.file[0].name, "a") == 0 && strcmp(f.file[0].path, "b.pth") == 0);
    CHECK(f.file[1].name[0] == '\0' && strcmp(f.file[1].path, "./c=d") == 0);
    CHECK(f.file[2].name[0] == '\0' && strcmp(f.file[2].path, "e") == 0);
    CHECK(option_read_args(&t, &f, 2, twice, &left) == ERR_USAGE && f.count == 3);
    CHECK(strcmp(error_last()->text, "weights = a=z: 'a' stands twice") == 0);
    CHECK(option_read_args(&t, &f, 7, many, &left) == ERR_USAGE && f.count == OPTION_FILES_MOST);
    CHECK(strcmp(error_last()->text, "weights = 6: more than 8 files") == 0);
}

static void test_help(void)
{
    struct settings s = { .limit = 12, .fraction = "0.05" };
    char got[4096];
    FILE *f = fmemopen(got, sizeof got, "w");

    option_help(&table, &s, OPTION_HELP, f);
    fclose(f);
    CHECK(strstr(got, "usage: test FILE [options]") != NULL);
    CHECK_MSG(strstr(got, "--data.limit=N") && strstr(got, "[12]") && strstr(got, "-o, --run.out=FILE"), "%s",
              got);
    CHECK(strstr(got, "--network.NAME.engine=auto|fbgemm|qnnpack") != NULL);
    CHECK(strstr(got, "--network.NAME.SIZE=FILE") && strstr(got, "--network.NAME.SIZE.state=") &&
          strstr(got, "--size.NAME.bits="));
}

int main(void)
{
    test_args();
    test_args_short_names();
    test_args_refused();
    test_paths();
    test_text();
    test_text_refused();
    test_parts();
    test_plain();
    test_write();
    test_files();
    test_help();
    CHECK(mem_live() == 0);
    return check_result("option");
}
