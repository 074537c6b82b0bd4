/* Calls every export, with good arguments and with null pointers. */
#include <unistd.h>

#include "check.h"

static evercreds_decision d;

static int32_t new_session(void) {
    int32_t s = evercreds_session_new();
    CHECK(s > 0, 1);
    CHECK(evercreds_session_option(s, EVERCREDS_OPT_METHOD, EVERCREDS_METHOD_CUSTOM), 0);
    CHECK(evercreds_session_option(s, EVERCREDS_OPT_JITTER, 7),
          EVERCREDS_ERR_OPTION_VALUE - EVERCREDS_OPT_JITTER);
    CHECK(evercreds_ask(s, WALL, 0, 0, 0, 0, 0, &d), EVERCREDS_ERR_STATE);
    CHECK(evercreds_session_open(s, WALL, 0, 0, NULL), EVERCREDS_ERR_ARGUMENT);
    CHECK(evercreds_session_open(s, WALL, 0, 42, &d), 0);
    CHECK(evercreds_session_open(s, WALL, 0, 42, &d), EVERCREDS_ERR_STATE);
    CHECK(d.phase, EVERCREDS_PHASE_EMPTY);
    return s;
}

static void life_of_a_session(int32_t s) {
    CHECK(evercreds_ask(s, WALL, 0, 0, 0, 0, 0, &d), 0);
    CHECK(d.kind, EVERCREDS_KIND_REFRESH);
    int64_t first = d.started;
    CHECK(d.ticket, first);
    CHECK(evercreds_answer(s, first, WALL, 1, 0, 0, 0, 0, 0, &d), 0);
    CHECK(d.kind, EVERCREDS_KIND_WAIT);
    CHECK(evercreds_prompted(s, first, WALL, 1, &d), 0);
    CHECK(evercreds_fail(s, first, WALL, 1, EVERCREDS_CLASS_PERMANENT, EVERCREDS_CODE_SOURCE, 0, &d), 0);
    CHECK(evercreds_answer(s, first, WALL, 1, 0, 0, 0, 0, 0, &d), 0);
    CHECK(d.kind, EVERCREDS_KIND_ERROR);
    CHECK(d.error_ticket, first);

    CHECK(evercreds_force(s, WALL, 2, &d), 0);
    CHECK(evercreds_abandon(s, d.started, WALL, 2, &d), 0);
    CHECK(d.notes, EVERCREDS_NOTE_FAILED);
    CHECK(evercreds_force(s, WALL, 3, &d), 0);
    int64_t ticket = d.started;
    CHECK(evercreds_complete(s, ticket, WALL, 3, WALL + HOUR, 7, HOUR, WALL, &d), 0);
    CHECK(d.notes, EVERCREDS_NOTE_INSTALLED);
    CHECK(d.settled, ticket);
    CHECK(evercreds_ask(s, WALL, 4, 0, 0, 0, 0, &d), 0);
    CHECK(d.kind, EVERCREDS_KIND_SERVE);
    CHECK(d.set, ticket);
    CHECK(d.expiry_ms, WALL + HOUR);
    CHECK(evercreds_leave(s, WALL, 4, 0, 0, 0, &d), 0);
    CHECK(d.kind, EVERCREDS_KIND_SERVE);
    CHECK(evercreds_leave(s, WALL, 4, 2 * HOUR, 0, 0, &d), 0);
    CHECK(d.kind, EVERCREDS_KIND_NONE);
    CHECK(evercreds_session_status(s, WALL, 4, EVERCREDS_STATUS_SET), ticket);
    CHECK(evercreds_session_status(s, WALL, 4, 0), EVERCREDS_ERR_ARGUMENT);
    CHECK(evercreds_invalidate(s, 7, WALL, 5, &d), 0);
    CHECK(d.notes, EVERCREDS_NOTE_REJECTED);
    CHECK(evercreds_wake(s, WALL, 6, &d), 0);
    CHECK(evercreds_ask(s, WALL, 6, 0, 0, 0, 0, NULL), EVERCREDS_ERR_ARGUMENT);
    CHECK(evercreds_ask(s, INT64_MAX, 6, 0, 0, 0, 0, &d), EVERCREDS_ERR_ARGUMENT);
}

static void snapshots(int32_t s) {
    uint8_t b[EVERCREDS_SNAPSHOT_BYTES];
    CHECK(evercreds_session_snapshot(s, NULL, 0, 10), EVERCREDS_ERR_ARGUMENT);
    CHECK(evercreds_session_snapshot(s, b, 0, -1), EVERCREDS_ERR_ARGUMENT);
    CHECK(evercreds_session_snapshot(s, b, 0, 10), EVERCREDS_ERR_CAPACITY);
    int32_t n = evercreds_session_snapshot(s, b, 0, sizeof b);
    CHECK(n > 0, 1);
    CHECK(evercreds_session_restore(NULL, 0, WALL, 7, 1, &d), EVERCREDS_ERR_SNAPSHOT);
    CHECK(evercreds_session_restore(NULL, 10, WALL, 7, 1, &d), EVERCREDS_ERR_ARGUMENT);
    /* a range that runs over the end of the address space */
    const uint8_t *last = (const uint8_t *)UINTPTR_MAX;
    CHECK(evercreds_session_restore(last, 10, WALL, 7, 1, &d), EVERCREDS_ERR_ARGUMENT);
    int32_t r = evercreds_session_restore(b, n, WALL, 7, 1, &d);
    CHECK(r > 0 && r != s, 1);
    CHECK(evercreds_session_close(r, &d), 0);
    CHECK(d.code, EVERCREDS_CODE_CLOSED);
    CHECK(evercreds_session_free(r), 0);
    CHECK(evercreds_session_free(r), EVERCREDS_ERR_HANDLE);
}

/* A session that shares: it looks, wins the turn, fetches and publishes. */
static void sharing(void) {
    int32_t s = evercreds_session_new();
    CHECK(evercreds_session_option(s, EVERCREDS_OPT_SHARE, EVERCREDS_SHARING_ON), 0);
    CHECK(evercreds_session_open(s, WALL, 0, 42, &d), 0);
    CHECK(evercreds_ask(s, WALL, 0, 0, 0, 0, 0, &d), 0);
    CHECK(d.kind, EVERCREDS_KIND_WAIT);
    CHECK(d.share, EVERCREDS_SHARE_LOOK);
    CHECK(d.started, 0);
    CHECK(evercreds_share_hint(s, WALL, 1, &d), 0);
    CHECK(evercreds_ask(s, WALL, 1, 0, 0, 0, 0, &d), 0);
    CHECK(d.share, EVERCREDS_SHARE_NONE);
    int64_t ticket = d.ticket;
    CHECK(evercreds_share_found(s, ticket + 1, WALL, 1, 0, 0, 0, 0, 0, 0, 7, 0, 0, -1, &d), EVERCREDS_ERR_ARGUMENT);
    CHECK(evercreds_share_found(s, ticket + 1, WALL, 1, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, &d), 0);
    CHECK(d.share, EVERCREDS_SHARE_CAMPAIGN);
    CHECK(d.share_number, 7);
    CHECK(evercreds_share_led(s, d.share_call, WALL, 2, 8, 2, 0, &d), EVERCREDS_ERR_ARGUMENT);
    CHECK(evercreds_share_led(s, d.share_call, WALL, 2, 8, 1, 0, &d), 0);
    CHECK(d.started, ticket);
    CHECK(evercreds_complete(s, ticket, WALL, 3, WALL + HOUR, 7, HOUR, WALL, &d), 0);
    CHECK(d.share, EVERCREDS_SHARE_PUBLISH);
    CHECK(d.share_set, ticket);
    CHECK(evercreds_share_failed(s, d.share_call, WALL, 4, 0, &d), EVERCREDS_ERR_ARGUMENT);
    CHECK(evercreds_share_failed(s, d.share_call, WALL, 4, EVERCREDS_STORE_UNREACHABLE, &d), 0);
    CHECK(d.share, EVERCREDS_SHARE_PUBLISH);
    CHECK(evercreds_share_done(s, d.share_call, WALL, 5, 1, &d), 0);
    CHECK(d.notes, EVERCREDS_NOTE_PUBLISHED);
    CHECK(evercreds_session_free(s), 0);
}

static void rules(void) {
    const char *at = "2026-01-31T09:30:00Z", *text = "code 123456";
    uint8_t host[100] = "abc-ats.iot.eu-west-1.amazonaws.com";
    CHECK(evercreds_rule_expiry((const uint8_t *)at, (int32_t)strlen(at)), INT64_C(1769851800000));
    CHECK(evercreds_rule_expiry((const uint8_t *)at, 19), EVERCREDS_ERR_EXPIRY_NAIVE);
    CHECK(evercreds_rule_expiry(NULL, 0), EVERCREDS_ERR_EXPIRY_UNREADABLE);
    CHECK(evercreds_rule_expiry((const uint8_t *)at, -1), EVERCREDS_ERR_ARGUMENT);
    CHECK(evercreds_rule_error_class(EVERCREDS_METHOD_STS, 503, NULL, 0), EVERCREDS_CLASS_RECOVERABLE);
    int32_t n = evercreds_rule_iot_endpoint(host, (int32_t)strlen((char *)host), sizeof host);
    CHECK(n, strlen("abc.credentials.iot.eu-west-1.amazonaws.com"));
    CHECK(memcmp(host, "abc.credentials.iot.", 20), 0);
    CHECK(evercreds_rule_mfa_code((const uint8_t *)text, (int32_t)strlen(text)), 5);
    CHECK(evercreds_rule_duration(3600, 1), 0);
    CHECK(evercreds_rule_duration(0.0 / 0.0, 0), EVERCREDS_ERR_DURATION);
    CHECK(evercreds_rule_retry_after(0, 0, (const uint8_t *)"7", 1), 7000);
    CHECK(evercreds_rule_evidence(0, 400, (const uint8_t *)"InvalidToken", 12), EVERCREDS_EVIDENCE_STRONG);
    CHECK(evercreds_rule_evidence(1, 400, NULL, 0), EVERCREDS_EVIDENCE_WEAK);
}

/* The runtime must not have made a poller: programs close descriptors that are
   not theirs, and the runtime would end them for it. */
static void descriptors(void) {
    char path[64], target[64];
    for (int fd = 0; fd < 1024; fd++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(path, target, sizeof target - 1);
        target[n > 0 ? n : 0] = 0;
        CHECK(strstr(target, "eventpoll") || strstr(target, "eventfd") ? fd : -1, -1);
    }
}

int main(void) {
    CHECK(evercreds_abi_version(), EVERCREDS_ABI_MAJOR * 65536 + EVERCREDS_ABI_MINOR);
    CHECK(evercreds_abi_features() & 7, 7);
    evercreds_set_host(NULL, NULL);
    int32_t s = new_session();
    life_of_a_session(s);
    snapshots(s);
    sharing();
    rules();
    CHECK(evercreds_session_free(s), 0);
    CHECK(evercreds_session_free(s), EVERCREDS_ERR_HANDLE);
    descriptors();
    puts("every export: ok");
    return 0;
}
