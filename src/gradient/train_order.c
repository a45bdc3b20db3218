/* src/gradient/train_order.c: the ops of the steps in the order of the passes. */
#include "net.h"

static void add_one(struct train_op *list, int *count, struct train_step *s, train_one *one)
{
    list[(*count)++] = (struct train_op){ s, one, NULL };
}

static void add_all(struct train_op *list, int *count, struct train_step *s, train_all *all)
{
    list[(*count)++] = (struct train_op){ s, NULL, all };
}

static void add_forward(struct gradient_net *net, struct train_step *s)
{
    struct train_op *f = net->forward;
    int *n = &net->forwards;

    if (s->kind == TRAIN_LINEAR) {
        add_all(f, n, s, train_linear_forward);
    } else if (s->kind == TRAIN_NORM) {
        add_one(f, n, s, train_norm_sum);
        add_all(f, n, s, train_norm_finish);
        add_one(f, n, s, train_norm_apply);
    } else if (s->kind == TRAIN_FAKE) {
        add_one(f, n, s, train_fake_observe);
        add_all(f, n, s, train_fake_finish);
        add_one(f, n, s, train_fake_apply);
    } else {
        add_one(f, n, s, train_op_forward(s->kind));
    }
}

static void add_backward(struct gradient_net *net, struct train_step *s)
{
    struct train_op *b = net->backward;
    int *n = &net->backwards;

    if (s->kind == TRAIN_LINEAR) {
        add_all(b, n, s, train_linear_backward);
    } else if (s->kind == TRAIN_NORM) {
        add_one(b, n, s, train_norm_back_sum);
        add_all(b, n, s, train_norm_back_finish);
        add_one(b, n, s, train_norm_back_apply);
    } else if (s->kind == TRAIN_FAKE) {
        add_one(b, n, s, train_fake_back);
    } else {
        add_one(b, n, s, train_op_backward(s->kind));
    }
}

void train_order_ops(struct gradient_net *net)
{
    for (int i = 0; i < net->steps; i++)
        add_forward(net, &net->step[i]);
    for (int i = net->steps - 1; i >= 0; i--)
        add_backward(net, &net->step[i]);
}
