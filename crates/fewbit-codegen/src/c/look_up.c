/* Functions of 8-bit values, looked up. */

typedef struct {
    const uint8_t *x;
    uint8_t *y;
    const uint8_t *table; /* what is stored for each of the 256 bytes */
    int32_t items;
    int32_t size;         /* bytes of an entry */
} lookup_t;

static void look_up(const lookup_t *l)
{
    for (int32_t item = 0; item < l->items; ++item) {
        (void)memcpy(&l->y[item * l->size], &l->table[(int32_t)l->x[item] * l->size], (size_t)l->size);
    }
}
