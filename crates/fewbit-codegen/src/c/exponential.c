/* The exponential function, the same bits as the runtime's. After FreeBSD's e_expf.c:
 *
 * Conversion to float by Ian Lance Taylor, Cygnus Support.
 * Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
 * Developed at SunPro, a Sun Microsystems, Inc. business. Permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice is preserved.
 */

/* `x * 2^exponent` for exponents of normal numbers and somewhat beyond. */
static float times_power(float x, int32_t exponent)
{
    float y = x;
    int32_t n = exponent;
    if (n > 127) {
        y *= 0x1p127f;
        n -= 127;
    } else if (n < -126) {
        y *= 0x1p-102f;
        n += 102;
    } else {
        /* One factor is enough. */
    }
    return y * float_of_bits((uint32_t)(n + 127) << 23);
}

static float real_exp(float x)
{
    const uint32_t bits = bits_of_float(x);
    const uint32_t magnitude = bits & 0x7fffffffu;
    const int32_t negative = (int32_t)(bits >> 31);
    float hi = x;
    float lo = 0.0f;
    float r = x;
    float rr;
    float c;
    float y;
    int32_t k = 0;

    if (magnitude > 0x7f800000u) {
        return x; /* not a number */
    }
    if ((magnitude >= 0x42b17218u) && (negative == 0)) {
        return x * 0x1p127f; /* too large */
    }
    if ((magnitude >= 0x42cff1b5u) && (negative != 0)) {
        return 0.0f;
    }
    if (magnitude > 0x3eb17218u) { /* |x| > 0.5 ln 2 */
        if (magnitude > 0x3f851592u) { /* |x| > 1.5 ln 2 */
            k = (int32_t)((1.4426950216e+00f * x) + ((negative != 0) ? -0.5f : 0.5f));
        } else {
            k = 1 - negative - negative;
        }
        hi = x - ((float)k * 6.9314575195e-01f);
        lo = (float)k * 1.4286067653e-06f;
        r = hi - lo;
    } else if (magnitude <= 0x39000000u) { /* |x| <= 2^-14 */
        return 1.0f + x;
    } else {
        /* No reduction. */
    }
    rr = r * r;
    c = r - (rr * (1.6666625440e-1f + (rr * -2.7667332906e-3f)));
    y = 1.0f + ((((r * c) / (2.0f - c)) - lo) + hi);
    return (k == 0) ? y : times_power(y, k);
}
