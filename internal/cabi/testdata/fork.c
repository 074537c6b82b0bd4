/* What docs/reference/abi.md says of processes: signal masks, closed descriptors, and
   forks, with a fresh copy of the library in each child. Linux only.
   Argument: the path of the library. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define CHILDREN 20

static int32_t (*abi_version)(void);
static int32_t (*session_new)(void);
static int32_t (*session_free)(int32_t);
static int32_t (*session_open)(int32_t, int64_t, int64_t, uint64_t, evercreds_decision *);
static int32_t (*session_snapshot)(int32_t, uint8_t *, int32_t, int32_t);
static int32_t (*session_restore)(const uint8_t *, int32_t, int64_t, int64_t, uint64_t,
                                  evercreds_decision *);
static int32_t (*ask)(int32_t, int64_t, int64_t, int64_t, uint64_t, int32_t, int64_t,
                      evercreds_decision *);
static int32_t (*complete)(int32_t, int64_t, int64_t, int64_t, int64_t, uint64_t, int64_t, int64_t,
                           evercreds_decision *);

static void *find(void *library, const char *name) {
    void *f = dlsym(library, name);
    CHECK(f != NULL, 1);
    return f;
}

/* Loads a copy that was not loaded before, with all signals blocked. */
static void load(const char *path) {
    sigset_t all, before;
    int32_t (*dead)(void) = abi_version;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before), 0);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    *(void **)&abi_version = find(library, "evercreds_abi_version");
    *(void **)&session_new = find(library, "evercreds_session_new");
    *(void **)&session_free = find(library, "evercreds_session_free");
    *(void **)&session_open = find(library, "evercreds_session_open");
    *(void **)&session_snapshot = find(library, "evercreds_session_snapshot");
    *(void **)&session_restore = find(library, "evercreds_session_restore");
    *(void **)&ask = find(library, "evercreds_ask");
    *(void **)&complete = find(library, "evercreds_complete");
    CHECK(abi_version != dead, 1);
    CHECK(abi_version(), EVERCREDS_ABI_MAJOR * 65536 + EVERCREDS_ABI_MINOR);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
}

/* The library's threads leave the signals of the process to the process. Those
   that the runtime sends to its own threads, and faults, nobody can block. */
static void masks(void) {
    char path[300], line[200];
    int threads = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL, 1);
    for (struct dirent *task; (task = readdir(tasks));) {
        uint64_t blocked = 0;
        if (task->d_name[0] == '.' || atoi(task->d_name) == getpid()) {
            continue;
        }
        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        FILE *status = fopen(path, "r");
        if (!status) {
            continue; /* it has just ended */
        }
        while (fgets(line, sizeof line, status)) {
            sscanf(line, "SigBlk: %" SCNx64, &blocked);
        }
        fclose(status);
        CHECK(blocked >> (SIGTERM - 1) & blocked >> (SIGINT - 1) & blocked >> (SIGUSR1 - 1) & 1, 1);
        threads++;
    }
    closedir(tasks);
    CHECK(threads > 0, 1);
}

/* Enough for the collector to run, on threads of its own. */
static void work(void) {
    evercreds_decision d;
    for (int i = 0; i < 20000; i++) {
        int32_t s = session_new();
        CHECK(session_open(s, WALL, 0, 1, &d), 0);
        CHECK(ask(s, WALL, 0, 0, 0, 0, 0, &d), 0);
        CHECK(session_free(s), 0);
    }
}

/* A memory file with the library, under a number that no generation has had. */
static void load_copy(const uint8_t *image, size_t size, int generation) {
    char path[64];
    int memory = memfd_create("evercreds", 0);
    CHECK(write(memory, image, size), size);
    int fd = fcntl(memory, F_DUPFD, 100 + generation);
    CHECK(fd >= 100 + generation, 1);
    CHECK(close(memory), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    load(path);
    CHECK(close(fd), 0);
}

static void wait_for(pid_t child) {
    int status = -1;
    CHECK(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, 1);
}

/* A child, and a child of its own, go on with the session of the parent. */
static pid_t start(const uint8_t *image, size_t size, const uint8_t *snapshot, int32_t length,
                   int64_t set, int generation) {
    pid_t child = fork();
    CHECK(child >= 0, 1);
    if (child > 0) {
        return child;
    }
    alarm(30);
    evercreds_decision d;
    load_copy(image, size, generation);
    masks();
    int32_t s = session_restore(snapshot, length, WALL, 2, (uint64_t)getpid(), &d);
    CHECK(s > 0, 1);
    CHECK(ask(s, WALL, 2, 0, 0, 0, 0, &d), 0);
    CHECK(d.kind, EVERCREDS_KIND_SERVE);
    CHECK(d.set, set);
    if (generation < 2) {
        wait_for(start(image, size, snapshot, length, set, generation + 1));
    }
    _exit(0);
}

int main(int argc, char **argv) {
    evercreds_decision d;
    struct stat info;
    uint8_t snapshot[EVERCREDS_SNAPSHOT_BYTES];
    alarm(60); /* a hang is a failure */
    CHECK(argc, 2);
    int fd = open(argv[1], O_RDONLY);
    CHECK(fstat(fd, &info), 0);
    const uint8_t *image = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(image != MAP_FAILED, 1);

    load(argv[1]);
    masks();
    CHECK(syscall(SYS_close_range, 3, ~0U, 0), 0);
    work();
    masks();

    int32_t s = session_new();
    CHECK(session_open(s, WALL, 0, 1, &d), 0);
    CHECK(ask(s, WALL, 0, 0, 0, 0, 0, &d), 0);
    int64_t set = d.started;
    CHECK(complete(s, set, WALL, 1, WALL + HOUR, 7, 0, 0, &d), 0);
    int32_t length = session_snapshot(s, snapshot, 0, sizeof snapshot);
    CHECK(length > 0, 1);
    pid_t children[CHILDREN];
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = start(image, (size_t)info.st_size, snapshot, length, set, 1);
    }
    work(); /* the parent goes on with its own */
    for (int i = 0; i < CHILDREN; i++) {
        wait_for(children[i]);
    }
    puts("fork: ok");
    return 0;
}
