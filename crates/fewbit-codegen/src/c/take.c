/* Values taken from places that are found axis by axis: padding with what is there, repeating, moving. */

typedef struct {
    values_t x;
    target_t y;
    int32_t axes;
    int32_t items;             /* of the output */
    int32_t size;              /* bytes of a value; 0 where the type changes */
    const int32_t *extents;    /* of the output */
    const int32_t *places;     /* for each axis in turn, and each place along it, what it adds to the place in the input */
} take_t;

static void take_values(const take_t *t)
{
    for (int32_t item = 0; item < t->items; ++item) {
        int32_t rest = item;
        int32_t from = 0;
        const int32_t *end = t->places;
        for (int32_t axis = t->axes - 1; axis >= 0; --axis) {
            const int32_t extent = t->extents[axis];
            from += end[rest % extent];
            rest /= extent;
            end = &end[extent];
        }
#if USES_TAKE_REALS
        if (t->size == 0) {
            store_real(&t->y, item, real_at(&t->x, from));
            continue;
        }
#endif
        (void)memcpy(&t->y.data[item * t->size], &t->x.data[from * t->size], (size_t)t->size);
    }
}
