/* Makes the account database a server that does not answer: preloaded (LD_PRELOAD) into a process under test.
 *
 * Looking a user up hangs for good while the file that NAMES_HANG names is there. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

int getpwuid_r(uid_t uid, struct passwd *found, char *room, size_t size, struct passwd **result) {
    int (*real)(uid_t, struct passwd *, char *, size_t, struct passwd **) = dlsym(RTLD_NEXT, "getpwuid_r");
    const char *hang = getenv("NAMES_HANG");
    while (hang && access(hang, F_OK) == 0) pause();
    return real(uid, found, room, size, result);
}
