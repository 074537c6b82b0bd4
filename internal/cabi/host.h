#ifndef EVERCREDS_HOST_H
#define EVERCREDS_HOST_H

#include <stdint.h>

typedef void (*begin_function)(int32_t session, int64_t ticket, int32_t method, int32_t cause);
typedef void (*cancel_function)(int32_t session, int64_t ticket);

void host_set(void *begin, void *cancel);
void host_begin(int32_t session, int64_t ticket, int32_t method, int32_t cause);
void host_cancel(int32_t session, int64_t ticket);

#endif
