/* viridis: the colours of every map that the report draws. */
#ifndef QUANTCAM_REPORT_VIRIDIS_H
#define QUANTCAM_REPORT_VIRIDIS_H

#include "base.h"

void viridis_fill(uint8_t palette[256][3]);

#endif
