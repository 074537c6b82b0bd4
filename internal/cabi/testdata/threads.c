/* Host functions that complete their flight inside themselves, on many threads. */
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

#define THREADS 8
#define ROUNDS 200

static atomic_int begun, cancelled;

static void begin(int32_t session, int64_t ticket, int32_t method, int32_t cause) {
    evercreds_decision d;
    CHECK(method, EVERCREDS_METHOD_STS);
    CHECK(cause > 0, 1);
    atomic_fetch_add(&begun, 1);
    if (evercreds_session_status(session, WALL, 0, EVERCREDS_STATUS_STARTS) > 1) {
        return; /* the forced one: never answered */
    }
    CHECK(evercreds_complete(session, ticket, WALL, 0, WALL + HOUR, (uint64_t)ticket, 0, 0, &d), 0);
    CHECK(d.settled, ticket);
}

static void cancel(int32_t session, int64_t ticket) {
    CHECK(session > 0 && ticket > 0, 1);
    atomic_fetch_add(&cancelled, 1);
}

/* One shared session, and one of each thread's own. */
static void *work(void *shared) {
    int32_t s = *(int32_t *)shared;
    evercreds_decision d;
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(evercreds_ask(s, WALL, 0, 0, 0, 0, 0, &d), 0);
        if (d.kind != EVERCREDS_KIND_SERVE) {
            CHECK(evercreds_answer(s, d.ticket, WALL, 0, 0, 0, 0, 0, 0, &d), 0);
        }
        CHECK(d.kind == EVERCREDS_KIND_SERVE || d.kind == EVERCREDS_KIND_WAIT, 1);
    }
    int32_t own = evercreds_session_new();
    CHECK(evercreds_session_open(own, WALL, 0, (uint64_t)own, &d), 0);
    CHECK(evercreds_ask(own, WALL, 0, 0, 0, 0, 0, &d), 0);
    CHECK(d.kind, EVERCREDS_KIND_REFRESH);
    CHECK(evercreds_answer(own, d.ticket, WALL, 0, 0, 0, 0, 0, 0, &d), 0);
    CHECK(d.kind, EVERCREDS_KIND_SERVE);
    CHECK(evercreds_force(own, WALL, 1, &d), 0);
    CHECK(evercreds_session_close(own, &d), 0);
    CHECK(evercreds_session_free(own), 0);
    return NULL;
}

int main(void) {
    evercreds_decision d;
    pthread_t threads[THREADS];
    evercreds_set_host(begin, cancel);
    int32_t s = evercreds_session_new();
    CHECK(evercreds_session_open(s, WALL, 0, 1, &d), 0);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, work, &s), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL), 0);
    }
    CHECK(begun, 1 + 2 * THREADS);
    CHECK(cancelled, THREADS);
    puts("threads: ok");
    return 0;
}
