/* Softmax: exponentials along an axis, divided by their sum; or the logarithm of that. */

typedef struct {
    values_t x;
    target_t y;
    int32_t outer;
    int32_t extent;      /* of the axis */
    int32_t inner;
    uint8_t logarithm;
} softmax_t;

static void softmax(const softmax_t *s)
{
    for (int32_t group = 0; group < (s->outer * s->inner); ++group) {
        const int32_t start = ((group / s->inner) * s->extent * s->inner) + (group % s->inner);
        float greatest = LEAST_FLOAT;
        float sum = 0.0f;
        for (int32_t i = 0; i < s->extent; ++i) {
            const float value = real_at(&s->x, start + (i * s->inner));
            if (value > greatest) {
                greatest = value;
            }
        }
        for (int32_t i = 0; i < s->extent; ++i) {
            sum += real_exp(real_at(&s->x, start + (i * s->inner)) - greatest);
        }
#if USES_LOG_SOFTMAX
        if (s->logarithm != 0u) {
            const float log_sum = real_log(sum);
            for (int32_t i = 0; i < s->extent; ++i) {
                const int32_t place = start + (i * s->inner);
                store_real(&s->y, place, (real_at(&s->x, place) - greatest) - log_sum);
            }
            continue;
        }
#endif
        for (int32_t i = 0; i < s->extent; ++i) {
            const int32_t place = start + (i * s->inner);
            store_real(&s->y, place, real_exp(real_at(&s->x, place) - greatest) / sum);
        }
    }
}
