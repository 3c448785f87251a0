/* Runs a fuzz target once on each file that is named, so that every build tests the corpus, without libFuzzer
 * too. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Longer than any input of the corpus: a file that is not read whole is an error. */
#define INPUT_MAX 8192

static int replay(const char *path)
{
    static uint8_t input[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    size_t size = fread(input, 1, sizeof input, file);
    int bad = ferror(file) || size == sizeof input;
    fclose(file);
    if (bad) {
        fprintf(stderr, "%s: cannot be read whole\n", path);
        return 1;
    }
    uint8_t *exact = malloc(size); /* the address sanitizer watches its end */
    for (size_t i = 0; i < size; i++)
        exact[i] = input[i];
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

int main(int count, char **paths)
{
    int failed = count < 2; /* no corpus is no test */
    for (int i = 1; i < count; i++)
        failed |= replay(paths[i]);
    return failed;
}
