/* A program as they are written for NNabla's C runtime: nnablart FILE INPUT OUTPUT [affine]
 *
 * It runs the file on raw inputs, one behind the other, and writes the raw outputs. With "affine" a callback computes the
 * affine functions of implementation 1: all their outputs become 1 in floats. */
#include <nnablart/runtime.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int taken, freed, blocks;

static rt_function_error_t compute(rt_function_t *f) {
    float *values = f->outputs[0]->data;
    size_t items = 1;
    for (int axis = 0; axis < f->outputs[0]->shape.size; axis++) {
        items *= (size_t)f->outputs[0]->shape.data[axis];
    }
    for (size_t item = 0; item < items; item++) {
        values[item] = 1.0f;
    }
    return f->local_context != NULL ? RT_FUNCTION_ERROR_NOERROR : RT_FUNCTION_ERROR_MALLOC;
}

static rt_function_error_t release(rt_function_t *f) {
    (void)f;
    freed++;
    return RT_FUNCTION_ERROR_NOERROR;
}

static rt_return_value_t take(nn_network_t *network, void *context) {
    rt_function_context_t *function = context;
    if (network->version < 2 || function->info->type != NN_FUNCTION_AFFINE || function->info->impl != 1) {
        return RT_RET_FUNCTION_DONT_MATCH;
    }
    function->func.exec_func = compute;
    function->func.free_local_context_func = release;
    function->func.local_context = malloc(1);
    taken++;
    return RT_RET_FUNCTION_MATCH;
}

static void *counted_malloc(size_t bytes) {
    blocks++;
    return malloc(bytes);
}

static void counted_free(void *block) {
    blocks--;
    free(block);
}

static unsigned char *read_file(const char *name, long *bytes) {
    FILE *file = fopen(name, "rb");
    unsigned char *data;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        exit(2);
    }
    *bytes = ftell(file);
    rewind(file);
    data = malloc((size_t)*bytes + 1);
    if (data == NULL || fread(data, 1, (size_t)*bytes, file) != (size_t)*bytes) {
        exit(2);
    }
    fclose(file);
    return data;
}

static size_t value_bytes(const nn_variable_t *variable) {
    switch (variable->type) {
    case NN_DATA_TYPE_FLOAT:
        return 4;
    case NN_DATA_TYPE_INT16:
        return 2;
    default:
        return 1;
    }
}

int main(int argc, char **argv) {
    rt_context_pointer context = NULL;
    long file_bytes, input_bytes;
    unsigned char *file, *input;
    size_t used = 0;
    FILE *output;
    rt_return_value_t result;

    if (argc < 4) {
        return 2;
    }
    file = read_file(argv[1], &file_bytes);
    input = read_file(argv[2], &input_bytes);
    rt_set_variable_malloc(counted_malloc);
    rt_set_variable_free(counted_free);
    if (rt_allocate_context(&context) != RT_RET_NOERROR) {
        return 3;
    }
    if (argc > 4 && rt_add_callback(context, NN_FUNCTION_AFFINE, take) != RT_RET_NOERROR) {
        return 3;
    }
    result = rt_initialize_context(context, (nn_network_t *)file);
    if (result != RT_RET_NOERROR) {
        printf("%d\n", result);
        rt_free_context(&context);
        return 4;
    }
    if (rt_initialize_context(context, (nn_network_t *)file) != RT_RET_ERROR_INITIALIZE_CONTEXT_TWICE) {
        return 3;
    }
    for (int index = 0; index < rt_num_of_input(context); index++) {
        size_t bytes = (size_t)rt_input_size(context, (size_t)index) * value_bytes(rt_input_variable(context, (size_t)index));
        int items = 1;
        for (int axis = 0; axis < rt_input_dimension(context, (size_t)index); axis++) {
            items *= rt_input_shape(context, (size_t)index, (size_t)axis);
        }
        if (items != rt_input_size(context, (size_t)index) || used + bytes > (size_t)input_bytes) {
            return 3;
        }
        memcpy(rt_input_buffer(context, (size_t)index), input + used, bytes);
        used += bytes;
    }
    if (rt_input_buffer(context, 99) != NULL || rt_output_size(context, 99) != 0 || blocks != 1) {
        return 3;
    }
    if (rt_forward(context) != RT_RET_NOERROR) {
        return 5;
    }
    output = fopen(argv[3], "wb");
    if (output == NULL) {
        return 2;
    }
    for (int index = 0; index < rt_num_of_output(context); index++) {
        size_t items = (size_t)rt_output_size(context, (size_t)index);
        size_t bytes = value_bytes(rt_output_variable(context, (size_t)index));
        if (fwrite(rt_output_buffer(context, (size_t)index), bytes, items, output) != items) {
            return 2;
        }
    }
    fclose(output);
    rt_free_context(&context);
    free(file);
    free(input);
    printf("%d taken, %d freed, %d blocks, context %s\n", taken, freed, blocks, context == NULL ? "gone" : "there");
    return 0;
}
