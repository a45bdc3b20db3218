/* page: the style (page.css) and the script (page.js) of report.html, as texts in the program. */
#ifndef QUANTCAM_REPORT_PAGE_H
#define QUANTCAM_REPORT_PAGE_H

extern const char page_css[], page_js[];

#endif
