#include "base.h"
#include "check.h"

#include <string.h>
#include <unistd.h>

int main(void)
{
    char now[32];
    double a = clock_s(), b;

    usleep(2000);
    b = clock_s();
    CHECK(b - a >= 0.002 && b - a < 10);
    clock_iso8601(now, sizeof now);
    CHECK(strlen(now) == 20 && now[10] == 'T' && now[19] == 'Z' && now[0] == '2');
    clock_iso8601(now, 4);
    CHECK(now[0] == '\0');
    return check_result("test_clock");
}
