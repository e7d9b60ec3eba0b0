/* Values: reading and writing the arena, whose variables may begin at any byte. */

#define TYPE_FLOAT32 0u
#define TYPE_FIXED16 1u
#define TYPE_FIXED8 2u
#define TYPE_SIGN 3u
#define TYPE_FIXED4 4u
#define TYPE_FIXED2 5u

/* The values of a variable. */
typedef struct {
    const uint8_t *data;
    uint8_t type;
#if USES_REALS
    float step; /* what an integer of the variable stands for */
#endif
} values_t;

/* The same, to be written. */
typedef struct {
    uint8_t *data;
    uint8_t type;
#if USES_REALS
    float scale; /* 1 / step */
#endif
} target_t;

#if USES_READ_16 || USES_WEIGHTS_16
static inline int16_t read_16(const uint8_t *data, int32_t index)
{
    int16_t value;
    (void)memcpy(&value, &data[index * 2], sizeof value);
    return value;
}
#endif

#if USES_READ_FLOAT
static inline float read_float(const uint8_t *data, int32_t index)
{
    float value;
    (void)memcpy(&value, &data[index * 4], sizeof value);
    return value;
}
#endif

static inline int32_t read_8(const uint8_t *data, int32_t index)
{
    return (int32_t)(int8_t)data[index];
}

#if USES_WRITE_16
static inline void write_16(uint8_t *data, int32_t index, int32_t value)
{
    const int16_t narrow = (int16_t)value;
    (void)memcpy(&data[index * 2], &narrow, sizeof narrow);
}
#endif

#if USES_WRITE_FLOAT
static inline void write_float(uint8_t *data, int32_t index, float value)
{
    (void)memcpy(&data[index * 4], &value, sizeof value);
}
#endif

#if USES_INTEGERS
/* One stored integer. */
static inline int32_t integer_at(const values_t *values, int32_t index)
{
#if USES_READ_16
    if (values->type == TYPE_FIXED16) {
        return read_16(values->data, index);
    }
#endif
    return read_8(values->data, index);
}

/* Stores an integer that lies in the range of the type. */
static inline void store_integer(const target_t *target, int32_t index, int32_t value)
{
#if USES_WRITE_16
    if (target->type == TYPE_FIXED16) {
        write_16(target->data, index, value);
        return;
    }
#endif
    target->data[index] = (uint8_t)value;
}

/* A number kept within two others. */
static inline int32_t clamp(int32_t value, int32_t low, int32_t high)
{
    if (value < low) {
        return low;
    }
    return (value > high) ? high : value;
}
#endif

#if USES_NARROW
/* `value * 2^-shift`, rounded half up. The caller's values leave room for the rounding. */
static inline int32_t round_shift(int32_t value, uint32_t shift)
{
    return (shift == 0u) ? value : ((value + (int32_t)(1u << (shift - 1u))) >> shift);
}
#endif

#if USES_WIDE
/* The same for values that leave no room: the bit below the last one that stays says whether to round up. */
static inline int64_t round_shift_wide(int64_t value, uint32_t shift)
{
    int64_t twice;
    if (shift == 0u) {
        return value;
    }
    twice = value >> (shift - 1u);
    return (twice >> 1) + (twice & 1);
}

static inline int32_t clamp_wide(int64_t value, int32_t low, int32_t high)
{
    if (value < low) {
        return low;
    }
    return (value > high) ? high : (int32_t)value;
}
#endif
