#include "chain.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

bool rc_chain_init(struct rc_chain *chain)
{
    /* Fetched once: a lookup for each row would cost more than the hash. */
    chain->digest = EVP_MD_fetch(NULL, "SHA256", NULL);
    chain->context = EVP_MD_CTX_new();
    chain->used = 0;
    return chain->digest != NULL && chain->context != NULL;
}

void rc_chain_fini(struct rc_chain *chain)
{
    EVP_MD_CTX_free(chain->context);
    EVP_MD_free(chain->digest);
    chain->context = chain->digest = NULL;
}

static void drain(struct rc_chain *chain)
{
    int done = EVP_DigestUpdate(chain->context, chain->buffer, chain->used);
    assert(done == 1);
    chain->used = 0;
}

static void put(struct rc_chain *chain, const char *data, size_t length)
{
    while (length > 0) {
        if (chain->used == sizeof chain->buffer)
            drain(chain);
        size_t room = sizeof chain->buffer - chain->used;
        size_t piece = length < room ? length : room;
        memcpy(chain->buffer + chain->used, data, piece);
        chain->used += piece;
        data += piece;
        length -= piece;
    }
}

static void start(struct rc_chain *chain)
{
    int done = EVP_DigestInit_ex2(chain->context, chain->digest, NULL);
    assert(done == 1);
    chain->used = 0;
}

void rc_chain_end(struct rc_chain *chain, uint8_t hash[RC_HASH_BYTES])
{
    drain(chain);
    unsigned length = 0;
    int done = EVP_DigestFinal_ex(chain->context, hash, &length);
    assert(done == 1 && length == RC_HASH_BYTES);
}

void rc_chain_genesis(struct rc_chain *chain, const char *site, uint8_t hash[RC_HASH_BYTES])
{
    static const char prefix[] = "rollcall/1/";
    start(chain);
    put(chain, prefix, sizeof prefix - 1);
    put(chain, site, strlen(site));
    rc_chain_end(chain, hash);
}

void rc_chain_begin(struct rc_chain *chain, const uint8_t previous[RC_HASH_BYTES], const char *log)
{
    start(chain);
    put(chain, (const char *)previous, RC_HASH_BYTES);
    rc_chain_text(chain, log, strlen(log));
}

void rc_chain_null(struct rc_chain *chain)
{
    put(chain, "~,", 2);
}

/* Decimal digits of value, right-aligned in out; returns where they begin. */
static const char *decimal(int64_t value, char out[20], size_t *length)
{
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char *at = out + 20;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        *--at = '-';
    *length = (size_t)(out + 20 - at);
    return at;
}

/* A length with its colon, the bytes and a comma; nearly all find room as they are. */
void rc_chain_text(struct rc_chain *chain, const char *data, size_t length)
{
    char digits[20];
    size_t count;
    const char *first = decimal((int64_t)length, digits, &count);
    if (sizeof chain->buffer - chain->used >= count + length + 2) {
        char *to = chain->buffer + chain->used;
        memcpy(to, first, count);
        to[count] = ':';
        memcpy(to + count + 1, data, length);
        to[count + 1 + length] = ',';
        chain->used += count + length + 2;
        return;
    }
    put(chain, first, count);
    put(chain, ":", 1);
    put(chain, data, length);
    put(chain, ",", 1);
}

void rc_chain_integer(struct rc_chain *chain, int64_t value)
{
    char digits[20]; /* INT64_MIN has a sign and 19 digits */
    size_t count;
    const char *first = decimal(value, digits, &count);
    rc_chain_text(chain, first, count);
}

void rc_hash_hex(const uint8_t hash[RC_HASH_BYTES], char out[RC_HASH_HEX + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < RC_HASH_BYTES; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[RC_HASH_HEX] = '\0';
}

static int nibble(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return -1;
}

bool rc_hash_parse(const char *text, size_t length, uint8_t hash[RC_HASH_BYTES])
{
    uint8_t bytes[RC_HASH_BYTES];
    if (length != RC_HASH_HEX)
        return false;
    for (size_t i = 0; i < RC_HASH_BYTES; i++) {
        int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    memcpy(hash, bytes, sizeof bytes);
    return true;
}
