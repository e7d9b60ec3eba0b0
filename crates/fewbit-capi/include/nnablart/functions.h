/**
 * Functions with their variables in memory, for callbacks that were written for NNabla's C runtime.
 */
#ifndef FEWBIT_NNABLART_FUNCTIONS_H
#define FEWBIT_NNABLART_FUNCTIONS_H

#include <nnablart/network.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a function of a program's own returns. */
typedef enum {
    RT_FUNCTION_ERROR_UNIMPLEMENTED = -999,
    RT_FUNCTION_ERROR_MALLOC,
    RT_FUNCTION_ERROR_INVALID_NUM_OF_INPUTS,
    RT_FUNCTION_ERROR_INVALID_NUM_OF_OUTPUTS,
    RT_FUNCTION_ERROR_INVALID_SHAPE,
    RT_FUNCTION_ERROR_NOERROR = 0
} rt_function_error_t;

/** A list of numbers. */
typedef struct {
    int size;
    int *data;
} rt_list_t;

/** A variable: extents, type, position, the value of one step of a fixed-point type, and its values. */
typedef struct {
    rt_list_t shape;
    nn_data_type_t type : 4;
    unsigned int fp_pos : 4;
    float coefficient;
    void *data;
} rt_variable_t;

typedef struct st_rt_function_t rt_function_t;

/** A function: its variables, and what a callback sets to compute it and to free what it holds. */
struct st_rt_function_t {
    int num_of_inputs;
    rt_variable_t **inputs;
    int num_of_outputs;
    rt_variable_t **outputs;
    rt_function_error_t (*exec_func)(rt_function_t *f);
    rt_function_error_t (*free_local_context_func)(rt_function_t *f);
    void *local_context;
};

/** What a callback is given: the function in the file, and the function in memory. */
typedef struct {
    nn_function_t *info;
    rt_function_t func;
} rt_function_context_t;

#ifdef __cplusplus
}
#endif

#endif /* FEWBIT_NNABLART_FUNCTIONS_H */
