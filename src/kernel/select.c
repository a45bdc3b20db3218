/* src/kernel/select.c: which instruction sets there are, which this machine can run, and their tables. */
#include <stdlib.h>
#include <string.h>

#include "isa.h"

static int has_ref(void)
{
    return 1;
}

static void fill_ref(struct kernel_table *t)
{
    activation_f32_fill_ref(t);
    conv_f32_fill_ref(t);
    conv_u8_fill_ref(t);
    depthwise_f32_fill_ref(t);
    depthwise_u8_fill_ref(t);
    pool_fill_ref(t);
    elementwise_f32_fill_ref(t);
    elementwise_u8_fill_ref(t);
    gram_f64_fill_ref(t);
    resample_fill_ref(t);
    rows_fill_ref(t);
    relax_f64_fill_ref(t);
    quantize_fill_ref(t);
    peak_fill_ref(t);
    unit_f32_fill_ref(t);
    unit_u8_fill_ref(t);
    winograd_f32_fill_ref(t);
    wgrad_f32_fill_ref(t);
    backward_fill_ref(t);
}

#if defined(__x86_64__) || defined(__i386__)
static int has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static void fill_avx2(struct kernel_table *t)
{
    activation_f32_fill_avx2(t);
    conv_f32_fill_avx2(t);
    conv_u8_fill_avx2(t);
    depthwise_f32_fill_avx2(t);
    depthwise_u8_fill_avx2(t);
    pool_fill_avx2(t);
    elementwise_f32_fill_avx2(t);
    elementwise_u8_fill_avx2(t);
    gram_f64_fill_avx2(t);
    resample_fill_avx2(t);
    rows_fill_avx2(t);
    relax_f64_fill_avx2(t);
    quantize_fill_avx2(t);
    peak_fill_avx2(t);
    unit_f32_fill_avx2(t);
    unit_u8_fill_avx2(t);
    winograd_f32_fill_avx2(t);
    wgrad_f32_fill_avx2(t);
    backward_fill_avx2(t);
}

/* The bundle F, BW, DQ, VL, VNNI: what Cascade Lake, Ice Lake, Zen 4 and later have. */
static int has_avx512vnni(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni");
}

static void fill_avx512vnni(struct kernel_table *t)
{
    activation_f32_fill_avx512vnni(t);
    conv_f32_fill_avx512vnni(t);
    conv_u8_fill_avx512vnni(t);
    depthwise_f32_fill_avx512vnni(t);
    depthwise_u8_fill_avx512vnni(t);
    elementwise_u8_fill_avx512vnni(t);
    gram_f64_fill_avx512vnni(t);
    rows_fill_avx512vnni(t);
    quantize_fill_avx512vnni(t);
    peak_fill_avx512vnni(t);
    unit_f32_fill_avx512vnni(t);
    unit_u8_fill_avx512vnni(t);
    winograd_f32_fill_avx512vnni(t);
    wgrad_f32_fill_avx512vnni(t);
    backward_fill_avx512vnni(t);
}

#endif

/* Slowest first: a later row inherits every entry of the rows before it. */
static const struct { const char *isa; int (*usable)(void); void (*fill)(struct kernel_table *); } rows[] = {
    { "ref", has_ref, fill_ref },
#if defined(__x86_64__) || defined(__i386__)
    { "avx2", has_avx2, fill_avx2 },
    { "avx512vnni", has_avx512vnni, fill_avx512vnni },
#endif
};
enum { ROWS = sizeof rows / sizeof *rows };

const struct kernel_table *kernel_select(const char *name)
{
    static struct kernel_table table[ROWS];
    int found = -1;

    for (int i = 0; i < ROWS; i++)
        if (rows[i].usable() && (!strcmp(name, "auto") || !strcmp(name, rows[i].isa)))
            found = i;
    if (found < 0)
        return NULL;
    if (!table[found].isa)
        for (int i = 0; i <= found; i++)
            rows[i].fill(&table[found]);
    table[found].isa = rows[found].isa;
    return &table[found];
}

const char *kernel_wanted(const char *name)
{
    const char *forced = getenv("QUANTCAM_ISA");

    return strcmp(name, "auto") == 0 && forced && *forced ? forced : name;
}

int kernel_list(const char *names[8], int usable[8])
{
    for (int i = 0; i < ROWS; i++) {
        names[i] = rows[i].isa;
        usable[i] = rows[i].usable();
    }
    return ROWS;
}
