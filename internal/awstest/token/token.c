/* A token as devices have them, for tests: a PKCS#11 module that stands before
 * SoftHSM, which never locks itself, is never taken out and is never slow. This one
 * is, as the files of a folder say. README.md, beside this file, tells which.
 *
 * What is not named below goes straight to SoftHSM. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef unsigned long Number; /* of PKCS#11: results, handles, lengths */
typedef unsigned char Byte;
typedef Number (*Call)();

/* The places of functions in the list that a module hands out. */
enum {
    INITIALIZE = 0, FINALIZE = 1, GET_FUNCTION_LIST = 3, GET_SLOT_LIST = 4, GET_SLOT_INFO = 5,
    GET_TOKEN_INFO = 6, OPEN_SESSION = 12, CLOSE_SESSION = 13, CLOSE_ALL_SESSIONS = 14,
    GET_SESSION_INFO = 15, LOGIN = 18, FIND_OBJECTS_INIT = 26, SIGN_INIT = 42, SIGN = 43,
    FUNCTIONS = 68
};
enum {
    OK = 0, GENERAL_ERROR = 5, ARGUMENTS_BAD = 7, DEVICE_REMOVED = 0x32, PIN_INCORRECT = 0xa0,
    PIN_LEN_RANGE = 0xa2, PIN_LOCKED = 0xa4, SESSION_HANDLE_INVALID = 0xb3, TOKEN_NOT_PRESENT = 0xe0,
    USER_ALREADY_LOGGED_IN = 0x100
};
enum { USER = 1, READS_AS_USER = 1, WRITES_AS_USER = 3 };
enum { TRIES = 3, MOST_SLOTS = 64, LONGEST_SLOW_MS = 20000, HAS_PAD = 0x100 };

struct List {
    Byte version[2];
    Call call[FUNCTIONS];
};
struct SessionInfo {
    Number slot, state, flags, error;
};
struct TokenInfo { /* the part before the flags */
    Byte label[32], maker[32], model[16], serial[16];
    Number flags;
};

static struct List *soft, mine;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int is_out;          /* as last seen */
static off_t pulls;         /* as last seen */

static void path_of(char *path, size_t size, const char *name) {
    const char *folder = getenv("EVERCREDS_TOKEN_DIR");
    snprintf(path, size, "%s/%s", folder ? folder : ".", name);
}

static int has(const char *name) {
    char path[4096];
    path_of(path, sizeof path, name);
    return access(path, F_OK) == 0;
}

/* Reads the start of a file; "" where there is none. */
static void read_file(const char *name, char *text, size_t size) {
    char path[4096];
    path_of(path, sizeof path, name);
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(text, 1, size - 1, file) : 0;
    text[length] = 0;
    text[strcspn(text, "\r\n")] = 0;
    if (file) fclose(file);
}

/* One write for each line: threads and processes share the file. */
static Number tell(Number result, const char *form, ...) {
    char path[4096], line[256];
    va_list values;
    va_start(values, form);
    int length = vsnprintf(line, 200, form, values);
    va_end(values);
    length += snprintf(line + length, sizeof line - length, " 0x%lx pid %d\n", result, (int)getpid());
    path_of(path, sizeof path, "log");
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file >= 0) {
        if (write(file, line, length) != length) perror("token: log");
        close(file);
    }
    return result;
}

static void close_all(const char *why) {
    Number slots[MOST_SLOTS], count = MOST_SLOTS;
    if (soft->call[GET_SLOT_LIST](1, slots, &count) != OK) return;
    for (Number at = 0; at < count; at++) soft->call[CLOSE_ALL_SESSIONS](slots[at]);
    tell(OK, "%s", why);
}

/* Tells whether the token is out now. Where it was out, if only for a moment since
 * the last call, its sessions are no more. */
static int out(void) {
    char path[4096];
    struct stat found;
    pthread_mutex_lock(&lock);
    int now = has("removed");
    if (now && !is_out) close_all("removed");
    if (!now && is_out) tell(OK, "back");
    is_out = now;
    path_of(path, sizeof path, "pulls");
    off_t pulled = stat(path, &found) == 0 ? found.st_size : 0;
    if (pulled != pulls) close_all("pulled");
    pulls = pulled;
    pthread_mutex_unlock(&lock);
    return now;
}

static Number initialize(void *arguments) {
    Number result = soft->call[INITIALIZE](arguments);
    return tell(result, "C_Initialize");
}

static Number finalize(void *reserved) {
    return tell(soft->call[FINALIZE](reserved), "C_Finalize");
}

static Number get_slot_list(Byte present, Number *slots, Number *count) {
    if (!out()) return soft->call[GET_SLOT_LIST](present, slots, count);
    *count = 0;
    return OK;
}

static Number get_slot_info(Number slot, void *info) {
    return out() ? DEVICE_REMOVED : soft->call[GET_SLOT_INFO](slot, info);
}

static Number get_token_info(Number slot, struct TokenInfo *info) {
    if (out()) return TOKEN_NOT_PRESENT;
    Number result = soft->call[GET_TOKEN_INFO](slot, info);
    if (result == OK && has("pad")) info->flags |= HAS_PAD;
    return result;
}

static Number open_session(Number slot, Number flags, void *application, void *notify, Number *session) {
    Number result = TOKEN_NOT_PRESENT;
    if (!out()) result = soft->call[OPEN_SESSION](slot, flags, application, notify, session);
    return tell(result, "C_OpenSession");
}

static Number close_session(Number session) {
    return out() ? SESSION_HANDLE_INVALID : tell(soft->call[CLOSE_SESSION](session), "C_CloseSession");
}

/* The wrong tries of each slot are in a file, so that they outlive a process. */
static int wrong_tries(const char *name, int set) {
    char text[16], path[4096];
    read_file(name, text, sizeof text);
    if (set < 0) return atoi(text);
    path_of(path, sizeof path, name);
    FILE *file = fopen(path, "w");
    if (file) {
        fprintf(file, "%d\n", set);
        fclose(file);
    }
    return set;
}

static Number try_pin(Number session, Number slot, const Byte *pin, Number length) {
    char name[40], typed[64];
    snprintf(name, sizeof name, "wrong.%lu", slot);
    int wrong = wrong_tries(name, -1);
    if (wrong >= TRIES) return PIN_LOCKED;
    if (!pin) { /* whoever uses the token types the PIN on its pad */
        if (!has("pad")) return ARGUMENTS_BAD;
        read_file("pad", typed, sizeof typed);
        pin = (Byte *)typed;
        length = strlen(typed);
    }
    Number result = soft->call[LOGIN](session, (Number)USER, pin, length);
    if (result == PIN_INCORRECT || result == PIN_LEN_RANGE) wrong_tries(name, wrong + 1);
    if (result == OK && wrong) wrong_tries(name, 0);
    return result;
}

static Number login(Number session, Number user, const Byte *pin, Number length) {
    struct SessionInfo info;
    if (out()) return tell(DEVICE_REMOVED, "C_Login");
    if (user != USER) return soft->call[LOGIN](session, user, pin, length);
    Number result = soft->call[GET_SESSION_INFO](session, &info);
    if (result != OK) return tell(result, "C_Login");
    pthread_mutex_lock(&lock);
    if (info.state == READS_AS_USER || info.state == WRITES_AS_USER) result = USER_ALREADY_LOGGED_IN;
    else result = try_pin(session, info.slot, pin, length);
    pthread_mutex_unlock(&lock);
    return tell(result, "C_Login slot %lu", info.slot);
}

static Number find_objects_init(Number session, void *wanted, Number count) {
    return out() ? DEVICE_REMOVED : soft->call[FIND_OBJECTS_INIT](session, wanted, count);
}

static Number sign_init(Number session, void *mechanism, Number key) {
    Number result = DEVICE_REMOVED;
    if (!out()) result = soft->call[SIGN_INIT](session, mechanism, key);
    return tell(result, "C_SignInit");
}

static Number sign(Number session, Byte *data, Number length, Byte *signature, Number *signature_length) {
    char text[16];
    read_file("slow", text, sizeof text);
    int slow_ms = *text ? atoi(text) : LONGEST_SLOW_MS;
    for (int waited_ms = 0; waited_ms < slow_ms && has("slow"); waited_ms += 5) usleep(5000);
    if (out()) return tell(DEVICE_REMOVED, "C_Sign");
    Number result = soft->call[SIGN](session, data, length, signature, signature_length);
    return tell(result, "C_Sign");
}

Number C_GetFunctionList(struct List **list);

static void *soft_hsm(void) {
    const char *places[] = {
        getenv("SOFTHSM2_LIBRARY"), "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm.so", "/usr/lib64/pkcs11/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so",
    };
    for (size_t at = 0; at < sizeof places / sizeof *places; at++) {
        void *found = places[at] ? dlopen(places[at], RTLD_NOW | RTLD_LOCAL) : NULL;
        if (found) return found;
    }
    return NULL;
}

static Number load(void) {
    void *library = soft_hsm();
    Number (*get)(struct List **) = library ? dlsym(library, "C_GetFunctionList") : NULL;
    if (!get || get(&soft) != OK) return GENERAL_ERROR;
    mine = *soft;
    mine.call[INITIALIZE] = (Call)initialize;
    mine.call[FINALIZE] = (Call)finalize;
    mine.call[GET_FUNCTION_LIST] = (Call)C_GetFunctionList;
    mine.call[GET_SLOT_LIST] = (Call)get_slot_list;
    mine.call[GET_SLOT_INFO] = (Call)get_slot_info;
    mine.call[GET_TOKEN_INFO] = (Call)get_token_info;
    mine.call[OPEN_SESSION] = (Call)open_session;
    mine.call[CLOSE_SESSION] = (Call)close_session;
    mine.call[LOGIN] = (Call)login;
    mine.call[FIND_OBJECTS_INIT] = (Call)find_objects_init;
    mine.call[SIGN_INIT] = (Call)sign_init;
    mine.call[SIGN] = (Call)sign;
    return OK;
}

Number C_GetFunctionList(struct List **list) {
    Number result = OK;
    pthread_mutex_lock(&lock);
    if (!soft) result = load();
    pthread_mutex_unlock(&lock);
    *list = &mine;
    return result;
}
