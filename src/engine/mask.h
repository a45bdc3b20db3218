/* src/engine/mask.h: which positions of a map, one bit each. Private to the room.
 *
 * A row of w positions takes mask_words(w) words, position x is bit x % 64 of word x / 64; the bits past w
 * are 0. A map's mask is its rows one after another.
 */
#ifndef ENGINE_MASK_H
#define ENGINE_MASK_H

#include "kernel.h"

static inline int mask_words(int w)
{
    return (w + 63) / 64;
}

static inline size_t mask_size(int h, int w) /* words of a map's mask */
{
    return (size_t)h * (size_t)mask_words(w);
}

static inline void mask_set(uint64_t *mask, int w, int position)
{
    mask[(size_t)(position / w) * (size_t)mask_words(w) + (size_t)(position % w / 64)] |=
        1ull << position % w % 64;
}

void mask_clear(uint64_t *mask, int h, int w);
void mask_fill(uint64_t *mask, int h, int w);
void mask_join(uint64_t *to, const uint64_t *from, int h, int w);
int mask_count(const uint64_t *mask, int h, int w);
/* The first position at or after x in the row that is in the mask (mask_next) or is not (mask_end); else w.
 */
int mask_next(const uint64_t *row, int w, int x);
int mask_end(const uint64_t *row, int w, int x);
/* out (oh, ow) |= the outputs whose window holds a position of in (ih, iw). work: mask_work words: two rows,
 * as wide as windows begin, right of the picture, too, and a word. */
static inline size_t mask_work(const struct kernel_conv *s)
{
    int last = (s->ow - 1) * s->stride + 1;

    return 2 * ((size_t)mask_words(s->iw > last ? s->iw : last) + 1);
}
void mask_window(const struct kernel_conv *s, const uint64_t *in, uint64_t *out, uint64_t *work);

/* to (h, w) |= the positions of the tiles of side x side, from (0, 0) on, that are in `tiles`. */
void mask_tiles(const uint64_t *tiles, int side, uint64_t *to, int h, int w);

#endif
