/*
 * chain.h: the hash chain of a log (docs/durability.md): SHA-256(previous hash, 32 bytes, then the row's
 * canonical text). The canonical text is the log's name and then every column but hash, in the table's order,
 * each as
 * `<length in bytes>:<bytes>,` with integers in decimal, and `~,` for NULL: no two rows have the same text.
 * Private to store; one thread a chain.
 *
 *     punches    hq      1   NULL ...          7:punches,2:hq,1:1,~,...
 */
#ifndef RC_STORE_CHAIN_H
#define RC_STORE_CHAIN_H

#include "core/types.h"

#define RC_HASH_BYTES 32
#define RC_HASH_HEX   64

/* Bytes collected before they are fed to the digest; longer rows are fed in pieces. A row of a punch has
 * under 1 KiB. */
#define RC_CHAIN_BUFFER 2048

struct rc_chain {
    void *digest, *context; /* OpenSSL's */
    size_t used;
    char buffer[RC_CHAIN_BUFFER];
};

/* rc_chain_init fetches the digest; false: no memory. rc_chain_fini lets go of it, also after a failed init.
 */
bool rc_chain_init(struct rc_chain *chain);
void rc_chain_fini(struct rc_chain *chain);

/* rc_chain_genesis is what stands before a site's first row: SHA-256("rollcall/1/" site). */
void rc_chain_genesis(struct rc_chain *chain, const char *site, uint8_t hash[RC_HASH_BYTES]);

/* One row: begin, a call for each column in order, end. */
void rc_chain_begin(struct rc_chain *chain, const uint8_t previous[RC_HASH_BYTES], const char *log);
void rc_chain_null(struct rc_chain *chain);
void rc_chain_integer(struct rc_chain *chain, int64_t value);
void rc_chain_text(struct rc_chain *chain, const char *data, size_t length);
void rc_chain_end(struct rc_chain *chain, uint8_t hash[RC_HASH_BYTES]);

/* rc_hash_hex writes 64 lower-case digits and a NUL; rc_hash_parse reads exactly 64 of them, or returns
 * false. */
void rc_hash_hex(const uint8_t hash[RC_HASH_BYTES], char out[RC_HASH_HEX + 1]);
bool rc_hash_parse(const char *text, size_t length, uint8_t hash[RC_HASH_BYTES]);

#endif
