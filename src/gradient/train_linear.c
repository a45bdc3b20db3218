/* src/gradient/train_linear.c: linear layers in training, of all samples at once, so that their weights are
 * read few times. */
#include "net.h"

/* Weights whose sums are made together, chunk by chunk, and joined while they lie in the first cache: rows
 * are outputs, columns inputs. */
enum { ROWS = 28, COLUMNS = 64, BLOCK = ROWS * COLUMNS, MOST_SLOTS = TRAIN_SLOTS };

void train_linear_forward(struct gradient_net *net, struct train_step *s)
{
    for (int i = 0; i < net->samples; i++) {
        net->from[i] = train_value(net, s->in[0], net->branch, i);
        net->to[i] = train_value(net, s->out, net->branch, i);
    }
    net->k->points_f32(&s->layer.forward, s->layer.packed, net->from, net->to, net->samples, s->low, s->high);
}

static void gate(struct gradient_net *net, struct train_step *s)
{
    for (int b = 0; b < net->branches; b++)
        for (int i = 0; i < net->samples; i++)
            train_part_gradient(net, s, &(struct train_at){ .branch = b, .sample = i });
}

static void back_to_input(struct gradient_net *net, struct train_step *s)
{
    int count = 0;

    for (int b = 0; b < net->branches; b++)
        for (int i = 0; i < net->samples; i++) {
            net->from[count] = train_back(net, s->out, b, i);
            net->to[count++] = train_back(net, s->in[0], b, i);
        }
    if (!s->adds[0]) {
        net->k->points_f32(&s->layer.turned, s->layer.turned_packed, net->from, net->to, count, -INFINITY,
                           INFINITY);
        return;
    }
    for (int i = 0; i < count; i++) {
        struct train_at at = { .branch = i / net->samples, .sample = i % net->samples };
        float *part = train_part_begin(net, s, 0, &at);

        net->k->points_f32(&s->layer.turned, s->layer.turned_packed, net->from + i, &part, 1, -INFINITY,
                           INFINITY);
        train_part_finish(net, s, 0, &at);
    }
}

/* A block's sums of one chunk, over its branches and samples. */
static void sum_chunk(struct gradient_net *net, struct train_step *s, int chunk,
                      const struct kernel_conv *block, size_t row, size_t column, float *sums)
{
    struct kernel_conv shape = *block;

    memset(sums, 0, BLOCK * sizeof *sums);
    shape.iw = shape.ow = train_chunk_samples(net, chunk);
    for (int b = 0; b < net->branches; b++)
        net->k->wgrad_f32(&shape, train_back(net, s->out, b, chunk * GRADIENT_CHUNK) + row,
                          train_value(net, s->in[0], b, chunk * GRADIENT_CHUNK) + column, sums, net->scratch);
}

/* What is left of the block's slots goes to theirs. */
static void keep_block(struct gradient_net *net, struct train_step *s, const struct kernel_conv *block,
                       size_t row, size_t column, int slots, const float *sums)
{
    size_t lanes = (size_t)kernel_lanes(block->oc), pitch = (size_t)kernel_lanes(s->layer.forward.ic);

    for (int i = 0; i < slots; i++) {
        float *to = net->sums + (size_t)i * net->weight_sums + s->layer.sum + row * pitch + column;

        for (size_t r = 0; r < (size_t)block->ic; r++)
            memcpy(to + r * pitch, sums + (size_t)i * BLOCK + r * lanes, lanes * sizeof *to);
    }
}

static void back_block(struct gradient_net *net, struct train_step *s, const struct kernel_conv *block,
                       size_t row, size_t column)
{
    float sums[MOST_SLOTS * BLOCK];
    int slots = 0;

    for (int c = 0; c < net->run.count; c++) {
        struct train_slot slot = net->slot[c];

        sum_chunk(net, s, c, block, row, column, sums + (size_t)slot.slot * BLOCK);
        for (int i = 0; i < slot.joins; i++) {
            float *below = sums + (size_t)(slot.slot - i - 1) * BLOCK;

            net->k->add_f32(below, BLOCK, below + BLOCK, BLOCK, below, BLOCK, 1, BLOCK, -INFINITY, INFINITY);
        }
        slots = slot.slot - slot.joins + 1;
    }
    keep_block(net, s, block, row, column, slots, sums);
}

static void back_to_weights(struct gradient_net *net, struct train_step *s)
{
    int oc = s->layer.forward.oc, k = s->layer.forward.ic;

    for (int column = 0; column < k; column += COLUMNS)
        for (int row = 0; row < oc; row += ROWS) {
            int rows = oc - row < ROWS ? oc - row : ROWS,
                columns = k - column < COLUMNS ? k - column : COLUMNS;
            struct kernel_conv block = { .ih = 1,
                                         .ic = rows,
                                         .in_pitch = oc,
                                         .oh = 1,
                                         .oc = columns,
                                         .out_pitch = k,
                                         .kh = 1,
                                         .kw = 1,
                                         .stride = 1 };

            back_block(net, s, &block, (size_t)row, (size_t)column);
        }
}

static void back_to_bias(struct gradient_net *net, struct train_step *s)
{
    for (int c = 0; s->bias >= 0 && c < net->run.count; c++)
        for (int b = 0; b < net->branches; b++)
            net->k->sums_f64(train_back(net, s->out, b, c * GRADIENT_CHUNK), NULL,
                             train_chunk_samples(net, c), s->layer.forward.oc,
                             net->chunk_sum + (size_t)c * net->chunk_sums + s->chunk_sum, NULL);
}

void train_linear_backward(struct gradient_net *net, struct train_step *s)
{
    gate(net, s);
    if (!net->input_only) {
        back_to_weights(net, s);
        back_to_bias(net, s);
    }
    if (train_wants_input(net, s))
        back_to_input(net, s);
}
