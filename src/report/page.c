/* src/report/page.c: page.css and page.js as they stand in the folder, taken in by the assembler: each a
 * text with a zero behind it. The Makefile knows that this file depends on them. */
#include "page.h"

#define TEXT(name, file)                                                                                     \
    __asm__(".pushsection .rodata\n.globl " #name "\n.type " #name ", %object\n" #name ":\n.incbin \""       \
            file "\"\n.byte 0\n.size " #name ", . - " #name "\n.popsection\n")

TEXT(page_css, "src/report/page.css");
TEXT(page_js, "src/report/page.js");
