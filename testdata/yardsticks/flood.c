/* The worst flood: popups from random sources with random texts, none like another.
 *
 *   cc -O2 -o flood flood.c
 *   flood N SEED >FILE        or   flood N SEED | popupwatch replay -
 *
 * Writes a pcap of N popups to standard output, 0.1 ms apart: source address, source port, IP ID, activity UUID, From, To and a Text of 200 to
 * 400 octets are random, the targets a /16. A third of the words are of the trade, so that the texts are scored like spam; the others are
 * random letters, so that no two texts are one campaign. The same N and SEED give the same octets.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ETHERNET = 14, IP = 20, UDP = 8, RPC = 80, NAMES = 15, LEAST = 200, MOST = 400 };

static const char *const trade[] = {
    "SYSTEM", "ALERT", "Windows", "registry", "corrupted", "STOP", "critical", "update", "visit", "download", "repair", "virus", "security",
    "warning", "urgent", "error", "university", "diploma", "free", "mortgage", "pills", "casino", "winner", "click",
};
enum { TRADE = sizeof trade / sizeof *trade };

/* msgsvcsend, as a little-endian PDU carries it ([MS-MSRP] 1.9) */
static const uint8_t interface[16] = {0xf8, 0x91, 0x7b, 0x5a, 0x00, 0xff, 0xd0, 0x11, 0xa9, 0xb2, 0x00, 0xc0, 0x4f, 0xb6, 0xe6, 0xfc};

static uint64_t state;

/* splitmix64 */
static uint64_t next(void) {
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static unsigned below(unsigned n) { return (unsigned)((next() >> 32) * n >> 32); }

static void big16(uint8_t *p, unsigned v) { p[0] = v >> 8; p[1] = v; }
static void big32(uint8_t *p, uint32_t v) { big16(p, v >> 16); big16(p + 2, v & 0xffff); }
static void little16(uint8_t *p, unsigned v) { p[0] = v; p[1] = v >> 8; }
static void little32(uint8_t *p, uint32_t v) { little16(p, v & 0xffff); little16(p + 2, v >> 16); }

/* letters writes n random capitals. */
static int letters(char *p, int n, char first) {
    for (int i = 0; i < n; i++) p[i] = first + below(26);
    return n;
}

/* text writes words until there are at least n octets, and a site. */
static int text(char *p, int n) {
    int l = 0;
    while (l < n - 24) {
        if (below(3) == 0) {
            const char *word = trade[below(TRADE)];
            l += (int)strlen(strcpy(p + l, word));
        } else {
            l += letters(p + l, 2 + below(9), 'a');
        }
        p[l++] = below(12) ? ' ' : '\n';
    }
    l += sprintf(p + l, "www.");
    l += letters(p + l, 8, 'a');
    return l + sprintf(p + l, ".com\n");
}

/* string writes an NDR string, its NUL and its padding. */
static int string(uint8_t *p, const char *s, int n) {
    little32(p, n + 1);
    little32(p + 4, 0);
    little32(p + 8, n + 1);
    memcpy(p + 12, s, n);
    int l = 12 + n;
    do p[l++] = 0; while (l % 4);
    return l;
}

/* pdu writes a whole call: idempotent, nofack, first and only one of its activity. */
static int pdu(uint8_t *p) {
    char s[MOST + 64];
    memset(p, 0, RPC);
    p[0] = 4;
    p[2] = 0x28;
    p[4] = 0x10;
    memcpy(p + 24, interface, 16);
    for (int i = 40; i < 56; i += 8) {
        uint64_t activity = next();
        memcpy(p + i, &activity, 8);
    }
    little32(p + 60, 1);
    little32(p + 70, 0xffffffff); /* both hints */
    int l = RPC;
    l += string(p + l, s, letters(s, 3 + below(NAMES - 3), 'A'));
    l += string(p + l, s, letters(s, 3 + below(NAMES - 3), 'A'));
    l += string(p + l, s, text(s, LEAST + below(MOST - LEAST)));
    little16(p + 74, l - RPC);
    return l;
}

/* frame writes an Ethernet frame around a call. */
static int frame(uint8_t *p) {
    static const unsigned ports[] = {1026, 1026, 1026, 1027, 1027, 1028, 1029, 135};
    int n = pdu(p + ETHERNET + IP + UDP);
    memcpy(p, "\x02\x00\x5e\x00\x00\xb2\x02\x00\x5e\x00\x00\xa1\x08\x00", ETHERNET);
    uint8_t *ip = p + ETHERNET, *udp = ip + IP;
    memset(ip, 0, IP);
    ip[0] = 0x45;
    big16(ip + 2, IP + UDP + n);
    big16(ip + 4, below(1 << 16));
    ip[8] = 40 + below(88);
    ip[9] = 17;
    big32(ip + 12, 0x01000000u + below(0xdf000000u)); /* 1.0.0.0 to 223.255.255.255 */
    big32(ip + 16, 0xc6120000u + below(1 << 16));     /* 198.18.0.0/16 */
    uint32_t sum = 0;
    for (int i = 0; i < IP; i += 2) sum += ip[i] << 8 | ip[i + 1];
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    big16(ip + 10, ~sum & 0xffff);
    big16(udp, 1024 + below(64512));
    big16(udp + 2, ports[below(8)]);
    big16(udp + 4, UDP + n);
    big16(udp + 6, 0);
    return ETHERNET + IP + UDP + n;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: flood N SEED >FILE\n");
        return 2;
    }
    static char buffer[1 << 20];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    state = strtoull(argv[2], NULL, 0);
    const uint32_t header[] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
    fwrite(header, sizeof header, 1, stdout);
    uint64_t at = 1117584000000000u; /* 2005-06-01, microseconds */
    for (unsigned long n = strtoul(argv[1], NULL, 0); n > 0; n--) {
        uint8_t p[1024];
        uint32_t length = frame(p);
        at += 50 + below(101);
        const uint32_t record[] = {at / 1000000, at % 1000000, length, length};
        fwrite(record, sizeof record, 1, stdout);
        fwrite(p, length, 1, stdout);
    }
    if (fflush(stdout) || ferror(stdout)) {
        perror("flood: write");
        return 1;
    }
    return 0;
}
