/* The natural logarithm, the same bits as the runtime's. After FreeBSD's e_logf.c:
 *
 * Conversion to float by Ian Lance Taylor, Cygnus Support.
 * Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
 * Developed at SunPro, a Sun Microsystems, Inc. business. Permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice is preserved.
 */

static float real_log(float x)
{
    uint32_t bits = bits_of_float(x);
    int32_t k = 0;
    float f;
    float s;
    float z;
    float w;
    float r;
    float half;
    float exponent;

    if ((bits < 0x00800000u) || ((bits >> 31) != 0u)) { /* below the normal numbers */
        if ((bits << 1) == 0u) {
            return -1.0f / (x * x);
        }
        if ((bits >> 31) != 0u) {
            return (x - x) / 0.0f;
        }
        k = -25;
        bits = bits_of_float(x * 0x1p25f);
    } else if (bits >= 0x7f800000u) {
        return x;
    } else if (bits == 0x3f800000u) {
        return 0.0f;
    } else {
        /* A normal number. */
    }
    /* To between the roots of 1/2 and 2. */
    bits += 0x3f800000u - 0x3f3504f3u;
    k += (int32_t)(bits >> 23) - 0x7f;
    bits = (bits & 0x007fffffu) + 0x3f3504f3u;

    f = float_of_bits(bits) - 1.0f;
    s = f / (2.0f + f);
    z = s * s;
    w = z * z;
    r = (z * (0.66666662693f + (w * 0.28498786688f))) + (w * (0.40000972152f + (w * 0.24279078841f)));
    half = (0.5f * f) * f;
    exponent = (float)k;
    return ((((s * (half + r)) + (exponent * 9.0580006145e-06f)) - half) + f) + (exponent * 6.9313812256e-01f);
}
