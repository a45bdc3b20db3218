/* src/cli/output.h: stdout holds a command's result: one that cannot be written whole is a failure like any
 * other. main calls both; a guarded command's child calls output_end, too. Private to the room. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

/* A descriptor 0, 1 or 2 that is closed is opened as one that cannot be used: else the first file opened
 * would get its number, and with it all that is printed. Pipes without a reader (SIGPIPE) and a file's size
 * limit (SIGXFSZ) become failures of the call that writes. */
void output_begin(void);
/* What the program that takes our place needs: both signals as they were. */
void output_before_exec(void);
/* The command's code; or, where that is 0 and not all of stdout could be written, 1 and one sentence; a
 * reader that has seen enough (`| head`) and closed its pipe knows without one. Closes stdout. */
int output_end(int code);

#endif
