/* Pairs of 16-bit numbers in a word, with the instructions of Armv7E-M where there are any. FEWBIT_DSP says whether to
 * compute with such pairs; elsewhere it may be set to 1 to try the same code in plain C. */

#if !defined(FEWBIT_DSP)
#if defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1)
#define FEWBIT_DSP 1
#else
#define FEWBIT_DSP 0
#endif
#endif

#if FEWBIT_DSP
#if defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1)
#include <arm_acle.h>

/* The first and the third of four bytes, and the second and the fourth, as 16-bit numbers. */
#define EVEN_BYTES(bytes) ((uint32_t)__sxtb16((int8x4_t)(bytes)))
#if defined(__GNUC__)
static inline uint32_t odd_bytes(uint32_t bytes)
{
    uint32_t pair; /* Compilers do not join the rotation to the intrinsic by themselves. */
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(bytes));
    return pair;
}
#define ODD_BYTES(bytes) (odd_bytes(bytes))
#else
#define ODD_BYTES(bytes) ((uint32_t)__sxtb16((int8x4_t)(((bytes) >> 8) | ((bytes) << 24))))
#endif
/* A sum with both products of two pairs added. */
#define ADD_PRODUCTS(a, b, sum) (__smlad((int16x2_t)(a), (int16x2_t)(b), (sum)))
#define ADD_PRODUCTS_WIDE(a, b, sum) (__smlald((int16x2_t)(a), (int16x2_t)(b), (sum)))
#else
#define LOW_HALF(pair) ((int32_t)(int16_t)((pair) & 0xffffu))
#define HIGH_HALF(pair) ((int32_t)(int16_t)((pair) >> 16))
#define BYTE_AS_HALF(bytes, shift) ((uint32_t)(uint16_t)(int16_t)(int8_t)(((bytes) >> (shift)) & 0xffu))
#define EVEN_BYTES(bytes) (BYTE_AS_HALF(bytes, 0) | (BYTE_AS_HALF(bytes, 16) << 16))
#define ODD_BYTES(bytes) (BYTE_AS_HALF(bytes, 8) | (BYTE_AS_HALF(bytes, 24) << 16))
#define ADD_PRODUCTS(a, b, sum) ((sum) + (LOW_HALF(a) * LOW_HALF(b)) + (HIGH_HALF(a) * HIGH_HALF(b)))
#define ADD_PRODUCTS_WIDE(a, b, sum) \
    ((sum) + ((int64_t)LOW_HALF(a) * LOW_HALF(b)) + ((int64_t)HIGH_HALF(a) * HIGH_HALF(b)))
#endif

/* Four bytes in a row, or two 16-bit numbers. */
static inline uint32_t read_word(const void *data)
{
    uint32_t word;
    (void)memcpy(&word, data, sizeof word);
    return word;
}
#endif
