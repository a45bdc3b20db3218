#include <string.h>

#include "check.h"
#include "report/grid.h"

static void fill(struct grid *g)
{
    grid_init(g, "table_x", "Table X");
    grid_column(g, "network", "");
    grid_column(g, "top-1", "%");
    CHECK(grid_row(g) == OK);
    grid_set(g, 0, "a|b");
    grid_set(g, 1, "%.3f", 90.15);
    CHECK(grid_row(g) == OK);
    grid_set(g, 0, "say \"c\", d");
    grid_set(g, 1, "-");
    grid_note(g, "First. ");
    grid_note(g, "%d.", 2);
}

static status on_terminal(const struct grid *g, struct text *out)
{
    return grid_terminal(g, 80, out);
}

static void check_form(const struct grid *g, status (*form)(const struct grid *, struct text *),
                       const char *expected)
{
    struct text out = { .max = 10000 };

    CHECK(form(g, &out) == OK);
    CHECK_MSG(strcmp(out.data, expected) == 0, "got:\n%s", out.data);
    text_free(&out);
}

/* Wider than 80: blocks, each with the columns that name its rows (words in every row), none wider. */
static void check_blocks(void)
{
    struct grid g;
    struct text out = { .max = 10000 };
    int column = 0, widest = 0, heads = 0;

    grid_init(&g, "wide", "Wide");
    grid_column(&g, "network", "");
    grid_column(&g, "set", "");
    for (int i = 0; i < 9; i++)
        grid_column(&g, "measure", "%");
    for (int r = 0; r < 2; r++) {
        CHECK(grid_row(&g) == OK);
        grid_set(&g, 0, "net");
        grid_set(&g, 1, r ? "all" : "raw");
        for (int i = 0; i < 9; i++)
            grid_set(&g, 2 + i, "%d.%010d", 10 * r + i, i);
    }
    CHECK(grid_terminal(&g, 80, &out) == OK);
    for (const char *p = out.data; *p; p++) {
        column = *p == '\n' ? 0 : column + 1;
        widest = column > widest ? column : widest;
    }
    for (const char *p = out.data; (p = strstr(p, "network  set")); p++)
        heads++;
    CHECK_MSG(widest <= 80 && widest > 60, "%d columns", widest);
    CHECK_MSG(heads == 3, "%d blocks", heads);
    CHECK(strstr(out.data, "net      all  10.0000000000") && strstr(out.data, "net      all  14.0000000004"));
    CHECK(strstr(out.data, "8.0000000008\n") && strstr(out.data, "18.0000000008\n"));
    text_free(&out);
    grid_release(&g);
}

int main(void)
{
    struct grid g;
    struct text tiny = { .max = 10 };

    check_blocks();
    fill(&g);
    check_form(&g, on_terminal,
               "Table X\n"
               "network      top-1\n"
               "               (%)\n"
               "a|b         90.150\n"
               "say \"c\", d       -\n"
               "  First. 2.\n\n");
    check_form(
        &g, grid_markdown,
        "### Table X\n\n| network | top-1 (%) |\n|---|---:|\n| a\\|b | 90.150 |\n| say \"c\", d | - |\n\n"
        "First. 2.\n\n");
    check_form(&g, grid_csv, "network,top-1 (%)\r\na|b,90.150\r\n\"say \"\"c\"\", d\",-\r\n");
    CHECK(grid_terminal(&g, 80, &tiny) == ERR_MEMORY);
    text_free(&tiny);
    CHECK(strcmp(grid_cell(&g, 1, 1), "-") == 0);
    for (int i = 0; i < 100; i++) { /* grows, and keeps what it had */
        CHECK(grid_row(&g) == OK);
        grid_set(&g, 0, "%d", i);
    }
    CHECK(strcmp(grid_cell(&g, 0, 1), "90.150") == 0 && strcmp(grid_cell(&g, 101, 0), "99") == 0);
    char wide[2 * GRID_CELL + 1];
    for (int i = 0; i < GRID_CELL; i++) /* two bytes a character: the cut may fall inside one */
        memcpy(wide + 2 * i, "\xC3\xBC", 3);
    for (int i = 0; i < 2; i++) {
        grid_set(&g, 0, "%s%s", i ? "x" : "", wide);
        CHECK(text_is_utf8(grid_cell(&g, 101, 0), strlen(grid_cell(&g, 101, 0))));
        CHECK(strlen(grid_cell(&g, 101, 0)) > 160);
    }
    grid_release(&g);
    CHECK(mem_live() == 0);
    return check_result("test_grid");
}
