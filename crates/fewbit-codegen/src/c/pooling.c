/* Pooling: the largest value, the sum or the average of each window. Only taps that lie on the input are visited. */

#define POOLING_MAXIMUM 0u
#define POOLING_SUM 1u
#define POOLING_AVERAGE 2u

typedef struct {
    int32_t input;
    int32_t output;
    int32_t kernel;
    int32_t stride;
    int32_t pad;
} pooling_axis_t;

typedef struct {
    values_t x;
    target_t y;
    pooling_axis_t axes[POOLING_AXES]; /* the outermost first */
    int32_t outer;                     /* images, each with an output for each place of the window */
    int32_t outputs;                   /* of an image */
    int32_t inputs;                    /* of an image */
    uint8_t kind;
    uint8_t including_pad;             /* whether an average counts taps in the padding */
#if USES_POOLING_INTEGERS
    uint8_t left;                      /* shifts from the position of the input to that of the output */
    uint8_t right;
    int32_t low;
    int32_t high;
#endif
} pooling_t;

/* The taps of a window that lie on the input, and the next of them. */
typedef struct {
    int32_t first[POOLING_AXES];
    int32_t end[POOLING_AXES];
    int32_t at[POOLING_AXES];
    int32_t taps;                      /* on the input */
    int32_t divisor;                   /* of an average */
} frame_t;

/* Places the window for an output. */
static void place_window(const pooling_t *p, int32_t output, frame_t *frame)
{
    frame->taps = 1;
    frame->divisor = 1;
    for (int32_t a = POOLING_AXES - 1; a >= 0; --a) {
        const pooling_axis_t *axis = &p->axes[a];
        const int32_t begin = ((output % axis->output) * axis->stride) - axis->pad;
        int32_t first = (begin < 0) ? 0 : begin;
        int32_t end = begin + axis->kernel;
        int32_t padded_end = axis->input + axis->pad;
        if (padded_end > end) {
            padded_end = end;
        }
        if (end > axis->input) {
            end = axis->input;
        }
        if (end < first) {
            end = first;
        }
        output /= axis->output;
        frame->first[a] = first;
        frame->end[a] = end;
        frame->at[a] = first;
        frame->taps *= end - first;
        frame->divisor *= (p->including_pad != 0u) ? (padded_end - begin) : (end - first);
    }
}

/* The place in an image of the tap that is next; moves on. */
static int32_t next_tap(const pooling_t *p, frame_t *frame)
{
    int32_t place = 0;
    for (int32_t a = 0; a < POOLING_AXES; ++a) {
        place = (place * p->axes[a].input) + frame->at[a];
    }
    for (int32_t a = POOLING_AXES - 1; a >= 0; --a) {
        frame->at[a] += 1;
        if (frame->at[a] < frame->end[a]) {
            break;
        }
        frame->at[a] = frame->first[a];
    }
    return place;
}

#if USES_POOLING_INTEGERS
#if USES_POOLING_WIDE
typedef int64_t pool_t;
#else
typedef int32_t pool_t;
#endif

/* The integer next to `total * 2^left / (count * 2^right)`, halves upwards. */
static int32_t average(const pooling_t *p, pool_t total, int32_t count)
{
    const pool_t numerator = total * ((pool_t)1 << p->left);
    const pool_t divisor = (pool_t)count * ((pool_t)1 << p->right);
    pool_t quotient = numerator / divisor;
    pool_t rest = numerator % divisor;
    if (rest < 0) {
        quotient -= 1;
        rest += divisor;
    }
    if (rest >= (divisor - rest)) {
        quotient += 1;
    }
    if (quotient < p->low) {
        return p->low;
    }
    return (quotient > p->high) ? p->high : (int32_t)quotient;
}

static void pool_integers(const pooling_t *p)
{
    frame_t frame;
    for (int32_t image = 0; image < p->outer; ++image) {
        const int32_t start = image * p->inputs;
        for (int32_t output = 0; output < p->outputs; ++output) {
            pool_t total = 0;
            place_window(p, output, &frame);
            for (int32_t tap = 0; tap < frame.taps; ++tap) {
                const int32_t value = integer_at(&p->x, start + next_tap(p, &frame));
                if (p->kind != POOLING_MAXIMUM) {
                    total += value;
                } else if ((tap == 0) || (value > total)) {
                    total = value;
                } else {
                    /* Not the largest. */
                }
            }
            if (p->kind != POOLING_AVERAGE) {
                frame.divisor = 1;
            }
            store_integer(&p->y, (image * p->outputs) + output,
                          (frame.divisor == 0) ? 0 : average(p, total, frame.divisor));
        }
    }
}
#endif

#if USES_POOLING_REALS
static void pool_reals(const pooling_t *p)
{
    frame_t frame;
    for (int32_t image = 0; image < p->outer; ++image) {
        const int32_t start = image * p->inputs;
        for (int32_t output = 0; output < p->outputs; ++output) {
            float total = 0.0f;
            place_window(p, output, &frame);
            for (int32_t tap = 0; tap < frame.taps; ++tap) {
                const float value = real_at(&p->x, start + next_tap(p, &frame));
                if (p->kind != POOLING_MAXIMUM) {
                    total += value;
                } else {
                    if (tap == 0) {
                        total = LEAST_FLOAT;
                    }
                    if (total < value) {
                        total = value;
                    }
                }
            }
            if (p->kind == POOLING_AVERAGE) {
                total = (frame.divisor == 0) ? 0.0f : (total / (float)frame.divisor);
            }
            store_real(&p->y, (image * p->outputs) + output, total);
        }
    }
}
#endif
