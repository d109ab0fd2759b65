/* What a node sees of the world outside, changed by a test: the time of day, and the answers to names.
   Preloaded into a node's processes; a folder of plain files says what is changed, and is read each time.

   clock   milliseconds by which the time of day is ahead, as text
   names   "answer NAME ADDRESS" gives NAME this address first, then 127.0.0.1; "silent NAME": no answer comes
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static FILE *told(const char *name) {
    char path[4096];
    const char *folder = getenv("OUTSIDE");
    if (!folder || snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) return NULL;
    return fopen(path, "re");
}

static long long ahead_ms(void) {
    long long found = 0;
    FILE *file = told("clock");
    if (!file) return 0;
    if (fscanf(file, "%lld", &found) != 1) found = 0;
    fclose(file);
    return found;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int code = real(clock, at);
    if (code == 0 && clock == CLOCK_REALTIME) {
        long long ms = at->tv_sec * 1000LL + at->tv_nsec / 1000000 + ahead_ms();
        at->tv_sec = ms / 1000;
        at->tv_nsec = (ms % 1000) * 1000000 + at->tv_nsec % 1000000;
    }
    return code;
}

time_t time(time_t *into) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    if (into) *into = at.tv_sec;
    return at.tv_sec;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec found;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &found);
    at->tv_sec = found.tv_sec;
    at->tv_usec = found.tv_nsec / 1000;
    return 0;
}

/* Give how a name is answered, and the address; 0 when nothing is told of it. */
static int answered(const char *node, char *how, char *address) {
    char name[256], row[600];
    FILE *file = told("names");
    int is_told = 0;
    while (file && !is_told && fgets(row, sizeof row, file)) {
        address[0] = 0;
        is_told = sscanf(row, "%15s %255s %255s", how, name, address) >= 2 && !strcmp(name, node);
    }
    if (file) fclose(file);
    return is_told;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    char how[16], address[256];
    struct addrinfo *last;
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!node || (hints && hints->ai_flags & AI_NUMERICHOST)) return real(node, service, hints, found);
    while (answered(node, how, address) && !strcmp(how, "silent")) usleep(50000);
    if (!answered(node, how, address)) return real(node, service, hints, found);
    int code = real(address, service, hints, found);
    if (code) return code;
    for (last = *found; last->ai_next; last = last->ai_next) {}
    return real("127.0.0.1", service, hints, &last->ai_next);
}
