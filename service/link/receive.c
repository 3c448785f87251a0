/*
 * receive.c: a message from Paho into the inbox: its properties read, its sender verified. Runs on Paho's
 * thread under Paho's lock, some hundred thousand times a second, so it neither allocates nor blocks but in
 * rc_inbox_put.
 */
#include "link/client.h"

#include <openssl/crypto.h>
#include <string.h>
#include <time.h>

#define MAC_HEX 64

/* The broker's word on the sender: the four rc- properties, and whether any came twice; and whether a
 * subscription with an identifier matched. */
struct claim {
    struct rc_text login, role, at, mac;
    unsigned logins, roles, ats, macs;
    bool identified;
};

static int64_t clock_ms(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static struct rc_text text_of(const MQTTLenString *from)
{
    return (struct rc_text){.data = from->data, .length = from->len > 0 ? (size_t)from->len : 0};
}

static bool is(const MQTTLenString *name, const char *literal)
{
    size_t length = strlen(literal);
    return name->len == (int)length && memcmp(name->data, literal, length) == 0;
}

static void read_user_property(const MQTTProperty *property, struct claim *claim)
{
    const MQTTLenString *name = &property->value.data;
    struct rc_text value = text_of(&property->value.value);
    if (name->len < 5 || memcmp(name->data, "rc-", 3) != 0)
        return;
    if (is(name, "rc-login")) {
        claim->login = value;
        claim->logins++;
    } else if (is(name, "rc-role")) {
        claim->role = value;
        claim->roles++;
    } else if (is(name, "rc-at")) {
        claim->at = value;
        claim->ats++;
    } else if (is(name, "rc-mac")) {
        claim->mac = value;
        claim->macs++;
    }
}

static void read_properties(const MQTTProperties *properties, struct rc_inbound *out, struct claim *claim)
{
    for (int i = 0; i < properties->count; i++) {
        const MQTTProperty *property = &properties->array[i];
        switch (property->identifier) {
        case MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL:
            out->expiry_s = property->value.integer4;
            break;
        case MQTTPROPERTY_CODE_RESPONSE_TOPIC:
            out->response_topic = text_of(&property->value.data);
            break;
        case MQTTPROPERTY_CODE_CORRELATION_DATA:
            out->correlation = text_of(&property->value.data);
            break;
        case MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER:
            claim->identified = true;
            break;
        case MQTTPROPERTY_CODE_USER_PROPERTY:
            read_user_property(property, claim);
            break;
        default:
            break;
        }
    }
}

static bool is_name(struct rc_text text, size_t length_max)
{
    if (text.length == 0 || text.length > length_max)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
              c == '-'))
            return false;
    }
    return true;
}

/* Milliseconds since 1970 in decimal; RC_NONE: no such thing. 15 digits reach to the year 33,658. */
static int64_t parse_at(struct rc_text text)
{
    int64_t at = 0;
    if (text.length == 0 || text.length > 15)
        return RC_NONE;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return RC_NONE;
        at = at * 10 + (text.data[i] - '0');
    }
    return at;
}

/* What a client could have sent along with the real ones makes it unclear which to believe: each exactly
 * once. None of login, role and at may hold the line feed that parts them under the HMAC. */
static void verify(const struct rc_link *link, const struct claim *claim, struct rc_inbound *out)
{
    char mac[MAC_HEX + 1];
    int64_t at = parse_at(claim->at);
    if (claim->logins != 1 || claim->roles != 1 || claim->ats != 1 || claim->macs != 1 ||
        claim->mac.length != MAC_HEX || at == RC_NONE || !is_name(claim->login, RC_ID_MAX) ||
        !is_name(claim->role, sizeof out->role - 1))
        return;
    rc_link_mac(link->mac_key, link->mac_key_length, claim->login, claim->role, claim->at, out->topic, mac);
    if (CRYPTO_memcmp(mac, claim->mac.data, MAC_HEX) != 0)
        return;
    out->verified = true;
    out->rc_at = at;
    out->login.length = (uint8_t)claim->login.length;
    memcpy(out->login.text, claim->login.data, claim->login.length);
    memcpy(out->role, claim->role.data, claim->role.length);
}

int rc_link_receive(void *context, char *topic, int topic_length, MQTTAsync_message *message)
{
    const struct rc_link *link = context;
    struct claim claim = {0};
    struct rc_inbound in = {
        .kind = RC_INBOUND_MESSAGE,
        .site = link->site,
        .now = clock_ms(CLOCK_BOOTTIME),
        .at = clock_ms(CLOCK_REALTIME),
        .retained = message->retained != 0,
        .duplicate = message->dup != 0,
        .qos = (uint8_t)message->qos,
        .expiry_s = RC_NONE,
        .rc_at = RC_NONE,
        /* Paho says 0 where the topic holds no NUL. */
        .topic = {topic, topic_length > 0 ? (size_t)topic_length : strlen(topic)},
        .payload = {message->payload, (size_t)message->payloadlen},
    };
    read_properties(&message->properties, &in, &claim);
    bool spare = in.qos == 0 && !claim.identified && rc_link_is_spare(link, in.topic);
    if (!spare && claim.macs > 0 && link->mac_key != NULL)
        verify(link, &claim, &in);
    /* Nobody takes any more when the link closes, and to wait for room would be in vain: what was not yet
     * acted on is sent again by who has no receipt for it. Dropped otherwise: counted in the inbox. */
    if (!spare && !atomic_load_explicit(&link->closing, memory_order_relaxed))
        (void)rc_inbox_put(link->inbox, &in);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}
