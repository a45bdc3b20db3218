/* src/cli/quantize_report.c: what quantization cost, the whole and layer by layer. */
#include "quantize_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "weight.h"

static const char *const observers[] = { "minmax", "percentile", "mse" };

/* ---- one column at a time ------------------------------------------------------------------------------ */

enum column_kind { TEXT, REAL, WHOLE };
enum { BY_WEIGHT = 1, BY_SENSITIVITY = 2 }; /* when a column has a value */
static const struct column {
    const char *name, *head;
    enum column_kind kind;
    int when;
    size_t where; /* in struct quant_line */
    int width;
    const char *format; /* of the text */
} columns[] = {
#define OF(field) offsetof(struct quant_line, field)
    { "seen_low", "seen from", REAL, 0, OF(seen_low), 9, "%.4g" },
    { "seen_high", "to", REAL, 0, OF(seen_high), 9, "%.4g" },
    { "low", "codes from", REAL, 0, OF(low), 10, "%.4g" },
    { "high", "to", REAL, 0, OF(high), 9, "%.4g" },
    { "scale", "scale", REAL, 0, OF(q.scale), 11, "%.6g" },
    { "zero_point", "zero", WHOLE, 0, OF(q.zero_point), 4, "%d" },
    { "activation_bits", "bits", WHOLE, 0, OF(activation_bits), 4, "%d" },
    { "weight_bits", "bits w", WHOLE, BY_WEIGHT, OF(weight_bits), 6, "%d" },
    { "weight_scales", "scales", WHOLE, BY_WEIGHT, OF(scales), 6, "%d" },
    { "weight_scale_low", "from", REAL, BY_WEIGHT, OF(scale_low), 9, "%.3g" },
    { "weight_scale_high", "to", REAL, BY_WEIGHT, OF(scale_high), 9, "%.3g" },
    { "weight_sqnr_db", "weights dB", REAL, BY_WEIGHT, OF(weight_sqnr_db), 10, "%.1f" },
    { "output_sqnr_db", "output dB", REAL, 0, OF(output_sqnr_db), 9, "%.1f" },
    { "bias_shift", "bias shift", REAL, BY_WEIGHT, OF(bias_shift), 10, "%.3g" },
    { "alone_drift", "drift", REAL, BY_SENSITIVITY, OF(alone.drift), 9, "%.5f" },
    { "alone_rmse", "RMSE", REAL, BY_SENSITIVITY, OF(alone.rmse), 6, "%.2f" },
    { "alone_changed", "changed", WHOLE, BY_SENSITIVITY, OF(alone.changed), 7, "%d" },
    { "alone_sqnr_db", "dB", REAL, BY_SENSITIVITY, OF(alone.sqnr_db), 5, "%.1f" },
    { "others_drift", "drift", REAL, BY_SENSITIVITY, OF(others.drift), 9, "%.5f" },
    { "others_rmse", "RMSE", REAL, BY_SENSITIVITY, OF(others.rmse), 6, "%.2f" },
    { "others_changed", "changed", WHOLE, BY_SENSITIVITY, OF(others.changed), 7, "%d" },
    { "others_sqnr_db", "dB", REAL, BY_SENSITIVITY, OF(others.sqnr_db), 5, "%.1f" },
#undef OF
};

static int has_value(const struct quantize_report *r, const struct quant_line *line, const struct column *c)
{
    if (c->when == BY_SENSITIVITY)
        return r->options->sensitivity;
    return c->when != BY_WEIGHT || line->scales > 0;
}

/* A terminal has few digits; else numbers read back exactly. "" for what is no number: a ratio without noise.
 */
static void print_value(const struct quant_line *line, const struct column *c, const char *format, char *out,
                        size_t size)
{
    const void *at = (const char *)line + c->where;

    out[0] = '\0';
    if (c->kind == WHOLE)
        snprintf(out, size, "%d", *(const int *)at);
    else if (format || isfinite(*(const double *)at))
        snprintf(out, size, format ? format : "%.9g", *(const double *)at);
}

/* ---- the order ----------------------------------------------------------------------------------------- */

static int worst_first(const void *a, const void *b)
{
    const struct quant_line *x = *(const struct quant_line *const *)a,
                            *y = *(const struct quant_line *const *)b;

    if (x->alone.drift != y->alone.drift)
        return x->alone.drift < y->alone.drift ? 1 : -1;
    if (x->alone.sqnr_db != y->alone.sqnr_db)
        return x->alone.sqnr_db > y->alone.sqnr_db ? 1 : -1;
    return x->node - y->node;
}

static status order(const struct quantize_report *r, int worst, const struct quant_line ***out)
{
    const struct quant_result *q = r->result;

    MEM_TRY(*out, (size_t)q->lines + 1, sizeof **out);
    for (int i = 0; i < q->lines; i++)
        (*out)[i] = &q->line[i];
    if (worst)
        qsort(*out, (size_t)q->lines, sizeof **out, worst_first);
    return OK;
}

/* ---- a layer ------------------------------------------------------------------------------------------- */

/* A terminal has what every run knows, and what layers cost alone, each in a table of its own. */
enum part { ALL, KNOWN, COSTS };

static int is_of(const struct column *c, enum part part)
{
    return part == ALL || (c->when == BY_SENSITIVITY) == (part == COSTS);
}

static status add_cell(const struct quantize_report *r, const struct quant_line *line, const struct column *c,
                       enum listing_form form, struct text *out)
{
    char cell[64];
    int has = has_value(r, line, c);

    print_value(line, c, form == LISTING_TERMINAL ? c->format : NULL, cell, sizeof cell);
    if (form == LISTING_CSV)
        return text_add(out, ",%s", has ? cell : "");
    if (form == LISTING_JSON)
        return has ? text_add(out, ", \"%s\": %s", c->name, cell[0] ? cell : "null") : OK;
    return text_add(out, " %*s", c->width, has ? cell : "-");
}

static status add_line(const struct quantize_report *r, const struct quant_line *line, enum listing_form form,
                       enum part part, struct text *out)
{
    const struct model_node *n = &r->model->node[line->node];
    const char *op = model_op_name(n->op);

    if (form == LISTING_JSON) {
        TRY(text_add(out, "    {\"layer\": "));
        TRY(text_add_quoted(out, n->name));
        TRY(text_add(out, ", \"op\": \"%s\"", op));
    } else {
        TRY(text_add(out, form == LISTING_CSV ? "\"%s\",%s" : "%-32s %-9s", n->name, op));
    }
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        if (is_of(&columns[i], part))
            TRY(add_cell(r, line, &columns[i], form, out));
    return text_add(out, form == LISTING_JSON ? "}" : "\n");
}

static status add_heads(enum listing_form form, enum part part, struct text *out)
{
    if (form == LISTING_JSON)
        return OK;
    TRY(form == LISTING_CSV ? text_add(out, "layer,op") : text_add(out, "%-32s %-9s", "layer", "op"));
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        if (form == LISTING_CSV)
            TRY(text_add(out, ",%s", columns[i].name));
        else if (is_of(&columns[i], part))
            TRY(text_add(out, " %*s", columns[i].width, columns[i].head));
    return text_add(out, "\n");
}

static status add_layers(const struct quantize_report *r, enum listing_form form, enum part part,
                         struct text *out)
{
    const struct quant_line **line = NULL;
    status result = OK;

    TRY(add_heads(form, part, out));
    TRY_OUT(order(r, part != KNOWN && r->options->sensitivity, &line));
    for (int i = 0; i < r->result->lines; i++) {
        TRY_OUT(add_line(r, line[i], form, part, out));
        if (form == LISTING_JSON)
            TRY_OUT(text_add(out, i + 1 < r->result->lines ? ",\n" : "\n"));
    }
out:
    mem_free(line);
    return result;
}

static status add_costs(const struct quantize_report *r, struct text *out)
{
    TRY(text_add(
        out,
        "\nwhich layer moves the map, worst first: 1 - |correlation| with fp32's, RMSE (0-255), answers "
        "changed and\nthe logits' dB of %d pictures, in real numbers rounded to codes\n",
        r->result->trials));
    TRY(text_add(out, "%42s  %-30s %s\n", "", "this layer alone", "all but this one"));
    return add_layers(r, LISTING_TERMINAL, COSTS, out);
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static int is_chosen(const struct quantize_report *r)
{
    return r->options->choose_bytes > 0 || r->options->choose_drift > 0;
}

static uint64_t code_bytes(const struct quant_result *q)
{
    uint64_t bytes = 0;

    for (int i = 0; i < q->table.count; i++)
        if (q->table.entry[i].tensor.quantization != TENSOR_REAL)
            bytes += weight_bytes(&q->table.entry[i].tensor);
    return bytes;
}

/* "4", or of a choice "2 to 8". */
static const char *weight_bits(const struct quantize_report *r, char out[32])
{
    int low = r->options->weight_bits, high = 0;

    snprintf(out, 32, "%d", low);
    for (int i = 0; i < r->result->lines && is_chosen(r); i++) {
        int bits = r->result->line[i].weight_bits;

        low = bits && (bits < low || !high) ? bits : low;
        high = bits > high ? bits : high;
    }
    if (high)
        snprintf(out, 32, "%d to %d", low, high);
    return out;
}

static status text_options(const struct quantize_report *r, struct text *out)
{
    const struct quant_options *o = r->options;
    char bits[32];

    TRY(text_add(out, "%s  %s  weights %s bit per %s %s  activations %d bit %s", r->model->name,
                 o->form == PRECISION_CODES ? engine_arithmetic_name(o->arithmetic) : "rounded",
                 weight_bits(r, bits), o->per_channel ? "channel" : "tensor",
                 o->weight_mse ? "mse" : "minmax", o->activation_bits, observers[o->observer]));
    if (o->observer == QUANT_PERCENTILE)
        TRY(text_add(out, " %g", o->percentile));
    if (o->ends)
        TRY(text_add(out, "  ends %d bit", o->ends));
    return text_add(out, "  equalized %d pairs  biases %s\n", r->result->equalized,
                    o->correct_bias ? "corrected" : "as they were");
}

/* What a user wants to know first: how large, how true, how many answers. */
static status text_summary(const struct quantize_report *r, struct text *out)
{
    const struct quant_result *q = r->result;

    TRY(text_options(r, out));
    TRY(text_add(out, "file %llu bytes, %.1f %% of the fp32 checkpoint's %llu  logits %.1f dB\n",
                 (unsigned long long)r->bytes, 100.0 * (double)r->bytes / (double)r->source_bytes,
                 (unsigned long long)r->source_bytes, q->logits_sqnr_db));
    if (is_chosen(r))
        TRY(text_add(out, "bits chosen: %llu bytes of codes; %d networks tried on %d pictures\n",
                     (unsigned long long)code_bytes(q), q->tried, q->trials));
    TRY(text_add(out, "%d pictures: %d answers changed", r->pictures, q->changed));
    if (r->labels)
        TRY(text_add(out, "; of %d with a class fp32 is right in %d, quantized in %d", q->judged,
                     q->real_right, q->right));
    TRY(text_add(out, "\n"));
    return isfinite(q->whole.drift)
               ? text_add(out, "maps: drift %.4f (1 - |correlation| with fp32's), RMSE %.2f\n",
                          q->whole.drift, q->whole.rmse)
               : OK;
}

static status json_summary(const struct quantize_report *r, struct text *out)
{
    const struct quant_options *o = r->options;
    const struct quant_result *q = r->result;

    TRY(text_add(out, "{\n  \"model\": "));
    TRY(text_add_quoted(out, r->model->name));
    TRY(text_add(out, ",\n  \"precision\": "));
    TRY(text_add_quoted(out, r->precision));
    TRY(text_add(out, ", \"arithmetic\": \"%s\", ", o->form == PRECISION_CODES ? "integer" : "rounded"));
    if (o->form == PRECISION_CODES)
        TRY(text_add(out, "\"engine\": \"%s\", ", engine_arithmetic_name(o->arithmetic)));
    TRY(text_add(out,
                 "\"weight_bits\": %d, \"activation_bits\": %d, \"ends\": %d,\n  \"weights_per\": \"%s\", "
                 "\"weight_scale\": \"%s\", ",
                 o->weight_bits, o->activation_bits, o->ends, o->per_channel ? "channel" : "tensor",
                 o->weight_mse ? "mse" : "minmax"));
    TRY(text_add(out,
                 "\"observer\": \"%s\", \"percentile\": %.9g, \"equalized\": %d, \"bias_correction\": %s,\n",
                 observers[o->observer], o->percentile, q->equalized, o->correct_bias ? "true" : "false"));
    TRY(text_add(out, "  \"file_bytes\": %llu, \"fp32_bytes\": %llu, \"logits_sqnr_db\": ",
                 (unsigned long long)r->bytes, (unsigned long long)r->source_bytes));
    TRY(isfinite(q->logits_sqnr_db) ? text_add(out, "%.9g,\n", q->logits_sqnr_db) : text_add(out, "null,\n"));
    if (is_chosen(r))
        TRY(text_add(out, "  \"chosen_code_bytes\": %llu,\n", (unsigned long long)code_bytes(q)));
    if (isfinite(q->whole.drift))
        TRY(text_add(out, "  \"map_drift\": %.9g, \"map_rmse\": %.9g,\n", q->whole.drift, q->whole.rmse));
    TRY(text_add(out,
                 "  \"trials\": %d, \"tried\": %d, \"pictures\": %d, \"changed\": %d, \"labels\": %s, "
                 "\"judged\": %d, \"fp32_right\": %d, "
                 "\"quantized_right\": %d,\n",
                 q->trials, q->tried, r->pictures, q->changed, r->labels ? "true" : "false", q->judged,
                 q->real_right, q->right));
    return text_add(out, "  \"layers\": [\n");
}

status quantize_report(const struct quantize_report *r, enum listing_form form, struct text *out)
{
    if (form == LISTING_TERMINAL)
        TRY(text_summary(r, out));
    if (form == LISTING_JSON)
        TRY(json_summary(r, out));
    TRY(add_layers(r, form, form == LISTING_TERMINAL ? KNOWN : ALL, out));
    if (form == LISTING_TERMINAL && r->options->sensitivity)
        TRY(add_costs(r, out));
    return form == LISTING_JSON ? text_add(out, "  ]\n}\n") : OK;
}
