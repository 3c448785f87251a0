#include "wire_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The broker sends nothing longer than a packet of 64 KiB; several of those may come at once. */
#define INPUT_BYTES  (256 * 1024)
#define OUTPUT_BYTES 4096

/* A broker on this machine answers in milliseconds; after this it is broken. */
#define PATIENCE_MS 10000

enum packet { CONNECT = 1, CONNACK = 2, PUBLISH = 3, PUBACK = 4, SUBSCRIBE = 8, SUBACK = 9, DISCONNECT = 14 };

struct wire_client {
    int fd;
    wire_message_fn *on_message;
    void *context;
    uint16_t packet_id;
    unsigned seen; /* set of the packet types that have come; for those that wait */
    size_t input_length;
    uint8_t input[INPUT_BYTES];
};

/* A packet that is being written; its fixed header goes in front at the end. */
struct output {
    size_t length;
    uint8_t bytes[OUTPUT_BYTES];
};

void wire_client_give_up(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

/* ---- writing ---- */

static void put(struct output *output, const void *bytes, size_t length)
{
    if (length > OUTPUT_BYTES - output->length) {
        wire_client_give_up("a packet of more than %d bytes", OUTPUT_BYTES);
    }
    memcpy(output->bytes + output->length, bytes, length);
    output->length += length;
}

static void put_u8(struct output *output, unsigned value)
{
    put(output, &(uint8_t){(uint8_t)value}, 1);
}

static void put_u16(struct output *output, unsigned value)
{
    put_u8(output, value >> 8);
    put_u8(output, value & 0xff);
}

static void put_text(struct output *output, const char *text)
{
    put_u16(output, (unsigned)strlen(text));
    put(output, text, strlen(text));
}

static void send_packet(struct wire_client *client, unsigned first_byte, const struct output *body)
{
    uint8_t packet[OUTPUT_BYTES + 5];
    size_t header = 0;
    size_t left = body->length;
    packet[header++] = (uint8_t)first_byte;
    do {
        packet[header++] = (uint8_t)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
        left >>= 7;
    } while (left > 0);
    memcpy(packet + header, body->bytes, body->length);
    size_t length = header + body->length;
    ssize_t written = send(client->fd, packet, length, MSG_NOSIGNAL);
    if (written != (ssize_t)length) {
        wire_client_give_up("the broker does not take what we send: %s",
                            written < 0 ? strerror(errno) : "too slow");
    }
}

/* ---- reading ---- */

static size_t read_varint(const uint8_t *at, const uint8_t *end, size_t *value)
{
    *value = 0;
    for (size_t i = 0; i < 4 && at + i < end; i++) {
        *value |= (size_t)(at[i] & 0x7f) << (7 * i);
        if ((at[i] & 0x80) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static void take_publish(struct wire_client *client, unsigned flags, const uint8_t *at, const uint8_t *end)
{
    struct wire_message message = {.topic_length = (size_t)at[0] << 8 | at[1], .topic = (const char *)at + 2};
    at += 2 + message.topic_length;
    if ((flags >> 1 & 3) > 0) {
        struct output ack = {0};
        put(&ack, at, 2);
        send_packet(client, PUBACK << 4, &ack);
        at += 2;
    }
    size_t properties = 0;
    at += read_varint(at, end, &properties);
    at += properties;
    if (at > end) {
        wire_client_give_up("a broken PUBLISH from the broker");
    }
    message.payload = (const char *)at;
    message.payload_length = (size_t)(end - at);
    client->on_message(client->context, &message);
}

/* take_packets handles the complete packets in the input and keeps the rest. */
static void take_packets(struct wire_client *client)
{
    const uint8_t *at = client->input;
    const uint8_t *end = client->input + client->input_length;
    for (;;) {
        size_t length = 0;
        size_t header = at < end ? read_varint(at + 1, end, &length) : 0;
        if (header == 0 || (size_t)(end - at) < 1 + header + length) {
            break;
        }
        const uint8_t *body = at + 1 + header;
        unsigned type = at[0] >> 4;
        client->seen |= 1u << type;
        if (type == PUBLISH) {
            take_publish(client, at[0] & 0xf, body, body + length);
        } else if ((type == CONNACK && body[1] >= 0x80) || (type == SUBACK && body[length - 1] >= 0x80)) {
            wire_client_give_up("the broker refuses (packet %u)", type);
        } else if (type == DISCONNECT) {
            wire_client_give_up("the broker sends us away");
        }
        at = body + length;
    }
    client->input_length = (size_t)(end - at);
    memmove(client->input, at, client->input_length);
}

void wire_client_read(struct wire_client *client)
{
    ssize_t count = recv(client->fd, client->input + client->input_length, INPUT_BYTES - client->input_length,
                         MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (count <= 0) {
        wire_client_give_up("the connection to the broker broke");
    }
    client->input_length += (size_t)count;
    take_packets(client);
}

static void await(struct wire_client *client, enum packet type)
{
    client->seen = 0;
    while ((client->seen & 1u << type) == 0) {
        struct pollfd ready = {.fd = client->fd, .events = POLLIN};
        if (poll(&ready, 1, PATIENCE_MS) != 1) {
            wire_client_give_up("the broker does not answer");
        }
        wire_client_read(client);
    }
}

/* ---- the connection ---- */

struct wire_client *wire_client_open(int port, const char *client_id, wire_message_fn *on_message,
                                     void *context)
{
    struct wire_client *client = calloc(1, sizeof *client);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (client == NULL) {
        wire_client_give_up("no memory");
    }
    client->on_message = on_message;
    client->context = context;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        wire_client_give_up("no broker on port %d: %s", port, strerror(errno));
    }
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct output connect_packet = {0};
    put_text(&connect_packet, "MQTT");
    put_u8(&connect_packet, 5);
    put_u8(&connect_packet, 2);  /* clean start */
    put_u16(&connect_packet, 0); /* no keepalive: a bench does not fall asleep */
    put_u8(&connect_packet, 0);
    put_text(&connect_packet, client_id);
    send_packet(client, CONNECT << 4, &connect_packet);
    await(client, CONNACK);
    return client;
}

void wire_client_subscribe(struct wire_client *client, const char *filter, int qos)
{
    struct output subscribe = {0};
    put_u16(&subscribe, ++client->packet_id);
    put_u8(&subscribe, 0);
    put_text(&subscribe, filter);
    put_u8(&subscribe, (unsigned)qos);
    send_packet(client, SUBSCRIBE << 4 | 2, &subscribe);
    await(client, SUBACK);
}

void wire_client_publish(struct wire_client *client, const char *topic, const char *payload, size_t length)
{
    static const uint8_t seven_days[] = {5, 0x02, 0x00, 0x09, 0x3a, 0x80};
    struct output publish = {0};
    client->packet_id = client->packet_id == UINT16_MAX ? 1 : (uint16_t)(client->packet_id + 1);
    put_text(&publish, topic);
    put_u16(&publish, client->packet_id);
    put(&publish, seven_days, sizeof seven_days);
    put(&publish, payload, length);
    send_packet(client, PUBLISH << 4 | 1 << 1, &publish);
}

void wire_client_beat(struct wire_client *client, const char *topic)
{
    struct output publish = {0};
    put_text(&publish, topic);
    put_u8(&publish, 0);
    send_packet(client, PUBLISH << 4, &publish);
}

int wire_client_fd(const struct wire_client *client)
{
    return client->fd;
}

void wire_client_close(struct wire_client *client)
{
    struct output nothing = {0};
    send_packet(client, DISCONNECT << 4, &nothing);
    close(client->fd);
    free(client);
}
