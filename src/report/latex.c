#include "latex.h"

#include <string.h>

#include "markup.h"

enum { OUTPUT_MAX = 64 << 20, PAGE_ROWS = 40 };

enum { ROW_UNIT = -1 };

static status add_row(const struct grid *g, int row, struct text *out)
{
    for (int c = 0; c < g->columns; c++) {
        /* {}: what begins with a bracket would be taken for the argument of the line break before it. */
        TRY(text_add(out, c ? " & " : "{}"));
        TRY(markup_latex(out, row == ROW_UNIT ? g->unit[c] : grid_cell(g, row, c)));
    }
    return text_add(out, " \\\\\n");
}

/* Equal heads are joined over a rule of their own. */
static status add_heads(const struct grid *g, struct text *out)
{
    for (int c = 0; c < g->columns; c += grid_span(g, c)) {
        TRY(text_add(out, c ? " & " : "{}"));
        if (grid_span(g, c) > 1)
            TRY(text_add(out, "\\multicolumn{%d}{c}{", grid_span(g, c)));
        TRY(markup_latex(out, g->head[c]));
        if (grid_span(g, c) > 1)
            TRY(text_add(out, "}"));
    }
    TRY(text_add(out, " \\\\\n"));
    for (int c = 0; c < g->columns; c += grid_span(g, c))
        if (grid_span(g, c) > 1)
            TRY(text_add(out, "\\cmidrule(lr){%d-%d}", c + 1, c + grid_span(g, c)));
    return text_add(out, "\n");
}

static int has_units(const struct grid *g)
{
    for (int c = 0; c < g->columns; c++)
        if (g->unit[c][0])
            return 1;
    return 0;
}

/* Rows first .. last - 1, with the grid's head; shrunk to the line where it is wider. */
static status add_tabular(const struct grid *g, int first, int last, struct text *out)
{
    TRY(text_add(out, "\\begin{lrbox}{\\fitbox}\n\\begin{tabular}{l"));
    for (int c = 1; c < g->columns; c++)
        TRY(text_add(out, "r"));
    TRY(text_add(out, "}\n\\toprule\n"));
    TRY(add_heads(g, out));
    if (has_units(g))
        TRY(add_row(g, ROW_UNIT, out));
    TRY(text_add(out, "\\midrule\n"));
    for (int r = first; r < last; r++)
        TRY(add_row(g, r, out));
    return text_add(out, "\\bottomrule\n\\end{tabular}\n\\end{lrbox}\n"
                         "\\ifdim\\wd\\fitbox>\\linewidth\\resizebox{\\linewidth}{!}{\\usebox{\\fitbox}}"
                         "\\else\\usebox{\\fitbox}\\fi\n");
}

/* "Table 3. RMSE ..." is "RMSE ... (the study's Table 3)": LaTeX numbers tables itself. */
static status add_caption(const struct grid *g, struct text *out)
{
    const char *end = strstr(g->title, ". ");
    char number[sizeof g->title];

    if (!end || (strncmp(g->title, "Table ", 6) != 0 && strncmp(g->title, "Figure ", 7) != 0))
        return markup_latex(out, g->title);
    snprintf(number, sizeof number, "%.*s", (int)(end - g->title), g->title);
    TRY(markup_latex(out, end + 2));
    TRY(text_add(out, " (the study's "));
    TRY(markup_latex(out, number));
    return text_add(out, ")");
}

status latex_grid(const struct grid *g, struct text *out)
{
    for (int first = 0; first == 0 || first < g->rows; first += PAGE_ROWS) {
        int last = first + PAGE_ROWS < g->rows ? first + PAGE_ROWS : g->rows;

        TRY(text_add(out, "\\begin{table}[p]\n\\centering\n\\caption{"));
        TRY(add_caption(g, out));
        TRY(text_add(out, first ? " (continued)}\n" : "}\n"));
        TRY(add_tabular(g, first, last, out));
        if (g->note[0] && last == g->rows) {
            TRY(text_add(out, "\\par\\medskip\\footnotesize\\raggedright "));
            TRY(markup_latex(out, g->note));
            TRY(text_add(out, "\n"));
        }
        TRY(text_add(out, "\\end{table}\n\\clearpage\n"));
    }
    return OK;
}

status latex_write(const struct collect *c, const char *folder)
{
    struct text out = { .max = OUTPUT_MAX };
    char path[4096];
    status result = OK;

    TRY(text_path(path, sizeof path, folder, "tables.tex"));
    TRY_OUT(text_add(&out, "\\documentclass{article}\n"
                           "\\usepackage[T1]{fontenc}\n\\usepackage[utf8]{inputenc}\n"
                           "\\usepackage{textcomp}\n\\usepackage{booktabs}\n\\usepackage{graphicx}\n"
                           "\\usepackage[a4paper,landscape,margin=15mm]{geometry}\n"
                           "\\newsavebox{\\fitbox}\n"
                           "\\begin{document}\n"));
    for (int i = 0; i < c->grids; i++)
        TRY_OUT(latex_grid(&c->grid[i], &out));
    if (c->bad_images.rows)
        TRY_OUT(latex_grid(&c->bad_images, &out));
    TRY_OUT(text_add(&out, "\\end{document}\n"));
    TRY_OUT(text_write_file(path, out.data, out.size));
out:
    text_free(&out);
    return result;
}
