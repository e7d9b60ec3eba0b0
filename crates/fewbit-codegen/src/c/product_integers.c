/* Exact sums of products of integers. */

#if FEWBIT_DSP
/* Puts each four numbers in the order in which the bytes of a word are taken apart, if weights are bytes: the even ones,
   then the odd ones. */
static void arrange(const values_t *weights, int16_t *patch, int32_t count)
{
    if ((weights->type == TYPE_FIXED16) || (weights->type == TYPE_SIGN)) {
        return;
    }
    for (int32_t i = 0; (i + 4) <= count; i += 4) {
        const int16_t second = patch[i + 1];
        patch[i + 1] = patch[i + 2];
        patch[i + 2] = second;
    }
}
#endif

#if USES_WEIGHTS_8 || USES_WEIGHTS_PACKED
/* Adds the products of two rows of bytes and two columns. */
static void multiply_pair(const uint8_t *first, const uint8_t *second, int16_t patches[COLUMNS][TAPS], int32_t count,
                          sum_t sums[2][COLUMNS])
{
    int32_t s00 = 0;
    int32_t s01 = 0;
    int32_t s10 = 0;
    int32_t s11 = 0;
    int32_t i = 0;
    const int16_t *p = patches[0];
    const int16_t *q = patches[1];
#if FEWBIT_DSP
    for (; (i + 4) <= count; i += 4) {
        const uint32_t a = read_word(&first[i]);
        const uint32_t b = read_word(&second[i]);
        const uint32_t p_even = read_word(&p[i]);
        const uint32_t p_odd = read_word(&p[i + 2]);
        const uint32_t q_even = read_word(&q[i]);
        const uint32_t q_odd = read_word(&q[i + 2]);
        const uint32_t a_even = EVEN_BYTES(a);
        const uint32_t a_odd = ODD_BYTES(a);
        const uint32_t b_even = EVEN_BYTES(b);
        const uint32_t b_odd = ODD_BYTES(b);
        s00 = ADD_PRODUCTS(a_even, p_even, s00);
        s01 = ADD_PRODUCTS(a_even, q_even, s01);
        s10 = ADD_PRODUCTS(b_even, p_even, s10);
        s11 = ADD_PRODUCTS(b_even, q_even, s11);
        s00 = ADD_PRODUCTS(a_odd, p_odd, s00);
        s01 = ADD_PRODUCTS(a_odd, q_odd, s01);
        s10 = ADD_PRODUCTS(b_odd, p_odd, s10);
        s11 = ADD_PRODUCTS(b_odd, q_odd, s11);
    }
#endif
    for (; i < count; ++i) {
        const int32_t a = (int8_t)first[i];
        const int32_t b = (int8_t)second[i];
        s00 += a * p[i];
        s01 += a * q[i];
        s10 += b * p[i];
        s11 += b * q[i];
    }
    sums[0][0] += s00;
    sums[0][1] += s01;
    sums[1][0] += s10;
    sums[1][1] += s11;
}

/* Adds the products of a row of bytes and a column. */
static sum_t multiply_single(const uint8_t *row, const int16_t *patch, int32_t count)
{
    int32_t sum = 0;
    int32_t i = 0;
#if FEWBIT_DSP
    for (; (i + 4) <= count; i += 4) {
        const uint32_t word = read_word(&row[i]);
        sum = ADD_PRODUCTS(EVEN_BYTES(word), read_word(&patch[i]), sum);
        sum = ADD_PRODUCTS(ODD_BYTES(word), read_word(&patch[i + 2]), sum);
    }
#endif
    for (; i < count; ++i) {
        sum += (int32_t)(int8_t)row[i] * patch[i];
    }
    return sum;
}
#endif

#if USES_WEIGHTS_PACKED
/* Unpacks `count` weights of less than a byte from the item `start` on. */
static void unpack(const values_t *weights, int32_t start, int32_t count, uint8_t *row)
{
    for (int32_t i = 0; i < count; ++i) {
        const uint32_t item = (uint32_t)(start + i);
#if USES_WEIGHTS_4
        if (weights->type == TYPE_FIXED4) {
            const uint32_t bits = (uint32_t)weights->data[item / 2u] >> ((item % 2u) * 4u);
            row[i] = (uint8_t)((bits & 7u) - (bits & 8u));
        }
#endif
#if USES_WEIGHTS_2
        if (weights->type == TYPE_FIXED2) {
            const uint32_t bits = (uint32_t)weights->data[item / 4u] >> ((item % 4u) * 2u);
            row[i] = (uint8_t)((bits & 1u) - (bits & 2u));
        }
#endif
    }
}
#endif

#if USES_WEIGHTS_8 || USES_WEIGHTS_PACKED
/* Adds the products of rows of at most 8 bits a weight, from the item `start` on. */
static void multiply_bytes(const product_t *p, int32_t start, int32_t rows, int32_t columns,
                           int16_t patches[COLUMNS][TAPS], int32_t count, sum_t sums[ROWS][COLUMNS])
{
#if USES_WEIGHTS_PACKED
    uint8_t unpacked[2][TAPS];
#endif
    for (int32_t row = 0; row < rows; row += 2) {
        const int32_t first = start + (row * p->taps);
        const int32_t two = ((row + 1) < rows) ? 1 : 0;
        const uint8_t *weights[2];
        weights[0] = &p->weights.data[first];
        weights[1] = &p->weights.data[first + (two * p->taps)];
#if USES_WEIGHTS_PACKED
        if (p->weights.type != TYPE_FIXED8) {
            unpack(&p->weights, first, count, unpacked[0]);
            unpack(&p->weights, first + (two * p->taps), count, unpacked[1]);
            weights[0] = unpacked[0];
            weights[1] = unpacked[1];
        }
#endif
        if ((columns == COLUMNS) && (two != 0)) {
            multiply_pair(weights[0], weights[1], patches, count, &sums[row]);
        } else {
            for (int32_t r = 0; r <= two; ++r) {
                for (int32_t column = 0; column < columns; ++column) {
                    sums[row + r][column] += multiply_single(weights[r], patches[column], count);
                }
            }
        }
    }
}
#endif

#if USES_WEIGHTS_16
/* Adds the products of rows of 16-bit weights. */
static void multiply_16(const product_t *p, int32_t start, int32_t rows, int32_t columns,
                        int16_t patches[COLUMNS][TAPS], int32_t count, sum_t sums[ROWS][COLUMNS])
{
    for (int32_t row = 0; row < rows; ++row) {
        const uint8_t *weights = &p->weights.data[2 * (start + (row * p->taps))];
        for (int32_t column = 0; column < columns; ++column) {
            const int16_t *patch = patches[column];
            int64_t sum = 0;
            int32_t i = 0;
#if FEWBIT_DSP
            for (; (i + 2) <= count; i += 2) {
                sum = ADD_PRODUCTS_WIDE(read_word(&weights[2 * i]), read_word(&patch[i]), sum);
            }
#endif
            for (; i < count; ++i) {
                sum += (int64_t)read_16(weights, i) * patch[i];
            }
            sums[row][column] += (sum_t)sum;
        }
    }
}
#endif

#if USES_WEIGHTS_SIGN
/* Adds rows of signs times columns. The sums of each four neighbours with all 16 patterns of signs are made once, and
   looked up for each row by its bits. */
static void multiply_signs(const product_t *p, int32_t start, int32_t rows, int32_t columns,
                           int16_t patches[COLUMNS][TAPS], int32_t count, sum_t sums[ROWS][COLUMNS])
{
    int32_t patterns[TAPS / 4][16];
    const int32_t quads = (count + 3) / 4;
    for (int32_t column = 0; column < columns; ++column) {
        int16_t *patch = patches[column];
        for (int32_t i = count; i < (quads * 4); ++i) {
            patch[i] = 0;
        }
        for (int32_t quad = 0; quad < quads; ++quad) {
            const int16_t *x = &patch[quad * 4];
            int32_t *sum = patterns[quad];
            sum[0] = -(int32_t)x[0] - x[1] - x[2] - x[3];
            for (int32_t bit = 0; bit < 4; ++bit) {
                const int32_t both = 2 * (int32_t)x[bit];
                for (int32_t pattern = 0; pattern < (1 << bit); ++pattern) {
                    sum[pattern + (1 << bit)] = sum[pattern] + both;
                }
            }
        }
        for (int32_t row = 0; row < rows; ++row) {
            const uint32_t first = (uint32_t)(start + (row * p->taps));
            const uint8_t *bytes = &p->weights.data[first / 8u];
            const uint32_t skipped = first % 8u;
            int32_t sum = 0;
            for (int32_t quad = 0; quad < quads; quad += 2) {
                /* The array has a byte more than there are weights. */
                const uint32_t bits = (bytes[0] | ((uint32_t)bytes[1] << 8)) >> skipped;
                sum += patterns[quad][bits & 15u];
                if ((quad + 1) < quads) {
                    sum += patterns[quad + 1][(bits >> 4) & 15u];
                }
                bytes = &bytes[1];
            }
            sums[row][column] += sum;
        }
    }
}
#endif

/* Adds the products of all kinds of weights; the first row begins with the item `start`. */
static void multiply(const product_t *p, int32_t start, int32_t rows, int32_t columns, int16_t patches[COLUMNS][TAPS],
                     int32_t count, sum_t sums[ROWS][COLUMNS])
{
#if USES_WEIGHTS_SIGN
    if (p->weights.type == TYPE_SIGN) {
        multiply_signs(p, start, rows, columns, patches, count, sums);
        return;
    }
#endif
#if USES_WEIGHTS_16
    if (p->weights.type == TYPE_FIXED16) {
        multiply_16(p, start, rows, columns, patches, count, sums);
        return;
    }
#endif
#if USES_WEIGHTS_8 || USES_WEIGHTS_PACKED
    multiply_bytes(p, start, rows, columns, patches, count, sums);
#endif
}

/* Finishes and stores the sums of some rows of the selected columns. */
static void end_rows(const part_t *part, int32_t first, int32_t rows, sum_t sums[ROWS][COLUMNS])
{
    const product_t *p = part->p;
    for (int32_t row = 0; row < rows; ++row) {
        const int32_t channel = part->channel + first + row;
        for (int32_t column = 0; column < part->columns; ++column) {
            const int32_t place =
                part->y + ((first + row) * p->y_row) + ((part->column + column) * p->y_column);
#if USES_REAL_END_OF_INTEGERS
            if (p->real_end != NULL) {
                const real_end_t *end = p->real_end;
                const float scale = end->scales[(end->channel_scales != 0u) ? channel : 0];
                end_real(end, (float)sums[row][column] * scale, channel, &p->y, place);
            }
#endif
#if USES_INTEGER_END
            if (p->integer_end != NULL) {
                store_integer(&p->y, place, end_integer(p->integer_end, sums[row][column], channel, place));
            }
#endif
        }
    }
}

static void product_integers(const product_t *p)
{
    part_t part;
    int16_t patches[COLUMNS][TAPS];
    sum_t sums[ROWS][COLUMNS];
    for (int32_t product = 0; product < (p->batch * p->groups); ++product) {
        select_group(&part, p, product / p->groups, product % p->groups);
        for (int32_t column = 0; column < p->columns; column += COLUMNS) {
            select_columns(&part, column);
            for (int32_t row = 0; row < p->rows; row += ROWS) {
                const int32_t rest = p->rows - row;
                const int32_t rows = (rest < ROWS) ? rest : ROWS;
                (void)memset(sums, 0, sizeof sums);
                for (int32_t tap = 0; tap < p->taps; tap += TAPS) {
                    const int32_t left = p->taps - tap;
                    const int32_t count = (left < TAPS) ? left : TAPS;
                    for (int32_t c = 0; c < part.columns; ++c) {
                        gather_integers(&part, c, tap, count, patches[c]);
#if FEWBIT_DSP
                        arrange(&p->weights, patches[c], count);
#endif
                    }
                    multiply(p, ((part.channel + row) * p->taps) + tap, rows, part.columns, patches, count, sums);
                }
                end_rows(&part, row, rows, sums);
            }
        }
    }
}
