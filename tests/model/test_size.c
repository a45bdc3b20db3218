/* Descriptions for pictures of another size: shapes by hand, and networks that have but one. */
#include "check.h"
#include "model.h"

#include <string.h>

static const char pooled[] = "model tiny\n"
                             "input image 3 32 32 resize 36 bilinear crop 32 mean 0 0 0 std 1 1 1\n"
                             "conv c image out 4 kernel 3 stride 2 pad 1 groups 1 weight c\n"
                             "avgpool p c\n"
                             "linear f p out 5 weight f\n"
                             "output f\n"
                             "cam c\n";
static const char flat[] = "model tiny\n"
                           "input image 3 32 32 resize squash bilinear mean 0 0 0 std 1 1 1\n"
                           "conv c image out 4 kernel 3 stride 2 pad 1 groups 1 weight c\n"
                           "linear f c out 5 weight f\n"
                           "output f\n"
                           "cam c\n";

static const char wide[] = "model tiny\n"
                           "input image 3 16 32 resize squash bilinear mean 0 0 0 std 1 1 1\n"
                           "conv c image out 4 kernel 3 stride 2 pad 1 groups 1 weight c\n"
                           "avgpool f c\n"
                           "output f\n"
                           "cam c\n";

static void refused(const char *text, int side, status wanted, const char *says)
{
    struct model m;

    if (model_parse("x.model", text, strlen(text), &m) != OK) {
        CHECK_MSG(0, "%s", error_last()->text);
        return;
    }
    CHECK(model_choose_size(&m, side) == wanted);
    CHECK_MSG(strstr(error_last()->text, says), "%s", error_last()->text);
    model_free(&m);
}

int main(void)
{
    struct model m;

    CHECK_MSG(model_parse("x.model", pooled, sizeof pooled - 1, &m) == OK, "%s", error_last()->text);
    CHECK(model_choose_size(&m, 0) == OK && m.node[1].h == 16 && m.input.resize == 36);
    CHECK(model_choose_size(&m, 12) == OK);
    CHECK(m.input.height == 12 && m.input.width == 12 && m.input.resize == 14 && m.classes == 5); /* 13.5 */
    CHECK(m.node[0].h == 12 && m.node[1].h == 6 && m.node[1].w == 6 && m.node[2].h == 1);
    CHECK(model_choose_size(&m, 32) == OK && m.node[1].w == 16);
    model_free(&m);

    refused(flat, 16, ERR_USAGE,
            "f reads a whole map: its weights are of 32x32 pictures alone, not of 16x16");
    refused(pooled, 1, ERR_FORMAT, "has no map");
    refused(wide, 16, ERR_USAGE, "only square ones can have another size");
    CHECK(mem_live() == 0);
    return check_result("model/size");
}
