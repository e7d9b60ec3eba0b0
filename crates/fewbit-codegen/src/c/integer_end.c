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

/* The integer to be stored at `place` of the output. */
static int32_t end_integer(const integer_end_t *end, sum_t sum, int32_t channel, int32_t place)
{
    const alignment_t *alignment = &end->alignments[(end->channel_alignments != 0u) ? channel : 0];
    sum_t total = sum;
#if USES_ALPHA
    if (end->alpha.data != NULL) {
        total *= integer_at(&end->alpha, channel);
    }
#endif
    total *= (sum_t)1 << alignment->sum;
#if USES_BIAS
    if (end->bias.data != NULL) {
        total += (sum_t)integer_at(&end->bias, channel) * ((sum_t)1 << alignment->bias);
    }
#endif
#if USES_RESIDUAL
    if (end->residual.data != NULL) {
        total += (sum_t)integer_at(&end->residual, place) * ((sum_t)1 << alignment->residual);
    }
#endif
    (void)channel;
    (void)place;
#if USES_WIDE_SUMS
    return clamp_wide(round_shift_wide(total, alignment->right), end->low, end->high);
#else
    return clamp(round_shift(total, alignment->right), end->low, end->high);
#endif
}
#endif
