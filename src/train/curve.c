/* src/train/curve.c: the learning curve: a line of log an epoch, OUT.curve.csv, and stdout at the end. */
#include "train_parts.h"

#include <math.h>
#include <stdio.h>

enum { CSV_MAX = 16 << 20, SHARE_TEXT = 16 };

/* "97.09", or "-" where there is none. */
static const char *percent(double share, char out[SHARE_TEXT])
{
    if (isnan(share))
        return "-";
    snprintf(out, SHARE_TEXT, "%.2f", 100 * share);
    return out;
}

static const char *number(double value, char out[SHARE_TEXT])
{
    if (isnan(value))
        return "-";
    snprintf(out, SHARE_TEXT, "%.4f", value);
    return out;
}

void curve_say(const struct train *t, const struct train_line *l)
{
    char held[SHARE_TEXT], test[SHARE_TEXT], left[64] = "?";
    double seconds = clock_s() - t->began;
    int64_t steps = t->at.step - t->began_step, all = (int64_t)t->batches * t->job->epochs;

    if (steps > 0)
        text_duration(seconds / (double)steps * (double)(all - t->at.step), left, sizeof left);
    log_info("epoch %.0f/%d  loss %.4f  right %.2f %%%s%s%s%s%s%s  left %s", l->epoch, t->job->epochs,
             l->loss, 100 * l->accuracy, t->held ? "  held out " : "",
             t->held ? percent(l->held_accuracy, held) : "", t->held ? " %" : "",
             t->test.count ? "  test " : "", t->test.count ? percent(l->test_accuracy, test) : "",
             t->test.count ? " %" : "", left);
}

/* NaN as an empty field. */
static status add_value(struct text *out, double v)
{
    return isnan(v) ? text_add(out, ",") : text_add(out, ",%.17g", v);
}

static status compose(const struct train *t, struct text *out)
{
    TRY(text_add(out,
                 "epoch,rate,loss,accuracy,held_loss,held_accuracy,test_loss,test_accuracy,alphas_raised\n"));
    for (int64_t i = 0; i < t->at.lines; i++) {
        const struct train_line *l = &t->line[i];
        const double value[] = { l->rate,          l->loss,      l->accuracy,      l->held_loss,
                                 l->held_accuracy, l->test_loss, l->test_accuracy, l->raised };

        TRY(text_add(out, "%.0f", l->epoch));
        for (size_t k = 0; k < COUNT_OF(value); k++)
            TRY(add_value(out, value[k]));
        TRY(text_add(out, "\n"));
    }
    return OK;
}

status curve_write(const struct train *t)
{
    char path[OPTION_SIZE + 16];
    struct text csv = { .max = CSV_MAX };
    status result = compose(t, &csv);

    snprintf(path, sizeof path, "%s.curve.csv", t->job->out);
    if (result == OK)
        result = text_write_file(path, csv.data, csv.size);
    text_free(&csv);
    return result;
}

void curve_print(const struct train *t)
{
    printf("%6s %12s %10s %8s %10s %8s %10s %8s\n", "epoch", "rate", "loss", "right %", "held out", "right %",
           "test", "right %");
    for (int64_t i = 0; i < t->at.lines; i++) {
        const struct train_line *l = &t->line[i];
        char text[6][SHARE_TEXT];

        printf("%6.0f %12.6g %10s %8s %10s %8s %10s %8s\n", l->epoch, l->rate, number(l->loss, text[0]),
               percent(l->accuracy, text[1]), number(l->held_loss, text[2]),
               percent(l->held_accuracy, text[3]), number(l->test_loss, text[4]),
               percent(l->test_accuracy, text[5]));
    }
}
