/* Makes the operating system fail at one exact call: preloaded (LD_PRELOAD) into a process under test.
 *
 * Counts the calls that change files below the directories of FAULTS_UNDER (separated by colons), and at call number
 * FAULTS_AT does what FAULTS_WHAT says:
 *
 *   before, after   the process is killed before or after the call
 *   half            a write writes half of its bytes, then the process is killed; any other call as with `before`
 *   eio, enospc     the call fails with that error, once
 *   eio-on, enospc-on
 *                   this call and all that follow; a disk that fills up takes half of the first write
 *
 * ENOSPC comes only from calls that need space. With FAULTS_WAIT=1 counting begins when the process opens the file
 * /faults/begin, and ends when it opens /faults/end; neither exists. Each call is written into FAULTS_LOG, if that is
 * set, as `number call size path`. Calls that do not go through libc are not seen. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#undef open
#undef openat

enum what { NOTHING, BEFORE, AFTER, HALF, EIO_ONCE, EIO_ON, ENOSPC_ONCE, ENOSPC_ON };
enum fault { PASS, FAIL, KILL_AFTER, HALF_THEN_KILL, HALF_ONLY };

static const char *names[] = {"", "before", "after", "half", "eio", "eio-on", "enospc", "enospc-on"};
static const char *under;
static enum what what;
static long at;
static int log_to = -1;
static atomic_long count;
static atomic_bool counting, failing;

__attribute__((noreturn)) static void die(void) {
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    for (;;) syscall(SYS_pause);
}

__attribute__((constructor)) static void begin(void) {
    const char *text;
    under = getenv("FAULTS_UNDER");
    if ((text = getenv("FAULTS_AT"))) at = atol(text);
    if ((text = getenv("FAULTS_WHAT")))
        for (int i = 1; i <= ENOSPC_ON; i++)
            if (!strcmp(text, names[i])) what = i;
    if ((text = getenv("FAULTS_LOG"))) {
        int fd = syscall(SYS_openat, AT_FDCWD, text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        /* Out of the way of the process' own descriptors. */
        log_to = fd < 0 ? -1 : syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 500);
        if (fd >= 0) syscall(SYS_close, fd);
    }
    text = getenv("FAULTS_WAIT");
    counting = under && !(text && *text == '1');
}

static int is_under(const char *path) {
    for (const char *place = under; place && *place;) {
        size_t length = strcspn(place, ":");
        if (!strncmp(path, place, length) && (path[length] == '/' || !path[length])) return 1;
        place += length + (place[length] == ':');
    }
    return 0;
}

static const char *path_of(int fd, char *buffer, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, buffer, size - 1);
    buffer[length < 0 ? 0 : length] = 0;
    return buffer;
}

static const char *path_at(int directory, const char *path, char *buffer, size_t size) {
    if (*path == '/' || directory == AT_FDCWD) return path;
    path_of(directory, buffer, size);
    size_t length = strlen(buffer);
    snprintf(buffer + length, size - length, "/%s", path);
    return buffer;
}

/* What is to happen at this call. */
static enum fault step(const char *call, const char *path, size_t size, int needs_space) {
    if (!counting || !is_under(path)) return PASS;
    long number = ++count;
    if (log_to >= 0) {
        char line[600];
        int length = snprintf(line, sizeof line, "%ld %s %zu %s\n", number, call, size, path);
        syscall(SYS_write, log_to, line, length < (int)sizeof line ? length : (int)sizeof line);
    }
    int fails_now = number == at, fails_on = failing;
    if (fails_now && (what == EIO_ON || what == ENOSPC_ON)) failing = 1;
    if (fails_now) switch (what) {
        case BEFORE: die();
        case AFTER: return KILL_AFTER;
        case HALF: return HALF_THEN_KILL;
        case EIO_ONCE: case EIO_ON: errno = EIO; return FAIL;
        case ENOSPC_ONCE: if (needs_space) { errno = ENOSPC; return FAIL; } return PASS;
        case ENOSPC_ON: if (needs_space && size > 1) return HALF_ONLY; fails_on = 1; break;
        default: return PASS;
    }
    if (fails_on && what == EIO_ON) { errno = EIO; return FAIL; }
    if (fails_on && what == ENOSPC_ON && needs_space) { errno = ENOSPC; return FAIL; }
    return PASS;
}

static enum fault step_fd(const char *call, int fd, size_t size, int needs_space) {
    char buffer[512];
    int before = errno;
    if (!counting) return PASS;
    const char *path = path_of(fd, buffer, sizeof buffer);
    errno = before;
    return step(call, path, size, needs_space);
}

static enum fault step_at(const char *call, int directory, const char *path, int needs_space) {
    char buffer[512];
    return step(call, path_at(directory, path, buffer, sizeof buffer), 0, needs_space);
}

#define REAL(name) \
    static typeof(name) *real; \
    if (!real) real = (typeof(name) *)dlsym(RTLD_NEXT, #name)

/* A call without a half: it happens, or it does not. */
#define WHOLE(act, call) do { \
    enum fault act_ = (act); \
    if (act_ == FAIL) return -1; \
    if (act_ == HALF_THEN_KILL) die(); \
    typeof(call) result_ = (call); \
    if (act_ == KILL_AFTER) die(); \
    return result_; } while (0)

/* A write: `call` uses `size`, which may become half. */
#define WRITE(act, size, call) do { \
    enum fault act_ = (act); \
    if (act_ == FAIL) return -1; \
    if (act_ == HALF_THEN_KILL || act_ == HALF_ONLY) size /= 2; \
    ssize_t result_ = (call); \
    if (act_ == KILL_AFTER || act_ == HALF_THEN_KILL) die(); \
    return result_; } while (0)

ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(write);
    WRITE(step_fd("write", fd, size, 1), size, real(fd, bytes, size));
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
    REAL(pwrite);
    WRITE(step_fd("pwrite", fd, size, 1), size, real(fd, bytes, size, offset));
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) {
    REAL(pwrite64);
    WRITE(step_fd("pwrite", fd, size, 1), size, real(fd, bytes, size, offset));
}

/* Of several buffers the first, or half of it: a short write, which the caller has to go on with. */
ssize_t writev(int fd, const struct iovec *buffers, int number) {
    REAL(writev);
    enum fault act = step_fd("writev", fd, number > 0 ? buffers->iov_len : 0, 1);
    if (act == FAIL) return -1;
    if (act == PASS || number < 1) return real(fd, buffers, number);
    if (act == KILL_AFTER) { real(fd, buffers, number); die(); }
    struct iovec half = {buffers->iov_base, buffers->iov_len / 2};
    ssize_t result = real(fd, &half, 1);
    if (act == HALF_THEN_KILL) die();
    return result;
}

ssize_t pwritev(int fd, const struct iovec *buffers, int number, off_t offset) {
    REAL(pwritev);
    WHOLE(step_fd("pwritev", fd, 0, 1), real(fd, buffers, number, offset));
}

int fsync(int fd) {
    REAL(fsync);
    WHOLE(step_fd("fsync", fd, 0, 0), real(fd));
}

int fdatasync(int fd) {
    REAL(fdatasync);
    WHOLE(step_fd("fdatasync", fd, 0, 0), real(fd));
}

int sync_file_range(int fd, off64_t offset, off64_t length, unsigned int flags) {
    REAL(sync_file_range);
    WHOLE(step_fd("sync_file_range", fd, 0, 0), real(fd, offset, length, flags));
}

int ftruncate(int fd, off_t length) {
    REAL(ftruncate);
    WHOLE(step_fd("ftruncate", fd, 0, 1), real(fd, length));
}

int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64);
    WHOLE(step_fd("ftruncate", fd, 0, 1), real(fd, length));
}

int fallocate(int fd, int mode, off_t offset, off_t length) {
    REAL(fallocate);
    WHOLE(step_fd("fallocate", fd, 0, 1), real(fd, mode, offset, length));
}

int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
    REAL(fallocate64);
    WHOLE(step_fd("fallocate", fd, 0, 1), real(fd, mode, offset, length));
}

/* These two answer with the error itself. */
int posix_fallocate(int fd, off_t offset, off_t length) {
    REAL(posix_fallocate);
    enum fault act = step_fd("posix_fallocate", fd, 0, 1);
    if (act == FAIL) return errno;
    if (act == HALF_THEN_KILL) die();
    int result = real(fd, offset, length);
    if (act == KILL_AFTER) die();
    return result;
}

int posix_fallocate64(int fd, off64_t offset, off64_t length) {
    REAL(posix_fallocate64);
    enum fault act = step_fd("posix_fallocate", fd, 0, 1);
    if (act == FAIL) return errno;
    if (act == HALF_THEN_KILL) die();
    int result = real(fd, offset, length);
    if (act == KILL_AFTER) die();
    return result;
}

int rename(const char *from, const char *to) {
    REAL(rename);
    WHOLE(step("rename", to, 0, 0), real(from, to));
}

int renameat(int from_directory, const char *from, int to_directory, const char *to) {
    REAL(renameat);
    WHOLE(step_at("rename", to_directory, to, 0), real(from_directory, from, to_directory, to));
}

int unlink(const char *path) {
    REAL(unlink);
    WHOLE(step("unlink", path, 0, 0), real(path));
}

int unlinkat(int directory, const char *path, int flags) {
    REAL(unlinkat);
    WHOLE(step_at("unlink", directory, path, 0), real(directory, path, flags));
}

int rmdir(const char *path) {
    REAL(rmdir);
    WHOLE(step("rmdir", path, 0, 0), real(path));
}

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    WHOLE(step("mkdir", path, 0, 1), real(path, mode));
}

static void mark(const char *path) {
    if (strncmp(path, "/faults/", 8)) return;
    if (!strcmp(path + 8, "begin")) counting = under != NULL;
    if (!strcmp(path + 8, "end")) counting = 0;
}

/* Opening changes something only where it may make or empty a file. */
#define OPEN(directory, path, flags, call) do { \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list list; \
        va_start(list, flags); \
        mode = va_arg(list, mode_t); \
        va_end(list); \
    } \
    mark(path); \
    enum fault makes = (flags) & (O_CREAT | O_TRUNC) ? step_at("open", directory, path, 1) : PASS; \
    WHOLE(makes, call); } while (0)

int open(const char *path, int flags, ...) {
    REAL(open);
    OPEN(AT_FDCWD, path, flags, real(path, flags, mode));
}

int open64(const char *path, int flags, ...) {
    REAL(open64);
    OPEN(AT_FDCWD, path, flags, real(path, flags, mode));
}

int openat(int directory, const char *path, int flags, ...) {
    REAL(openat);
    OPEN(directory, path, flags, real(directory, path, flags, mode));
}

int openat64(int directory, const char *path, int flags, ...) {
    REAL(openat64);
    OPEN(directory, path, flags, real(directory, path, flags, mode));
}
