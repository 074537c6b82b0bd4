/* A complete embedder of evercreds in C: see README.md and docs/reference/abi.md. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "evercreds.h"

#define MINUTE INT64_C(60000)

/* The clocks. Real hosts read CLOCK_REALTIME and CLOCK_BOOTTIME here; this one
   lets three hours pass in an instant. */
static const int64_t started_at = INT64_C(1767225600000);
static int64_t elapsed;

static int64_t wall_now(void) { return started_at + elapsed; }

/* What a source hands out. The library never sees the two secrets. */
struct credentials {
    char access_key_id[32];
    char secret_access_key[64];
    char session_token[64];
    int64_t expiry_ms;
    int64_t ticket; /* the flight that brought them */
};

/* The user's source: fresh credentials for an hour, or an outage. */
static int fetch(struct credentials *to) {
    static int count;
    if (elapsed >= 44 * MINUTE && elapsed < 60 * MINUTE + 10000) {
        return -1;
    }
    count++;
    snprintf(to->access_key_id, sizeof to->access_key_id, "EXAMPLEKEY%02d", count);
    snprintf(to->secret_access_key, sizeof to->secret_access_key, "example-%d", count);
    snprintf(to->session_token, sizeof to->session_token, "token-%d", count);
    to->expiry_ms = wall_now() + 60 * MINUTE;
    return 0;
}

/* The session: the handle, the set in use, and the lease on it. A host with
   threads guards these with a lock of its own, and runs flights on threads. */
static int32_t session;
static struct credentials held, arrived;
static int64_t lease_elapsed, lease_wall;

/* The fingerprint tells sets apart; docs/reference/abi.md says how hosts that talk to
   AWS compute it. Any 64-bit hash serves where only this program sees it. */
static uint64_t fingerprint(const struct credentials *c) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (const char *p = c->session_token; *p; p++) {
        h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    }
    return h;
}

static void print(const char *event, const evercreds_decision *d) {
    static const char *kinds[] = {"none", "serve", "serve and refresh", "refresh inline",
                                  "refresh", "wait", "error"};
    printf("%3" PRId64 " min  %-9s %s", elapsed / MINUTE, event, kinds[d->kind]);
    if (d->notes & EVERCREDS_NOTE_INSTALLED) {
        printf(", installed");
    }
    if (d->notes & (EVERCREDS_NOTE_FAILED | EVERCREDS_NOTE_FAILED_QUIETLY)) {
        printf(", the source failed");
    }
    printf("\n");
}

/* must stops at what only a fault in this program can cause. */
static void must(int64_t result) {
    if (result < 0) {
        fprintf(stderr, "evercreds: result %" PRId64 "\n", result);
        exit(1);
    }
}

/* After every event: where leases are void, the next caller asks. */
static void apply(const evercreds_decision *d) {
    if (d->is_void) {
        lease_elapsed = lease_wall = 0;
    }
}

/* Runs one flight and reports it, once. */
static void fly(int64_t ticket) {
    evercreds_decision d;
    struct credentials c;
    if (fetch(&c) != 0) {
        must(evercreds_fail(session, ticket, wall_now(), elapsed, EVERCREDS_CLASS_RECOVERABLE,
                            EVERCREDS_CODE_SOURCE, 0, &d));
        print("fail", &d);
    } else {
        c.ticket = ticket;
        arrived = c; /* before the report: it may be served at once */
        must(evercreds_complete(session, ticket, wall_now(), elapsed, c.expiry_ms, fingerprint(&c), 0, 0, &d));
        print("complete", &d);
    }
    apply(&d);
}

/* Credentials for one use, or null: what every host's hot path looks like. */
static const struct credentials *credentials(void) {
    if (elapsed < lease_elapsed && wall_now() < lease_wall) {
        return &held;
    }
    evercreds_decision d, effects;
    int64_t until = EVERCREDS_NEVER; /* as long as the session lets; passed on from call to call */
    for (;;) {
        must(evercreds_ask(session, wall_now(), elapsed, 0, 0, EVERCREDS_EVIDENCE_NONE, until, &d));
        print("ask", &d);
        apply(&d);
        effects = d;
        until = d.until_ms;
        if (d.kind == EVERCREDS_KIND_REFRESH || d.kind == EVERCREDS_KIND_REFRESH_INLINE) {
            fly(d.ticket);
            must(evercreds_answer(session, d.ticket, wall_now(), elapsed, 0, 0, EVERCREDS_EVIDENCE_NONE, until, 0, &d));
            print("answer", &d);
            apply(&d);
            until = d.until_ms;
        }
        if (d.kind != EVERCREDS_KIND_WAIT) {
            break;
        }
        elapsed = d.deadline_ms; /* sleeps until the next attempt; elsewhere: or until a decision is void */
    }
    if (d.kind == EVERCREDS_KIND_ERROR) {
        return NULL;
    }
    if (d.set == arrived.ticket) {
        held = arrived;
    }
    lease_elapsed = d.lease_elapsed_ms;
    lease_wall = d.lease_wall_ms;
    if (effects.kind == EVERCREDS_KIND_SERVE_AND_REFRESH) {
        fly(effects.started); /* after the caller got its set; elsewhere: on a thread */
    }
    return &held;
}

int main(void) {
    evercreds_decision d;
    if (evercreds_abi_version() >> 16 != EVERCREDS_ABI_MAJOR) {
        fprintf(stderr, "evercreds: built for ABI %d, the library has %d\n", (int)EVERCREDS_ABI_MAJOR,
                (int)(evercreds_abi_version() >> 16));
        return 1;
    }
    must(session = evercreds_session_new());
    must(evercreds_session_option(session, EVERCREDS_OPT_METHOD, EVERCREDS_METHOD_CUSTOM));
    must(evercreds_session_open(session, wall_now(), elapsed, UINT64_C(0x5eed), &d));

    int calls = 0, failed = 0;
    for (; elapsed < 180 * MINUTE; elapsed += MINUTE) {
        calls++;
        if (credentials() == NULL) {
            failed++;
        }
    }
    int64_t refreshes = evercreds_session_status(session, wall_now(), elapsed, EVERCREDS_STATUS_INSTALLS);
    must(evercreds_session_close(session, &d));
    must(evercreds_session_free(session));
    printf("%d calls, %" PRId64 " refreshes, %d failed\n", calls, refreshes, failed);
    return failed != 0;
}
