/* tests/gradient/test_train_run.c: whole passes: every instruction set and every deal of chunks over ranks
 * give the same bits; the engine's logits; finite differences of one of each op. */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine.h"
#include "train_net.h"

enum { MOST_RANKS = 4, MOST_BYTES = 1 << 22, MOST_GRADIENTS = 1 << 16 };

/* What the ranks, processes here, share. */
struct world {
    pthread_barrier_t barrier;
    int ranks;
    struct gradient_run run[MOST_RANKS];
    uint8_t sent[MOST_RANKS][MOST_BYTES];
    float gradient[MOST_RANKS][MOST_GRADIENTS];
    int gradients[MOST_RANKS];
};
static struct world *world;
static int me;

static void join(void *context, struct gradient_run run, int size, void *values, size_t count)
{
    struct gradient_node node[GRADIENT_MAX_NODES * MOST_RANKS];
    size_t bytes = (size_t)gradient_run_nodes(run, node) * count * (size_t)size, at = 0;
    static uint8_t all[MOST_RANKS * MOST_BYTES];
    int nodes = 0;

    (void)context;
    if (bytes > MOST_BYTES)
        abort();
    world->run[me] = run;
    memcpy(world->sent[me], values, bytes);
    pthread_barrier_wait(&world->barrier);
    for (int r = 0; r < world->ranks; r++) {
        int own = gradient_run_nodes(world->run[r], node + nodes);

        memcpy(all + at, world->sent[r], (size_t)own * count * (size_t)size);
        at += (size_t)own * count * (size_t)size;
        nodes += own;
    }
    if (size == 4)
        gradient_join_f32(node, nodes, run.total, (float *)(void *)all, count);
    else
        gradient_join_f64(node, nodes, run.total, (double *)(void *)all, count);
    memcpy(values, all, count * (size_t)size);
    pthread_barrier_wait(&world->barrier);
}

/* All gradients, running statistics, logits of the rank's samples one after another. */
static int pass(struct train_net *t, struct gradient_run run, int samples, float *out)
{
    static float x[MOST_VALUES], masked[MOST_VALUES], d[2][SAMPLES * 8];
    uint32_t index[SAMPLES];
    size_t pixels = train_pixels(t);
    int first = run.first * GRADIENT_CHUNK, count = 0;
    struct gradient_batch b = {
        .samples = samples, .first = run.first, .chunks = run.count, .epoch = 1, .seed = 9
    };

    t->random.counter = 1000000;
    train_fill(t, x, (size_t)samples * pixels, 1);
    train_fill(t, masked, (size_t)samples * pixels, 1);
    train_fill(t, d[0], sizeof *d / sizeof **d, 1);
    train_fill(t, d[1], sizeof *d / sizeof **d, 1);
    for (int i = 0; i < SAMPLES; i++)
        index[i] = (uint32_t)(i + first);
    b.sample = index;
    train_must(gradient_net_batch(t->net, &b));
    gradient_net_forward(t->net, GRADIENT_TRAIN, 0, x + (size_t)first * pixels);
    gradient_net_forward(t->net, GRADIENT_TRAIN, 1, masked + (size_t)first * pixels);
    gradient_net_backward(t->net, d[0] + first * t->m.classes, d[1] + first * t->m.classes);
    for (int i = 0; i < t->parameters; i++) {
        const struct gradient_parameter *p = &t->p[i];

        memcpy(out + count, p->gradient ? p->gradient : p->value, (size_t)p->count * sizeof *out);
        count += (int)p->count;
    }
    return count;
}

static struct gradient_settings settings_of(int kind, struct gradient_quantizer *q, const struct model *m)
{
    struct gradient_settings s = { .norm = kind == 1 ? GRADIENT_NORM_CHUNK : GRADIENT_NORM_BATCH };

    for (int i = 0; kind == 2 && i < m->nodes; i++) {
        if (model_has_weights(&m->node[i]))
            q[i].weights = (struct quant_weights){ .form = QUANT_SAWB, .bits = 4 };
        q[i].pact_bits = m->node[i].op == OP_RELU ? 2 : 0;
        q[i].pact_through = i % 2;
    }
    s.quantizer = kind == 2 ? q : NULL;
    return s;
}

static void rank(const char *text, int kind, int samples, int uneven)
{
    struct gradient_quantizer q[64] = { { .pact_bits = 0 } };
    struct gradient_settings s;
    struct gradient_run run = { .total = (samples + GRADIENT_CHUNK - 1) / GRADIENT_CHUNK };
    struct model m = { 0 };
    struct train_net t;

    train_must(model_parse("net.model", text, strlen(text), &m));
    s = settings_of(kind, q, &m);
    if (world->ranks > 1)
        s.sum = join;
    train_open(&t, text, &s, "auto");
    run.first = run.total * me / world->ranks;
    run.count = run.total * (me + 1) / world->ranks - run.first;
    if (uneven) /* the last has all */
        run = (struct gradient_run){ me + 1 < world->ranks ? 0 : 0, me + 1 < world->ranks ? 0 : run.total,
                                     run.total };
    world->gradients[me] = pass(&t, run, samples, world->gradient[me]);
    model_free(&m);
    train_close(&t);
}

static void processes(const char *text, int kind, int samples, int ranks, int uneven)
{
    pthread_barrierattr_t shared;

    pthread_barrierattr_init(&shared);
    pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&world->barrier, &shared, (unsigned)ranks);
    world->ranks = ranks;
    fflush(NULL);
    for (me = 0; me < ranks; me++)
        if (fork() == 0) {
            rank(text, kind, samples, uneven);
            _exit(check_failed > 0);
        }
    for (int i = 0; i < ranks; i++) {
        int code = 1;

        wait(&code);
        CHECK_MSG(code == 0, "%d ranks: one failed", ranks);
    }
    pthread_barrier_destroy(&world->barrier);
    pthread_barrierattr_destroy(&shared);
}

static void any_ranks(const char *text, int kind)
{
    static float one[MOST_GRADIENTS];

    for (int samples = 3; samples <= SAMPLES; samples += 8) {
        int count;

        processes(text, kind, samples, 1, 0);
        count = world->gradients[0];
        memcpy(one, world->gradient[0], (size_t)count * sizeof *one);
        for (int ranks = 2; ranks <= MOST_RANKS; ranks++) {
            processes(text, kind, samples, ranks, ranks == 2 && samples < SAMPLES);
            for (int r = 0; r < ranks; r++)
                CHECK_MSG(world->gradients[r] == count &&
                              memcmp(world->gradient[r], one, (size_t)count * sizeof *one) == 0,
                          "kind %d, %d samples, rank %d of %d", kind, samples, r, ranks);
        }
    }
}

static void any_set(const char *text, int kind)
{
    static float expected[MOST_GRADIENTS], out[MOST_GRADIENTS];
    const char *names[8];
    int usable[8], sets = kernel_list(names, usable);

    for (int i = 0; i < sets; i++) {
        struct gradient_quantizer q[64] = { { .pact_bits = 0 } };
        struct gradient_settings s;
        struct train_net t;
        struct model m = { 0 };
        int count;

        if (!usable[i]) {
            check_skip(names[i], "this machine cannot run it");
            continue;
        }
        train_must(model_parse("net.model", text, strlen(text), &m));
        s = settings_of(kind, q, &m);
        train_open(&t, text, &s, names[i]);
        count = pass(&t, (struct gradient_run){ 0, 2, 2 }, 11, i ? out : expected);
        CHECK_MSG(i == 0 || memcmp(out, expected, (size_t)count * sizeof *out) == 0, "%s, kind %d", names[i],
                  kind);
        model_free(&m);
        train_close(&t);
    }
}

/* Without batch normalisation the engine's sums are ours. */
static void as_the_engine(void)
{
    static const char text[] = "model net conv, pools, linear\n"
                               "input image 1 12 12 resize squash bilinear mean 0 std 1\n"
                               "conv c1 image out 16 kernel 3 stride 1 pad 1 groups 1 weight c1\n"
                               "relu r1 c1\n"
                               "conv c2 r1 out 16 kernel 3 stride 1 pad 1 groups 1 weight c2\n"
                               "relu6 r2 c2\n"
                               "maxpool p r2 kernel 2 stride 2 pad 0\n"
                               "dropout d p rate 0.5\n"
                               "linear fc d out 5 weight fc\n"
                               "output fc\ncam r2\n";
    static float x[MOST_VALUES];
    struct tensor_table table = { 0 };
    struct model_binding b = { 0 };
    struct engine_options options = { .direct = 1 };
    struct engine e;
    struct train_net t;

    train_open(&t, text, NULL, "auto");
    for (int i = 0; i < t.parameters; i++) {
        struct tensor v = { 0 };

        train_must(tensor_alloc(&v, DTYPE_F32, t.p[i].rank, t.p[i].dim));
        memcpy(v.data, t.p[i].value, (size_t)t.p[i].count * sizeof(float));
        train_must(table_take(&table, t.p[i].name, &v));
    }
    train_must(model_bind(&t.m, &table, NULL, &b));
    train_must(engine_open(&b, &options, kernel_select("auto"), &e));
    train_fill(&t, x, 3 * train_pixels(&t), 2);
    train_batch(&t, 3);
    gradient_net_forward(t.net, GRADIENT_EVAL, 0, x);
    for (int i = 0; i < 3; i++) {
        engine_run_real(e.plan, e.state, x + (size_t)i * train_pixels(&t));
        CHECK_MSG(memcmp(engine_logits(e.plan, e.state), gradient_net_logits(t.net, 0) + 5 * i,
                         5 * sizeof(float)) == 0,
                  "sample %d", i);
    }
    engine_close(&e);
    model_unbind(&b);
    table_free(&table);
    train_close(&t);
}

int main(void)
{
    as_the_engine();
    for (int kind = 0; kind < 3; kind++)
        any_set(all_ops, kind);
    world = mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (world == MAP_FAILED)
        return 1;
    for (int kind = 0; kind < 3; kind++)
        any_ranks(all_ops, kind);
    munmap(world, sizeof *world);
    train_differences("one of each op", all_ops, 9, 0.02);
    return check_result("gradient/train_run");
}
