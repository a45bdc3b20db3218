/* Which lines of /provenance were decided. */
#include "report/decided.h"

#include "report_fixture.h"

static void lay_out(struct fixture *f)
{
    f->plan.provenance = "data.images = /pictures\ndata.labels = l.csv\ndata.synsets = \ndata.boxes = \n"
                         "data.sha256 = 00\ndata.left_out = 3 pictures neither JPEG nor PNG, such as ```\n"
                         "data.boxes.columns = path from 'file'\nnetwork.a.pipeline = resize\n"
                         "network.a.model = m\n"
                         "network.a.int8.decided = relu6 runs as relu\nnetwork.a.engine = fbgemm\n"
                         "network.decided.model = not = this\n";
}

static status fill(struct store *s)
{
    (void)s;
    return OK;
}

static void check(struct store_reader *r, const char *folder)
{
    static const char lines[] = "data.left_out = 3 pictures neither JPEG nor PNG, such as ```\n"
                                "data.boxes.columns = path from 'file'\n"
                                "network.a.int8.decided = relu6 runs as relu\n";
    struct text out = { .max = 1 << 16 };

    (void)folder;
    CHECK(decided_read(r, &out) == OK);
    CHECK_MSG(strcmp(out.data, lines) == 0, "%s", out.data);
    out.size = 0;
    CHECK(decided_markdown(lines, &out) == OK && decided_markdown(NULL, &out) == OK);
    CHECK_MSG(strcmp(out.data, "## What was decided\n\n"
                               "    data.left_out = 3 pictures neither JPEG nor PNG, such as ```\n"
                               "    data.boxes.columns = path from 'file'\n"
                               "    network.a.int8.decided = relu6 runs as relu\n\n") == 0,
              "%s", out.data);
    text_free(&out);
}

int main(int argc, char **argv)
{
    return report_fixture_run(argc, argv, &(struct report_test){ "report/decided", lay_out, fill, check });
}
