/* Runs against the build that panics on purpose. With an argument it ends in a
   fatal error of the Go runtime, which takes the process with it. */
#include "check.h"

int32_t evercreds_test_panic(int32_t session);
int32_t evercreds_test_fatal(void);

int main(int argc, char **argv) {
    evercreds_decision d;
    (void)argv;
    CHECK(evercreds_abi_features() & EVERCREDS_FEATURE_PANIC_TEST, EVERCREDS_FEATURE_PANIC_TEST);
    int32_t s = evercreds_session_new(), other = evercreds_session_new();
    CHECK(evercreds_session_open(s, WALL, 0, 1, &d), 0);
    CHECK(evercreds_session_open(other, WALL, 0, 2, &d), 0);
    CHECK(evercreds_test_panic(s), EVERCREDS_ERR_PANIC);
    CHECK(evercreds_ask(s, WALL, 0, 0, 0, 0, 0, &d), EVERCREDS_ERR_POISONED);
    CHECK(evercreds_ask(other, WALL, 0, 0, 0, 0, 0, &d), 0);
    CHECK(evercreds_session_free(s), 0);
    CHECK(evercreds_session_free(s), EVERCREDS_ERR_HANDLE);
    if (argc > 1) {
        evercreds_test_fatal();
    }
    puts("panics: ok");
    return 0;
}
