/* Real numbers: what stored values stand for, and how they are stored. */

/* The value of a stored number. */
static inline float real_at(const values_t *values, int32_t index)
{
#if USES_READ_FLOAT
    if (values->type == TYPE_FLOAT32) {
        return read_float(values->data, index);
    }
#endif
#if USES_READ_16
    if (values->type == TYPE_FIXED16) {
        return (float)read_16(values->data, index) * values->step;
    }
#endif
    return (float)read_8(values->data, index) * values->step;
}

#if USES_QUANTIZE
/* The integer next to `value`, halves upwards, within two others; zero for what is not a number. Steps are powers of
   two, so that `value` was scaled exactly. */
static int32_t quantize(float value, int32_t low, int32_t high)
{
    int32_t floor;
    if (value != value) {
        return 0;
    }
    if (value <= (float)low) {
        return low;
    }
    if (value >= (float)high) {
        return high;
    }
    floor = (int32_t)value;
    if (value < (float)floor) {
        floor -= 1;
    }
    return ((value - (float)floor) >= 0.5f) ? (floor + 1) : floor;
}
#endif

/* Stores a real number. */
static inline void store_real(const target_t *target, int32_t index, float value)
{
#if USES_WRITE_FLOAT
    if (target->type == TYPE_FLOAT32) {
        write_float(target->data, index, value);
        return;
    }
#endif
#if USES_QUANTIZE
#if USES_WRITE_16
    if (target->type == TYPE_FIXED16) {
        write_16(target->data, index, quantize(value * target->scale, -32768, 32767));
        return;
    }
#endif
    target->data[index] = (uint8_t)quantize(value * target->scale, -128, 127);
#endif
}
