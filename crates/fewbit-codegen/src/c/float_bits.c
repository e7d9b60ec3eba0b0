/* The bits of floats. */

static inline uint32_t bits_of_float(float x)
{
    uint32_t bits;
    (void)memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of_bits(uint32_t bits)
{
    float x;
    (void)memcpy(&x, &bits, sizeof x);
    return x;
}

/* Below every number. */
#define LEAST_FLOAT (float_of_bits(0xff800000u))
