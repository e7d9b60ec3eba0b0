/* Values that only change their place. */

typedef struct {
    nest_t nest;
    const uint8_t *x;
    uint8_t *y;
    strides_t x_strides;
    strides_t y_strides;
    int32_t size; /* bytes of a value */
} move_t;

static void move_values(const move_t *m)
{
    const int32_t size = m->size;
    for (int32_t row = 0; row < m->nest.rows; ++row) {
        const int32_t from = row_start(&m->nest, &m->x_strides, row) * size;
        const int32_t to = row_start(&m->nest, &m->y_strides, row) * size;
        if ((m->x_strides.item == 1) && (m->y_strides.item == 1)) {
            (void)memcpy(&m->y[to], &m->x[from], (size_t)m->nest.items * (size_t)size);
        } else {
            const int32_t from_step = m->x_strides.item * size;
            const int32_t to_step = m->y_strides.item * size;
            for (int32_t item = 0; item < m->nest.items; ++item) {
                (void)memcpy(&m->y[to + (item * to_step)], &m->x[from + (item * from_step)], (size_t)size);
            }
        }
    }
}
