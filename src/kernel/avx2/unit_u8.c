/* src/kernel/avx2/unit_u8.c: units of codes do not pay here: their layers one by one keep both multipliers as
 * busy, so what there is of them is `ref`'s. */
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
