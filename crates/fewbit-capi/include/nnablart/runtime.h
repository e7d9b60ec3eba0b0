/**
 * The calls of NNabla's C runtime, so that programs that were written for it link unchanged.
 *
 * A context is allocated, given its callbacks, initialised with a file in memory, run as often as wanted, and freed. What
 * is different from NNabla's runtime stands in docs/c-interface.md.
 */
#ifndef FEWBIT_NNABLART_RUNTIME_H
#define FEWBIT_NNABLART_RUNTIME_H

#include <nnablart/functions.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What calls return, and callbacks. */
typedef enum {
    RT_RET_ERROR_VERSION_UNMATCH = -899,
    RT_RET_ERROR_ALLOCATE_CONTEXT,
    RT_RET_ERROR_INITIALIZE_CONTEXT_TWICE,
    RT_RET_ERROR_ALLOCATE_CALLBACK_BUFFER,
    RT_RET_ERROR_INVALID_BUFFER_INDEX,
    RT_RET_ERROR_INIT_VARIABLE,
    RT_RET_ERROR_UNKNOWN_FUNCTION,
    RT_RET_ERROR_NO_MATCHING_FUNCTION,
    RT_RET_NOERROR = 0,
    RT_RET_FUNCTION_MATCH,
    RT_RET_FUNCTION_DONT_MATCH,
    RT_RET_END_OF_VALUES
} rt_return_value_t;

typedef void *rt_context_pointer;

/** Makes a context, to be freed by rt_free_context. */
rt_return_value_t rt_allocate_context(rt_context_pointer *context);

/** Adds a callback: for each function of this type whose implementation is below 100, it is asked to take it. */
rt_return_value_t rt_add_callback(rt_context_pointer context, nn_function_type_t type,
                                  rt_return_value_t (*allocate_local_context)(nn_network_t *network,
                                                                              void *function_context));

/** Opens a file, which must stay where it is until the context is freed. */
rt_return_value_t rt_initialize_context(rt_context_pointer context, nn_network_t *network);

/** Frees a context and all that belongs to it. */
rt_return_value_t rt_free_context(rt_context_pointer *context);

/** How many inputs there are; of each its values, its axes, its extents, its place, and what the file says of it. */
int rt_num_of_input(rt_context_pointer context);
int rt_input_size(rt_context_pointer context, size_t index);
int rt_input_dimension(rt_context_pointer context, size_t index);
int rt_input_shape(rt_context_pointer context, size_t index, size_t shape_index);
void *rt_input_buffer(rt_context_pointer context, size_t index);
nn_variable_t *rt_input_variable(rt_context_pointer context, size_t index);

/** The same of the outputs. */
int rt_num_of_output(rt_context_pointer context);
int rt_output_size(rt_context_pointer context, size_t index);
int rt_output_dimension(rt_context_pointer context, size_t index);
int rt_output_shape(rt_context_pointer context, size_t index, size_t shape_index);
void *rt_output_buffer(rt_context_pointer context, size_t index);
nn_variable_t *rt_output_variable(rt_context_pointer context, size_t index);

/** Runs the network. */
rt_return_value_t rt_forward(rt_context_pointer context);

/** Of fewbit alone: whether all contexts compute what NNabla's runtime means to, with its truncating stores. */
void rt_set_reference_semantics(int reference);

/** Sets what takes and frees memory, for buffers and for everything else; null stands for malloc and free. */
void rt_set_variable_malloc(void *(*user_malloc)(size_t size));
void rt_set_variable_free(void (*user_free)(void *ptr));
void rt_set_malloc(void *(*user_malloc)(size_t size));
void rt_set_free(void (*user_free)(void *ptr));

/** Versions: of NNabla whose functions are known, of the runtime, of the format, and of the API level. */
const char *rt_nnabla_version(void);
const char *rt_c_runtime_version(void);
int rt_nnb_version(void);
const char *rt_nnb_revision(void);

#ifdef __cplusplus
}
#endif

#endif /* FEWBIT_NNABLART_RUNTIME_H */
