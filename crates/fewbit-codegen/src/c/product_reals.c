/* Sums of products of real numbers. Each starts at zero and adds its products in the order of the weights, so that
 * the rounding of floats gives the same bits everywhere. */

/* A weight, whatever its type, without its step. */
static float weight_at(const values_t *weights, int32_t index)
{
    const uint32_t item = (uint32_t)index;
    uint32_t bits;
    switch (weights->type) {
#if USES_READ_FLOAT
    case TYPE_FLOAT32:
        return read_float(weights->data, index);
#endif
#if USES_WEIGHTS_16
    case TYPE_FIXED16:
        return (float)read_16(weights->data, index);
#endif
#if USES_WEIGHTS_SIGN
    case TYPE_SIGN:
        bits = (uint32_t)weights->data[item / 8u] >> (item % 8u);
        return ((bits & 1u) != 0u) ? 1.0f : -1.0f;
#endif
#if USES_WEIGHTS_4
    case TYPE_FIXED4:
        bits = (uint32_t)weights->data[item / 2u] >> ((item % 2u) * 4u);
        return (float)((int32_t)(bits & 7u) - (int32_t)(bits & 8u));
#endif
#if USES_WEIGHTS_2
    case TYPE_FIXED2:
        bits = (uint32_t)weights->data[item / 4u] >> ((item % 4u) * 2u);
        return (float)((int32_t)(bits & 1u) - (int32_t)(bits & 2u));
#endif
    default:
        (void)item;
        (void)bits;
        return (float)read_8(weights->data, index);
    }
}

static void product_reals(const product_t *p)
{
    part_t part;
    float patches[COLUMNS][TAPS];
    float sums[ROWS][COLUMNS];
    for (int32_t product = 0; product < (p->batch * p->groups); ++product) {
        select_group(&part, p, product / p->groups, product % p->groups);
        for (int32_t column = 0; column < p->columns; column += COLUMNS) {
            select_columns(&part, column);
            for (int32_t row = 0; row < p->rows; row += ROWS) {
                const int32_t rest = p->rows - row;
                const int32_t rows = (rest < ROWS) ? rest : ROWS;
                for (int32_t r = 0; r < ROWS; ++r) {
                    for (int32_t c = 0; c < COLUMNS; ++c) {
                        sums[r][c] = 0.0f;
                    }
                }
                for (int32_t tap = 0; tap < p->taps; tap += TAPS) {
                    const int32_t left = p->taps - tap;
                    const int32_t count = (left < TAPS) ? left : TAPS;
                    for (int32_t c = 0; c < part.columns; ++c) {
                        gather_reals(&part, c, tap, count, patches[c]);
                    }
                    for (int32_t r = 0; r < rows; ++r) {
                        const int32_t channel = part.channel + row + r;
                        const int32_t start = (channel * p->taps) + tap;
                        const float step = (p->weight_steps != NULL) ? p->weight_steps[channel] : p->weights.step;
                        for (int32_t i = 0; i < count; ++i) {
                            const float weight = weight_at(&p->weights, start + i) * step;
                            for (int32_t c = 0; c < part.columns; ++c) {
                                sums[r][c] += weight * patches[c][i];
                            }
                        }
                    }
                }
                for (int32_t r = 0; r < rows; ++r) {
                    const int32_t channel = part.channel + row + r;
                    for (int32_t c = 0; c < part.columns; ++c) {
                        const int32_t place =
                            part.y + ((row + r) * p->y_row) + ((part.column + c) * p->y_column);
                        end_real(p->real_end, sums[r][c], channel, &p->y, place);
                    }
                }
            }
        }
    }
}
