// Preloaded into the stand-in's sftp-server: opening a file that a line "busy PATH REASON" of the state names fails as it
// does on VMFS while a running VM holds the file.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int reason_not_to_open(const char* path) {
  char real[PATH_MAX];
  if (realpath(path, real) == NULL) return 0;
  FILE* state = fopen("/standin/state", "r");
  if (state == NULL) return 0;
  char line[2 * PATH_MAX];
  int reason = 0;
  while (reason == 0 && fgets(line, sizeof line, state) != NULL) {
    char* name = strncmp(line, "busy\t", 5) == 0 ? line + 5 : NULL;
    char* end = name != NULL ? strchr(name, '\t') : NULL;
    if (end == NULL) continue;
    *end = 0;
    if (strcmp(name, real) == 0) reason = strstr(end + 1, "Invalid") != NULL ? EINVAL : EBUSY;
  }
  fclose(state);
  return reason;
}

static int open_with(const char* symbol, const char* path, int flags, mode_t mode) {
  int (*original)(const char*, int, ...) = (int (*)(const char*, int, ...))dlsym(RTLD_NEXT, symbol);
  const int reason = reason_not_to_open(path);
  if (reason != 0) {
    errno = reason;
    return -1;
  }
  return original(path, flags, mode);
}

#define WRAP(name)                                                    \
  int name(const char* path, int flags, ...) {                        \
    va_list more;                                                     \
    va_start(more, flags);                                            \
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0; \
    va_end(more);                                                     \
    return open_with(#name, path, flags, mode);                       \
  }

WRAP(open)
WRAP(open64)
