/*
 * mac.c: rc-mac, by which the broker's plugin vouches for who sent a message. Pure; any thread.
 */
#include "link/link.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>

#define DIGEST_BYTES 32

static EVP_MAC *hmac;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Looking up an algorithm costs OpenSSL 3 more than the HMAC itself; it is kept for the life of the process.
 */
static void fetch(void)
{
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
}

void rc_link_mac(const uint8_t *key, size_t key_length, struct rc_text login, struct rc_text role,
                 struct rc_text at, struct rc_text topic, char out[65])
{
    static const char hex[] = "0123456789abcdef";
    const struct rc_text parts[] = {login, {"\n", 1}, role, {"\n", 1}, at, {"\n", 1}, topic};
    char digest_name[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
                                     OSSL_PARAM_construct_end()};
    unsigned char digest[DIGEST_BYTES];
    size_t length = 0;
    pthread_once(&once, fetch);
    EVP_MAC_CTX *context = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
    bool made = context != NULL && EVP_MAC_init(context, key, key_length, parameters) == 1;
    for (size_t i = 0; made && i < sizeof parts / sizeof *parts; i++)
        made = EVP_MAC_update(context, (const unsigned char *)parts[i].data, parts[i].length) == 1;
    made = made && EVP_MAC_final(context, digest, &length, sizeof digest) == 1 && length == sizeof digest;
    EVP_MAC_CTX_free(context);
    /* Without memory nothing verifies: no text that a sender could write equals this one. */
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        out[2 * i] = made ? hex[digest[i] >> 4] : '!';
        out[2 * i + 1] = made ? hex[digest[i] & 15] : '!';
    }
    out[64] = '\0';
}
