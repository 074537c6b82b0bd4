/* Lies about the size of its buffer: a tool that watches memory must say so. */
#include <stdlib.h>

#include "check.h"

int main(void) {
    evercreds_decision d;
    int32_t s = evercreds_session_new();
    CHECK(evercreds_session_open(s, WALL, 0, 1, &d), 0);
    uint8_t *small = malloc(16);
    int32_t length = evercreds_session_snapshot(s, small, 0, EVERCREDS_SNAPSHOT_BYTES);
    printf("overflow: %d bytes in a buffer of 16, %d\n", length, small[0]);
    free(small);
    return 0;
}
