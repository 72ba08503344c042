#include "cli/run/memory_report.hpp"

#include "cli/page_bars.hpp"
#include "cli/printable.hpp"
#include "cli/text.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>

namespace acre_cli {
namespace {

double seconds(watch_clock::duration time) { return std::chrono::duration<double>(time).count(); }

/// Nothing where it makes little difference: every program shares some pages of its libraries.
std::string shared_pages_note(const memory_peak& peak, std::size_t width) {
  if (peak.mapped <= peak.pages + peak.pages / 10) return {};
  return wrap(fmt::format("a page that N processes map counts 1/N in each; in full they would be {}",
                          acre::format_bytes_rounded(peak.mapped * peak.page_size)),
              width, 2);
}

std::string seen(const memory_watch& watch, std::uint64_t largest, std::size_t width,
                 const text_style& style) {
  if (!watch.peak()) {
    const std::string why = !watch.can_see() ? "/proc is not mounted, or was in another PID namespace"
                            : watch.error()
                                ? watch.error().message()
                                : std::string("it ended before acre could look where its memory lies");
    return wrap("nothing was seen: " + why, width, 2);
  }
  const memory_peak& peak = *watch.peak();
  std::string text = wrap(
      fmt::format("most memory seen: {} after {:.2f} s, in {} process{}; {} look{}",
                  acre::format_bytes_rounded(peak.pages * peak.page_size), seconds(peak.at), peak.processes,
                  peak.processes == 1 ? "" : "es", watch.looks(), watch.looks() == 1 ? "" : "s"),
      width, 2);
  text += shared_pages_note(peak, width);
  if (!peak.policy.empty()) text += wrap("policy: " + peak.policy, width, 2);
  text += bar_lines(peak.per_node, peak.page_size, width, style);
  if (largest > watch.largest() / 10 * 11)
    text += wrap("it had more between the looks, which are few so as not to slow it down", width, 2);
  return text;
}

}  // namespace

std::string memory_report(std::string_view name, const memory_watch& watch, const command_end& end,
                          std::size_t width, const text_style& style) {
  const auto largest = static_cast<std::uint64_t>(end.used.ru_maxrss) * 1024;
  const std::string text =
      wrap(fmt::format("acre: {}: status {} after {:.2f} s; its largest process had at most {}",
                       printable(name), end.status, seconds(watch.elapsed()),
                       acre::format_bytes_rounded(largest)),
           width, 0) +
      seen(watch, largest, width, style);
  return cut_lines(text, width);
}

}  // namespace acre_cli
