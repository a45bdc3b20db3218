/* tests/deploy/tflite_lines.h: the network that was written (tflite_nets.h) is read: its lines, or what is
 * refused. */
#ifndef QUANTCAM_TEST_TFLITE_LINES_H
#define QUANTCAM_TEST_TFLITE_LINES_H

#include <string.h>

#include "check.h"
#include "deploy/tflite_nets.h"

static inline status read_net(const struct deploy_options *how, struct deploy_network *out)
{
    struct sketch d = { .path = "net.tflite" };
    uint8_t *copy;
    status result;

    *out = (struct deploy_network){ 0 };
    flat_tflite(&w, &net);
    copy = malloc(w.size); /* of its exact size: a sanitizer sees a read beyond */
    memcpy(copy, w.bytes, w.size);
    result = tflite_read(copy, w.size, how, &d, out);
    sketch_free(&d);
    free(copy);
    return result;
}

/* The lines of the description that begin behind the input's. */
static inline void check_lines(const struct deploy_options *how, const char *lines)
{
    struct deploy_network n;
    status result = read_net(how, &n);
    const char *is = result == OK ? strstr(n.description, "\ninput") + 1 : NULL;

    is = is ? strchr(is, '\n') + 1 : error_last()->text;
    CHECK_MSG(result == OK && strcmp(is, lines) == 0, "\n%s\nnot\n%s", is, lines);
    deploy_free(&n);
}

static inline void check_refused(const char *words)
{
    struct deploy_network n;
    const struct deploy_options how = { .input = "resize squash bilinear mean 0 0 0 std 1 1 1", .skip = -1 };
    status result = read_net(&how, &n);

    CHECK_MSG(result == ERR_FORMAT && strstr(error_last()->text, words), "%d: %s, not %s", result,
              result ? error_last()->text : n.description, words);
    deploy_free(&n);
}

#endif
