#include <string.h>

#include "check.h"
#include "report/print.h"

static void fill(struct grid *g)
{
    const double interval[3] = { -1.5, -2.25, 0.5 };

    grid_init(g, "table_x", "Table 3. X");
    grid_column(g, "network", "");
    grid_column(g, "top-1", "%");
    grid_column(g, "less", "");
    CHECK(grid_row(g, (struct grid_key){ "a|b", "int8", "all" }) == OK);
    grid_text(g, "a|b");
    grid_number(g, "top1", 90.15, 3);
    grid_interval(g, "less", interval, 2, 1);
    CHECK(grid_row(g, (struct grid_key){ "say \"c\", d", "int8", "all" }) == OK);
    grid_text(g, "say \"c\", d");
    grid_missing(g, "-");
    grid_signed(g, "less", 2, 1);
    grid_note(g, "First. ");
    grid_note(g, "%d.", 2);
}

static void check_form(const struct grid *g, enum print_form form, const char *expected)
{
    struct text out = { .max = 10000 };

    CHECK(print_grid(g, form, 80, &out) == OK);
    CHECK_MSG(strcmp(out.data, expected) == 0, "form %d, got:\n%s", form, out.data);
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
        CHECK(grid_row(&g, (struct grid_key){ NULL }) == OK);
        grid_text(&g, "net");
        grid_text(&g, "%s", r ? "all" : "raw");
        for (int i = 0; i < 9; i++)
            grid_number(&g, NULL, 10 * r + i + i * 1e-10, 10);
    }
    CHECK(print_grid(&g, PRINT_TERMINAL, 80, &out) == OK);
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

/* More rows than a page: two tables, the second said to go on, the note under the last. */
static void check_pages(void)
{
    struct text out = { .max = 100000 };
    struct grid g;

    grid_init(&g, "long", "Long");
    grid_column(&g, "n", "");
    for (int i = 0; i < 41; i++) {
        CHECK(grid_row(&g, (struct grid_key){ NULL }) == OK);
        grid_count(&g, NULL, i);
    }
    grid_note(&g, "Note");
    CHECK(print_grid(&g, PRINT_LATEX, 0, &out) == OK);
    CHECK(strstr(out.data, "{}39 \\\\\n\\bottomrule") && strstr(out.data, "\\caption{Long (continued)}"));
    CHECK(strstr(out.data, "Note") > strstr(out.data, "(continued)"));
    text_free(&out);
    grid_release(&g);
}

int main(void)
{
    struct grid g;
    struct text tiny = { .max = 10 }, values = { .max = 1000 };

    check_blocks();
    check_pages();
    fill(&g);
    check_form(&g, PRINT_TERMINAL,
               "Table 3. X\n"
               "network      top-1                  less\n"
               "               (%)                      \n"
               "a|b         90.150  -1.50 [-2.25, +0.50]\n"
               "say \"c\", d       -                  +2.0\n"
               "  First. 2.\n\n");
    check_form(&g, PRINT_MARKDOWN,
               "### Table 3. X\n\n| network | top-1 (%) | less |\n|---|---:|---:|\n"
               "| a\\|b | 90.150 | -1.50 [-2.25, +0.50] |\n| say \"c\", d | - | +2.0 |\n\nFirst. 2.\n\n");
    check_form(&g, PRINT_CSV,
               "network,top-1 (%),less\r\na|b,90.150,\"-1.50 [-2.25, +0.50]\"\r\n"
               "\"say \"\"c\"\", d\",-,+2.0\r\n");
    check_form(&g, PRINT_JSON,
               "{\"id\": \"table_x\", \"title\": \"Table 3. X\", \"note\": \"First. 2.\", \"columns\": "
               "[{\"name\": \"network\", \"unit\": \"\"}, {\"name\": \"top-1\", \"unit\": \"%\"}, "
               "{\"name\": \"less\", \"unit\": \"\"}],\n\"rows\": [[\"a|b\", 90.150, {\"value\": -1.5, "
               "\"low\": -2.25, \"high\": 0.5, \"text\": \"-1.50 [-2.25, +0.50]\"}],\n"
               "[\"say \\\"c\\\", d\", \"-\", 2.0]]}");
    check_form(&g, PRINT_LATEX,
               "\\begin{table}[p]\n\\centering\n\\caption{X (the study's Table 3)}\n"
               "\\begin{lrbox}{\\fitbox}\n\\begin{tabular}{lrr}\n\\toprule\n"
               "{}network & top-{}1 & less \\\\\n\n{} & \\% &  \\\\\n\\midrule\n"
               "{}a\\textbar{}b & 90.150 & $-$1.50 [$-$2.25, +0.50] \\\\\n"
               "{}say \\textquotedbl{}c\\textquotedbl{}, d & -{} & +2.0 \\\\\n"
               "\\bottomrule\n\\end{tabular}\n\\end{lrbox}\n"
               "\\ifdim\\wd\\fitbox>\\linewidth\\resizebox{\\linewidth}{!}{\\usebox{\\fitbox}}"
               "\\else\\usebox{\\fitbox}\\fi\n\\par\\medskip\\footnotesize\\raggedright First. 2.\n"
               "\\end{table}\n\\clearpage\n");
    check_form(
        &g, PRINT_HTML,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table 3. X\">"
        "<table id=\"table_x\"><caption>Table 3. X</caption>\n<thead>\n"
        "<tr><th scope=\"col\">network</th><th scope=\"col\">top-1</th><th scope=\"col\">less</th></tr>\n"
        "<tr><th scope=\"col\" class=\"unit\"></th><th scope=\"col\" class=\"unit\">%</th>"
        "<th scope=\"col\" class=\"unit\"></th></tr>\n</thead>\n<tbody>\n"
        "<tr><th scope=\"row\">a|b</th><td>90.150</td>"
        "<td>-1.50 <span class=\"note\">[-2.25, +0.50]</span></td></tr>\n"
        "<tr><th scope=\"row\">say &quot;c&quot;, d</th><td>-</td><td>+2.0</td></tr>\n"
        "</tbody></table></div>\n<p class=\"note\">First. 2.</p>\n");
    CHECK(print_values_head(&values) == OK && print_values(&g, &values) == OK);
    CHECK_MSG(strcmp(values.data, "table,network,precision,measure,set,value,low,high\r\n"
                                  "table_x,a|b,int8,top1,all,90.15,,\r\n"
                                  "table_x,a|b,int8,less,all,-1.5,-2.25,0.5\r\n"
                                  "table_x,\"say \"\"c\"\", d\",int8,less,all,2,,\r\n") == 0,
              "%s", values.data);
    CHECK(print_grid(&g, PRINT_TERMINAL, 80, &tiny) == ERR_MEMORY);
    text_free(&tiny);
    text_free(&values);
    grid_release(&g);
    CHECK(mem_live() == 0);
    return check_result("report/print");
}
