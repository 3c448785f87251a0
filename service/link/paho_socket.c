/*
 * paho_socket.c: what Paho's calls of socket, recv, poll and close become; CMakeLists.txt renames them in a
 * copy of Paho's static archive, so nobody else's change. Paho 1.3.12 reads a packet in three or four recv,
 * each behind two poll, and has no option for any of this:
 *
 *   socket  without Nagle's delay, which makes a receipt wait 40 ms for a delayed TCP ACK; and with a limit
 * on how long what was sent may stay unacknowledged, so that a broker that vanished is noticed in seconds
 * although Paho's own ping allows it more than two keepalives recv    reads a large piece and deals it out
 *   poll    says that a socket is ready while a piece of its own is left, without asking the kernel
 *   close   forgets the piece
 *
 * TLS reads through OpenSSL and is not buffered here. Any thread of Paho's; one mutex, which nobody waits for
 * long.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Sockets that are buffered at once, one a link. One more is read as Paho reads it: slower, not wrong. */
#define READERS_MAX 256

/* Bytes of a piece: some 400 heartbeats. A larger one gains nothing measurable and is further behind other
 * sockets. */
#define PIECE_BYTES (64u * 1024u)

/* What the broker has not acknowledged for so long, on the level of TCP, ends the connection. */
#define UNACKED_MS 10000

struct reader {
    int fd;
    size_t start, end; /* of what is left of the piece */
    bool writable;     /* as the kernel last said */
    char bytes[PIECE_BYTES];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards both */
static struct reader *readers[READERS_MAX];
static size_t reader_count;

int rc_paho_socket(int domain, int type, int protocol);
ssize_t rc_paho_recv(int fd, void *to, size_t length, int flags);
int rc_paho_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int rc_paho_close(int fd);

/* Under the lock. NULL: not buffered. */
static struct reader *find(int fd)
{
    for (size_t i = 0; i < reader_count; i++) {
        if (readers[i]->fd == fd)
            return readers[i];
    }
    return NULL;
}

int rc_paho_socket(int domain, int type, int protocol)
{
    int fd = socket(domain, type | SOCK_CLOEXEC, protocol);
    struct reader *reader = fd >= 0 ? malloc(sizeof *reader) : NULL;
    if (fd < 0)
        return fd;
    /* Neither can fail for a TCP socket, nor would it matter. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(unsigned){UNACKED_MS}, sizeof(unsigned));
    pthread_mutex_lock(&lock);
    if (reader != NULL && reader_count < READERS_MAX) {
        reader->fd = fd;
        reader->start = reader->end = 0;
        reader->writable = false;
        readers[reader_count++] = reader;
        reader = NULL;
    }
    pthread_mutex_unlock(&lock);
    free(reader);
    return fd;
}

int rc_paho_close(int fd)
{
    pthread_mutex_lock(&lock);
    struct reader *reader = find(fd);
    if (reader != NULL) {
        for (size_t i = 0; i < reader_count; i++) {
            if (readers[i] == reader)
                readers[i] = readers[--reader_count];
        }
    }
    pthread_mutex_unlock(&lock);
    free(reader);
    return close(fd);
}

static size_t deal_out(struct reader *reader, char *to, size_t length)
{
    size_t left = reader->end - reader->start;
    if (length > left)
        length = left;
    memcpy(to, reader->bytes + reader->start, length);
    reader->start += length;
    return length;
}

/* Under the lock, which is held over a recv: Paho's sockets never block. */
static ssize_t read_through(struct reader *reader, char *to, size_t length)
{
    size_t dealt = deal_out(reader, to, length);
    if (dealt == length)
        return (ssize_t)length;
    ssize_t got = recv(reader->fd, reader->bytes, sizeof reader->bytes, 0);
    if (got <= 0) /* the end, or an error: told when what came before it is dealt out */
        return dealt > 0 ? (ssize_t)dealt : got;
    reader->start = 0;
    reader->end = (size_t)got;
    return (ssize_t)(dealt + deal_out(reader, to + dealt, length - dealt));
}

ssize_t rc_paho_recv(int fd, void *to, size_t length, int flags)
{
    pthread_mutex_lock(&lock);
    struct reader *reader = flags == 0 && length > 0 ? find(fd) : NULL;
    ssize_t got = reader != NULL ? read_through(reader, to, length) : recv(fd, to, length, flags);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return got;
}

/* Under the lock. How many are ready without asking: those with a piece left. Paho reads from a socket only
 * while it can be written to as well; whether it can is asked once a piece. */
static int ready_unasked(struct pollfd *fds, nfds_t count)
{
    int ready = 0;
    for (nfds_t i = 0; i < count; i++) {
        const struct reader *reader = find(fds[i].fd);
        fds[i].revents = 0;
        if (reader == NULL || reader->start == reader->end)
            continue;
        fds[i].revents = (short)(fds[i].events & (POLLIN | (reader->writable ? POLLOUT : 0)));
        ready += fds[i].revents != 0;
    }
    return ready;
}

static void remember_writable(const struct pollfd *fds, nfds_t count)
{
    for (nfds_t i = 0; i < count; i++) {
        struct reader *reader = (fds[i].events & POLLOUT) != 0 ? find(fds[i].fd) : NULL;
        if (reader != NULL)
            reader->writable = (fds[i].revents & POLLOUT) != 0;
    }
}

int rc_paho_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    pthread_mutex_lock(&lock);
    int ready = ready_unasked(fds, count);
    pthread_mutex_unlock(&lock);
    if (ready > 0)
        return ready;
    ready = poll(fds, count, timeout_ms);
    int error = errno;
    pthread_mutex_lock(&lock);
    remember_writable(fds, count);
    pthread_mutex_unlock(&lock);
    errno = error;
    return ready;
}
