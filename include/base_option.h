/* include/base_option.h
 * One table of options: the same rows read the command line, read job files, print --help and say what a
 * result depends on.
 *
 *     struct settings { int limit; char images[OPTION_SIZE]; } s = { .limit = 0 }; // plain bytes
 *     static const struct option_row rows[] = {
 *         { .name = "data.images", .kind = OPTION_PATH, .where = offsetof(struct settings, images),
 *           .values = "FOLDER", .help = "the pictures" },
 *         { .name = "data.limit", .kind = OPTION_INT, .where = offsetof(struct settings, limit), ... },
 *     };
 *     static const struct option_table table = { .usage = "quantcam x FILE [options]", .row = rows, ... };
 *     TRY(option_read_args(&table, &s, argc, argv, &words));              // --data.images=D, --images D
 *     TRY(option_read_text(&table, &s, "jobs/x.conf", text, size));       // [data] and images = D
 *
 * A name is "section.key" or, for commands without job files, just "key". On the command line `-` and `_` are
 * the same. A value follows after `=` or as the next word; a flag alone means on. Errors are one sentence,
 * ERR_USAGE, with file and line or the option, and a suggestion where one is near.
 */
#ifndef QUANTCAM_BASE_OPTION_H
#define QUANTCAM_BASE_OPTION_H

#include "base.h"

enum {
    OPTION_SIZE = 1024, /* bytes of every text, path and decimal field, NUL included */
    OPTION_NAME = 64    /* of an element's or a file's name: letters, digits, '_' and '-' */
};

enum option_kind {
    OPTION_INT,     /* int */
    OPTION_REAL,    /* double */
    OPTION_DECIMAL, /* char[OPTION_SIZE]: a decimal number as text, for exact integers; no exponent */
    OPTION_TEXT,    /* char[OPTION_SIZE] */
    OPTION_PATH,    /* char[OPTION_SIZE]; ~/, $NAME/ and ${NAME}/ at its start are the environment's */
    OPTION_FLAG,    /* int: on | off */
    OPTION_CHOICE, /* int: place in `values`, "a|b|c" */
    OPTION_LIST,   /* unsigned: one bit a name of `values`, "a|b|c"; written "a,c" */
    OPTION_FILES   /* struct option_files: [NAME=]FILE, as often as there are files; command line alone */
};

/* `fp32=a.pth` has a name; `a.pth` and `./a=b.pth` have "". */
enum { OPTION_FILES_MOST = 8 };
struct option_files {
    int count;
    struct option_file {
        char name[OPTION_NAME], path[OPTION_SIZE];
    } file[OPTION_FILES_MOST];
};

/* What may change with it: the bytes of the result (recorded in /job, part of the job's hash), or only how
 * the run goes. */
enum option_class { OPTION_RUN, OPTION_RESULT };

struct option_row {
    const char *name;
    enum option_kind kind;
    enum option_class effect;
    size_t where;       /* of the field in the settings */
    const char *values; /* choices, or the name of a value for --help ("FILE", "seconds") */
    const char *help;
    double low, high; /* INT, REAL, DECIMAL: bounds, both included; high 0 = none but the type's */
    char letter;      /* also -o VALUE, or 0 */
    int whole;        /* its key alone is no option: another section's row has it */
    unsigned spares; /* RESULT: the kinds of values that do not depend on it, bits that the table's owner
                        names; 0: all values depend on it, which is so of a row that says nothing */
};

/* Sections that a file may have many of, "[network resnet18]", "--network.resnet18.model=F": each has its own
 * element. A section may also have keys that begin with a name, "big = F" and "big.state = S": each name has
 * its own element of `part`, whose row "" is the name alone. */
struct option_group {
    const char *section;          /* "network"; of a part what --help calls the names: "PRECISION" */
    const struct option_row *row; /* names without the section */
    int rows;
    size_t count_where;        /* of an int: elements so far; in the settings, of a part in its section's
                                  element */
    size_t where;              /* of the array of elements, there */
    size_t stride, name_where; /* of an element; its name, char[OPTION_NAME] */
    int most;
    const struct option_group *part; /* or NULL */
    /* Of a part: name number i that there may be, NULL behind the last. Sections anywhere in a file are in
     * the settings by then. */
    const char *(*name)(const void *settings, int i);
};

struct option_table {
    const char *usage; /* "quantcam run JOB.conf [options]" */
    const char *about; /* paragraphs for --help, or NULL */
    const struct option_row *row;
    int rows;
    const struct option_group *group; /* (groups) or NULL */
    int groups;
    int words_low, words_high;        /* how many words besides options */
};

/* How a table is told about, and what asks for it. */
enum option_form {
    OPTION_NO_HELP,
    OPTION_HELP, /* --help, -h: for the terminal */
    OPTION_MAN,  /* --help=man: SYNOPSIS, DESCRIPTION and OPTIONS of a manual page, man(7) */
    OPTION_KEYS  /* --help=job, where the table has a group: the keys of a job file, by sections, man(7) */
};

struct option_words {
    char **word; /* points into argv, whose order is changed */
    int count;
    enum option_form help; /* asked for: nothing else is checked */
};

/* argv[0] is skipped (a subcommand's own name). "--" ends the options. settings NULL: only the words
 * are found, where the settings that name a group's keys are still to be read. */
MUST_USE status option_read_args(const struct option_table *t, void *settings, int argc, char **argv,
                                 struct option_words *words);
/* A job file; `source` for messages. A key may stand once. '#' begins a comment at the start of a line or
 * after a blank. */
MUST_USE status option_read_text(const struct option_table *t, void *settings, const char *source,
                                 const char *text, size_t size);
/* Of a command line JOB [options]. _line: the options into settings, which may be NULL as above, and the word
 * into path; argv stays as it is. _job: the file that the command line names, before its options can be read;
 * *text from mem_alloc; ERR_USAGE also where the file cannot be read. */
MUST_USE status option_read_line(const struct option_table *t, void *settings, int argc, char **argv,
                                 char path[OPTION_SIZE]);
MUST_USE status option_read_job(const struct option_table *t, int argc, char **argv, char path[OPTION_SIZE],
                                char **text, size_t *size);
/* `names`, blanks between them, are without effect while `idle` holds; `why` ends the sentence "NAME = VALUE
 * has no effect: ". */
struct option_idle {
    int idle;
    const char *names, *why;
};
/* ERR_USAGE for the first idle row whose value is not that of `defaults`. */
MUST_USE status option_idle_check(const struct option_table *t, const void *settings, const void *defaults,
                                  const struct option_idle *rule, int rules);
/* "name = value" lines of all rows of one class in the table's order, then of every group's elements in
 * theirs: equal settings give equal text. Paths are left out: what a file holds decides, not where it lies.
 */
MUST_USE status option_write(const struct option_table *t, const void *settings, enum option_class effect,
                             struct text *out);
/* The form that argv asks for. */
enum option_form option_help_wanted(const struct option_table *t, int argc, char **argv);
/* Usage, about, and every row with its value in `defaults`. */
void option_help(const struct option_table *t, const void *defaults, enum option_form form, FILE *out);
/* Plain text as man(7): `words` in backquotes become bold, an empty line begins a paragraph. */
void option_man_text(const char *text, FILE *out);
/* Name number i of "a|b|c" into out (OPTION_NAME bytes); returns out, or NULL if there are fewer. */
char *option_choice(const char *values, int i, char *out);
int option_choice_find(const char *values, const char *word); /* that name's number, or -1 */

#endif
