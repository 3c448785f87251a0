#define _GNU_SOURCE
#include "support/mqtt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKET_MAX  (128 * 1024)
#define WAITING_MAX 64
/* For an answer that must come; here it takes a millisecond. */
#define ANSWER_MS 30000

enum { CONNECT = 1, CONNACK, PUBLISH, PUBACK, SUBSCRIBE = 8, SUBACK, DISCONNECT = 14 };
enum { P_EXPIRY = 2, P_RESPONSE = 8, P_CORRELATION = 9, P_SESSION_EXPIRY = 17, P_USER = 38 };

struct packet {
    uint8_t bytes[PACKET_MAX];
    size_t length, at;
};

struct rc_test_mqtt {
    int fd;
    uint16_t next_id;
    struct packet in, out, properties;
    uint8_t type;                                /* of `in` */
    struct rc_test_message waiting[WAITING_MAX]; /* came while we waited for something else */
    size_t waiting_count;
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "test MQTT client: %s (errno: %s)\n", what, strerror(errno));
    exit(97);
}

/* ---- writing ---- */

static void put_bytes(struct packet *to, const void *bytes, size_t length)
{
    if (to->length + length > PACKET_MAX)
        give_up("packet too long");
    if (length > 0)
        memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

static void put_byte(struct packet *to, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    put_bytes(to, &byte, 1);
}

static void put_16(struct packet *to, unsigned value)
{
    put_byte(to, value >> 8);
    put_byte(to, value & 255);
}

static void put_32(struct packet *to, uint32_t value)
{
    put_16(to, value >> 16);
    put_16(to, value & 65535);
}

static void put_text(struct packet *to, const char *text)
{
    put_16(to, (unsigned)strlen(text));
    put_bytes(to, text, strlen(text));
}

static void put_length(struct packet *to, size_t length)
{
    do {
        put_byte(to, (unsigned)(length % 128) | (length >= 128 ? 128 : 0));
        length /= 128;
    } while (length > 0);
}

static void put_packet(struct packet *to, const struct packet *from)
{
    put_length(to, from->length);
    put_bytes(to, from->bytes, from->length);
}

static void send_packet(struct rc_test_mqtt *client, unsigned type, unsigned flags)
{
    uint8_t head[8];
    struct packet *out = &client->out;
    size_t length = out->length, size = 0;
    head[size++] = (uint8_t)(type << 4 | flags);
    do {
        head[size++] = (uint8_t)(length % 128 | (length >= 128 ? 128 : 0));
        length /= 128;
    } while (length > 0);
    memmove(out->bytes + size, out->bytes, out->length);
    memcpy(out->bytes, head, size);
    out->length += size;
    for (size_t sent = 0; sent < out->length;) {
        ssize_t n = send(client->fd, out->bytes + sent, out->length - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            give_up("cannot send");
        sent += n > 0 ? (size_t)n : 0;
    }
    out->length = 0;
}

/* ---- reading ---- */

static unsigned get_byte(struct packet *from)
{
    if (from->at >= from->length)
        give_up("packet too short");
    return from->bytes[from->at++];
}

static unsigned get_16(struct packet *from)
{
    unsigned high = get_byte(from);
    return high << 8 | get_byte(from);
}

static uint32_t get_32(struct packet *from)
{
    uint32_t high = get_16(from);
    return high << 16 | get_16(from);
}

static size_t get_length(struct packet *from)
{
    size_t length = 0, unit = 1;
    unsigned byte;
    do {
        byte = get_byte(from);
        length += (byte & 127) * unit;
        unit *= 128;
    } while (byte >= 128);
    return length;
}

static size_t get_text(struct packet *from, char *to, size_t size)
{
    size_t length = get_16(from);
    if (from->at + length > from->length || length >= size)
        give_up("bad text in a packet");
    memcpy(to, from->bytes + from->at, length);
    to[length] = '\0';
    from->at += length;
    return length;
}

static void read_exactly(struct rc_test_mqtt *client, uint8_t *to, size_t length)
{
    while (length > 0) {
        ssize_t n = recv(client->fd, to, length, 0);
        if (n == 0 || (n < 0 && errno != EINTR))
            give_up("the broker closed the connection");
        to += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
}

/* Reads one packet into client->in; false: none began in time. */
static bool read_packet(struct rc_test_mqtt *client, int timeout_ms)
{
    struct pollfd wait = {.fd = client->fd, .events = POLLIN};
    if (poll(&wait, 1, timeout_ms) <= 0)
        return false;
    uint8_t byte;
    size_t length = 0, unit = 1;
    read_exactly(client, &client->type, 1);
    do {
        read_exactly(client, &byte, 1);
        length += (byte & 127) * unit;
        unit *= 128;
    } while (byte >= 128);
    if (length > PACKET_MAX)
        give_up("packet too long");
    read_exactly(client, client->in.bytes, length);
    client->in.length = length;
    client->in.at = 0;
    return true;
}

static void read_properties(struct packet *in, struct rc_test_message *to)
{
    char name[512], value[512];
    size_t end = get_length(in) + in->at;
    while (in->at < end) {
        switch (get_byte(in)) {
        case P_EXPIRY:
            to->expiry_s = get_32(in);
            break;
        case P_RESPONSE:
            get_text(in, to->response_topic, sizeof to->response_topic);
            break;
        case P_CORRELATION:
            get_text(in, to->correlation, sizeof to->correlation);
            break;
        case P_USER:
            get_text(in, name, sizeof name);
            get_text(in, value, sizeof value);
            break;
        default:
            in->at = end;
        }
    }
}

static void read_publish(struct rc_test_mqtt *client, struct rc_test_message *to)
{
    struct packet *in = &client->in;
    *to = (struct rc_test_message){
        .qos = client->type >> 1 & 3, .retain = (client->type & 1) != 0, .expiry_s = -1};
    get_text(in, to->topic, sizeof to->topic);
    unsigned id = to->qos > 0 ? get_16(in) : 0;
    read_properties(in, to);
    to->payload_length = in->length - in->at;
    if (to->payload_length >= sizeof to->payload)
        give_up("payload too long");
    memcpy(to->payload, in->bytes + in->at, to->payload_length);
    if (to->qos > 0) {
        put_16(&client->out, id);
        send_packet(client, PUBACK, 0);
    }
}

/* Waits for a packet of this type and keeps the messages that come before it. */
static void await(struct rc_test_mqtt *client, unsigned type)
{
    for (;;) {
        if (!read_packet(client, ANSWER_MS))
            give_up("no answer");
        if (client->type >> 4 == type)
            return;
        if (client->type >> 4 == DISCONNECT)
            give_up("the broker disconnected us");
        if (client->type >> 4 == PUBLISH) {
            if (client->waiting_count == WAITING_MAX)
                give_up("too many messages wait");
            read_publish(client, &client->waiting[client->waiting_count++]);
        }
    }
}

/* ---- what tests call ---- */

static int open_socket(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        give_up("cannot connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

struct rc_test_mqtt *rc_test_mqtt_connect(const struct rc_test_mqtt_options *options)
{
    struct rc_test_mqtt *client = calloc(1, sizeof *client);
    if (client == NULL)
        give_up("no memory");
    client->fd = open_socket(options->port);
    struct packet *out = &client->out;
    put_text(out, "MQTT");
    put_byte(out, 5);
    put_byte(out, (options->keep_session ? 0 : 2) | (options->will_topic != NULL ? 4 | 8 : 0));
    put_16(out, 60);
    if (options->keep_session) {
        put_byte(&client->properties, P_SESSION_EXPIRY);
        put_32(&client->properties, 3600);
    }
    put_packet(out, &client->properties);
    put_text(out, options->client_id);
    if (options->will_topic != NULL) {
        put_byte(out, 0);
        put_text(out, options->will_topic);
        put_text(out, options->will_payload);
    }
    send_packet(client, CONNECT, 0);
    await(client, CONNACK);
    get_byte(&client->in);
    if (get_byte(&client->in) != 0)
        give_up("the broker refused the connection");
    return client;
}

void rc_test_mqtt_close(struct rc_test_mqtt *client, bool politely)
{
    if (client == NULL)
        return;
    if (politely)
        send_packet(client, DISCONNECT, 0);
    close(client->fd);
    free(client);
}

static void put_publish_properties(struct packet *to, const struct rc_test_message *message)
{
    to->length = 0;
    if (message->expiry_s >= 0) {
        put_byte(to, P_EXPIRY);
        put_32(to, (uint32_t)message->expiry_s);
    }
    if (message->response_topic[0] != '\0') {
        put_byte(to, P_RESPONSE);
        put_text(to, message->response_topic);
    }
    if (message->correlation[0] != '\0') {
        put_byte(to, P_CORRELATION);
        put_text(to, message->correlation);
    }
    for (size_t i = 0; message->user[i] != NULL; i += 2) {
        put_byte(to, P_USER);
        put_text(to, message->user[i]);
        put_text(to, message->user[i + 1]);
    }
}

int rc_test_mqtt_publish(struct rc_test_mqtt *client, const struct rc_test_message *message)
{
    struct packet *out = &client->out;
    put_text(out, message->topic);
    if (message->qos > 0) {
        client->next_id = (uint16_t)(client->next_id % 65535 + 1);
        put_16(out, client->next_id);
    }
    put_publish_properties(&client->properties, message);
    put_packet(out, &client->properties);
    put_bytes(out, message->payload, message->payload_length);
    send_packet(client, PUBLISH, (unsigned)message->qos << 1 | (message->retain ? 1u : 0u));
    if (message->qos == 0)
        return 0;
    await(client, PUBACK);
    get_16(&client->in);
    return client->in.at < client->in.length ? (int)get_byte(&client->in) : 0;
}

int rc_test_mqtt_say(struct rc_test_mqtt *client, const char *topic, const char *payload, int qos,
                     bool retain)
{
    struct rc_test_message message = {.qos = qos, .retain = retain, .expiry_s = -1};
    snprintf(message.topic, sizeof message.topic, "%s", topic);
    message.payload_length = (size_t)snprintf(message.payload, sizeof message.payload, "%s", payload);
    return rc_test_mqtt_publish(client, &message);
}

int rc_test_mqtt_subscribe(struct rc_test_mqtt *client, const char *filter, int qos)
{
    struct packet *out = &client->out;
    client->next_id = (uint16_t)(client->next_id % 65535 + 1);
    put_16(out, client->next_id);
    put_byte(out, 0);
    put_text(out, filter);
    put_byte(out, (unsigned)qos);
    send_packet(client, SUBSCRIBE, 2);
    await(client, SUBACK);
    get_16(&client->in);
    size_t skip = get_length(&client->in);
    client->in.at += skip;
    return (int)get_byte(&client->in);
}

bool rc_test_mqtt_receive(struct rc_test_mqtt *client, int timeout_ms, struct rc_test_message *out)
{
    if (client->waiting_count > 0) {
        *out = client->waiting[0];
        client->waiting_count--;
        memmove(client->waiting, client->waiting + 1, client->waiting_count * sizeof *out);
        return true;
    }
    while (read_packet(client, timeout_ms)) {
        if (client->type >> 4 == PUBLISH) {
            read_publish(client, out);
            return true;
        }
    }
    return false;
}
