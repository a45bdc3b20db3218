/* Which dict of a checkpoint is taken, for checkpoints of every shape. */
#include "check.h"
#include "weight/pth.h"

#include <stdlib.h>
#include <string.h>

/* As pickles: a weight of 2 x 2, a tensor of one extent, counts of 2 x 2, a weight's moving mean. */
#define REBUILD(storage, extents)                                                                            \
    "ctorch._utils\n_rebuild_tensor_v2\n((U\7storagectorch\n" storage "\nU\1"                                \
    "0U\3cpuK\4tQK\0" extents extents "\x89NtR"
static const char weight[] = REBUILD("FloatStorage", "K\2K\2\x86");
static const char vector[] = REBUILD("FloatStorage", "K\4\x85");
static const char counts[] = REBUILD("LongStorage", "K\2K\2\x86");

static char bytes[1 << 16];
static size_t used;

static void put(const void *more, size_t size)
{
    memcpy(bytes + used, more, size);
    used += size;
}

/* {a.b:W,c:[TN]} as a pickle: dicts and lists, W a weight, T a tensor of one extent, C counts, N a number, P
 * a Linear's pair, = the last dict once more; a key that begins with # is a number. */
static void write_pickle(const char *as)
{
    used = 0;
    put("\x80\2", 2);
    for (const char *at = as; *at; at++) {
        const char *colon = at + strcspn(at, ":{}[],=");
        uint8_t size = (uint8_t)(colon - at);
        if (*at == ',')
            continue;
        if (*at == '{' || *at == '[')
            put(*at == '{' ? "}(" : "](", 2);
        else if (*at == '}')
            put("uq\1", 3);
        else if (*at == ']')
            put("e", 1);
        else if (*at == '=')
            put("h\1", 2);
        else if (*colon == ':') {
            if (*at == '#')
                put("K\7", 2);
            else {
                put("U", 1);
                put(&size, 1);
                put(at, size);
            }
            at = colon;
        } else if (*at == 'W' || *at == 'P') {
            put(weight, sizeof weight - 1);
            if (*at == 'P')
                put("N\x86", 2);
        } else if (*at == 'T')
            put(vector, sizeof vector - 1);
        else if (*at == 'C')
            put(counts, sizeof counts - 1);
        else
            put("K\1", 2);
    }
    put(".", 1);
}

/* Loads `as`; the state dict must be the one at `name` (".": the root), and beside it lie `others`. */
static void check_takes(const char *as, const char *wanted, const char *name, const char *others)
{
    struct pickle p;
    struct state_choice c;
    uint64_t length;

    write_pickle(as);
    CHECK_MSG(pth_pickle((const uint8_t *)bytes, used, &p, &length) == OK, "%s: %s", as, error_last()->text);
    CHECK_MSG(state_find(&p, wanted, &c) == OK, "%s: %s", as, error_last()->text);
    if (c.state) {
        CHECK(c.state->kind == PICKLE_DICT);
        CHECK_MSG(strcmp(c.name ? c.name : ".", name) == 0, "%s: took %s", as, c.name ? c.name : ".");
        CHECK_MSG(strcmp(c.others ? c.others : "", others) == 0, "%s: others %s", as,
                  c.others ? c.others : "");
    }
    mem_free(c.name);
    mem_free(c.others);
    pickle_free(&p);
}

static void check_refuses(const char *as, const char *wanted, status expected, const char *words)
{
    struct pickle p;
    struct state_choice c;
    uint64_t length;

    write_pickle(as);
    CHECK_MSG(pth_pickle((const uint8_t *)bytes, used, &p, &length) == OK, "%s: %s", as, error_last()->text);
    CHECK_MSG(state_find(&p, wanted, &c) == expected, "%s", as);
    CHECK_MSG(strstr(error_last()->text, words) != NULL, "%s: '%s' lacks '%s'", as, error_last()->text,
              words);
    CHECK(c.state == NULL && c.name == NULL && c.others == NULL);
    pickle_free(&p);
}

/* The only one is taken, whatever its key and depth and what lies beside it. */
static void test_only_one(void)
{
    static const char *const keys[] = { "state_dict", "model_state_dict", "model",
                                        "net",        "network",          "weights",
                                        "params",     "params_ema",       "generator",
                                        "ema",        "model_ema" };
    char as[128];

    check_takes("{a.weight:W,a.bias:T}", NULL, ".", "");
    check_takes("{a.weight:W,a.bias:T}", "", ".", "");
    check_takes("{a.weight:W}", ".", ".", "");
    check_takes("{weight:T,n:N}", NULL, ".", ""); /* no weights at all: the tensors that there are */
    check_takes("{fc._packed_params._packed_params:P,fc.scale:T}", NULL, ".", "");
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        snprintf(as, sizeof as, "{epoch:N,%s:{a.weight:W},best:T,history:[NN{loss:T}]}", keys[i]);
        check_takes(as, NULL, keys[i], "");
        check_takes(as, keys[i], keys[i], "");
    }
    check_takes("{checkpoint:{model:{a.weight:W}}}", NULL, "checkpoint.model", "");
    check_takes("[{a.weight:W}N]", NULL, "0", "");
    check_takes("[N{x:[{a.weight:W}]}]", NULL, "1.x.0", "");
    check_takes("{a:{b:{c:{d:{e:{f:{g:{h:{a.weight:W}}}}}}}}}", NULL, "a.b.c.d.e.f.g.h", "");
    check_takes("{net:{a.weight:W},same:=}", NULL, "net", ""); /* one dict under two keys */
}

/* Optimizers, generators, matrices of counts, a module's extra state and means are no state dicts. */
static void test_beside(void)
{
    check_takes("{net:{a.weight:W},optimizer:{state:{#:{exp_avg:W}},param_groups:[{lr:N}]}}", NULL, "net",
                "");
    check_takes("{net:{a.weight:W},sgd:{state:{a.weight:{exp_avg:W}},param_groups:[]}}", NULL, "net", "");
    check_takes("{net:{a.weight:W},optim_state:{momentum:{a.weight:W}}}", NULL, "net", "");
    check_takes("{net:{a.weight:W},#:{a.weight:W}}", NULL, "net", "");
    check_takes("{net:{a.weight:W},rng:{cpu:T,cuda:[TT]},counts:C,confusion:W}", NULL, "net", "");
    check_takes("{net:{a.weight:W},meter:{counts:C}}", NULL, "net", "");
    check_takes("{a.weight:W,a._extra_state:{b.weight:W}}", NULL, ".", "");
}

/* Of several the conventional one is taken, and the others are named. */
static void test_several(void)
{
    static const char ema[] = "{model:{a.weight:W},optimizer:{state:{}},model_ema:{n:T,module.a.weight:W}}";

    check_takes(ema, NULL, "model", "model_ema");
    check_takes(ema, "model_ema", "model_ema", "model");
    check_takes("{model:{a.weight:W},state_dict_ema:{a.weight:W},state_dict:{a.weight:W}}", NULL,
                "state_dict", "model, state_dict_ema");
    check_takes("{ck:{model_ema:{a.weight:W},model:{a.weight:W}}}", NULL, "ck.model", "ck.model_ema");
    check_takes("{ck:{model_ema:{a.weight:W},model:{a.weight:W}}}", "ck.model_ema", "ck.model_ema",
                "ck.model");
    check_takes("{state_dict:{a.weight:W},ema:{state_dict:{a.weight:W}}}", NULL, "state_dict",
                "ema.state_dict");
    check_takes("{a.weight:W,ema:{a.weight:W}}", ".", ".", "ema");
    check_takes("{a.weight:W,ema:{a.weight:W}}", "ema", "ema", ".");
    check_takes("{net:{a.weight:W},rng:{cpu:T}}", "net", "net", "");
    check_takes("{model:{rng:T},net:{a.weight:W}}", NULL, "net", "");
}

static void test_refusals(void)
{
    check_refuses("{generator:{a.weight:W},discriminator:{a.weight:W}}", NULL, ERR_USAGE,
                  "2 state dicts: generator, discriminator; say which");
    check_refuses("{student:{model:{a.weight:W}},teacher:{model:{a.weight:W}}}", NULL, ERR_USAGE,
                  "2 state dicts: student.model, teacher.model;");
    check_refuses("{weight:W,bias:T,ema:{weight:W}}", NULL, ERR_USAGE, "2 state dicts: ., ema;");
    check_refuses("{a.weight:W,ema:{a.weight:W}}", NULL, ERR_USAGE, "2 state dicts: ., ema;");
    check_refuses("{model:{a.weight:W},model_ema:{a.weight:W}}", "ema", ERR_USAGE,
                  "no state dict 'ema'; there are model, model_ema");
    check_refuses("{a.weight:W}", "model", ERR_USAGE, "no state dict 'model'; there is .");
    check_refuses("{model:{a.weight:W}}", ".", ERR_USAGE, "no state dict '.'; there is model");
    check_refuses("{a:{b.c:{a.weight:W}},a.b:{c:{a.weight:W}}}", "a.b.c", ERR_USAGE,
                  "2 state dicts that are");
    check_refuses("[{w:W}{w:W}{w:W}{w:W}{w:W}{w:W}{w:W}{w:W}{w:W}{w:W}]", NULL, ERR_USAGE,
                  "10 state dicts: 0, 1, 2, 3, 4, 5, 6, 7 and 2 more");
    check_refuses("{}", NULL, ERR_FORMAT, "no dict of tensors");
    check_refuses("N", NULL, ERR_FORMAT, "no dict of tensors");
    check_refuses("{epoch:N,lr:[NN]}", NULL, ERR_FORMAT, "no dict of tensors");
    check_refuses("[WW]", NULL, ERR_FORMAT, "no dict of tensors");
    check_refuses("{i:{a:{b:{c:{d:{e:{f:{g:{h:{a.weight:W}}}}}}}}}}", NULL, ERR_FORMAT, "no dict of tensors");
}

int main(void)
{
    test_only_one();
    test_beside();
    test_several();
    test_refusals();
    CHECK(mem_live() == 0);
    return check_result("weight/state");
}
