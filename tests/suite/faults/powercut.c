/* What a process does to the files of one folder, written down in order: from it `medium.rs` makes what a power cut may
 * leave. It changes when the program writes by another call.
 *
 *   LD_PRELOAD=powercut.so POWERCUT_ROOT=<folder> POWERCUT_TRACE=<file>
 *
 * A record: op, two numbers of 8 bytes, two lengths of 4 bytes (all of this machine's order), then the two texts.
 * sync_file_range is let through and not written down: it promises nothing (sync_file_range(2)).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define INODES_MAX 65536

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static dev_t device;
static int trace = -1;
static ino_t inodes[INODES_MAX];
static size_t inodes_used;

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("POWERCUT_ROOT"), *file = getenv("POWERCUT_TRACE");
    struct stat st;
    if (!folder || !file || stat(folder, &st) != 0) return;
    snprintf(root, sizeof root, "%s", folder);
    root_length = strlen(root);
    device = st.st_dev;
    inodes[inodes_used++] = st.st_ino;
    trace = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void die(const char *why) {
    dprintf(2, "powercut: %s\n", why);
    _exit(99);
}

static void put(char op, uint64_t a, uint64_t b, const void *one, size_t one_length, const void *two, size_t two_length) {
    char head[25];
    uint32_t lengths[2] = {(uint32_t)one_length, (uint32_t)two_length};
    head[0] = op;
    memcpy(head + 1, &a, 8);
    memcpy(head + 9, &b, 8);
    memcpy(head + 17, lengths, 8);
    struct iovec parts[3] = {{head, sizeof head}, {(void *)one, one_length}, {(void *)two, two_length}};
    if (syscall(SYS_writev, trace, parts, 3) != (long)(sizeof head + one_length + two_length)) die("the trace is not whole");
}

static int is_on(void) { return trace >= 0; }

/* The path below the root, or NULL. */
static const char *inside(const char *path) {
    if (!is_on() || !path || strncmp(path, root, root_length) != 0) return NULL;
    if (path[root_length] == 0) return path + root_length;
    return path[root_length] == '/' ? path + root_length + 1 : NULL;
}

static int known(ino_t inode) {
    for (size_t n = inodes_used; n-- > 0;)
        if (inodes[n] == inode) return 1;
    return 0;
}

static void learn(ino_t inode) {
    if (known(inode)) return;
    if (inodes_used == INODES_MAX) die("too many files");
    inodes[inodes_used++] = inode;
}

static void forget_path(const char *path) {
    struct stat st;
    if (lstat(path, &st) != 0 || st.st_nlink > 1) return;
    for (size_t n = 0; n < inodes_used; n++)
        if (inodes[n] == st.st_ino) inodes[n] = inodes[--inodes_used];
}

/* The inode of a descriptor of ours, or 0. */
static ino_t ours(int fd) {
    struct stat st;
    if (!is_on() || fd == trace || fstat(fd, &st) != 0 || st.st_dev != device) return 0;
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) return 0;
    return known(st.st_ino) ? st.st_ino : 0;
}

static int opened(int (*go)(int, const char *, int, mode_t), int at, const char *path, int flags, mode_t mode) {
    const char *name = inside(path);
    if (!name) return go(at, path, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat st;
    int was_there = lstat(path, &st) == 0;
    int fd = go(at, path, flags, mode), error = errno;
    if (fd >= 0 && fstat(fd, &st) == 0) {
        if (flags & O_CREAT && !was_there) put('C', st.st_ino, 0, name, strlen(name), NULL, 0);
        learn(st.st_ino);
        if (flags & O_TRUNC && was_there) put('T', st.st_ino, 0, NULL, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

static int go_open(int at, const char *path, int flags, mode_t mode) { (void)at; REAL(open); return real(path, flags, mode); }
static int go_open64(int at, const char *path, int flags, mode_t mode) { (void)at; REAL(open64); return real(path, flags, mode); }
static int go_openat(int at, const char *path, int flags, mode_t mode) { REAL(openat); return real(at, path, flags, mode); }
static int go_openat64(int at, const char *path, int flags, mode_t mode) { REAL(openat64); return real(at, path, flags, mode); }
#define MODE mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }
int open(const char *path, int flags, ...) { MODE return opened(go_open, 0, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return opened(go_open64, 0, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE return opened(go_openat, at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE return opened(go_openat64, at, path, flags, mode); }

/* Where a plain write went, seen after it: right with and without O_APPEND. */
static void wrote(int fd, const struct iovec *parts, int count, ssize_t written, off_t at) {
    ino_t inode = ours(fd);
    if (!inode || written <= 0) return;
    uint64_t offset = (uint64_t)(at >= 0 ? at : lseek(fd, 0, SEEK_CUR) - written);
    for (int n = 0; n < count && written > 0; n++) {
        size_t part = parts[n].iov_len < (size_t)written ? parts[n].iov_len : (size_t)written;
        put('W', inode, offset, parts[n].iov_base, part, NULL, 0);
        offset += part;
        written -= (ssize_t)part;
    }
}

#define WRITING(call, parts, count, at)                     \
    if (!is_on()) return call;                              \
    pthread_mutex_lock(&lock);                              \
    ssize_t written = call;                                 \
    int error = errno;                                      \
    wrote(fd, parts, count, written, at);                   \
    pthread_mutex_unlock(&lock);                            \
    errno = error;                                          \
    return written;

ssize_t write(int fd, const void *bytes, size_t length) {
    REAL(write);
    struct stat st;
    /* A socket or a pipe may keep a writer waiting: not with the lock in hand. */
    if (!is_on() || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return real(fd, bytes, length);
    struct iovec part = {(void *)bytes, length};
    WRITING(real(fd, bytes, length), &part, 1, -1)
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    struct stat st;
    if (!is_on() || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return real(fd, parts, count);
    WRITING(real(fd, parts, count), parts, count, -1)
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    REAL(pwrite);
    struct iovec part = {(void *)bytes, length};
    WRITING(real(fd, bytes, length, at), &part, 1, at)
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    REAL(pwrite64);
    struct iovec part = {(void *)bytes, length};
    WRITING(real(fd, bytes, length, at), &part, 1, at)
}

#define CHANGING(call, record)                              \
    if (!is_on()) return call;                              \
    pthread_mutex_lock(&lock);                              \
    int result = call, error = errno;                       \
    if (result == 0) { record; }                            \
    pthread_mutex_unlock(&lock);                            \
    errno = error;                                          \
    return result;
#define SYNC(fd) ino_t inode = ours(fd); if (inode) put('S', inode, 0, NULL, 0, NULL, 0)
#define CUT(fd, length) ino_t inode = ours(fd); if (inode) put('T', inode, (uint64_t)length, NULL, 0, NULL, 0)

int fsync(int fd) { REAL(fsync); CHANGING(real(fd), SYNC(fd)) }
int fdatasync(int fd) { REAL(fdatasync); CHANGING(real(fd), SYNC(fd)) }
int ftruncate(int fd, off_t length) { REAL(ftruncate); CHANGING(real(fd, length), CUT(fd, length)) }
int ftruncate64(int fd, off64_t length) { REAL(ftruncate64); CHANGING(real(fd, length), CUT(fd, length)) }

int rename(const char *from, const char *to) {
    REAL(rename);
    const char *a = inside(from), *b = inside(to);
    if (!a || !b) return real(from, to);
    pthread_mutex_lock(&lock);
    forget_path(to); /* its number may be given to another file */
    int result = real(from, to), error = errno;
    if (result == 0) put('R', 0, 0, a, strlen(a), b, strlen(b));
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

static int removed(int (*go)(int, const char *, int), int at, const char *path, int flags) {
    const char *name = inside(path);
    if (!name) return go(at, path, flags);
    pthread_mutex_lock(&lock);
    forget_path(path);
    int result = go(at, path, flags), error = errno;
    if (result == 0) put('U', 0, 0, name, strlen(name), NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}
static int go_unlink(int at, const char *path, int flags) { (void)at; (void)flags; REAL(unlink); return real(path); }
static int go_rmdir(int at, const char *path, int flags) { (void)at; (void)flags; REAL(rmdir); return real(path); }
int unlink(const char *path) { return removed(go_unlink, 0, path, 0); }
int rmdir(const char *path) { return removed(go_rmdir, 0, path, 0); }

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    const char *name = inside(path);
    if (!name) return real(path, mode);
    pthread_mutex_lock(&lock);
    int result = real(path, mode), error = errno;
    struct stat st;
    if (result == 0 && lstat(path, &st) == 0) {
        put('M', st.st_ino, 0, name, strlen(name), NULL, 0);
        learn(st.st_ino);
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

/* The program does not use these on its data; if it comes to, the trace would not be whole, and must say so. */
int linkat(int a, const char *from, int b, const char *to, int flags) {
    REAL(linkat);
    if (inside(from) || inside(to)) die("linkat");
    return real(a, from, b, to, flags);
}
