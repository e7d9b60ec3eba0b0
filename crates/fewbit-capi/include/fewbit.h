#ifndef FEWBIT_H
#define FEWBIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The most axes of a tensor.
 */
#define FEWBIT_MAX_RANK 8

/**
 * Exact integers, one rounding half up at the end: the same bits on every machine.
 */
#define FEWBIT_INTEGER 0

/**
 * What NNabla's C runtime means to compute: floats inside, stored truncating.
 */
#define FEWBIT_REFERENCE 1

/**
 * What became of a call.
 */
typedef enum FewbitStatus {
    /**
     * It was done.
     */
    FEWBIT_STATUS_OK = 0,
    /**
     * An argument is a null pointer, or a number that means nothing.
     */
    FEWBIT_STATUS_ARGUMENT = 1,
    /**
     * The bytes are not a `.nnb` file, or a damaged one; `fewbit_explain` says why.
     */
    FEWBIT_STATUS_FILE = 2,
    /**
     * The file has a function that the runtime does not compute; `fewbit_explain` says which.
     */
    FEWBIT_STATUS_UNSUPPORTED = 3,
    /**
     * The memory is smaller than `fewbit_memory_bytes` says.
     */
    FEWBIT_STATUS_MEMORY = 4,
    /**
     * There is no input or output of this number, or its values are in the file.
     */
    FEWBIT_STATUS_INDEX = 5,
    /**
     * There are more or fewer values than the tensor has.
     */
    FEWBIT_STATUS_COUNT = 6,
} FewbitStatus;

/**
 * How the values of a tensor are stored.
 */
typedef enum FewbitType {
    /**
     * IEEE 754 single precision.
     */
    FEWBIT_TYPE_FLOAT32 = 0,
    /**
     * 16-bit integers, times 2 to the power of minus the position.
     */
    FEWBIT_TYPE_FIXED16 = 1,
    /**
     * 8-bit integers, times 2 to the power of minus the position.
     */
    FEWBIT_TYPE_FIXED8 = 2,
} FewbitType;

/**
 * A model with the memory that it runs in.
 */
typedef struct FewbitSession FewbitSession;

/**
 * An input or output as it lies in memory.
 */
typedef struct FewbitTensor {
    /**
     * Its values, in row-major order.
     */
    void *data;
    /**
     * Bytes of its values.
     */
    size_t bytes;
    /**
     * How many values it has.
     */
    size_t items;
    /**
     * How many axes it has.
     */
    size_t rank;
    /**
     * Its extents, the first `rank` of them.
     */
    size_t extents[FEWBIT_MAX_RANK];
    /**
     * How the values are stored.
     */
    enum FewbitType type;
    /**
     * The number of fractional bits of fixed-point values; it may be negative.
     */
    int8_t position;
} FewbitTensor;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library.
 */
const char *fewbit_version(void);

/**
 * What a status means, in a few words; never null.
 */
const char *fewbit_status_text(uint32_t status);

/**
 * How many bytes of memory a session of a file needs: the arena and the state of the session.
 *
 * # Safety
 * `file` must point to `file_bytes` bytes, `memory_bytes` to a number to be written.
 */
enum FewbitStatus fewbit_memory_bytes(const uint8_t *file, size_t file_bytes, size_t *memory_bytes);

/**
 * Writes why a file cannot be run into `text`, cut to `text_bytes` with the zero at the end; an empty text if it can.
 * Returns the status that the other calls would give.
 *
 * # Safety
 * `file` must point to `file_bytes` bytes, `text` to `text_bytes` bytes to be written.
 */
enum FewbitStatus fewbit_explain(const uint8_t *file,
                                 size_t file_bytes,
                                 char *text,
                                 size_t text_bytes);

/**
 * Makes a session in `memory`, which must have at least the bytes that `fewbit_memory_bytes` says. The file and the
 * memory must stay where they are, and the file unchanged, as long as the session is used. Nothing has to be freed.
 *
 * `semantics` is `FEWBIT_INTEGER` or `FEWBIT_REFERENCE`.
 *
 * # Safety
 * `file` must point to `file_bytes` bytes, `memory` to `memory_bytes` bytes to be written, `session` to a pointer to be
 * written.
 */
enum FewbitStatus fewbit_create(const uint8_t *file,
                                size_t file_bytes,
                                void *memory,
                                size_t memory_bytes,
                                uint32_t semantics,
                                struct FewbitSession **session);

/**
 * How many inputs the network has; 0 without a session.
 *
 * # Safety
 * `session` must come from `fewbit_create`, or be null.
 */
size_t fewbit_input_count(const struct FewbitSession *session);

/**
 * How many outputs the network has; 0 without a session.
 *
 * # Safety
 * `session` must come from `fewbit_create`, or be null.
 */
size_t fewbit_output_count(const struct FewbitSession *session);

/**
 * Where the input of this number lies, and how its values are stored: to be written before each run.
 *
 * # Safety
 * `session` must come from `fewbit_create`, or be null; `tensor` must point to a tensor to be written, or be null.
 */
enum FewbitStatus fewbit_input(struct FewbitSession *session,
                               size_t index,
                               struct FewbitTensor *tensor);

/**
 * Where the output of this number lies, and how its values are stored: to be read after each run.
 *
 * # Safety
 * `session` must come from `fewbit_create`, or be null; `tensor` must point to a tensor to be written, or be null.
 */
enum FewbitStatus fewbit_output(struct FewbitSession *session,
                                size_t index,
                                struct FewbitTensor *tensor);

/**
 * Stores real numbers in an input, as many as it has, in the form in which it holds them.
 *
 * # Safety
 * `session` must come from `fewbit_create`, or be null; `values` must point to `count` numbers, or be null.
 */
enum FewbitStatus fewbit_set_input(struct FewbitSession *session,
                                   size_t index,
                                   const float *values,
                                   size_t count);

/**
 * Runs the network on the inputs as they are in memory. Inputs may be overwritten.
 *
 * # Safety
 * `session` must come from `fewbit_create`, or be null.
 */
enum FewbitStatus fewbit_run(struct FewbitSession *session);

/**
 * Reads an output as real numbers, as many as it has.
 *
 * # Safety
 * `session` must come from `fewbit_create`, or be null; `values` must point to `count` numbers to be written, or be null.
 */
enum FewbitStatus fewbit_get_output(struct FewbitSession *session,
                                    size_t index,
                                    float *values,
                                    size_t count);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FEWBIT_H */
