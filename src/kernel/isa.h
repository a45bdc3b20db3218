/* src/kernel/isa.h: what each instruction set's files put into a table. Private to the room. */
#ifndef KERNEL_ISA_H
#define KERNEL_ISA_H

#include "kernel.h"

void activation_f32_fill_ref(struct kernel_table *t);
void conv_f32_fill_ref(struct kernel_table *t);
void conv_u8_fill_ref(struct kernel_table *t);
void depthwise_f32_fill_ref(struct kernel_table *t);
void depthwise_u8_fill_ref(struct kernel_table *t);
void pool_fill_ref(struct kernel_table *t);
void elementwise_f32_fill_ref(struct kernel_table *t);
void elementwise_u8_fill_ref(struct kernel_table *t);
void gram_f64_fill_ref(struct kernel_table *t);
void resample_fill_ref(struct kernel_table *t);
void rows_fill_ref(struct kernel_table *t);
void relax_f64_fill_ref(struct kernel_table *t);
void quantize_fill_ref(struct kernel_table *t);
void peak_fill_ref(struct kernel_table *t);
void unit_f32_fill_ref(struct kernel_table *t);
void unit_u8_fill_ref(struct kernel_table *t);
void winograd_f32_fill_ref(struct kernel_table *t);
void wgrad_f32_fill_ref(struct kernel_table *t);
void backward_fill_ref(struct kernel_table *t);

void activation_f32_fill_avx2(struct kernel_table *t);
void conv_f32_fill_avx2(struct kernel_table *t);
void conv_u8_fill_avx2(struct kernel_table *t);
void depthwise_f32_fill_avx2(struct kernel_table *t);
void depthwise_u8_fill_avx2(struct kernel_table *t);
void pool_fill_avx2(struct kernel_table *t);
void elementwise_f32_fill_avx2(struct kernel_table *t);
void elementwise_u8_fill_avx2(struct kernel_table *t);
void gram_f64_fill_avx2(struct kernel_table *t);
void resample_fill_avx2(struct kernel_table *t);
void rows_fill_avx2(struct kernel_table *t);
void relax_f64_fill_avx2(struct kernel_table *t);
void quantize_fill_avx2(struct kernel_table *t);
void peak_fill_avx2(struct kernel_table *t);
void unit_f32_fill_avx2(struct kernel_table *t);
void unit_u8_fill_avx2(struct kernel_table *t);
void winograd_f32_fill_avx2(struct kernel_table *t);
void wgrad_f32_fill_avx2(struct kernel_table *t);
void backward_fill_avx2(struct kernel_table *t);

void activation_f32_fill_avx512vnni(struct kernel_table *t);
void conv_f32_fill_avx512vnni(struct kernel_table *t);
void conv_u8_fill_avx512vnni(struct kernel_table *t);
void depthwise_f32_fill_avx512vnni(struct kernel_table *t);
void depthwise_u8_fill_avx512vnni(struct kernel_table *t);
void elementwise_u8_fill_avx512vnni(struct kernel_table *t);
void gram_f64_fill_avx512vnni(struct kernel_table *t);
void rows_fill_avx512vnni(struct kernel_table *t);
void quantize_fill_avx512vnni(struct kernel_table *t);
void peak_fill_avx512vnni(struct kernel_table *t);
void unit_f32_fill_avx512vnni(struct kernel_table *t);
void unit_u8_fill_avx512vnni(struct kernel_table *t);
void winograd_f32_fill_avx512vnni(struct kernel_table *t);
void wgrad_f32_fill_avx512vnni(struct kernel_table *t);
void backward_fill_avx512vnni(struct kernel_table *t);

#endif
