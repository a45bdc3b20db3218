/* src/metric/exp.h: exp and log2 without libm, so that its variants do not matter. Local. */
#ifndef QUANTCAM_METRIC_EXP_H
#define QUANTCAM_METRIC_EXP_H

/* e^x for x <= 0, to about 1e-15 relative; 0 below -708. Equal bits on every x86. */
double metric_exp(double x);
/* log2(x) for normal, positive, finite x, to about 1e-15. Equal bits on every x86. */
double metric_log2(double x);

#endif
