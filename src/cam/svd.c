/* src/cam/svd.c: the sign that numpy and pytorch-grad-cam see, at a fraction of their cost. numpy's svd of a
 * float32 array is LAPACK's dgesdd of its values in double; sgesdd has the other sign on every second picture
 * whose spectrum is flat. dgesdd of a wide matrix begins with an LQ factorisation; factoring the transpose by
 * QR and giving the small factor to dgesdd takes the same steps (explanations 1.3). */
#include "svd.h"

#include <lapacke.h>
#include <string.h>
#include <sys/mman.h>

/* OpenBLAS's own, from its cblas.h, which this room may not include; other LAPACKs have none. */
__attribute__((weak)) void openblas_set_num_threads(int threads);

/* What OpenBLAS takes at its first call, 128 MB where it is built for the largest caches, and some more. */
enum { BLAS_BYTES = 136 << 20 };

struct svd {
    int max_pixels, max_channels;
    double *centred; /* (pixels, channels) row-major = (channels, pixels) as LAPACK sees it */
    double *other;   /* R' or the matrix as LAPACK wants it, (pixels, max(pixels, channels)) */
    double *tau, *values; /* three rows of (pixels); (pixels) */
    double *u, *vt;
    double *work;
    int work_size;
    lapack_int *iwork;
};

void svd_free(struct svd *s)
{
    if (!s)
        return;
    mem_free(s->centred);
    mem_free(s->other);
    mem_free(s->tau);
    mem_free(s->values);
    mem_free(s->u);
    mem_free(s->vt);
    mem_free(s->work);
    mem_free(s->iwork);
    mem_free(s);
}

static status allocate(struct svd *s)
{
    size_t p = (size_t)s->max_pixels, c = (size_t)s->max_channels, longer = p > c ? p : c,
           shorter = p > c ? c : p;

    MEM_TRY(s->centred, p * c, sizeof(double));
    MEM_TRY(s->other, p * longer, sizeof(double));
    MEM_TRY(s->tau, 3 * p, sizeof(double));
    MEM_TRY(s->values, p, sizeof(double));
    MEM_TRY(s->u, p * p, sizeof(double));
    MEM_TRY(s->vt, p * p > shorter * c ? p * p : shorter * c, sizeof(double));
    MEM_TRY(s->iwork, 8 * p, sizeof *s->iwork);
    return OK;
}

/* Where no memory is left OpenBLAS asks for its buffer again and again, for ever. It keeps the one that its
 * first call got: that call is made here, once it is known that there is room. */
static status warm_up(void)
{
    static int warm;
    lapack_int pivot = 0;
    double one = 1;
    void *trial;

    if (openblas_set_num_threads)
        openblas_set_num_threads(1);
    if (warm)
        return OK;
    trial = mmap(NULL, BLAS_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (trial == MAP_FAILED)
        return FAIL(ERR_MEMORY, "no memory for the %d MB that LAPACK needs: raise the limit (ulimit -v)",
                    BLAS_BYTES >> 20);
    munmap(trial, BLAS_BYTES);
    LAPACKE_dgetrf_work(LAPACK_COL_MAJOR, 1, 1, &one, 1, &pivot);
    warm = 1;
    return OK;
}

status svd_create(int max_pixels, int max_channels, struct svd **out)
{
    struct svd *s;
    status result;

    *out = NULL;
    TRY(warm_up());
    MEM_TRY(s, 1, sizeof *s);
    s->max_pixels = max_pixels;
    s->max_channels = max_channels;
    result = allocate(s);
    if (result == OK)
        *out = s;
    else
        svd_free(s);
    return result;
}

/* LAPACK answers a workspace query by a real number. */
static status need_work(struct svd *s, double answer)
{
    int size = (int)answer + 1;
    double *work;

    if (size <= s->work_size)
        return OK;
    MEM_TRY(work, (size_t)size, sizeof *work);
    mem_free(s->work);
    s->work = work;
    s->work_size = size;
    return OK;
}

enum { BLOCK = 64, PARTS = 8, LONGEST = 128 };

/* Of at most LONGEST rows: PARTS partial sums, then what is left over. */
HOT_LOOP static void sums_of(const float *x, int rows, size_t pitch, int count, float *restrict sum)
{
    float part[PARTS][BLOCK];
    int whole = rows / PARTS * PARTS;

    memset(sum, 0, (size_t)count * sizeof *sum);
    for (int i = 0; i < whole; i++) {
        const float *row = x + (size_t)i * pitch;
        float *restrict r = part[i % PARTS];

        for (int c = 0; c < count; c++)
            r[c] = i < PARTS ? row[c] : r[c] + row[c];
    }
    for (int c = 0; whole > 0 && c < count; c++)
        sum[c] = ((part[0][c] + part[1][c]) + (part[2][c] + part[3][c])) +
                 ((part[4][c] + part[5][c]) + (part[6][c] + part[7][c]));
    for (int i = whole; i < rows; i++)
        for (int c = 0; c < count; c++)
            sum[c] += x[(size_t)i * pitch + (size_t)c];
}

/* numpy's sums of `count` columns of f32 numbers, at most BLOCK: halves above LONGEST. */
static void pairwise_sums(const float *x, int rows, size_t pitch, int count, float *sum)
{
    int half = rows / 2 - rows / 2 % PARTS;
    float other[BLOCK];

    if (rows <= LONGEST) {
        sums_of(x, rows, pitch, count, sum);
        return;
    }
    pairwise_sums(x, half, pitch, count, sum);
    pairwise_sums(x + (size_t)half * pitch, rows - half, pitch, count, other);
    for (int c = 0; c < count; c++)
        sum[c] += other[c];
}

/* In f32, as numpy centres a float32 array; then widened. */
HOT_LOOP static void centre_block(const float *act, int pixels, size_t pitch, int count, const float *mean,
                                  double *restrict out)
{
    for (int i = 0; i < pixels; i++, act += pitch, out += pitch)
        for (int c = 0; c < count; c++)
            out[c] = (double)(act[c] - mean[c]);
}

static void centre(const float *act, int pixels, int channels, double *out)
{
    for (int first = 0; first < channels; first += BLOCK) {
        int count = channels - first < BLOCK ? channels - first : BLOCK;
        float mean[BLOCK];

        pairwise_sums(act + first, pixels, (size_t)channels, count, mean);
        for (int c = 0; c < count; c++)
            mean[c] /= (float)pixels;
        centre_block(act + first, pixels, (size_t)channels, count, mean, out + first);
    }
}

static status check_converged(lapack_int info, int m, int n)
{
    BUG_IF(info < 0);
    if (info > 0)
        return FAIL(ERR_NUMERIC, "LAPACK's singular values of a %d x %d matrix did not converge", m, n);
    return OK;
}

/* u of dgesdd(m x n, column-major in a). */
static status decompose(struct svd *s, double *a, int m, int n)
{
    int shorter = m < n ? m : n;
    double answer = 0.0;
    lapack_int info;

    info = LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', m, n, a, m, s->values, s->u, m, s->vt, shorter, &answer,
                               -1, s->iwork);
    BUG_IF(info != 0);
    TRY(need_work(s, answer));
    info = LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', m, n, a, m, s->values, s->u, m, s->vt, shorter, s->work,
                               s->work_size, s->iwork);
    return check_converged(info, m, n);
}

/* What dgesdd does with an n x n matrix, for the first column of u alone: bidiagonal form, its singular
 * vectors, of which the reflections are undone. */
static status decompose_square(struct svd *s, double *a, int n)
{
    double *side = s->tau + s->max_pixels, *other = side + s->max_pixels;
    lapack_int info;

    TRY(need_work(s, (3.0 * n + 68) * n));
    info = LAPACKE_dgebrd_work(LAPACK_COL_MAJOR, n, n, a, n, s->values, side, s->tau, other, s->work,
                               s->work_size);
    BUG_IF(info != 0);
    info = LAPACKE_dbdsdc_work(LAPACK_COL_MAJOR, 'U', 'I', n, s->values, side, s->u, n, s->vt, n, NULL, NULL,
                               s->work, s->iwork);
    TRY(check_converged(info, n, n));
    info = LAPACKE_dormbr_work(LAPACK_COL_MAJOR, 'Q', 'L', 'N', n, 1, n, a, n, s->tau, s->u, n, s->work,
                               s->work_size);
    BUG_IF(info != 0);
    return OK;
}

/* The lower triangle that LQ gives, into other: R' of the transpose's QR. */
static status lower_factor(struct svd *s, int pixels, int channels)
{
    double answer = 0.0;
    lapack_int info;

    info = LAPACKE_dgeqrf_work(LAPACK_COL_MAJOR, channels, pixels, s->centred, channels, s->tau, &answer, -1);
    BUG_IF(info != 0);
    TRY(need_work(s, answer));
    info = LAPACKE_dgeqrf_work(LAPACK_COL_MAJOR, channels, pixels, s->centred, channels, s->tau, s->work,
                               s->work_size);
    BUG_IF(info != 0);
    for (int col = 0; col < pixels; col++)
        for (int row = 0; row < pixels; row++)
            s->other[col * pixels + row] = row >= col ? s->centred[(size_t)row * channels + col] : 0.0;
    return OK;
}

status svd_first(struct svd *s, const float *act, int pixels, int channels, float *u)
{
    BUG_IF(pixels > s->max_pixels || channels > s->max_channels);
    centre(act, pixels, channels, s->centred);
    /* dgesdd itself takes the LQ way from this ratio on; below it, it reduces the matrix as it is. */
    if (channels >= (int)(pixels * 11.0 / 6.0)) {
        TRY(lower_factor(s, pixels, channels));
        TRY(decompose_square(s, s->other, pixels));
    } else {
        for (int i = 0; i < pixels; i++)
            for (int c = 0; c < channels; c++)
                s->other[(size_t)c * pixels + i] = s->centred[(size_t)i * channels + c];
        TRY(decompose(s, s->other, pixels, channels));
    }
    for (int i = 0; i < pixels; i++)
        u[i] = (float)s->u[i];
    return OK;
}
