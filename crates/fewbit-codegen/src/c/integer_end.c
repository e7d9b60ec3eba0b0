/* What follows an exact sum: scale, bias, residual, one rounding half up, saturation. */

#if USES_WIDE_SUMS
typedef int64_t sum_t;
#else
typedef int32_t sum_t;
#endif

#if USES_INTEGER_END
/* How far a channel's numbers are shifted left to the largest position among them, and then right to the output's. */
typedef struct {
    uint8_t sum;
    uint8_t bias;
    uint8_t residual;
    uint8_t right;
} alignment_t;

typedef struct {
#if USES_ALPHA
    values_t alpha;                /* one a channel; without data there is none, as for the others */
#endif
#if USES_BIAS
    values_t bias;                 /* one a channel */
#endif
#if USES_RESIDUAL
    values_t residual;             /* of the output's shape */
#endif
    const alignment_t *alignments; /* one for all channels, or one each */
    uint8_t channel_alignments;    /* whether there is one for each */
    int32_t low;
    int32_t high;
} integer_end_t;
#endif
