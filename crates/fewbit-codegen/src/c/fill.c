/* One value everywhere. */

typedef struct {
    uint8_t *y;
    int32_t items;
    int32_t size; /* bytes of a value */
    const uint8_t *value;
} fill_t;

static void fill_values(const fill_t *f)
{
    for (int32_t item = 0; item < f->items; ++item) {
        (void)memcpy(&f->y[item * f->size], f->value, (size_t)f->size);
    }
}
