/* src/report/decided.h: what the job decided where its inputs leave a choice. Private to the room. */
#ifndef REPORT_DECIDED_H
#define REPORT_DECIDED_H

#include "store.h"

/* Lines `key = words` of /provenance: what became of the list's columns, classes and odd files, and of each
 * checkpoint its prefix, its relu6 and so on. Nothing where nothing was left to decide. */
MUST_USE status decided_read(struct store_reader *r, struct text *out);
/* Such lines as a section of report.md; NULL: none. */
MUST_USE status decided_markdown(const char *lines, struct text *out);

#endif
