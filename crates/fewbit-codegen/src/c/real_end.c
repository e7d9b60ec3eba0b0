/* What follows a sum of real numbers: scale, bias, normalisation, residual, a function, the store. */

typedef struct {
#if USES_REAL_ALPHA
    values_t alpha;          /* one a channel; without data there is none, as for the others */
#endif
#if USES_REAL_BIAS
    values_t bias;           /* one a channel */
#endif
#if USES_REAL_RESIDUAL
    values_t residual;       /* of the output's shape */
#endif
#if USES_REAL_NORMALIZATION
    const float *mean;       /* one a channel, as the three that follow */
    const float *deviation;
    const float *gamma;
    const float *beta;
#endif
#if USES_INTEGER_SUMS
    const float *scales;     /* what one of an integer sum stands for */
    uint8_t channel_scales;  /* whether there is one for each channel, or one for all */
#endif
    uint8_t function;
    float a;                 /* the arguments of the function */
    float b;
} real_end_t;

/* Finishes a sum and stores it at `place` of the output. */
static void end_real(const real_end_t *end, float sum, int32_t channel, const target_t *y, int32_t place)
{
    float total = sum;
#if USES_REAL_ALPHA
    if (end->alpha.data != NULL) {
        total *= real_at(&end->alpha, channel);
    }
#endif
#if USES_REAL_BIAS
    if (end->bias.data != NULL) {
        total += real_at(&end->bias, channel);
    }
#endif
#if USES_REAL_NORMALIZATION
    if (end->mean != NULL) {
        total -= end->mean[channel];
        total *= end->gamma[channel];
        total /= end->deviation[channel];
        total += end->beta[channel];
    }
#endif
#if USES_REAL_RESIDUAL
    if (end->residual.data != NULL) {
        total += real_at(&end->residual, place);
    }
#endif
    (void)channel;
    store_real(y, place, apply(end->function, total, end->a, end->b));
}
