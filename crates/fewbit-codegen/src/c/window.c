/* Where the taps of a window fall. */

#define BORDER_CONSTANT 0u
#define BORDER_REFLECT 1u
#define BORDER_REPEAT 2u

/* One axis over which a window moves. */
typedef struct {
    int32_t input;
    int32_t output;
    int32_t kernel;
    int32_t stride;
    int32_t dilation;
    int32_t pad;
} axis_t;

typedef struct {
    axis_t axes[WINDOW_AXES]; /* the outermost first */
    int32_t taps;
#if USES_SPREAD
    uint8_t spread;           /* whether the input is spread over the output: a deconvolution */
#endif
#if USES_BORDER
    uint8_t border;           /* what lies beyond the border */
#endif
} window_t;

/* The item along an axis under a tap; -1 where there is none. */
static int32_t item_under(const window_t *window, const axis_t *axis, int32_t output, int32_t tap)
{
    int32_t item;
#if USES_SPREAD
    if (window->spread != 0u) {
        item = (output + axis->pad) - (tap * axis->dilation);
        if ((item < 0) || ((item % axis->stride) != 0)) {
            return -1;
        }
        item /= axis->stride;
        return (item < axis->input) ? item : -1;
    }
#endif
    item = ((output * axis->stride) + (tap * axis->dilation)) - axis->pad;
    if ((item >= 0) && (item < axis->input)) {
        return item;
    }
#if USES_BORDER
    if (window->border == BORDER_REPEAT) {
        return (item < 0) ? 0 : (axis->input - 1);
    }
    if (window->border == BORDER_REFLECT) {
        const int32_t last = axis->input - 1;
        const int32_t distance = (item < 0) ? -item : item;
        if (last == 0) {
            return 0;
        }
        item = distance % last;
        return (((distance / last) % 2) == 0) ? item : (last - item);
    }
#endif
    (void)window;
    return -1;
}

/* The items under `count` taps from `tap` on, which begin anew behind the last, for the output place `column`; -1 where
   there is none. */
static void locate(const window_t *window, int32_t column, int32_t tap, int32_t count, int32_t *items)
{
    const axis_t *last = &window->axes[WINDOW_AXES - 1];
    int32_t place[WINDOW_AXES];
    int32_t at[WINDOW_AXES];
    int32_t done = 0;
    for (int32_t a = WINDOW_AXES - 1; a >= 0; --a) {
        place[a] = column % window->axes[a].output;
        column /= window->axes[a].output;
        at[a] = tap % window->axes[a].kernel;
        tap /= window->axes[a].kernel;
    }
    while (done < count) {
        int32_t outer = 0;
        for (int32_t a = 0; (a < (WINDOW_AXES - 1)) && (outer >= 0); ++a) {
            const int32_t item = item_under(window, &window->axes[a], place[a], at[a]);
            outer = (item < 0) ? -1 : ((outer * window->axes[a].input) + item);
        }
        for (int32_t t = at[WINDOW_AXES - 1]; (t < last->kernel) && (done < count); ++t) {
            const int32_t item = (outer < 0) ? -1 : item_under(window, last, place[WINDOW_AXES - 1], t);
            items[done] = (item < 0) ? -1 : ((outer * last->input) + item);
            done += 1;
        }
        at[WINDOW_AXES - 1] = 0;
        for (int32_t a = WINDOW_AXES - 2; a >= 0; --a) {
            at[a] += 1;
            if (at[a] < window->axes[a].kernel) {
                break;
            }
            at[a] = 0;
        }
    }
}
