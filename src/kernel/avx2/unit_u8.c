/* src/kernel/avx2/unit_u8.c: there is no kernel of units for AVX2: the layers one by one are its way, and
 * what is asked of a unit all the same is `ref`'s. */
#include "../isa.h"

static int pays(const struct kernel_unit *u)
{
    (void)u;
    return 0;
}

void unit_u8_fill_avx2(struct kernel_table *t)
{
    t->unit_u8_pays = pays;
}
