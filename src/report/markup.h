/* markup: text that came from anywhere (paths, class names, error texts, a job) into HTML, SVG, JSON and
 * LaTeX, one function each, and bytes into base64. Nothing else in the report writes such text there. */
#ifndef QUANTCAM_REPORT_MARKUP_H
#define QUANTCAM_REPORT_MARKUP_H

#include "base.h"

/* Into HTML or SVG, as content or inside a quoted attribute: & < > " ' become entities; what is no UTF-8 and
 * what is a control character (but line feed and tab) becomes U+FFFD. */
MUST_USE status markup_html(struct text *out, const char *text);
/* Like text_add, but that the format is markup, which stands as it is, and every %s goes through markup_html.
 * Conversions: %s, %d, %lld, %f and %g, with flags, width and precision that are written in the format. */
MUST_USE status markup_add(struct text *out, const char *format, ...) PRINTF_LIKE(2, 3);
/* As markup_add, a piece of JSON whose every %s becomes a string of JSON, in its quotes. */
MUST_USE status markup_json(struct text *out, const char *format, ...) PRINTF_LIKE(2, 3);
/* Into LaTeX text, for T1 fonts and UTF-8 input: the special characters as commands; Latin letters
 * (U+00C0-U+017F) as they are; other characters as [U+XXXX], bytes that are no UTF-8 as [FF]; control
 * characters as blanks. */
MUST_USE status markup_latex(struct text *out, const char *text);
MUST_USE status markup_base64(struct text *out, const void *bytes, size_t size);

#endif
