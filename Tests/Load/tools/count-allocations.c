// Counts how often a process asks for memory, into a file that others read while it runs:
//   cc -O2 -shared -fPIC -o count-allocations.so count-allocations.c
//   ALLOCATIONS=/tmp/count LD_PRELOAD=./count-allocations.so PROGRAM …
//   od -An -t u8 /tmp/count        # calls, bytes
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static uint64_t before_start[2];
static uint64_t *counts = before_start;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("ALLOCATIONS");
    int file = path ? open(path, O_RDWR | O_CREAT | O_TRUNC, 0644) : -1;
    if (file < 0 || ftruncate(file, sizeof before_start) != 0) return;
    void *shared = mmap(NULL, sizeof before_start, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED) counts = shared;
}

static void count(size_t bytes) {
    __atomic_fetch_add(&counts[0], 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&counts[1], bytes, __ATOMIC_RELAXED);
}

void *malloc(size_t size) { count(size); return __libc_malloc(size); }
void *calloc(size_t number, size_t size) { count(number * size); return __libc_calloc(number, size); }
void *realloc(void *old, size_t size) { count(size); return __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { count(size); return __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { count(size); return __libc_memalign(alignment, size); }
int posix_memalign(void **place, size_t alignment, size_t size) {
    count(size);
    *place = __libc_memalign(alignment, size);
    return *place ? 0 : ENOMEM;
}
