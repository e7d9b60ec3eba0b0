/* Functions of one real number. */

#define FUNCTION_IDENTITY 0u
#define FUNCTION_RELU 1u
#define FUNCTION_CLAMP 2u
#define FUNCTION_LEAKY_RELU 3u
#define FUNCTION_ELU 4u
#define FUNCTION_SELU 5u
#define FUNCTION_SIGMOID 6u
#define FUNCTION_TANH 7u
#define FUNCTION_SWISH 8u
#define FUNCTION_LOG_SIGMOID 9u
#define FUNCTION_SOFT_PLUS 10u
#define FUNCTION_GELU 11u
#define FUNCTION_MISH 12u
#define FUNCTION_HARD_SIGMOID 13u
#define FUNCTION_SOFT_SIGN 14u
#define FUNCTION_TANH_SHRINK 15u
#define FUNCTION_BINARY 16u
#define FUNCTION_SIGN 17u
#define FUNCTION_ABS 18u
#define FUNCTION_EXP 19u
#define FUNCTION_LOG 20u
#define FUNCTION_ADD_SCALAR 21u
#define FUNCTION_MULTIPLY_SCALAR 22u
#define FUNCTION_SUBTRACT_FROM_SCALAR 23u
#define FUNCTION_DIVIDE_SCALAR 24u
#define FUNCTION_MINIMUM_SCALAR 25u
#define FUNCTION_MAXIMUM_SCALAR 26u
#define FUNCTION_CONSTANT 27u
#define FUNCTION_NEGATED_RELU 28u
#define FUNCTION_NEGATED_ELU 29u

#if USES_SOFT_PLUS
static float soft_plus_tail(float x, float beta)
{
    return real_log(real_exp(x * beta) + 1.0f) / beta;
}
#endif

#if USES_ELU || USES_NEGATED_ELU
static float elu(float x, float alpha)
{
    return (x >= 0.0f) ? x : (alpha * (real_exp(x) - 1.0f));
}
#endif

#if USES_ABS || USES_LOG_SIGMOID || USES_SOFT_SIGN
static float absolute(float x)
{
    uint32_t bits;
    float result;
    (void)memcpy(&bits, &x, sizeof bits);
    bits &= 0x7fffffffu;
    (void)memcpy(&result, &bits, sizeof result);
    return result;
}
#endif

static float apply(uint8_t function, float x, float a, float b)
{
    (void)a;
    (void)b;
    switch (function) {
#if USES_RELU
    case FUNCTION_RELU:
        return (x > 0.0f) ? x : 0.0f;
#endif
#if USES_CLAMP
    case FUNCTION_CLAMP:
        if (x < a) {
            return a;
        }
        return (x > b) ? b : x;
#endif
#if USES_LEAKY_RELU
    case FUNCTION_LEAKY_RELU:
        return (x > 0.0f) ? x : (a * x);
#endif
#if USES_ELU
    case FUNCTION_ELU:
        return elu(x, a);
#endif
#if USES_SELU
    case FUNCTION_SELU:
        return (x > 0.0f) ? (a * x) : ((b * a) * (real_exp(x) - 1.0f));
#endif
#if USES_SIGMOID
    case FUNCTION_SIGMOID:
        return 1.0f / (1.0f + real_exp(-x));
#endif
#if USES_TANH
    case FUNCTION_TANH:
        return real_tanh(x);
#endif
#if USES_SWISH
    case FUNCTION_SWISH:
        return x / (1.0f + real_exp(-x));
#endif
#if USES_LOG_SIGMOID
    case FUNCTION_LOG_SIGMOID:
        return ((x < 0.0f) ? x : 0.0f) - real_log(real_exp(-absolute(x)) + 1.0f);
#endif
#if USES_SOFT_PLUS
    case FUNCTION_SOFT_PLUS:
        return (x > 0.0f) ? (x + soft_plus_tail(-x, a)) : soft_plus_tail(x, a);
#endif
#if USES_GELU
    case FUNCTION_GELU:
        return x / (1.0f + real_exp(-1.595769f * (x + (0.044715f * ((x * x) * x)))));
#endif
#if USES_MISH
    case FUNCTION_MISH:
        return x * real_tanh(real_log(real_exp(x) + 1.0f));
#endif
#if USES_HARD_SIGMOID
    case FUNCTION_HARD_SIGMOID:
        if (x > 2.5f) {
            return 1.0f;
        }
        return (x < -2.5f) ? 0.0f : ((0.2f * x) + 0.5f);
#endif
#if USES_SOFT_SIGN
    case FUNCTION_SOFT_SIGN:
        return x / (1.0f + absolute(x));
#endif
#if USES_TANH_SHRINK
    case FUNCTION_TANH_SHRINK:
        return x - real_tanh(x);
#endif
#if USES_BINARY
    case FUNCTION_BINARY:
        return (x > 0.0f) ? 1.0f : a;
#endif
#if USES_SIGN
    case FUNCTION_SIGN:
        if (x > 0.0f) {
            return 1.0f;
        }
        return (x < 0.0f) ? -1.0f : a;
#endif
#if USES_ABS
    case FUNCTION_ABS:
        return absolute(x);
#endif
#if USES_EXP
    case FUNCTION_EXP:
        return real_exp(x);
#endif
#if USES_LOG
    case FUNCTION_LOG:
        return real_log(x);
#endif
#if USES_ADD_SCALAR
    case FUNCTION_ADD_SCALAR:
        return x + a;
#endif
#if USES_MULTIPLY_SCALAR
    case FUNCTION_MULTIPLY_SCALAR:
        return x * a;
#endif
#if USES_SUBTRACT_FROM_SCALAR
    case FUNCTION_SUBTRACT_FROM_SCALAR:
        return a - x;
#endif
#if USES_DIVIDE_SCALAR
    case FUNCTION_DIVIDE_SCALAR:
        return a / x;
#endif
#if USES_MINIMUM_SCALAR
    case FUNCTION_MINIMUM_SCALAR:
        return (x < a) ? x : a;
#endif
#if USES_MAXIMUM_SCALAR
    case FUNCTION_MAXIMUM_SCALAR:
        return (x > a) ? x : a;
#endif
#if USES_NEGATED_RELU
    case FUNCTION_NEGATED_RELU:
        return (-x > 0.0f) ? -x : 0.0f;
#endif
#if USES_NEGATED_ELU
    case FUNCTION_NEGATED_ELU:
        return elu(-x, a);
#endif
    default:
        return x;
    }
}
