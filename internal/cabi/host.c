#include "host.h"

/* Go cannot call a C function pointer. They may be set while other threads are
   in the library, so they are read and written atomically. */
static begin_function current_begin;
static cancel_function current_cancel;

void host_set(void *begin, void *cancel) {
    __atomic_store_n(&current_begin, (begin_function)begin, __ATOMIC_RELEASE);
    __atomic_store_n(&current_cancel, (cancel_function)cancel, __ATOMIC_RELEASE);
}

void host_begin(int32_t session, int64_t ticket, int32_t method, int32_t cause) {
    begin_function begin = __atomic_load_n(&current_begin, __ATOMIC_ACQUIRE);
    if (begin) {
        begin(session, ticket, method, cause);
    }
}

void host_cancel(int32_t session, int64_t ticket) {
    cancel_function cancel = __atomic_load_n(&current_cancel, __ATOMIC_ACQUIRE);
    if (cancel) {
        cancel(session, ticket);
    }
}
