/* A program for fewbit's own interface.
 *
 * It runs "file" on the raw inputs in "input", one behind the other, and writes the raw outputs to "output". Unless
 * NO_FLOATS is defined it also writes and reads values as real numbers. */
#include <fewbit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char *read_file(const char *name, size_t *bytes) {
    FILE *file = fopen(name, "rb");
    unsigned char *data;
    long size;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        exit(2);
    }
    size = ftell(file);
    rewind(file);
    *bytes = (size_t)size;
    data = malloc(*bytes + 1);
    if (data == NULL || fread(data, 1, *bytes, file) != *bytes) {
        exit(2);
    }
    fclose(file);
    return data;
}

int main(void) {
    size_t file_bytes, input_bytes, memory_bytes, used = 0;
    unsigned char *file, *input, *memory;
    FewbitSession *session;
    FewbitTensor tensor;
    FewbitStatus status;
    FILE *output;

    file = read_file("file", &file_bytes);
    input = read_file("input", &input_bytes);
    status = fewbit_memory_bytes(file, file_bytes, &memory_bytes);
    if (status != FEWBIT_STATUS_OK) {
        char text[400];
        if (fewbit_explain(file, file_bytes, text, sizeof text) != status) {
            return 3;
        }
        printf("%s: %s\n", fewbit_status_text((uint32_t)status), text);
        return 4;
    }
    /* An odd address, and a guard behind the memory. */
    memory = malloc(memory_bytes + 9);
    if (memory == NULL) {
        return 2;
    }
    memset(memory, 0xa5, memory_bytes + 9);
    if (fewbit_create(file, file_bytes, memory + 1, memory_bytes / 2, FEWBIT_INTEGER, &session) != FEWBIT_STATUS_MEMORY) {
        return 3;
    }
    if (fewbit_create(file, file_bytes, memory + 1, memory_bytes, 7, &session) != FEWBIT_STATUS_ARGUMENT) {
        return 3;
    }
    if (fewbit_create(file, file_bytes, memory + 1, memory_bytes, FEWBIT_INTEGER, &session) != FEWBIT_STATUS_OK) {
        return 3;
    }
    for (size_t index = 0; index < fewbit_input_count(session); index++) {
        if (fewbit_input(session, index, &tensor) != FEWBIT_STATUS_OK || used + tensor.bytes > input_bytes) {
            return 3;
        }
        memcpy(tensor.data, input + used, tensor.bytes);
        used += tensor.bytes;
    }
    if (fewbit_run(session) != FEWBIT_STATUS_OK || fewbit_run(NULL) != FEWBIT_STATUS_ARGUMENT) {
        return 3;
    }
    output = fopen("output", "wb");
    if (output == NULL) {
        return 2;
    }
    for (size_t index = 0; index < fewbit_output_count(session); index++) {
        if (fewbit_output(session, index, &tensor) != FEWBIT_STATUS_OK) {
            return 3;
        }
        if (fwrite(tensor.data, 1, tensor.bytes, output) != tensor.bytes) {
            return 2;
        }
#ifndef NO_FLOATS
        float *values = malloc(tensor.items * sizeof *values);
        if (values == NULL || fewbit_get_output(session, index, values, tensor.items) != FEWBIT_STATUS_OK ||
            fewbit_get_output(session, index, values, tensor.items + 1) != FEWBIT_STATUS_COUNT ||
            (tensor.type == FEWBIT_TYPE_FLOAT32 && memcmp(values, tensor.data, tensor.bytes) != 0)) {
            return 3;
        }
        free(values);
#endif
    }
    fclose(output);
    if (fewbit_output(session, fewbit_output_count(session), &tensor) != FEWBIT_STATUS_INDEX) {
        return 3;
    }
#ifndef NO_FLOATS
    if (fewbit_input(session, 0, &tensor) == FEWBIT_STATUS_OK && tensor.type == FEWBIT_TYPE_FLOAT32) {
        float *values = malloc(tensor.bytes);
        if (values == NULL) {
            return 2;
        }
        memcpy(values, input, tensor.bytes);
        if (fewbit_set_input(session, 0, values, tensor.items) != FEWBIT_STATUS_OK ||
            memcmp(values, tensor.data, tensor.bytes) != 0) {
            return 3;
        }
        free(values);
    }
#endif
    for (size_t place = 0; place < 8; place++) {
        if (memory[memory_bytes + 1 + place] != 0xa5) {
            return 6;
        }
    }
    free(memory);
    free(file);
    free(input);
    return 0;
}
