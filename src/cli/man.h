/* src/cli/man.h: manual pages, man(7), to stdout. What a table of options says comes from option_help; this
 * is what stands around it. */
#ifndef CLI_MAN_H
#define CLI_MAN_H

/* name: of a command; "" for quantcam(1); "job" for quantcam-job(5). line: what it is for. */
void man_begin(const char *name, const char *line);
void man_end(const char *name);
/* An entry of a list of commands: quantcam-NAME(1), LINE. */
void man_command(const char *name, const char *line);

#endif
