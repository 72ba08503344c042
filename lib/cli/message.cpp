#include "cli/message.hpp"

#include "cli/printable.hpp"

#include <acre/error.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>

namespace acre_cli {

void say(std::string_view text) noexcept {
  struct sigaction ignored {
  }, before{};
  ignored.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignored, &before);
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
  ::sigaction(SIGPIPE, &before, nullptr);
}

void complain(std::string_view text) noexcept {
  try {
    std::string line;
    if (text.starts_with("acre: ")) text.remove_prefix(6);  // as the library's own texts may begin
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      // Names may hold line ends: only the first line begins as acre's own.
      line += (line.empty() ? "acre: " : "  ") + printable(text.substr(0, end)) + '\n';
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    say(line);
  } catch (const std::exception&) {  // no memory for the line
    say("acre: out of memory\n");
  }
}

void complain_of(const std::exception& e) noexcept {
  const bool has_no_text = dynamic_cast<const std::bad_alloc*>(&e) != nullptr &&
                           dynamic_cast<const acre::allocation_error*>(&e) == nullptr;
  complain(has_no_text ? "out of memory" : e.what());
}

}  // namespace acre_cli
