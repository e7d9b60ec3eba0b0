/* Real numbers value by value: operands joined one after the other, then a function of the result. */

#define REAL_ADD 0u
#define REAL_SUBTRACT 1u
#define REAL_MULTIPLY 2u
#define REAL_DIVIDE 3u
#define REAL_MAXIMUM 4u
#define REAL_MINIMUM 5u
#define REAL_SLOPE 6u

/* One operand, and how it joins those before it. */
typedef struct {
    values_t x;
    strides_t strides;
    uint8_t operation;
} real_term_t;

typedef struct {
    nest_t nest;
    const real_term_t *terms;
    int32_t term_count;
    target_t y;
    strides_t y_strides;
    uint8_t function;
    float a; /* the arguments of the function */
    float b;
} combine_reals_t;

static float join_reals(uint8_t operation, float total, float value)
{
    switch (operation) {
#if USES_REAL_SUBTRACT
    case REAL_SUBTRACT:
        return total - value;
#endif
#if USES_REAL_MULTIPLY
    case REAL_MULTIPLY:
        return total * value;
#endif
#if USES_REAL_DIVIDE
    case REAL_DIVIDE:
        return total / value;
#endif
#if USES_REAL_MAXIMUM
    case REAL_MAXIMUM:
        return (total > value) ? total : value;
#endif
#if USES_REAL_MINIMUM
    case REAL_MINIMUM:
        return (total < value) ? total : value;
#endif
#if USES_REAL_SLOPE
    case REAL_SLOPE:
        return (total >= 0.0f) ? total : (total * value);
#endif
    default:
        return total + value;
    }
}

static void combine_reals(const combine_reals_t *c)
{
    float total[RUN];
    for (int32_t row = 0; row < c->nest.rows; ++row) {
        const int32_t y_start = row_start(&c->nest, &c->y_strides, row);
        for (int32_t start = 0; start < c->nest.items; start += RUN) {
            const int32_t rest = c->nest.items - start;
            const int32_t count = (rest < RUN) ? rest : RUN;
            for (int32_t term = 0; term < c->term_count; ++term) {
                const real_term_t *t = &c->terms[term];
                int32_t at = row_start(&c->nest, &t->strides, row) + (start * t->strides.item);
                for (int32_t i = 0; i < count; ++i) {
                    const float value = real_at(&t->x, at);
                    total[i] = (term == 0) ? value : join_reals(t->operation, total[i], value);
                    at += t->strides.item;
                }
            }
            for (int32_t i = 0; i < count; ++i) {
                const float value = apply(c->function, total[i], c->a, c->b);
                store_real(&c->y, y_start + ((start + i) * c->y_strides.item), value);
            }
        }
    }
}
