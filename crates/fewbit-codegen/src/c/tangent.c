/* The hyperbolic tangent, the same bits as the runtime's. After FreeBSD's s_expm1f.c and musl's tanhf.c:
 *
 * Conversion to float by Ian Lance Taylor, Cygnus Support.
 * Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
 * Developed at SunPro, a Sun Microsystems, Inc. business. Permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice is preserved.
 */

/* `exp(x) - 1` for magnitudes from 2^-25 to 20. */
static float exp_less_one(float x)
{
    const uint32_t bits = bits_of_float(x);
    const uint32_t magnitude = bits & 0x7fffffffu;
    const int32_t negative = (int32_t)(bits >> 31);
    float r = x;
    float c = 0.0f;
    float half;
    float square;
    float r1;
    float t;
    float e;
    float power;
    int32_t k = 0;

    if (magnitude < 0x33000000u) { /* |x| < 2^-25 */
        return x;
    }
    if ((magnitude >= 0x4195b844u) && (negative != 0)) { /* x <= -27 ln 2 */
        return -1.0f;
    }
    if (magnitude > 0x3eb17218u) { /* |x| > 0.5 ln 2 */
        float hi;
        float lo;
        if (magnitude < 0x3f851592u) { /* |x| < 1.5 ln 2 */
            k = 1 - negative - negative;
        } else {
            k = (int32_t)((1.4426950216e+00f * x) + ((negative != 0) ? -0.5f : 0.5f));
        }
        hi = x - ((float)k * 6.9313812256e-01f);
        lo = (float)k * 9.0580006145e-06f;
        r = hi - lo;
        c = (hi - r) - lo;
    }
    half = 0.5f * r;
    square = r * half;
    r1 = 1.0f + (square * (-3.3333212137e-2f + (square * 1.5807170421e-3f)));
    t = 3.0f - (r1 * half);
    e = square * ((r1 - t) / (6.0f - (r * t)));
    if (k == 0) {
        return r - ((r * e) - square);
    }
    e = ((r * (e - c)) - c) - square;
    if (k == -1) {
        return (0.5f * (r - e)) - 0.5f;
    }
    if (k == 1) {
        return (r < -0.25f) ? (-2.0f * (e - (r + 0.5f))) : (1.0f + (2.0f * (r - e)));
    }
    power = float_of_bits((uint32_t)(k + 0x7f) << 23);
    if (k < 0) {
        return (((r - e) + 1.0f) * power) - 1.0f;
    }
    {
        const float inverse = float_of_bits((uint32_t)(0x7f - k) << 23);
        if (k < 23) {
            return ((r - e) + (1.0f - inverse)) * power;
        }
        return ((r - (e + inverse)) + 1.0f) * power;
    }
}

static float real_tanh(float x)
{
    const uint32_t bits = bits_of_float(x);
    const uint32_t magnitude = bits & 0x7fffffffu;
    const float positive = float_of_bits(magnitude);
    float t;

    if (magnitude > 0x41200000u) { /* |x| > 10, or not a number */
        t = 1.0f + (0.0f / positive);
    } else if (magnitude > 0x3f0c9f54u) { /* |x| > log(3) / 2 */
        t = 1.0f - (2.0f / (exp_less_one(2.0f * positive) + 2.0f));
    } else if (magnitude > 0x3e82c578u) { /* |x| > log(5/3) / 2 */
        t = exp_less_one(2.0f * positive);
        t = t / (t + 2.0f);
    } else if (magnitude >= 0x00800000u) {
        t = exp_less_one(-2.0f * positive);
        t = -t / (t + 2.0f);
    } else {
        t = positive;
    }
    return ((bits >> 31) != 0u) ? -t : t;
}
