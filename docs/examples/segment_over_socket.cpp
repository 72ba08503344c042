// A segment without a name: handed to another process as a file descriptor over a Unix socket.
#include <acre/acre.hpp>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>

#include "require.hpp"

using namespace acre::literals;

namespace {

// unix(7), cmsg(3): a descriptor travels beside at least one byte of data.
struct envelope {
  char byte = 'f';
  iovec data{&byte, 1};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};

  envelope() {
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = room;
    message.msg_controllen = sizeof room;
  }
};

void send_file(int socket, int file) {
  envelope e;
  cmsghdr* const head = CMSG_FIRSTHDR(&e.message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof file);
  std::memcpy(CMSG_DATA(head), &file, sizeof file);
  require(sendmsg(socket, &e.message, 0) == 1, "the descriptor is sent");
}

int receive_file(int socket) {
  envelope e;
  require(recvmsg(socket, &e.message, MSG_CMSG_CLOEXEC) == 1, "a message comes");
  const cmsghdr* const head = CMSG_FIRSTHDR(&e.message);
  require(head != nullptr && head->cmsg_type == SCM_RIGHTS, "with a descriptor");
  int file = -1;
  std::memcpy(&file, CMSG_DATA(head), sizeof file);
  return file;
}

/// The other process.
int write_greeting(int socket) {
  const int file = receive_file(socket);
  // Checked before it is believed: the header, the owner, and that nobody can shrink it under our feet.
  acre::shared_segment segment = acre::shared_segment::attach(file, {.shrinking = acre::shrinking::refuse});
  close(file);  // the segment has a descriptor of its own
  std::strcpy(static_cast<char*>(segment.data()), "placed by you, written by me");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) return write_greeting(std::atoi(argv[1]));

  acre::shared_segment segment = acre::shared_segment::create("greeting", 1_MiB, acre::placement::local(),
                                                              {.backend = acre::segment_backend::memfd});
  require(segment.is_sealed(), "nobody can shrink it");

  int ends[2];
  require(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "two sockets that are connected");
  const pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "segment_over_socket", std::to_string(ends[1]).c_str(), nullptr);
    _exit(127);
  }
  send_file(ends[0], segment.native_handle());
  int status = 0;
  waitpid(child, &status, 0);
  require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the other process has written");
  std::cout << static_cast<const char*>(segment.data()) << '\n';
  require(std::strcmp(static_cast<const char*>(segment.data()), "placed by you, written by me") == 0,
          "we see it");
}
