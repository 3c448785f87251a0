/*
 * paho_write.c: keeps Paho 1.3.12 from sending memory that it has freed. Where the write of a QoS 1 PUBLISH
 * fails, since the broker has just gone, Paho frees topic and payload with the command, but keeps pointers to
 * both in its list of what the broker has yet to acknowledge. At the next connect it sends them again:
 * whatever lies there by then. The broker refuses most of it as malformed, and so at each connect from then
 * on.
 *
 * So a failed write is reported as written, as the kernel reports bytes that then never leave: Paho keeps the
 * message whole, its reading thread finds the dead socket and says that the connection is lost, and all goes
 * its usual way.
 *
 * Linked in by the linker's --wrap, which needs Paho's static archive (CMakeLists.txt). Paho's thread.
 */

/* From Paho's Socket.h. */
#define TCPSOCKET_COMPLETE 0
#define SOCKET_ERROR       (-1)

int __real_MQTTProtocol_startPublish(void *client, void *publish, int qos, int retained, void **message);
int __wrap_MQTTProtocol_startPublish(void *client, void *publish, int qos, int retained, void **message);

int __wrap_MQTTProtocol_startPublish(void *client, void *publish, int qos, int retained, void **message)
{
    int rc = __real_MQTTProtocol_startPublish(client, publish, qos, retained, message);
    return qos > 0 && rc == SOCKET_ERROR ? TCPSOCKET_COMPLETE : rc;
}
