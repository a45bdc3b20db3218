/* src/cli/explain_print.c: what `explain` says of a picture: a column a precision, in 80 columns. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "explain.h"

enum { LABEL = 26, VALUE = 10, ANSWER = 32, TOGETHER = 5, ANSWERS_TOGETHER = 2 };

/* ---- answers ------------------------------------------------------------------------------------------- */

/* Room for ANSWER columns; bytes of a character that would be cut are left out. */
static void print_class(const struct image_names *n, int class_index, float probability, int last)
{
    const char *name = image_name(n, class_index);
    char text[64];
    int length, width = ANSWER - 9;

    if (name)
        snprintf(text, sizeof text, "%.48s", name);
    else
        snprintf(text, sizeof text, "class %d", class_index);
    length = (int)strlen(text);
    while (length > width || (length > 0 && !text_is_utf8(text, (size_t)length)))
        text[--length] = '\0';
    printf(last ? "%-*s %5.1f %%\n" : "%-*s %5.1f %% ", width, text, 100 * (double)probability);
}

static void print_answers(const struct explain *e, int first, int end, const struct image_names *names)
{
    printf("  answers   ");
    for (int i = first; i < end - 1; i++)
        printf("%-*s", ANSWER, e->set.name[i]);
    printf("%s\n", e->set.name[end - 1]);
    for (int k = 0; k < probe_shown(e->probe, 0)->tops; k++) {
        printf("  %8d  ", k + 1);
        for (int i = first; i < end; i++) {
            const struct probe_shown *s = probe_shown(e->probe, i);

            print_class(names, s->top[k], s->score[k], i == end - 1);
        }
    }
}

/* ---- maps and measures -----------------------------------------------------------------------------------
 */

static void print_cells(const char *label, const struct explain *e, int first, int end,
                        void (*cell)(const struct explain *e, int i, int row, char *out, size_t size),
                        int row)
{
    char text[40];

    printf("  %-*s", LABEL - 2, label);
    for (int i = first; i < end; i++) {
        cell(e, i, row, text, sizeof text);
        printf("%*s", VALUE, text);
    }
    putchar('\n');
}

static void name_cell(const struct explain *e, int i, int row, char *out, size_t size)
{
    snprintf(out, size, "%.*s", VALUE - 1, e->set.name[i]);
}

/* Row 0: the raw sign, 1: the precision's own. */
static void sign_cell(const struct explain *e, int i, int row, char *out, size_t size)
{
    const struct probe_shown *s = probe_shown(e->probe, i);
    int sign = row == 0 ? s->cam.raw_sign : s->own_sign;

    snprintf(out, size, "%s", sign == 0 ? "undefined" : sign > 0 ? "same" : "opposite");
}

/* A corner of the box: 0 the upper left, 2 the lower right. */
static void box_cell(const struct explain *e, int i, int row, char *out, size_t size)
{
    const int32_t *box = e->side[i].box;

    if (box[0] < 0)
        snprintf(out, size, "none");
    else
        snprintf(out, size, "%d,%d", (int)box[row], (int)box[row + 1]);
}

static void value_cell(const struct explain *e, int i, int row, char *out, size_t size)
{
    double value = e->side[i].value[row];

    snprintf(out, size, "%.*f", measure_table[row].digits, value);
    if (isnan(value))
        snprintf(out, size, "-");
}

/* Row 2 m: the RMSE of method m's maps, 2 m + 1: their correlation. */
static void map_cell(const struct explain *e, int i, int row, char *out, size_t size)
{
    double value = e->side[i].maps[row / 2][row % 2];

    snprintf(out, size, row % 2 ? "%.4f" : "%.3f", value);
    if (isnan(value))
        snprintf(out, size, "-");
}

static int has_value(const struct explain *e, int row)
{
    for (int i = 0; i < e->set.count; i++)
        if (!isnan(e->side[i].value[row]))
            return 1;
    return 0;
}

static void print_maps(const struct explain *e, unsigned maps, int first, int end)
{
    static const char *const word[2] = { "RMSE", "correlation" };
    char label[40];

    for (int row = 0; row < 2 * ATTRIBUTIONS; row++)
        if (maps >> row / 2 & 1) {
            snprintf(label, sizeof label, "%s, %s", word[row % 2],
                     attribution_name((enum attribution)(row / 2)));
            print_cells(label, e, first, end, map_cell, row);
        }
}

static void print_values(const struct explain *e, unsigned maps, int first, int end)
{
    print_cells("map", e, first, end, name_cell, 0);
    print_cells("raw sign", e, first, end, sign_cell, 0);
    print_cells("own sign", e, first, end, sign_cell, 1);
    print_cells("box at 0.2, from x,y", e, first, end, box_cell, 0);
    print_cells("            to x,y", e, first, end, box_cell, 2);
    for (int k = 0; measure_table[k].name; k++)
        if (measure_table[k].of == MEASURE_ONE && has_value(e, k))
            print_cells(measure_table[k].label, e, first, end, value_cell, k);
    if (e->set.count < 2)
        return;
    printf("  against %s\n", e->set.name[0]);
    for (int k = 0; measure_table[k].name; k++)
        if (measure_table[k].of == MEASURE_PAIR && has_value(e, k))
            print_cells(measure_table[k].label, e, first, end, value_cell, k);
    print_maps(e, maps, first, end);
}

/* ---- curves ----------------------------------------------------------------------------------------------
 */

/* At `tenth` of the pixels, between two steps in proportion. */
static double curve_at(const float *curve, int steps, int tenth)
{
    int step = tenth * steps / 10;
    double rest = tenth * steps / 10.0 - step, low = (double)curve[step];

    return rest > 0 ? low + rest * ((double)curve[step + 1] - low) : low;
}

/* Probabilities of the precision's own answer at every tenth of the pixels. */
static void print_curves(const struct explain *e, int steps)
{
    static const char *const kind[EXPLAIN_CURVES] = { "deletion", "insertion" };

    printf("  %% pixels           ");
    for (int i = 0; i <= 10; i++)
        printf("%4d", 10 * i);
    printf("   area\n");
    for (int k = 0; k < EXPLAIN_CURVES; k++)
        for (int s = 0; s < e->set.count; s++) {
            const float *curve = e->side[s].curve[k];

            printf("  %-9s %-9.9s", kind[k], e->set.name[s]);
            if (e->side[s].odd) {
                printf("logits that are not finite\n");
                continue;
            }
            for (int i = 0; i <= 10; i++)
                printf("%4.0f", 100 * curve_at(curve, steps, i));
            printf("  %5.2f\n", 100 * curve_auc(curve, steps));
        }
}

void explain_print(const struct explain *e, int steps, unsigned maps, const struct image_names *names)
{
    for (int i = 0; i < e->set.count; i += ANSWERS_TOGETHER)
        print_answers(e, i, i + ANSWERS_TOGETHER < e->set.count ? i + ANSWERS_TOGETHER : e->set.count, names);
    for (int i = 0; i < e->set.count; i += TOGETHER)
        print_values(e, maps, i, i + TOGETHER < e->set.count ? i + TOGETHER : e->set.count);
    if (steps > 0)
        print_curves(e, steps);
}
