// placed_process NAME:PAGES:SIZE:PLACEMENT...: makes areas where it is told to, touches them, says "ready", and waits
// to be ended. PAGES is system, thp, 2m, or shared (with its children and whoever reads /proc).
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/placement.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <deque>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

std::string_view take_word(std::string_view& text) {
  const std::size_t end = text.find(':');
  if (end == std::string_view::npos) throw std::runtime_error("NAME:PAGES:SIZE:PLACEMENT is needed");
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end + 1);
  return word;
}

acre::area_options options_for(std::string_view name, std::string_view pages) {
  acre::area_options options;
  options.name = name;
  options.commit = acre::commit::eager;
  options.fallback = acre::page_fallback::strict;
  if (pages == "thp") options.page_kind = acre::page_kind::transparent_huge;
  if (pages == "2m") options.page_kind = acre::page_kind::huge_2mb;
  if (pages == "shared") {
    options.sharing = acre::sharing::shared;
    options.name.clear();
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) try {
  std::deque<acre::area> areas;  // an area does not move
  for (int i = 1; i < argc; ++i) {
    std::string_view text = argv[i];
    const std::string_view name = take_word(text);
    const std::string_view pages = take_word(text);
    const std::size_t bytes = acre::parse_bytes(take_word(text));
    acre::area& area = areas.emplace_back(acre::placement::parse(text), options_for(name, pages));
    std::memset(area.allocate(bytes, 1), 1, bytes);
  }
  std::puts("ready");
  std::fflush(stdout);
  for (;;) ::pause();
} catch (const std::exception& e) {
  std::fprintf(stderr, "placed_process: %s\n", e.what());
  return 1;
}
