#include "link/nagle.h"

#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Connected, and neither a UNIX socket nor one that listens. */
static bool is_connected_tcp(int fd)
{
    int type = 0;
    struct sockaddr_storage peer;
    socklen_t type_length = sizeof type;
    socklen_t peer_length = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_length) == 0 && type == SOCK_STREAM &&
           getpeername(fd, (struct sockaddr *)&peer, &peer_length) == 0 &&
           (peer.ss_family == AF_INET || peer.ss_family == AF_INET6);
}

int rc_nagle_off(void)
{
    int count = 0;
    DIR *open_files = opendir("/proc/self/fd");
    if (open_files == NULL) {
        return 0; /* slower, not wrong */
    }
    for (const struct dirent *entry; (entry = readdir(open_files)) != NULL;) {
        int fd = atoi(entry->d_name); /* "." and "..": 0, which is no socket or may as well be quick */
        if (is_connected_tcp(fd) && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) == 0) {
            count++;
        }
    }
    closedir(open_files);
    return count;
}
