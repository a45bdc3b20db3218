/* src/train/checkpoint.c: what a training keeps: the state, from which it goes on, by rename; and the trained
 * weights. Both note the settings that they depend on; a state has a hash of its contents besides. */
#include "train_parts.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weight.h"

enum { SETTINGS_MAX = 50000, LONGEST_PATH = OPTION_SIZE + 32, TRAIN_NUMERICS = 1 };
static const char note_settings[] = "quantcam.train", note_sum[] = "quantcam.train.sha256";

static void state_path(const struct train *t, char path[LONGEST_PATH])
{
    snprintf(path, LONGEST_PATH, "%s.state.safetensors", t->job->out);
}

/* ---- settings --------------------------------------------------------------------------------------------
 */

static status add_hash(struct text *text, const char *name, const uint8_t hash[HASH_SIZE])
{
    char hex[2 * HASH_SIZE + 1];

    return text_add(text, "%s = %s\n", name, hash_hex(hash, hex));
}

status checkpoint_settings(struct train *t, const uint8_t weights[HASH_SIZE])
{
    struct text text = { .max = SETTINGS_MAX };
    status result = option_write(train_job_table(), t->job, OPTION_RESULT, &text);

    if (result == OK)
        result = text_add(&text, "numerics.training = %d\n", TRAIN_NUMERICS);
    if (result == OK)
        result = add_hash(&text, "network.model", t->model.sha256);
    if (result == OK)
        result = add_hash(&text, "network.weights", weights);
    if (result == OK)
        result = add_hash(&text, "data.train", t->data.sha256);
    if (result == OK)
        result = add_hash(&text, "data.test", t->test.sha256);
    if (result == OK && t->data.left_out + t->test.left_out > 0)
        result = text_add(&text, "data.train.left_out = %d\ndata.test.left_out = %d\n", t->data.left_out,
                          t->test.left_out);
    t->settings = text.data;
    return result;
}

/* One sentence with the first line that differs. */
static status differ(const char *path, const char *there, const char *here)
{
    char key[OPTION_NAME], was[OPTION_SIZE], is[OPTION_SIZE];

    for (const char *line = here; *line; line = strchr(line, '\n') + 1) {
        size_t n = strcspn(line, " ");

        snprintf(key, sizeof key, "%.*s", n < sizeof key ? (int)n : 0, line);
        if (!text_value(here, key, is, sizeof is))
            snprintf(is, sizeof is, "?");
        if (!text_value(there, key, was, sizeof was))
            snprintf(was, sizeof was, "not known");
        if (strcmp(was, is) != 0)
            return FAIL(ERR_MISMATCH,
                        "%s was made with %s = %.80s, this job has %.80s: put that back, or name another "
                        "store.out, or move the file away",
                        path, key, was, is);
    }
    return FAIL(ERR_MISMATCH, "%s was made by other settings: name another store.out, or move the file away",
                path);
}

static status check_settings(const struct train *t, const struct tensor_table *table, const char *path)
{
    const char *there = table_note(table, note_settings);

    if (!there)
        return FAIL(ERR_MISMATCH,
                    "%s is there already and was not made by quantcam train: name another store.out, "
                    "or move the file away",
                    path);
    return strcmp(there, t->settings) == 0 ? OK : differ(path, there, t->settings);
}

/* ---- writing ---------------------------------------------------------------------------------------------
 */

/* A view: the table owns nothing. */
static status put(struct tensor_table *table, const char *name, enum dtype type, int rank, const int64_t *dim,
                  const void *data)
{
    struct tensor view = { .dtype = type, .rank = rank, .data = (void *)data };
    int64_t stride = 1;

    for (int i = rank - 1; i >= 0; i--) {
        view.dim[i] = dim[i];
        view.stride[i] = stride;
        stride *= dim[i];
    }
    return table_take(table, name, &view);
}

static status put_row(struct tensor_table *table, const char *name, enum dtype type, int64_t count,
                      const void *data)
{
    return data && count > 0 ? put(table, name, type, 1, &count, data) : OK;
}

status checkpoint_parameters(const struct train *t, int alphas, struct tensor_table *table)
{
    for (int i = 0; i < t->parameters; i++) {
        const struct gradient_parameter *p = &t->parameter[i];

        if (alphas || p->kind != GRADIENT_ALPHA)
            TRY(put(table, p->name, DTYPE_F32, p->rank, p->dim, p->value));
    }
    return OK;
}

static status put_state(const struct train *t, struct tensor_table *table)
{
    TRY(checkpoint_parameters(t, 1, table));
    TRY(put_row(table, "quantcam.first", DTYPE_F32, t->learned, t->first));
    TRY(put_row(table, "quantcam.second", DTYPE_F32, t->learned, t->second));
    TRY(put_row(table, "quantcam.best", DTYPE_F32, t->values, t->best));
    TRY(put_row(table, "quantcam.curve", DTYPE_F64, t->at.lines * TRAIN_LINE_VALUES, t->line));
    return put_row(table, "quantcam.place", DTYPE_U8, (int64_t)sizeof t->at, &t->at);
}

static void sum_table(const struct tensor_table *table, char hex[2 * HASH_SIZE + 1])
{
    struct hash hash;
    uint8_t sum[HASH_SIZE];

    hash_start(&hash);
    for (int i = 0; i < table->count; i++) {
        const struct tensor *tensor = &table->entry[i].tensor;

        hash_add(&hash, table->entry[i].name, strlen(table->entry[i].name) + 1);
        hash_add(&hash, tensor->data, (size_t)tensor_count(tensor) * dtype_size(tensor->dtype));
    }
    hash_result(&hash, sum);
    hash_hex(sum, hex);
}

status checkpoint_save(const struct train *t)
{
    char path[LONGEST_PATH], hex[2 * HASH_SIZE + 1];
    struct tensor_table table = { 0 };
    status result = put_state(t, &table);

    state_path(t, path);
    if (result == OK) {
        sum_table(&table, hex);
        result =
            weight_save(path, &table,
                        (const struct weight_note[]){ { note_settings, t->settings }, { note_sum, hex } }, 2);
    }
    table_free(&table);
    return result;
}

status checkpoint_finish(const struct train *t)
{
    const struct weight_note notes[] = { { "quantcam.model", t->model.name },
                                         { note_settings, t->settings } };
    char path[LONGEST_PATH];
    struct tensor_table table = { 0 };
    status result = checkpoint_parameters(t, 1, &table);

    if (result == OK)
        result = weight_save(t->job->out, &table, notes, COUNT_OF(notes));
    table_free(&table);
    state_path(t, path);
    if (result == OK)
        unlink(path);
    return result;
}

/* ---- reading ---------------------------------------------------------------------------------------------
 */

static status get(const struct tensor_table *table, const char *path, const char *name, enum dtype type,
                  int64_t count, void *out)
{
    const struct tensor *tensor;

    TRY(table_get(table, &tensor, "%s", name));
    if (tensor->dtype != type || tensor_count(tensor) != count)
        return FAIL(ERR_FORMAT, "%s: %s is not what a state of this job has; delete the file to begin anew",
                    path, name);
    tensor_copy_raw(tensor, out);
    return OK;
}

static status get_rows(struct train *t, const struct tensor_table *table, const char *path)
{
    struct train_place *at = &t->at;

    TRY(get(table, path, "quantcam.place", DTYPE_U8, (int64_t)sizeof *at, at));
    if (at->epoch < 0 || at->epoch > t->job->epochs || at->batch < 0 || at->batch > t->batches ||
        at->lines < 0 || at->lines > t->job->epochs)
        return FAIL(ERR_FORMAT,
                    "%s: it stands at epoch %lld, batch %lld, which this job does not have; delete the "
                    "file to begin anew",
                    path, (long long)at->epoch, (long long)at->batch);
    TRY(get(table, path, "quantcam.first", DTYPE_F32, t->learned, t->first));
    if (t->second)
        TRY(get(table, path, "quantcam.second", DTYPE_F32, t->learned, t->second));
    if (t->best)
        TRY(get(table, path, "quantcam.best", DTYPE_F32, t->values, t->best));
    if (at->lines > 0)
        TRY(get(table, path, "quantcam.curve", DTYPE_F64, at->lines * TRAIN_LINE_VALUES, t->line));
    return OK;
}

static status take_state(struct train *t, const struct tensor_table *table, const char *path)
{
    const char *noted = table_note(table, note_sum);
    char hex[2 * HASH_SIZE + 1];

    TRY(check_settings(t, table, path));
    sum_table(table, hex);
    if (!noted || strcmp(noted, hex) != 0)
        return FAIL(ERR_FORMAT,
                    "%s: its contents are not those that were written: the file is damaged; delete it "
                    "to begin anew",
                    path);
    for (int i = 0; i < t->parameters; i++)
        TRY(get(table, path, t->parameter[i].name, DTYPE_F32, t->parameter[i].count, t->parameter[i].value));
    return get_rows(t, table, path);
}

static int is_there(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0;
}

static status look(struct train *t, enum checkpoint_found *found)
{
    char path[LONGEST_PATH];
    struct tensor_table table = { 0 };
    status result;

    *found = is_there(t->job->out) ? CHECKPOINT_FINISHED : CHECKPOINT_NONE;
    snprintf(path, sizeof path, "%s", t->job->out);
    if (*found == CHECKPOINT_NONE) {
        state_path(t, path);
        if (!is_there(path))
            return OK;
        *found = CHECKPOINT_RESUMED;
    }
    TRY(weight_load(path, NULL, &table));
    result = *found == CHECKPOINT_FINISHED ? check_settings(t, &table, path) : take_state(t, &table, path);
    table_free(&table);
    return result;
}

void checkpoint_gather(const struct train *t, float *values)
{
    for (int i = 0; i < t->parameters; i++) {
        memcpy(values, t->parameter[i].value, (size_t)t->parameter[i].count * sizeof *values);
        values += t->parameter[i].count;
    }
}

void checkpoint_scatter(struct train *t, const float *values)
{
    for (int i = 0; i < t->parameters; i++) {
        memcpy(t->parameter[i].value, values, (size_t)t->parameter[i].count * sizeof *values);
        values += t->parameter[i].count;
    }
}

static void share(struct train *t)
{
    for (int i = 0; i < t->parameters; i++)
        comm_broadcast(t->c, t->parameter[i].value, (size_t)t->parameter[i].count * sizeof(float));
    comm_broadcast(t->c, t->first, (size_t)t->learned * sizeof *t->first);
    if (t->second)
        comm_broadcast(t->c, t->second, (size_t)t->learned * sizeof *t->second);
    if (t->best)
        comm_broadcast(t->c, t->best, (size_t)t->values * sizeof *t->best);
    comm_broadcast(t->c, &t->at, sizeof t->at);
    comm_broadcast(t->c, t->line, (size_t)t->at.lines * sizeof *t->line);
}

status checkpoint_find(struct train *t, enum checkpoint_found *found)
{
    *found = CHECKPOINT_NONE;
    TRY(comm_agree(t->c, t->c->rank == 0 ? look(t, found) : OK));
    comm_broadcast(t->c, found, sizeof *found);
    if (*found == CHECKPOINT_RESUMED)
        share(t);
    return OK;
}
