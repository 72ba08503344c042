// node_set::parse with any text: an error that names a place in it, or a set that its own text gives again.
#include <acre/error.hpp>
#include <acre/node_set.hpp>

#include <string>
#include <string_view>

#include "fuzz/fuzz_target.hpp"

namespace {

using acre::node_set;
using acre::test::demand;

void read(std::string_view text, const node_set& universe) {
  try {
    const node_set nodes = node_set::parse(text, universe);
    demand(node_set::parse(nodes.to_string(), universe) == nodes);
    // What is relative stays inside, what is not names no more than it has room for.
    if (text == "all") demand(nodes == universe);
    if (text.starts_with('!') || text.starts_with('+')) demand(universe.contains(nodes));
  } catch (const acre::error& e) {
    demand(e.code() == acre::errc::invalid_text || e.code() == acre::errc::unknown_node);
    demand(!std::string_view(e.what()).empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read(text, {});
  read(text, {0});
  read(text, {0, 2, 250});
  read(text, {0, 1, 2, 3, 1023});
  return 0;
}
