/* Sums of products: convolutions, deconvolutions and affine functions.
 *
 * y[row][column] = sum over taps of weights[row][tap] * x[tap under the column's window], for each item of a batch and
 * each group of channels. The numbers under the windows of COLUMNS columns are gathered, TAPS at a time, into a small
 * array on the stack, and multiplied there by the weights of ROWS rows, which are read from where they are. */

#define TAPS 64
#define COLUMNS 2
#define ROWS 32

typedef struct {
    values_t x;
    values_t weights;
    target_t y;
    window_t window;
    int32_t batch;
    int32_t groups;
    int32_t rows;              /* output channels of a group */
    int32_t columns;           /* output places */
    int32_t taps;              /* of the window in all input channels of a group */
    int32_t x_item;            /* items of the input for an item of the batch */
    int32_t x_group;           /* items of the input for a group */
    int32_t y_item;
    int32_t y_group;
    int32_t y_row;             /* items of the output between rows */
    int32_t y_column;          /* items of the output between columns */
#if USES_CHANNELS_FIRST
    int32_t channel_step;      /* items of the input between channels */
#endif
#if USES_CHANNELS_LAST
    int32_t channels;          /* input channels of a group */
    int32_t place_step;        /* items of the input between places */
    uint8_t channels_last;     /* whether channels are neighbours, in the input and in the weights */
#endif
#if USES_PADDING_VALUE
    int16_t integer_padding;   /* what stands beyond the border, as stored */
#if USES_REAL_SUMS
    float real_padding;
#endif
#endif
#if USES_INTEGER_END
    const integer_end_t *integer_end;
#endif
#if USES_REAL_END
    const real_end_t *real_end;
#endif
#if USES_REAL_SUMS
    const float *weight_steps; /* of each channel, where they differ */
#endif
} product_t;

/* The columns that are being computed. */
typedef struct {
    const product_t *p;
    int32_t x;                 /* where the group begins in the input */
    int32_t y;                 /* and in the output */
    int32_t channel;           /* the first output channel of the group */
    int32_t column;
    int32_t columns;           /* how many at a time */
    int32_t items[COLUMNS][TAPS];
} part_t;

/* Selects the columns from `column` on, and finds the items under their windows if there is room for all. */
static void select_columns(part_t *part, int32_t column)
{
    const product_t *p = part->p;
    const int32_t rest = p->columns - column;
    part->column = column;
    part->columns = (rest < COLUMNS) ? rest : COLUMNS;
    if (p->window.taps <= TAPS) {
        for (int32_t c = 0; c < part->columns; ++c) {
            locate(&p->window, column + c, 0, p->window.taps, part->items[c]);
        }
    }
}

/* Selects a group of an item of the batch. */
static void select_group(part_t *part, const product_t *p, int32_t item, int32_t group)
{
    part->p = p;
    part->x = (item * p->x_item) + (group * p->x_group);
    part->y = (item * p->y_item) + (group * p->y_group);
    part->channel = group * p->rows;
}
