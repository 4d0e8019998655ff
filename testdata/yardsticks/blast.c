// Puts the frames of a pcap file on an interface, round and round, at a rate: blast IFACE FILE PACKETS RATE CPU [invent]
// RATE is packets a second (0: as fast as it can), CPU the core it stays on. With invent each popup has another source address and IP ID each
// time. Prints what was sent and how fast that was.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, HEAD = 24, RECORD = 16 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int open_socket(const char *iface) {
  int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1;
  if (fd < 0) die("socket");
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(iface)};
  if (!to.sll_ifindex) die(iface);
  if (bind(fd, (struct sockaddr *)&to, sizeof to)) die("bind");
  if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on)) die("PACKET_QDISC_BYPASS");
  return fd;
}

static size_t load(const char *path, struct iovec **frames) {
  int fd = open(path, O_RDONLY);
  struct stat s;
  if (fd < 0 || fstat(fd, &s)) die(path);
  uint8_t *b = mmap(0, s.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  if (b == MAP_FAILED) die("mmap");
  size_t n = 0, room = 1 << 16;
  *frames = malloc(room * sizeof **frames);
  for (off_t at = HEAD; at + RECORD <= s.st_size;) {
    uint32_t length = *(uint32_t *)(b + at + 8);
    if (n == room) *frames = realloc(*frames, (room *= 2) * sizeof **frames);
    (*frames)[n++] = (struct iovec){b + at + RECORD, length};
    at += RECORD + length;
  }
  return n;
}

// popup says whether a frame is IPv4 and UDP to one of the Messenger's ports, without tags and IP options.
static int popup(const uint8_t *p, size_t n) {
  int port = n < 38 ? 0 : p[36] << 8 | p[37];
  return port && p[12] == 8 && p[13] == 0 && p[14] == 0x45 && p[23] == 17 && (port == 135 || (port >= 1026 && port <= 1028));
}

// invented copies a popup and gives it another sender; checksums stay as they were, nobody tests them.
static void invented(struct iovec *v, uint8_t *room) {
  memcpy(room, v->iov_base, v->iov_len);
  uint32_t a = (uint32_t)random() | 1;
  memcpy(room + 26, &a, 4);
  room[26] = 11 + room[26] % 200;
  room[18] = random();
  room[19] = random() | 1;
  v->iov_base = room;
}

int main(int argc, char **argv) {
  if (argc < 6) {
    fprintf(stderr, "blast IFACE FILE PACKETS RATE CPU\n");
    return 2;
  }
  cpu_set_t cpu;
  CPU_ZERO(&cpu);
  CPU_SET(atoi(argv[5]), &cpu);
  sched_setaffinity(0, sizeof cpu, &cpu);
  struct iovec *frames;
  size_t n = load(argv[2], &frames);
  int fd = open_socket(argv[1]);
  long packets = atol(argv[3]), sent = 0;
  double rate = atof(argv[4]), start = now();
  struct mmsghdr batch[BATCH];
  struct iovec made[BATCH];
  static uint8_t rooms[BATCH][65536];
  int invent = argc > 6;
  while (sent < packets) {
    int k = packets - sent < BATCH ? packets - sent : BATCH;
    memset(batch, 0, sizeof batch);
    for (int i = 0; i < k; i++) {
      made[i] = frames[(sent + i) % n];
      if (invent && popup(made[i].iov_base, made[i].iov_len)) invented(&made[i], rooms[i]);
      batch[i].msg_hdr.msg_iov = &made[i];
      batch[i].msg_hdr.msg_iovlen = 1;
    }
    int done = sendmmsg(fd, batch, k, 0);
    if (done < 0 && errno != ENOBUFS && errno != EAGAIN) die("sendmmsg");
    if (done > 0) sent += done;
    double ahead = rate > 0 ? sent / rate - (now() - start) : 0;
    if (ahead > 2e-4) nanosleep(&(struct timespec){0, (long)(ahead * 1e9) % 1000000000}, 0);
  }
  double took = now() - start;
  printf("%ld %.0f\n", sent, sent / took);
  return 0;
}
