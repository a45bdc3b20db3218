/* src/metric/student.c: intervals of a mean of few values. */
#include "metric_test.h"

#include <math.h>

/* 97.5 % quantiles of Student's t of 1, 2 .. degrees of freedom, rounded to double (mpmath, 50 digits). */
static const double quantile[STUDENT_MOST - 1] = {
    12.706204736174705, 4.302652729749464,  3.1824463052837095, 2.7764451051977943, 2.5705818356363155,
    2.44691185114497,   2.3646242515927853, 2.3060041352041667, 2.2621571627982053, 2.228138851986275,
    2.2009851600916397, 2.178812829667229,  2.1603686564627926, 2.144786687917804,  2.1314495455597755,
    2.1199052992212546, 2.109815577833317,  2.1009220402410387, 2.0930240544083096, 2.085963447265865,
    2.0796138447276804, 2.0738730679040263, 2.0686576104190486, 2.063898561628026,  2.0595385527532977,
    2.055529438642873,  2.0518305164802855, 2.048407141795245,  2.0452296421327043, 2.042272456301238,
};

double student_quantile(int freedom)
{
    BUG_IF(freedom < 1 || freedom >= STUDENT_MOST);
    return quantile[freedom - 1];
}

void student_interval(const double *values, int count, struct student_interval *out)
{
    double sum = 0, squares = 0, half = 0;

    BUG_IF(count < 0 || count > STUDENT_MOST);
    *out = (struct student_interval){ .sd = 0 };
    for (int i = 0; i < count; i++)
        sum += values[i];
    if (count > 0)
        out->mean = sum / count;
    for (int i = 0; i < count; i++)
        squares += (values[i] - out->mean) * (values[i] - out->mean);
    if (count > 1) {
        out->sd = sqrt(squares / (count - 1));
        half = student_quantile(count - 1) * out->sd / sqrt(count);
    }
    out->low = out->mean - half;
    out->high = out->mean + half;
}
