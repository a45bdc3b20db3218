/* tests/oracles/deployed.c: what a deployed file becomes, for a comparison with its runtime: `deployed FILE
 * OUT` prints the description and the notes, and writes the tensors to OUT.safetensors. */
#include <stdio.h>

#include "deploy.h"
#include "weight.h"

int main(int argc, char **argv)
{
    struct deploy_options how = { .input = argc > 3 ? argv[3] : NULL, .skip = -1 };
    struct deploy_network net;
    status result;

    if (argc < 3)
        return 2;
    result = deploy_load(argv[1], &how, &net);
    if (result != OK) {
        fprintf(stderr, "%s\n", error_last()->text);
        return 1;
    }
    printf("%s", net.description);
    for (int i = 0; i < net.weights.notes; i++)
        printf("# %s = %s\n", net.weights.note[i].key, net.weights.note[i].value);
    printf("%s", net.decided.data ? net.decided.data : "");
    result = weight_save(argv[2], &net.weights, NULL, 0);
    if (result != OK)
        fprintf(stderr, "%s\n", error_last()->text);
    deploy_free(&net);
    return result != OK;
}
