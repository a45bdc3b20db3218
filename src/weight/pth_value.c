/* src/weight/pth_value.c: what a value of a checkpoint is: a tensor that can be read, one that cannot, or
 * something else. */
#include "pth.h"

#include <string.h>

/* Parameters of subclasses of tensors of other devices: nobody nests more of them. */
enum { MOST_WRAPPERS = 8, MOST_MARKS = 8 };

static const struct pickle_value none;

/* Argument i of an object; a None where there are fewer. */
static const struct pickle_value *argument(const struct pickle *p, const struct pickle_value *arguments,
                                           int i)
{
    return i < arguments->count ? pickle_item(p, arguments, i) : &none;
}

const struct pickle_value *pth_value_extents(const struct pickle *p, const struct pickle_value *v)
{
    return v->kind == PICKLE_OBJECT && v->integer == TORCH_SIZE ? argument(p, pickle_item(p, v, 0), 0) : v;
}

/* In files of 2017 a Parameter is an instance with the state (requires_grad, volatile, hooks). */
static int is_parameter(const struct pickle *p, const struct pickle_value *v)
{
    return v->integer == PARAMETER && (v->count == 1 || (v->count == 2 && pickle_item(p, v, 1)->count == 3));
}

/* Of 2016: an instance of torch.FloatTensor with the state (storage, offset, extents, strides). */
static int is_old_tensor(const struct pickle *p, const struct pickle_value *v)
{
    return v->integer >= OLD_TENSOR && v->integer < PER_TENSOR_AFFINE && v->count == 2 &&
           pickle_item(p, v, 1)->kind == PICKLE_TUPLE && pickle_item(p, v, 1)->count == 4;
}

/* The maker of one object, without looking into an object that it wraps. Of a subclass of tensor the pickle
 * has the maker, the class, the arguments and a state. */
static struct pth_maker maker_of(const struct pickle *p, const struct pickle_value *v)
{
    struct pth_maker made = { .how = (int)v->integer, .arguments = pickle_item(p, v, 0), .value = v };

    if (is_old_tensor(p, v)) {
        made.how = REBUILD_TENSOR;
        made.arguments = pickle_item(p, v, 1);
    } else if (is_parameter(p, v)) {
        made.how = REBUILD_PARAMETER;
    } else if (made.how == REBUILD_FROM_TYPE && made.arguments->count > 2 &&
               pickle_item(p, made.arguments, 0)->kind == PICKLE_GLOBAL &&
               pickle_item(p, made.arguments, 2)->kind == PICKLE_TUPLE) {
        made.how = (int)pickle_item(p, made.arguments, 0)->integer;
        made.arguments = pickle_item(p, made.arguments, 2);
    }
    return made;
}

struct pth_maker pth_value_maker(const struct pickle *p, const struct pickle_value *v)
{
    struct pth_maker made = { .how = PTH_NOTHING, .arguments = &none, .value = v };
    const struct pickle_value *type = NULL;

    for (int i = 0; i < MOST_WRAPPERS && v->kind == PICKLE_OBJECT && v->integer != TORCH_SIZE; i++) {
        made = maker_of(p, v);
        if (made.arguments->count == 0 ||
            (made.how != REBUILD_PARAMETER && made.how != REBUILD_PARAMETER_WITH_STATE &&
             made.how != REBUILD_ON_DEVICE))
            break;
        if (made.how == REBUILD_ON_DEVICE)
            type = argument(p, made.arguments, 1);
        v = pickle_item(p, made.arguments, 0);
        made = (struct pth_maker){ .how = PTH_NOTHING, .arguments = &none, .value = v };
    }
    made.type = type;
    return made;
}

/* ---- what cannot be read ------------------------------------------------------------------------------ */

/* An array of numpy has the state (version, extents, type, order, bytes). */
static int numpy_rank(const struct pickle *p, const struct pickle_value *v)
{
    const struct pickle_value *state = v->count > 0 ? pickle_item(p, v, 0) : &none;
    const struct pickle_value *extents = argument(p, state, 1);

    return state->kind == PICKLE_TUPLE && extents->kind == PICKLE_TUPLE ? extents->count : 0;
}

static enum pth_class opaque_class(const struct pickle *p, const struct pickle_value *v)
{
    static const char *const tensors[] = { "torch._utils._rebuild_", "torch._tensor._rebuild_", "torchao.",
                                           "torch.distributed.tensor." };
    char name[128];

    pickle_object_name(p, v, name, sizeof name);
    if (strstr(name, ".multiarray._reconstruct"))
        return numpy_rank(p, v) > 1 ? PTH_WEIGHT : PTH_TENSOR;
    for (size_t i = 0; i < COUNT_OF(tensors); i++)
        if (text_begins(name, strlen(name), tensors[i]))
            return PTH_WEIGHT;
    return PTH_OTHER;
}

/* Views of others that are their negatives have the mark {"neg": True}; nobody writes more than two marks. */
static int is_negative(const struct pickle *p, const struct pickle_value *marks)
{
    if (marks->kind == PICKLE_DICT && marks->count > 2 * MOST_MARKS)
        return 1;
    for (int i = 0; marks->kind == PICKLE_DICT && i + 1 < marks->count; i += 2)
        if (pickle_is_text(pickle_item(p, marks, i), "neg") && pickle_item(p, marks, i + 1)->integer)
            return 1;
    return 0;
}

/* A tensor of another device has the name of its type there, which may be another. */
static int has_type(const struct pickle *p, const struct pickle_value *type, enum dtype dtype)
{
    static const char *const names[DTYPE_COUNT] = {
        [DTYPE_F32] = "torch.float32",   [DTYPE_F64] = "torch.float64", [DTYPE_F16] = "torch.float16",
        [DTYPE_BF16] = "torch.bfloat16", [DTYPE_U8] = "torch.uint8",    [DTYPE_S8] = "torch.int8",
        [DTYPE_S16] = "torch.int16",     [DTYPE_S32] = "torch.int32",   [DTYPE_S64] = "torch.int64",
        [DTYPE_BOOL] = "torch.bool",
    };
    char name[64];

    return strcmp(pickle_object_name(p, type, name, sizeof name), names[dtype]) == 0;
}

static void say_opaque(const struct pickle *p, const struct pickle_value *v, char *why, size_t size)
{
    char name[128];

    pickle_object_name(p, v, name, sizeof name);
    if (strstr(name, ".multiarray._reconstruct"))
        snprintf(why, size, "is an array of numpy; save torch.from_numpy of it");
    else
        snprintf(why, size, "is of type %s, which is not read; save a plain tensor", name);
}

/* A tensor that is made in a way, or of elements, that tensors here do not have. */
static void say_unread(const struct pickle *p, const struct pth_maker *made, char *why, size_t size)
{
    static const char *const words[FIRST_STORAGE] = {
        [REBUILD_SPARSE] = "is a sparse tensor; save its to_dense()",
        [REBUILD_META] = "is a meta tensor, which has no values",
        [REBUILD_NESTED] = "is a nested tensor, which is not read",
    };
    int typed = made->how == REBUILD_WRAPPER || made->how == REBUILD_TENSOR_V3;
    char name[128];

    if (typed) {
        pickle_object_name(p, argument(p, made->arguments, made->how == REBUILD_WRAPPER ? 0 : 6), name,
                           sizeof name);
        snprintf(why, size, "is of type %s, which is not read; save its %s()", name,
                 made->how == REBUILD_WRAPPER ? "dequantize" : "float");
        return;
    }
    typed = made->how >= 0 && made->how < FIRST_STORAGE && words[made->how];
    snprintf(why, size, "%s", typed ? words[made->how] : "is a tensor of an unknown kind, which is not read");
}

/* Why a tensor that is made of a storage is no plain view of the storage: the words of a refusal. */
static void say_view(const struct pickle *p, const struct pth_maker *made, char *why, size_t size)
{
    const struct pickle_value *extents = pth_value_extents(p, argument(p, made->arguments, 2));
    struct pth_storage s;

    if (extents->kind == PICKLE_TUPLE && extents->count > TENSOR_MAX_RANK)
        snprintf(why, size, "has %d extents, more than the %d that are read", extents->count,
                 TENSOR_MAX_RANK);
    if (made->how == REBUILD_TENSOR_V2 && is_negative(p, argument(p, made->arguments, 6)))
        snprintf(why, size, "is a negated view of another tensor; save its clone()");
    /* No storage at all is an error when the tensor is made. */
    if (pth_storage_id(p, argument(p, made->arguments, 0), &s) != OK)
        return;
    if (!s.readable)
        snprintf(why, size, "has elements of type %s, which are not read; save its float()", s.type);
    else if (made->type && !has_type(p, made->type, s.dtype))
        snprintf(why, size, "was of another type on another device; save its cpu()");
}

static int has_storage(const struct pth_maker *made)
{
    return made->how == REBUILD_TENSOR || made->how == REBUILD_TENSOR_V2 || made->how == REBUILD_QTENSOR;
}

void pth_value_why(const struct pickle *p, const struct pickle_value *v, char *why, size_t size)
{
    static const char *const words[] = { [PICKLE_TUPLE] = "a tuple",
                                         [PICKLE_LIST] = "a list",
                                         [PICKLE_DICT] = "a dict",
                                         [PICKLE_PERSISTENT] = "a storage" };
    struct pth_maker made = pth_value_maker(p, v);

    why[0] = '\0';
    v = made.value;
    if (has_storage(&made))
        say_view(p, &made, why, size);
    else if (v->kind == PICKLE_OPAQUE)
        say_opaque(p, v, why, size);
    else if (v->kind == PICKLE_OBJECT && v->integer == TORCH_SIZE)
        snprintf(why, size, "is a torch.Size, no tensor");
    else if (v->kind == PICKLE_OBJECT)
        say_unread(p, &made, why, size);
    else if ((size_t)v->kind < COUNT_OF(words) && words[v->kind])
        snprintf(why, size, "is %s, no tensor", words[v->kind]);
}

/* ---- how much of a tensor it is ------------------------------------------------------------------------ */

enum pth_class pth_value_class(const struct pickle *p, const struct pickle_value *v)
{
    struct pth_maker made = pth_value_maker(p, v);
    const struct pickle_value *extents;
    struct pth_storage s;

    if (made.value->kind == PICKLE_OPAQUE)
        return opaque_class(p, made.value);
    if (made.how == PTH_NOTHING)
        return PTH_OTHER;
    if (!has_storage(&made) && made.how != REBUILD_TENSOR_V3)
        return made.how == REBUILD_SPARSE || made.how == REBUILD_META || made.how == REBUILD_NESTED ||
                       made.how == REBUILD_WRAPPER
                   ? PTH_WEIGHT
                   : PTH_TENSOR; /* a damaged one, which is refused when it is made */
    extents = pth_value_extents(p, argument(p, made.arguments, 2));
    if (extents->kind != PICKLE_TUPLE || extents->count < 2)
        return PTH_TENSOR;
    if (made.how != REBUILD_TENSOR && made.how != REBUILD_TENSOR_V2)
        return PTH_WEIGHT;
    if (pth_storage_id(p, argument(p, made.arguments, 0), &s) != OK)
        return PTH_TENSOR;
    return !s.readable || s.dtype == DTYPE_F32 || s.dtype == DTYPE_F64 || s.dtype == DTYPE_F16 ||
                   s.dtype == DTYPE_BF16
               ? PTH_WEIGHT
               : PTH_TENSOR;
}
