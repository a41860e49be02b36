/* A disk that fails, and one that says what it was told: laid between a program and the system by `LD_PRELOAD`.
 *
 * Of all calls that change something below DISK_ROOT, the DISK_AT-th of the kinds in DISK_KINDS fails with the error
 * DISK_ERROR, and with DISK_EVER set each of these kinds after it too. Of a write that fails the first half is written.
 * With DISK_ROOM only so many bytes can be added before the disk is full; what is removed makes room.
 * What was done is written to DISK_TRACE, in the order in which it was done, and so is what the program says.
 *
 *   c  a file is made       g  a write that makes a file longer, any of which is also a `w`
 *   m  a folder is made     s  a file or a folder is brought to the disk
 *   n  something is named anew    t  a file gets another length    u  a file or a folder is removed
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static const char *root, *kinds;
static size_t root_length;
static long at, calls, room;
static int failure, for_ever, has_room, trace = -1;

#define NEXT(type, name, ...) \
    static type (*next)(__VA_ARGS__); \
    if (!next) next = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

static ssize_t write_through(int fd, const void *bytes, size_t length) {
    NEXT(ssize_t, write, int, const void *, size_t);
    return next(fd, bytes, length);
}

static void put(const void *bytes, size_t length) {
    if (trace >= 0 && write_through(trace, bytes, length) != (ssize_t)length) abort();
}

static void tell(const char *form, ...) {
    char line[2 * PATH_MAX + 64];
    va_list values;
    va_start(values, form);
    int length = vsnprintf(line, sizeof line, form, values);
    va_end(values);
    put(line, length);
}

static unsigned long inode(const char *path) {
    struct stat is;
    return lstat(path, &is) == 0 ? is.st_ino : 0;
}

__attribute__((constructor)) static void begin(void) {
    root = getenv("DISK_ROOT");
    if (!root) return;
    root_length = strlen(root);
    kinds = getenv("DISK_KINDS");
    at = getenv("DISK_AT") ? atol(getenv("DISK_AT")) : 0;
    failure = getenv("DISK_ERROR") ? atoi(getenv("DISK_ERROR")) : EIO;
    for_ever = getenv("DISK_EVER") != NULL;
    has_room = getenv("DISK_ROOM") != NULL;
    room = has_room ? atol(getenv("DISK_ROOM")) : 0;
    const char *path = getenv("DISK_TRACE");
    if (!path) return;
    trace = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    tell("h\t%lu\n", inode(root));
}

/* What the path is below the root; nothing if it is not. */
static const char *below(const char *path) {
    if (!root || strncmp(path, root, root_length) != 0 || path[root_length] != '/') return NULL;
    return path + root_length + 1;
}

/* The same of an open file; `is` says what it is like. */
static const char *open_below(int fd, char *path, struct stat *is) {
    char link[32];
    if (!root || fd == trace) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0 || fstat(fd, is) != 0) return NULL;
    path[length] = 0;
    return strcmp(path, root) == 0 ? "" : below(path);
}

/* Whether this call fails, which is of any of these kinds. */
static int fails(const char *of) {
    if (!at || !kinds || !strpbrk(kinds, of)) return 0;
    calls++;
    if (calls != at && !(for_ever && calls > at)) return 0;
    errno = failure;
    return 1;
}

/* Whether so many bytes have no room. */
static int overflows(long bytes) {
    if (!has_room || bytes <= 0) return 0;
    if (bytes > room) {
        errno = ENOSPC;
        return 1;
    }
    room -= bytes;
    return 0;
}

static int make(int folder, const char *path, int flags, mode_t mode) {
    NEXT(int, openat64, int, const char *, int, ...);
    const char *name = folder == AT_FDCWD && (flags & O_CREAT) ? below(path) : NULL;
    if (!name || inode(path)) return next(folder, path, flags, mode);
    pthread_mutex_lock(&turn);
    int fd = fails("c") || overflows(1) ? -1 : next(folder, path, flags, mode);
    if (fd >= 0) tell("c\t%lu\t%s\n", inode(path), name);
    pthread_mutex_unlock(&turn);
    return fd;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0; \
        va_end(more); \
        return make(AT_FDCWD, path, flags, mode); \
    }
#define OPEN_AT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0; \
        va_end(more); \
        return make(folder, path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)

/* Writes there, or where the file stands with a place of -1. */
static ssize_t write_at(int fd, const void *bytes, size_t length, off_t place) {
    NEXT(ssize_t, pwrite64, int, const void *, size_t, off_t);
    char path[PATH_MAX];
    struct stat is;
    int is_said = fd == 1 && trace >= 0;
    if (!is_said && !open_below(fd, path, &is))
        return place < 0 ? write_through(fd, bytes, length) : next(fd, bytes, length, place);
    pthread_mutex_lock(&turn);
    ssize_t written;
    if (is_said) {
        written = write_through(fd, bytes, length);
        tell("o\t%zu\n", length);
        put(bytes, length);
    } else {
        off_t from = place < 0 ? lseek(fd, 0, SEEK_CUR) : place;
        off_t grows = from + (off_t)length - is.st_size;
        size_t whole = length;
        int fell = fails(grows > 0 ? "gw" : "w"), why = errno;
        if (fell) {
            whole = length / 2;
        } else if (overflows(grows)) {
            /* What fits is written. */
            fell = 1, why = ENOSPC;
            whole = room < (long)length && grows - room < (off_t)length ? length - (grows - room) : 0;
            if (grows > room && whole > 0) room = 0;
        }
        written = place < 0 ? write_through(fd, bytes, whole) : next(fd, bytes, whole, place);
        if (written > 0) {
            tell("w\t%lu\t%ld\t%zd\n", (unsigned long)is.st_ino, (long)from, written);
            put(bytes, written);
        }
        if (fell) {
            written = -1;
            errno = why;
        }
    }
    pthread_mutex_unlock(&turn);
    return written;
}

ssize_t write(int fd, const void *bytes, size_t length) { return write_at(fd, bytes, length, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t place) { return write_at(fd, bytes, length, place); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t place) { return write_at(fd, bytes, length, place); }

ssize_t writev(int fd, const struct iovec *pieces, int count) {
    NEXT(ssize_t, writev, int, const struct iovec *, int);
    char path[PATH_MAX];
    struct stat is;
    if (!open_below(fd, path, &is) || count < 1) return next(fd, pieces, count);
    /* Whoever writes several pieces goes on with those that were not written. */
    return write_at(fd, pieces[0].iov_base, pieces[0].iov_len, -1);
}

/* Copies within the system would not be seen: whoever is refused these reads and writes. */
ssize_t copy_file_range(int from, off_t *a, int to, off_t *b, size_t length, unsigned flags) {
    (void)from, (void)a, (void)to, (void)b, (void)length, (void)flags;
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile(int to, int from, off_t *place, size_t length) {
    (void)to, (void)from, (void)place, (void)length;
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile64(int to, int from, off_t *place, size_t length) { return sendfile(to, from, place, length); }

static int sync_with(int (*next)(int), int fd) {
    char path[PATH_MAX];
    struct stat is;
    if (!open_below(fd, path, &is)) return next(fd);
    pthread_mutex_lock(&turn);
    /* The test looks at what was brought to the disk, and at nothing that lies there. */
    int done = fails("s") ? -1 : 0;
    tell("%c\t%lu\n", done == 0 ? 's' : 'x', (unsigned long)is.st_ino);
    pthread_mutex_unlock(&turn);
    return done;
}

int fsync(int fd) {
    NEXT(int, fsync, int);
    return sync_with(next, fd);
}
int fdatasync(int fd) {
    NEXT(int, fdatasync, int);
    return sync_with(next, fd);
}

int ftruncate64(int fd, off_t length) {
    NEXT(int, ftruncate64, int, off_t);
    char path[PATH_MAX];
    struct stat is;
    if (!open_below(fd, path, &is)) return next(fd, length);
    pthread_mutex_lock(&turn);
    off_t grows = length - is.st_size;
    int done = fails(grows > 0 ? "gt" : "t") || overflows(grows) ? -1 : next(fd, length);
    if (done == 0) {
        if (grows < 0) room -= grows;
        tell("t\t%lu\t%ld\n", (unsigned long)is.st_ino, (long)length);
    }
    pthread_mutex_unlock(&turn);
    return done;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int rename(const char *from, const char *to) {
    NEXT(int, rename, const char *, const char *);
    const char *old = below(from), *new = below(to);
    if (!old || !new) return next(from, to);
    pthread_mutex_lock(&turn);
    int done = fails("n") ? -1 : next(from, to);
    if (done == 0) tell("n\t%s\t%s\n", old, new);
    pthread_mutex_unlock(&turn);
    return done;
}

int mkdir(const char *path, mode_t mode) {
    NEXT(int, mkdir, const char *, mode_t);
    const char *name = below(path);
    if (!name || inode(path)) return next(path, mode);
    pthread_mutex_lock(&turn);
    int done = fails("m") || overflows(1) ? -1 : next(path, mode);
    if (done == 0) tell("m\t%lu\t%s\n", inode(path), name);
    pthread_mutex_unlock(&turn);
    return done;
}

int unlinkat(int folder, const char *path, int flags) {
    NEXT(int, unlinkat, int, const char *, int);
    char whole[2 * PATH_MAX];
    struct stat is;
    if (folder == AT_FDCWD) {
        snprintf(whole, sizeof whole, "%s", path);
    } else {
        char outer[PATH_MAX];
        if (!open_below(folder, outer, &is)) return next(folder, path, flags);
        snprintf(whole, sizeof whole, "%s/%s", outer, path);
    }
    const char *name = below(whole);
    if (!name || lstat(whole, &is) != 0) return next(folder, path, flags);
    pthread_mutex_lock(&turn);
    int done = fails("u") ? -1 : next(folder, path, flags);
    if (done == 0) {
        room += S_ISDIR(is.st_mode) ? 1 : is.st_size + 1;
        tell("u\t%s\n", name);
    }
    pthread_mutex_unlock(&turn);
    return done;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
