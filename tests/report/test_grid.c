#include <math.h>
#include <string.h>

#include "check.h"
#include "report/grid.h"

static void check_cells(void)
{
    const double interval[3] = { -1.25, -2.5, 0.5 };
    struct grid g;

    grid_init(&g, "id", "Title of %d", 3);
    CHECK(strcmp(g.title, "Title of 3") == 0);
    for (int i = 0; i < 8; i++)
        grid_column(&g, i == 2 ? "" : i < 3 ? "pair" : "x", "");
    CHECK(grid_row(&g, (struct grid_key){ .network = "net", .precision = "int8" }) == OK);
    grid_text(&g, "a%c", 'b');
    grid_number(&g, "top1", 69.7581, 3);
    grid_signed(&g, "top1", 0.5, 2);
    grid_set_key(&g, (struct grid_key){ "net", "int8", "control" });
    grid_interval(&g, "top1", interval, 2, 1);
    grid_interval(&g, "top1", interval, 1, 0);
    grid_count(&g, "images", 12);
    grid_quoted(&g, "published", "0.30");
    grid_missing(&g, "no labels");
    static const char *const text[] = {
        "ab", "69.758", "+0.50", "-1.25 [-2.50, +0.50]", "-1.2 [-2.5, 0.5]", "12", "0.30", "no labels"
    };
    for (int c = 0; c < 8; c++)
        CHECK_MSG(strcmp(grid_cell(&g, 0, c)->text, text[c]) == 0, "%d: %s", c, grid_cell(&g, 0, c)->text);
    CHECK(grid_cell(&g, 0, 1)->kind == CELL_NUMBER && fabs(grid_cell(&g, 0, 1)->value - 69.7581) < 1e-12);
    CHECK(grid_cell(&g, 0, 3)->kind == CELL_INTERVAL && grid_cell(&g, 0, 3)->low == -2.5 &&
          grid_cell(&g, 0, 3)->high == 0.5);
    CHECK(grid_cell(&g, 0, 6)->value == 0.3 && grid_cell(&g, 0, 7)->kind == CELL_MISSING);
    /* The set is the column's from the fourth on; network, precision and measure are everywhere. */
    CHECK(!grid_cell(&g, 0, 1)->key.set && strcmp(grid_cell(&g, 0, 3)->key.set, "control") == 0);
    CHECK(strcmp(grid_cell(&g, 0, 3)->key.network, "net") == 0);
    CHECK(strcmp(grid_cell(&g, 0, 3)->measure, "top1") == 0 && grid_cell(&g, 0, 0)->measure[0] == '\0');
    CHECK(grid_is_words(&g, 0) && !grid_is_words(&g, 1) && !grid_is_words(&g, 7));
    CHECK(grid_span(&g, 0) == 1 && grid_span(&g, 1) == 2 && grid_span(&g, 3) == 5);
    /* A row that nobody fills is missing cells; a remark stands behind a number. */
    CHECK(grid_row(&g, (struct grid_key){ NULL }) == OK);
    CHECK(grid_cell(&g, 1, 0)->kind == CELL_MISSING && grid_cell(&g, 1, 0)->text[0] == '\0');
    grid_number(&g, "iou", 0.5, 1);
    grid_remark(&g, "one image");
    CHECK(strcmp(grid_cell(&g, 1, 0)->text, "0.5 [one image]") == 0);
    CHECK(!grid_is_words(&g, 0));
    grid_release(&g);
}

static void check_growth(void)
{
    char wide[2 * GRID_CELL + 1];
    struct grid g;

    grid_init(&g, "long", "Long");
    grid_column(&g, "network", "");
    for (int i = 0; i < 100; i++) { /* grows, and keeps what it had */
        CHECK(grid_row(&g, (struct grid_key){ NULL }) == OK);
        grid_count(&g, NULL, i);
    }
    CHECK(grid_cell(&g, 0, 0)->value == 0 && strcmp(grid_cell(&g, 99, 0)->text, "99") == 0);
    for (int i = 0; i < GRID_CELL; i++) /* two bytes a character: the cut may fall inside one */
        memcpy(wide + 2 * i, "\xC3\xBC", 3);
    for (int i = 0; i < 2; i++) {
        CHECK(grid_row(&g, (struct grid_key){ NULL }) == OK);
        grid_text(&g, "%s%s", i ? "x" : "", wide);
        CHECK(text_is_utf8(grid_cell(&g, 100 + i, 0)->text, strlen(grid_cell(&g, 100 + i, 0)->text)));
        CHECK(strlen(grid_cell(&g, 100 + i, 0)->text) > 160);
    }
    grid_release(&g);
}

int main(void)
{
    check_cells();
    check_growth();
    CHECK(mem_live() == 0);
    return check_result("report/grid");
}
