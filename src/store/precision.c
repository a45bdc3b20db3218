/* src/store/precision.c: what a file says of its precisions: their form, their bits, which of them select. */
#include "store.h"

#include <string.h>

enum { MOST_CODES_BITS = 8, MOST_ROUNDED_BITS = 16 };

static const char *const forms[] = {
    [PRECISION_REAL] = "real", [PRECISION_CODES] = "codes", [PRECISION_ROUNDED] = "rounded"
};

const char *store_form_name(int form)
{
    return form >= 0 && form < (int)COUNT_OF(forms) ? forms[form] : "unknown";
}

int store_form_find(const char *name, int *out)
{
    for (*out = 0; *out < (int)COUNT_OF(forms); ++*out)
        if (!strcmp(name, forms[*out]))
            return 1;
    return 0;
}

int store_precision_good(const struct store_precision *p)
{
    int real = p->form == PRECISION_REAL, most = real                         ? PRECISION_REAL_BITS
                                                 : p->form == PRECISION_CODES ? MOST_CODES_BITS
                                                                              : MOST_ROUNDED_BITS;
    int least = real ? most : 1;

    return p->weight_bits >= least && p->weight_bits <= most && p->activation_bits >= least &&
           p->activation_bits <= most;
}

const char *store_precision_words(const struct store_precision *p, char out[STORE_PRECISION_WORDS])
{
    const char *rounded = p->form == PRECISION_ROUNDED ? ", rounded" : "";

    if (p->form == PRECISION_REAL)
        snprintf(out, STORE_PRECISION_WORDS, "%s (real numbers)", p->name);
    else if (p->weight_bits == p->activation_bits)
        snprintf(out, STORE_PRECISION_WORDS, "%s (%d bits%s)", p->name, p->weight_bits, rounded);
    else
        snprintf(out, STORE_PRECISION_WORDS, "%s (weights %d, outputs %d bits%s)", p->name, p->weight_bits,
                 p->activation_bits, rounded);
    return out;
}

struct store_layer store_layer(const struct store_layout *l, int network, int p)
{
    const struct store_network *n = &l->network[network];

    return n->other[p].channels == 0 ? (struct store_layer){ n->channels, n->h, n->w } : n->other[p];
}

int store_layers_alike(const struct store_layout *l, int network, int p, int q)
{
    struct store_layer a = store_layer(l, network, p), b = store_layer(l, network, q);

    return a.channels == b.channels && a.h == b.h && a.w == b.w;
}

int store_selecting(const struct store_layout *l)
{
    for (int p = 1; p < l->precisions; p++)
        for (int s = 0; s < l->selections; s++) {
            const char *after = strchr(l->selection[s], '_'); /* in_<reading>_<precision> */

            if (after && !strcmp(after + 1, l->precision[p].name))
                return p;
        }
    return l->precisions > 1;
}
