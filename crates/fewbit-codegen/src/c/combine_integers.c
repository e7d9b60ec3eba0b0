/* Exact integers value by value: sums, products, extremes; and values that change their position. */

#define INTEGER_ADD 0u
#define INTEGER_SUBTRACT 1u
#define INTEGER_MULTIPLY 2u
#define INTEGER_MAXIMUM 3u
#define INTEGER_MINIMUM 4u

#if USES_COMBINE_WIDE
typedef int64_t joined_t;
#else
typedef int32_t joined_t;
#endif

/* One operand, and how it joins those before it. */
typedef struct {
    values_t x;
    strides_t strides;
    uint8_t operation;
    uint8_t shift;   /* to the left, to the position in which they are joined */
} integer_term_t;

typedef struct {
    nest_t nest;
    const integer_term_t *terms;
    int32_t term_count;
    target_t y;
    strides_t y_strides;
    uint32_t shift;  /* to the right, to the position of the output */
    int32_t low;
    int32_t high;
} combine_integers_t;

static joined_t join_integers(uint8_t operation, joined_t total, joined_t value)
{
    switch (operation) {
#if USES_INTEGER_SUBTRACT
    case INTEGER_SUBTRACT:
        return total - value;
#endif
#if USES_INTEGER_MULTIPLY
    case INTEGER_MULTIPLY:
        return total * value;
#endif
#if USES_INTEGER_MAXIMUM
    case INTEGER_MAXIMUM:
        return (value > total) ? value : total;
#endif
#if USES_INTEGER_MINIMUM
    case INTEGER_MINIMUM:
        return (value < total) ? value : total;
#endif
    default:
        return total + value;
    }
}

static void combine_integers(const combine_integers_t *c)
{
    joined_t total[RUN];
    for (int32_t row = 0; row < c->nest.rows; ++row) {
        const int32_t y_start = row_start(&c->nest, &c->y_strides, row);
        for (int32_t start = 0; start < c->nest.items; start += RUN) {
            const int32_t rest = c->nest.items - start;
            const int32_t count = (rest < RUN) ? rest : RUN;
            for (int32_t term = 0; term < c->term_count; ++term) {
                const integer_term_t *t = &c->terms[term];
                const joined_t factor = (joined_t)1 << t->shift;
                int32_t at = row_start(&c->nest, &t->strides, row) + (start * t->strides.item);
                for (int32_t i = 0; i < count; ++i) {
                    const joined_t value = integer_at(&t->x, at) * factor;
                    total[i] = (term == 0) ? value : join_integers(t->operation, total[i], value);
                    at += t->strides.item;
                }
            }
            for (int32_t i = 0; i < count; ++i) {
#if USES_COMBINE_WIDE
                const int32_t value = clamp_wide(round_shift_wide(total[i], c->shift), c->low, c->high);
#else
                const int32_t value = clamp(round_shift(total[i], c->shift), c->low, c->high);
#endif
                store_integer(&c->y, y_start + ((start + i) * c->y_strides.item), value);
            }
        }
    }
}
