#include "fixtures.h"

int main(void)
{
    const struct kernel_table *k = kernel_select("ref");
    struct cam_workspace *w = NULL;

    CHECK(cam_workspace_create(0, 1, k, &w) == ERR_RANGE && !w);
    CHECK(cam_workspace_create(4097, 1, k, &w) == ERR_RANGE && !w);
    CHECK(cam_workspace_create(49, 0, k, &w) == ERR_RANGE && !w);
    CHECK(cam_workspace_create(1, 1, k, &w) == OK && w);
    cam_workspace_free(w);
    cam_workspace_free(NULL);
    CHECK(mem_live() == 0);
    return check_result("cam/cam");
}
