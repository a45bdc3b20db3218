/* src/engine/tiles.h: tiles of a Winograd layer, of any pictures, computed in one call. Private to the room.
 */
#ifndef ENGINE_TILES_H
#define ENGINE_TILES_H

#include "plan.h"

enum { TILES_MOST = 196 }; /* whole blocks of the kernels: 7 x 28, 4 x 49 */

struct tiles {
    int count;
    struct kernel_tile tile[TILES_MOST];
};

/* One tile more, of the grid's row y and column x; a full list is computed first. pass: its picture's. */
void tiles_add(const struct engine_pass *pass, const struct engine_op *op, int y, int x, struct tiles *t);
/* Every tile that meets the rectangle of outputs. */
void tiles_add_rect(const struct engine_pass *pass, const struct engine_op *op, struct kernel_rect rect,
                    struct tiles *t);
/* Computes them all; then there are none. */
void tiles_run(const struct engine_pass *pass, const struct engine_op *op, struct tiles *t);

/* KIND_WINOGRAD's row in the table of ops (run.c). The reach is that of a tile: its patch. */
void tiles_run_rect(const struct engine_pass *pass, const struct engine_op *op, struct kernel_rect rect);
struct kernel_conv tiles_reach(const struct engine_plan *plan, const struct engine_op *op, int input);

#endif
