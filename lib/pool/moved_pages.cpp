#include "pool/moved_pages.hpp"

#include <acre/apply.hpp>
#include <acre/error.hpp>
#include <acre/prefault.hpp>

#include <cerrno>
#include <string>
#include <system_error>

#include "observe/exact_pages.hpp"
#include "observe/page_mover.hpp"
#include "placement/planned_ranges.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {

void bring_home(displaced_part part, commit how) {
  const topology& machine = topology::system();
  // Blocks of others' resources may begin and end within pages: those were not moved.
  part.begin = (part.begin + sys::page_size() - 1) / sys::page_size() * sys::page_size();
  part.end = part.end / sys::page_size() * sys::page_size();
  if (part.begin >= part.end) return;
  const plan all{
      .ranges = {{0, part.bytes(), part.was}}, .bytes = part.bytes(), .page_size = sys::page_size()};
  const auto exact = planned_ranges::exact_around(part.data(), part.bytes());
  const std::size_t offset = exact ? exact->offset_of(part.data()) : 0;
  migration done;
  if (exact) {
    done = bring_exact_pages_home(*exact, offset, part.bytes(), machine);
  } else {
    apply(part.data(), all, machine);
    done = move_to_plan(part.data(), all, machine);
  }
  // Linux 6.12 gives zeros back when it divides huge pages.
  if (how == commit::eager && done.untouched != 0) {
    if (exact) return complete_exact_pages(*exact, offset, part.bytes(), machine);
    return prefault(part.data(), part.bytes(), machine);
  }
  if (part.was.mode != policy_mode::bind || done.failed() == 0) return;
  const std::string what = "pages that migrate() moved do not come back to node " +
                           part.was.nodes.to_string() + ": " + done.to_string();
  if (done.no_room != 0) throw error(errc::node_full, what);
  throw error(std::error_code(EBUSY, std::system_category()), what);
}

}  // namespace acre::inline v1
