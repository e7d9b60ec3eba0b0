/* Nests of loops over variables that are permuted, cut, reversed or stretched: each has its own strides. */

/* How many values are computed at a time. */
#define RUN 32

/* The extents of a nest of loops; rows are what the outer loops count. */
typedef struct {
    int32_t rows;
    int32_t items;                /* of a row */
    int32_t extents[NEST_AXES];   /* of the outer loops, the outermost first */
} nest_t;

/* How far apart neighbours lie in a variable. */
typedef struct {
    int32_t item;                 /* in a row */
    int32_t outer[NEST_AXES];
} strides_t;

/* Where a row begins. */
static int32_t row_start(const nest_t *nest, const strides_t *strides, int32_t row)
{
    int32_t start = 0;
    int32_t rest = row;
    for (int32_t axis = NEST_AXES - 1; axis >= 0; --axis) {
        const int32_t extent = nest->extents[axis];
        start += (rest % extent) * strides->outer[axis];
        rest /= extent;
    }
    return start;
}
