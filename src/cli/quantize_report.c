/* src/cli/quantize_report.c: what quantization cost, the whole and layer by layer. */
#include "quantize_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    { "alone_sqnr_db", "alone dB", REAL, BY_SENSITIVITY, OF(alone_sqnr_db), 8, "%.1f" },
    { "lost", "lost", WHOLE, BY_SENSITIVITY, OF(lost), 4, "%d" },
#undef OF
};

static int has_value(const struct quantize_report *r, const struct quant_line *line, const struct column *c)
{
    if (c->when == BY_SENSITIVITY)
        return r->options->sensitivity;
    return c->when != BY_WEIGHT || line->scales > 0;
}

static const void *at(const struct quant_line *line, const struct column *c)
{
    return (const char *)line + c->where;
}

/* Numbers that read back exactly; a ratio without noise is no number. */
static void exact(const struct quant_line *line, const struct column *c, char *out, size_t size)
{
    if (c->kind == WHOLE)
        snprintf(out, size, "%d", *(const int *)at(line, c));
    else if (isfinite(*(const double *)at(line, c)))
        snprintf(out, size, "%.9g", *(const double *)at(line, c));
    else
        out[0] = '\0';
}

/* ---- the order ----------------------------------------------------------------------------------------- */

static int worst_first(const void *a, const void *b)
{
    const struct quant_line *x = *(const struct quant_line *const *)a,
                            *y = *(const struct quant_line *const *)b;

    if (x->lost != y->lost)
        return x->lost < y->lost ? 1 : -1;
    if (x->alone_sqnr_db != y->alone_sqnr_db)
        return x->alone_sqnr_db > y->alone_sqnr_db ? 1 : -1;
    return x->node - y->node;
}

static status order(const struct quantize_report *r, const struct quant_line ***out)
{
    const struct quant_result *q = r->result;

    MEM_TRY(*out, (size_t)q->lines + 1, sizeof **out);
    for (int i = 0; i < q->lines; i++)
        (*out)[i] = &q->line[i];
    if (r->options->sensitivity)
        qsort(*out, (size_t)q->lines, sizeof **out, worst_first);
    return OK;
}

/* ---- text ---------------------------------------------------------------------------------------------- */

static status text_options(const struct quantize_report *r, struct text *out)
{
    const struct quant_options *o = r->options;

    TRY(text_add(out, "%s  %s  weights %d bit per %s %s  activations %d bit %s", r->model->name,
                 o->form == PRECISION_CODES ? engine_arithmetic_name(o->arithmetic) : "rounded",
                 o->weight_bits, o->per_channel ? "channel" : "tensor", o->weight_mse ? "mse" : "minmax",
                 o->activation_bits, observers[o->observer]));
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
    TRY(text_add(out, "%d pictures: %d answers changed", r->pictures, q->changed));
    if (r->labels)
        TRY(text_add(out, "; of %d with a class fp32 is right in %d, quantized in %d", q->judged,
                     q->real_right, q->right));
    return text_add(out, "\n");
}

static status text_line(const struct quantize_report *r, const struct quant_line *line, struct text *out)
{
    const struct model_node *n = &r->model->node[line->node];
    char cell[64];

    TRY(text_add(out, "%-32s %-9s", n->name, model_op_name(n->op)));
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        const struct column *c = &columns[i];

        if (c->when == BY_SENSITIVITY && !r->options->sensitivity)
            continue;
        if (!has_value(r, line, c))
            snprintf(cell, sizeof cell, "-");
        else if (c->kind == WHOLE)
            snprintf(cell, sizeof cell, "%d", *(const int *)at(line, c));
        else
            snprintf(cell, sizeof cell, c->format, *(const double *)at(line, c));
        TRY(text_add(out, " %*s", c->width, cell));
    }
    return text_add(out, "\n");
}

status quantize_report_text(const struct quantize_report *r, struct text *out)
{
    const struct quant_line **line = NULL;
    status result = OK;

    TRY(text_summary(r, out));
    TRY_OUT(order(r, &line));
    TRY_OUT(text_add(out, "%-32s %-9s", "layer", "op"));
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        if (columns[i].when != BY_SENSITIVITY || r->options->sensitivity)
            TRY_OUT(text_add(out, " %*s", columns[i].width, columns[i].head));
    TRY_OUT(text_add(out, "\n"));
    for (int i = 0; i < r->result->lines; i++)
        TRY_OUT(text_line(r, line[i], out));
out:
    mem_free(line);
    return result;
}

/* ---- CSV and JSON -------------------------------------------------------------------------------------- */

status quantize_report_csv(const struct quantize_report *r, struct text *out)
{
    const struct quant_line **line = NULL;
    char cell[64];
    status result = OK;

    TRY(text_add(out, "layer,op"));
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        TRY(text_add(out, ",%s", columns[i].name));
    TRY(text_add(out, "\n"));
    TRY_OUT(order(r, &line));
    for (int i = 0; i < r->result->lines; i++) {
        const struct model_node *n = &r->model->node[line[i]->node];

        TRY_OUT(text_add(out, "\"%s\",%s", n->name, model_op_name(n->op)));
        for (size_t j = 0; j < COUNT_OF(columns); j++) {
            exact(line[i], &columns[j], cell, sizeof cell);
            TRY_OUT(text_add(out, ",%s", has_value(r, line[i], &columns[j]) ? cell : ""));
        }
        TRY_OUT(text_add(out, "\n"));
    }
out:
    mem_free(line);
    return result;
}

static status json_string(struct text *out, const char *s)
{
    TRY(text_add(out, "\""));
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            TRY(text_add(out, "\\%c", *s));
        else if ((unsigned char)*s < 32)
            TRY(text_add(out, "\\u%04x", *s));
        else
            TRY(text_add(out, "%c", *s));
    }
    return text_add(out, "\"");
}

static status json_line(const struct quantize_report *r, const struct quant_line *line, struct text *out)
{
    const struct model_node *n = &r->model->node[line->node];
    char cell[64];

    TRY(text_add(out, "    {\"layer\": "));
    TRY(json_string(out, n->name));
    TRY(text_add(out, ", \"op\": \"%s\"", model_op_name(n->op)));
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        if (!has_value(r, line, &columns[i]))
            continue;
        exact(line, &columns[i], cell, sizeof cell);
        TRY(text_add(out, ", \"%s\": %s", columns[i].name, cell[0] ? cell : "null"));
    }
    return text_add(out, "}");
}

status quantize_report_json(const struct quantize_report *r, struct text *out)
{
    const struct quant_options *o = r->options;
    const struct quant_result *q = r->result;
    const struct quant_line **line = NULL;
    status result = OK;

    TRY(text_add(out, "{\n  \"model\": "));
    TRY(json_string(out, r->model->name));
    TRY(text_add(out, ",\n  \"precision\": "));
    TRY(json_string(out, r->precision));
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
    TRY(text_add(out,
                 "  \"pictures\": %d, \"changed\": %d, \"labels\": %s, \"judged\": %d, \"fp32_right\": %d, "
                 "\"quantized_right\": %d,\n",
                 r->pictures, q->changed, r->labels ? "true" : "false", q->judged, q->real_right, q->right));
    TRY(text_add(out, "  \"layers\": [\n"));
    TRY_OUT(order(r, &line));
    for (int i = 0; i < q->lines; i++) {
        TRY_OUT(json_line(r, line[i], out));
        TRY_OUT(text_add(out, i + 1 < q->lines ? ",\n" : "\n"));
    }
    TRY_OUT(text_add(out, "  ]\n}\n"));
out:
    mem_free(line);
    return result;
}
