// placement::parse with any text: an error, or a placement that its own text gives again, and that can be planned or is
// refused with a reason.
#include <acre/error.hpp>
#include <acre/placement.hpp>
#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <string>
#include <string_view>

#include "fuzz/fuzz_target.hpp"

namespace {

using acre::test::demand;

void read(std::string_view text, const acre::topology& machine) {
  try {
    const acre::placement where = acre::placement::parse(text, machine.default_nodes());
    const acre::placement again = acre::placement::parse(where.to_string(), machine.default_nodes());
    demand(again == where && again.hash() == where.hash());
    constexpr std::size_t page = 4096;
    const acre::plan ranges = acre::make_plan(where, 64 * page, machine, {.page_size = page});
    demand(!ranges.ranges.empty());
  } catch (const acre::error& e) {
    demand(!std::string_view(e.what()).empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const acre::topology machine = acre::topology::from_synthetic("numa:4 core:2 pu:1");
  read({reinterpret_cast<const char*>(data), size}, machine);
  return 0;
}
