/* src/phase/from.c: which values of a finished result this job takes instead of computing them: a precision's
 * of a network where description, checkpoint and all settings that they depend on are the same (job_same),
 * and those of the first precision, to which the others are aligned, are taken too. */
#include "from.h"
#include "match.h"

#include <string.h>
#include <sys/stat.h>

enum { TEXT_MAX = 4 << 20, WHY = 240 };

/* Why a network's precisions are not taken; "" where they are. */
struct reasons {
    char rows[STORE_MAX_PRECISIONS][WHY], explained[STORE_MAX_PRECISIONS][WHY];
};

/* What both results say of themselves. */
struct sides {
    char *there;      /* /job */
    struct text here; /* job_canonical */
    struct store_schema schema; /* of this one's file */
};

/* ---- deciding ------------------------------------------------------------------------------------------ */

static int has_network(const struct store_layout *l, const char *name)
{
    for (int i = 0; i < l->networks; i++)
        if (strcmp(l->network[i].name, name) == 0)
            return 1;
    return 0;
}

static int has_precision(const struct store_layout *l, const char *name)
{
    for (int p = 0; p < l->precisions; p++)
        if (strcmp(l->precision[p].name, name) == 0)
            return 1;
    return 0;
}

/* Is precision p of network i there, with the same values? why: "", or why not. */
static int same_values(const struct run *r, const struct sides *s, int i, int p, enum job_values of,
                       char why[WHY])
{
    const struct store_layout *l = store_reader_layout(r->from->reader);
    const char *network = r->layout.network[i].name, *precision = run_precision(r, p), *lacks;
    char prefix[STORE_NAME + 1];

    why[0] = '\0';
    snprintf(prefix, sizeof prefix, "%s/", precision);
    if (!has_network(l, network) || !has_precision(l, precision))
        snprintf(why, WHY, "not there");
    else if (p == 0 && strcmp(l->precision[0].name, precision) != 0)
        snprintf(why, WHY, "the first precision there is %s", l->precision[0].name);
    else if (of == JOB_EXPLAINED && r->layout.cross)
        snprintf(why, WHY, "explain.cross has them computed whole");
    else if (job_same(s->there, s->here.data, network, precision, of, why, WHY) &&
             (lacks = store_take_lacks(&s->schema, of == JOB_ROWS ? STORE_ROWS_MODEL : STORE_ROWS_SUBSET, i,
                                       prefix, r->from->reader)))
        snprintf(why, WHY, "%s is not there", lacks);
    return !why[0];
}

/* The bits of a network's precisions that are taken: none without the first. */
static unsigned choose(const struct run *r, const struct sides *s, int i, enum job_values of,
                       char why[STORE_MAX_PRECISIONS][WHY])
{
    unsigned bits = 0;

    for (int p = 0; p < r->precisions; p++)
        bits |= (unsigned)same_values(r, s, i, p, of, why[p]) << p;
    return bits & 1 ? bits : 0;
}

static status read_job(struct store_reader *r, char **out)
{
    const struct store_dataset *d = store_reader_find(r, "/job");

    if (!d || d->element > TEXT_MAX)
        return FAIL(ERR_FORMAT, "%s has no /job, or a very long one", store_reader_path(r));
    MEM_TRY(*out, d->element + 1, 1);
    return store_read(r, "/job", STORE_STRING, 0, 1, *out, d->element);
}

static status read_sides(const struct run *r, struct sides *s)
{
    s->here.max = TEXT_MAX;
    TRY(read_job(r->from->reader, &s->there));
    TRY(match_canonical(r, &s->here));
    return schema_expand(&r->layout, &s->schema);
}

/* Local: every rank decides alike. */
static status decide(const struct run *r, struct reasons *why)
{
    struct sides s = { 0 };
    status result = read_sides(r, &s);

    for (int i = 0; i < r->networks && result == OK; i++) {
        r->from->rows[i] = choose(r, &s, i, JOB_ROWS, why[i].rows);
        r->from->explained[i] = choose(r, &s, i, JOB_EXPLAINED, why[i].explained);
    }
    mem_free(s.there);
    text_free(&s.here);
    schema_free(&s.schema);
    return result;
}

/* ---- saying it ----------------------------------------------------------------------------------------- */

/* "fp32, int8 taken; int4 computed: not there" */
static status say_precisions(const struct run *r, unsigned bits, const char (*why)[WHY], struct text *out)
{
    const char *comma = "";

    if (bits == 0)
        return text_add(out, "nothing taken: %s", why[0]);
    for (int p = 0; p < r->precisions; p++)
        if (bits >> p & 1) {
            TRY(text_add(out, "%s%s", comma, run_precision(r, p)));
            comma = ", ";
        }
    TRY(text_add(out, " taken"));
    for (int p = 0; p < r->precisions; p++)
        if (!(bits >> p & 1))
            TRY(text_add(out, "; %s computed: %s", run_precision(r, p), why[p]));
    return OK;
}

static status say_network(const struct run *r, int i, const struct reasons *why, struct text *out)
{
    unsigned rows = r->from->rows[i], explained = r->from->explained[i];

    TRY(say_precisions(r, rows, why->rows, out));
    if (explained == rows)
        return rows ? text_add(out, "; explained pictures too") : OK;
    TRY(text_add(out, "; of explained pictures "));
    return say_precisions(r, explained, why->explained, out);
}

/* Networks that follow each other and have the same said of them are named together. */
static status say_networks(const struct run *r, const struct reasons *why, struct text *out)
{
    struct text now = { .max = TEXT_MAX }, before = { .max = TEXT_MAX };
    status result = OK;

    for (int i = 0; i < r->networks; i++) {
        int again;

        text_free(&now);
        now.max = TEXT_MAX;
        TRY_OUT(say_network(r, i, &why[i], &now));
        again = before.data && strcmp(before.data, now.data) == 0;
        if (before.data && !again)
            TRY_OUT(text_add(out, ": %s", before.data));
        TRY_OUT(text_add(out, "%s%s", again ? ", " : "; ", r->layout.network[i].name));
        text_free(&before);
        before = now;
        now = (struct text){ .max = TEXT_MAX };
    }
    TRY_OUT(text_add(out, ": %s", before.data));
out:
    text_free(&now);
    text_free(&before);
    return result;
}

static status say(const struct run *r, const struct reasons *why)
{
    struct from *f = r->from;
    int64_t there = 0, other = 0;
    char a[32], b[32];

    for (int64_t i = 0; i < r->layout.images; i++) {
        there += f->row[i] > 0;
        other += f->row[i] > 0 && !(f->same[i] & FROM_BOXES);
    }
    f->said.max = TEXT_MAX;
    TRY(text_add(&f->said, "%s of %s pictures are there", text_thousands(there, a, sizeof a),
                 text_thousands(r->layout.images, b, sizeof b)));
    if (other > 0)
        TRY(text_add(&f->said, " (%s with other boxes, whose rows are computed)",
                     text_thousands(other, a, sizeof a)));
    TRY(say_networks(r, why, &f->said));
    log_info("from %s: %s", r->job->from, f->said.data);
    return OK;
}

/* ---- the other result ---------------------------------------------------------------------------------- */

/* Rank 0. finished: OUT is there, and begin_store will say so. */
static status check_place(const struct job *job, int *finished)
{
    struct stat from, out;

    *finished = stat(job->out, &out) == 0;
    if (*finished && stat(job->from, &from) == 0 && from.st_dev == out.st_dev && from.st_ino == out.st_ino)
        return FAIL(ERR_USAGE,
                    "store.from and store.out are the same file, %s: the new result needs a name of its own",
                    job->out);
    return OK;
}

/* "stopped by SIGTERM" is of no file. */
static status of_from(status s)
{
    return s == ERR_STOPPED ? s : error_prefix(s, "store.from");
}

status from_open(struct run *r)
{
    const struct job *job = r->job;
    int finished = 0;

    if (!job->from[0])
        return OK;
    TRY(comm_agree(r->c, r->c->rank == 0 ? check_place(job, &finished) : OK));
    comm_broadcast(r->c, &finished, sizeof finished);
    if (finished)
        return OK;
    r->from = mem_alloc(1, sizeof *r->from);
    TRY(comm_agree(r->c, r->from ? OK : FAIL(ERR_MEMORY, "no memory for %s", job->from)));
    return of_from(store_open_finished(r->c, job->from, r->from->id, &r->from->reader));
}

status from_decide(struct run *r)
{
    struct reasons *why;
    status result;

    if (!r->from)
        return OK;
    TRY(of_from(store_check_finished(r->c, r->from->reader)));
    why = mem_alloc(JOB_MAX_NETWORKS, sizeof *why);
    TRY_OUT(comm_agree(r->c, why ? OK : FAIL(ERR_MEMORY, "no memory for %s", r->job->from)));
    TRY_OUT(comm_agree(r->c, decide(r, why)));
    TRY_OUT(from_pictures(r, r->from));
    result = comm_agree(r->c, say(r, why));
out:
    mem_free(why);
    return result;
}

void from_close(struct run *r)
{
    if (!r->from)
        return;
    from_pictures_free(r->from);
    store_close_read(r->from->reader);
    text_free(&r->from->said);
    mem_free(r->from);
    r->from = NULL;
}

/* ---- taking -------------------------------------------------------------------------------------------- */

status from_takes(const struct run *r, unsigned bits, struct store_rows *rows,
                  struct store_take *take[STORE_MAX_PRECISIONS])
{
    char prefix[STORE_NAME + 1];

    for (int p = 0; p < r->precisions; p++) {
        snprintf(prefix, sizeof prefix, "%s/", run_precision(r, p));
        if (bits >> p & 1)
            TRY(store_take_create(rows, prefix, r->from->reader, &take[p]));
    }
    return OK;
}
