#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evercreds.h"

#define WALL INT64_C(1700000000000)
#define HOUR INT64_C(3600000)

/* CHECK stops the program at the first result that is not the one wanted. */
#define CHECK(call, wanted)                                                              \
    do {                                                                                 \
        int64_t got_ = (int64_t)(call), wanted_ = (int64_t)(wanted);                     \
        if (got_ != wanted_) {                                                           \
            fprintf(stderr, "%s:%d: %s: got %" PRId64 ", want %" PRId64 "\n", __FILE__,  \
                    __LINE__, #call, got_, wanted_);                                     \
            exit(1);                                                                     \
        }                                                                                \
    } while (0)

#endif
