/* Lists of points: columns by their names, pictures by path or name, what is refused. */
#include "folder.h"
#include "image_points.h"

static const char *const path[] = { "a/1.jpg", "a/2.jpg", "b/2.jpg", "3.jpg" };

static void refuse(const char *text, status code, const char *words)
{
    struct image_points p;

    CHECK(image_points_read(folder_file("list", text), path, 4, &p) == code && !p.point && !p.first);
    CHECK_MSG(strstr(error_last()->text, words), "%s", error_last()->text);
}

int main(void)
{
    struct image_points p;

    folder_open();
    CHECK(image_points_read(folder_file("list",
                                        "image,subject,x,y,duration_ms\n3.jpg,1,4.5,-1,99\na/2.jpg,1,5,6,99\n"
                                        "other.jpg,2,0,0,9\n3,2,7,8.25,99\n\"1.jpg\",2,9,10,9\n"),
                            path, 4, &p) == OK);
    CHECK(p.pictures == 4 && p.unmatched == 1);
    CHECK(p.first[0] == 0 && p.first[1] == 1 && p.first[2] == 2 && p.first[3] == 2 && p.first[4] == 4);
    CHECK(p.point[0].x == 9 && p.point[0].y == 10 && p.point[1].x == 5 && p.point[1].y == 6);
    CHECK(p.point[2].x == 4.5 && p.point[2].y == -1 && p.point[3].x == 7 && p.point[3].y == 8.25);
    image_points_free(&p);
    image_points_free(&p);
    CHECK(image_points_read(folder_file("list", "y\tx\tfilename\n2\t1\t3.jpg\n"), path, 4, &p) == OK);
    CHECK(p.first[3] == 0 && p.first[4] == 1 && p.point[0].x == 1 && p.point[0].y == 2);
    image_points_free(&p);
    refuse("3.jpg,1,2\n", ERR_FORMAT, "a list without a header has no column of pictures");
    refuse("image,x,z\n3.jpg,1,2\n", ERR_FORMAT, "its header names no column of y");
    refuse("x,y\n1,2\n", ERR_FORMAT, "its header names no column of pictures");
    refuse("image,x,y\n3.jpg,1,two\n", ERR_FORMAT, "list:2: '1,two' is no point");
    refuse("image,x,y\n3.jpg,1,nan\n", ERR_FORMAT, "is no point");
    refuse("image,x,y\n2.jpg,1,2\n", ERR_FORMAT, "list:2: '2.jpg' fits several pictures");
    refuse("image,x,y\n7.jpg,1,2\n", ERR_MISMATCH,
           "none of its 1 points is of a picture of the list, whose first is");
    refuse("image,x,y\n", ERR_FORMAT, "no points are listed");
    refuse("image,x,x_min,y\n3.jpg,1,1,2\n", ERR_FORMAT, "two columns of its header mean the same");
    CHECK(image_points_read(folder_path("none"), path, 4, &p) == ERR_MISSING);
    folder_close();
    CHECK(mem_live() == 0);
    return check_result("image/points");
}
