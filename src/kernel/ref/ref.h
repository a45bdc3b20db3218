/* src/kernel/ref/ref.h: how the reference is compiled. Private to the folder. */
#ifndef KERNEL_REF_H
#define KERNEL_REF_H

#include "../isa.h"
#include "../scalar.h"

/* The reference must run on every x86, where fmaf() is a library call. Where the CPU has the instruction, a
 * second compilation of the same lines uses it: both round correctly, so the bits are the same. The
 * sanitizers cannot start a program that has such functions. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define REF_HOT(isa) __attribute__((target_clones(isa, "default"), optimize("O3")))
#else
#define REF_HOT(isa)
#endif

#endif
