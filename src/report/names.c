/* src/report/names.c: names of the classes, from a list that the result does not hold. */
#include "names.h"

status report_names_fit(struct store_reader *r, const struct image_names *n, const char *path)
{
    const struct store_layout *l = store_reader_layout(r);

    for (int k = 0; k < l->networks; k++)
        TRY(image_names_fit(n, path, l->network[k].classes, l->network[k].name));
    return OK;
}

status names_class(struct store_reader *r, const struct image_names *n, int class_index, char *out,
                   size_t size)
{
    const char *name = image_name(n, class_index);

    if (class_index < 0)
        snprintf(out, size, "unknown");
    else if (name)
        snprintf(out, size, "%s", name);
    else if (class_index < store_reader_layout(r)->class_names && store_reader_find(r, "/images/class_name"))
        return store_read_string(r, "/images/class_name", class_index, out, size);
    else
        snprintf(out, size, "class %d", class_index);
    return OK;
}
