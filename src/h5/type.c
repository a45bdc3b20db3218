/* src/h5/type.c: the types of elements and attributes as HDF5 has them. */
#include "h5_parts.h"

hid_t h5_type_text(size_t size, H5T_str_t end, H5T_cset_t letters)
{
    hid_t t = H5Tcopy(H5T_C_S1);

    if (t >= 0 &&
        (H5Tset_size(t, size ? size : 1) < 0 || H5Tset_strpad(t, end) < 0 || H5Tset_cset(t, letters) < 0)) {
        H5Tclose(t);
        return -1;
    }
    return t;
}

static hid_t half_type(size_t mantissa, size_t exponent, size_t bias)
{
    hid_t t = H5Tcopy(H5T_IEEE_F32LE);

    if (t >= 0 && (H5Tset_fields(t, 15, mantissa, exponent, 0, mantissa) < 0 || H5Tset_size(t, 2) < 0 ||
                   H5Tset_ebias(t, bias) < 0)) {
        H5Tclose(t);
        return -1;
    }
    return t;
}

static hid_t names_type(hid_t base, const char *const *names)
{
    hid_t t = H5Tenum_create(base);

    for (uint8_t i = 0; t >= 0 && names[i]; i++)
        if (H5Tenum_insert(t, names[i], &i) < 0) {
            H5Tclose(t);
            t = -1;
        }
    return t;
}

hid_t h5_type_make(const struct h5_type *type)
{
    const hid_t plain[] = { [H5_U8] = H5T_STD_U8LE,    [H5_S8] = H5T_STD_I8LE,    [H5_S16] = H5T_STD_I16LE,
                            [H5_S32] = H5T_STD_I32LE,  [H5_U32] = H5T_STD_U32LE,  [H5_S64] = H5T_STD_I64LE,
                            [H5_F32] = H5T_IEEE_F32LE, [H5_F64] = H5T_IEEE_F64LE, [H5_NAMES_S8] = 0 };

    switch (type->kind) {
    case H5_F16:
        return half_type(10, 5, 15);
    case H5_BF16:
        return half_type(7, 8, 127);
    case H5_TEXT:
        return h5_type_text(type->size, H5T_STR_NULLPAD, H5T_CSET_UTF8);
    case H5_TEXT_ENDED:
    case H5_ASCII_ENDED:
        return h5_type_text(type->size, H5T_STR_NULLTERM,
                            type->kind == H5_ASCII_ENDED ? H5T_CSET_ASCII : H5T_CSET_UTF8);
    case H5_NAMES_U8:
    case H5_NAMES_S8:
        return names_type(type->kind == H5_NAMES_U8 ? H5T_STD_U8LE : H5T_STD_I8LE, type->names);
    default:
        BUG_IF(!plain[type->kind]);
        return H5Tcopy(plain[type->kind]);
    }
}
